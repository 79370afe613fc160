"""The computer itself as a device with counters."""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from obtura.contracts.counters import SamplingMode
from obtura.contracts.twins import Twin
from obtura.devices.host.quantities import Quantities
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.ground.errors import DeviceError, UsageError, one_line
from obtura.ground.ranges import Positive

__all__ = ["Host", "HostCounter"]

SHORTEST = 0.02
"""Seconds; a rate over less than that is that of the time before: a system counts in steps of some ms."""


class _NotToldError(UsageError, AttributeError):
    """This machine does not tell it: as if there were no such attribute, but it says why."""


class HostCounter(SelfReadingCounter):
    """One thing that the host tells. A scan goes on without it when it does not."""

    def __init__(
        self, name: str, controller: "Host", ask: Callable[[], float], unit: str | None, mode: SamplingMode
    ) -> None:
        super().__init__(name, controller, mode=mode, unit=unit, is_critical=False)
        self._ask = ask

    def raw(self) -> float:
        """The present value.

        Raises:
            DeviceError: the host does not tell it any more.
        """
        try:
            return float(self._ask())
        except (OSError, LookupError, ValueError) as error:
            raise DeviceError(f"{self.fullname} can't be read: {one_line(error)}") from error


class Host(SelfReadingController):
    """The computer that this runs on: `host.cpu`, `host.load`, `host.memory_free`, `host.temperature` and more.

    `disk`: something on the disk whose free space counts, e.g. where data go. Rates are those since the reading
    before, at first since it was made. `missing`: why, of what this machine does not tell. In words: `host`.
    """

    twin: ClassVar[Twin] = "none"

    def __init__(
        self,
        name: str = "host",
        disk: Path = Path("."),
        max_sampling_frequency: Positive | None = 20.0,
        quantities: Any = None,
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        told: Quantities = quantities or Quantities(Path(disk))
        self.missing: dict[str, str] = {}
        for minutes in (1, 5, 15):
            self._add("load" if minutes == 1 else f"load_{minutes}", partial(told.load, minutes))
        self._add_rate("cpu", told.busy, "%", 100.0, most=100.0)  # a look comes late now and then
        self._add("cpu_frequency", told.frequency, "MHz")
        self._add_temperatures(told)
        self._add("memory_free", lambda: told.memory()[1], "MB")
        self._add("memory_used", lambda: _used(*told.memory()), "%")
        self._add("disk_free", lambda: told.disk()[1], "GB")
        self._add("disk_used", lambda: _used(*told.disk()), "%")
        self._add_rate("disk_read", told.read, "MB/s")
        self._add_rate("disk_write", told.written, "MB/s")
        self._add_rate("network_in", told.received, "MB/s")
        self._add_rate("network_out", told.sent, "MB/s")
        self._add("time", time.time, "s", SamplingMode.LAST)
        self._add("uptime", told.uptime, "s", SamplingMode.LAST)
        self._add("clock_offset", told.clock_offset, "us")
        self._add("own_memory", told.own_memory, "MB")
        self._add_rate("own_cpu", told.own_busy, "%", 100.0)

    def __getattr__(self, name: str) -> Any:
        counters = self.__dict__.get("counters", {})
        if name in counters:
            return counters[name]
        if name in self.__dict__.get("missing", {}):
            raise _NotToldError(f"{self.name} does not tell its {name}: {self.missing[name]}")
        raise AttributeError(f"{self.__dict__.get('name', 'host')} has no {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.counters})

    def __info__(self) -> str:
        """What it tells now, and what it does not."""
        lines = [f"{type(self).__name__} {self.name}"]
        for counter in self.counters.values():
            try:
                lines.append(f"  {counter.name} = {self.sample([counter])[0]:.6g} {counter.unit or ''}".rstrip())
            except DeviceError as error:
                lines.append(f"  {error}")
        return "\n".join([*lines, *(f"  no {name}: {why}" for name, why in self.missing.items())])

    # -- inside -------------------------------------------------------------------------------------------

    def _add(
        self,
        name: str,
        ask: Callable[[], float],
        unit: str | None = None,
        mode: SamplingMode = SamplingMode.MEAN,
    ) -> None:
        try:
            ask()
        except (OSError, LookupError, ValueError) as error:
            self.missing[name] = error.args[0] if isinstance(error, LookupError) else one_line(error)
            return
        HostCounter(name, self, ask, unit, mode)

    def _add_rate(
        self, name: str, total: Callable[[], float], unit: str, factor: float = 1.0, most: float = math.inf
    ) -> None:
        self._add(name, _Rate(total, factor, most), unit)

    def _add_temperatures(self, told: Quantities) -> None:
        try:
            files = told.temperatures()
        except LookupError as error:
            self.missing["temperature"] = error.args[0]
            return
        self._add("temperature", lambda: max(map(_degrees, files.values())), "degC")
        for name, file in files.items():
            self._add(f"temperature_{name}", partial(_degrees, file), "degC")


class _Rate:
    """How much a total grows per s, since it was looked at last."""

    def __init__(self, total: Callable[[], float], factor: float, most: float) -> None:
        self._most = most
        self._total = total
        self._factor = factor
        self._before: tuple[float, float] | None = None
        self._rate = 0.0

    def __call__(self) -> float:
        now, total = time.monotonic(), self._total()
        if self._before is None:
            self._before = now, total
        elif now - self._before[0] >= SHORTEST:
            then, before = self._before
            self._rate = min(max(total - before, 0.0) / (now - then) * self._factor, self._most)
            self._before = now, total
        return self._rate


def _used(total: float, free: float) -> float:
    return 100 * (total - free) / total


def _degrees(file: Path) -> float:
    return int(file.read_text()) / 1000
