"""Attributes and commands as counters."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.connections import Exchange
from obtura.contracts.counters import SamplingCounter, SamplingMode
from obtura.contracts.sampling import wrong_as_text
from obtura.contracts.twins import Twin
from obtura.ground.errors import UsageError
from obtura.instruments.tango.device import TangoDevice
from obtura.instruments.tango.values import shown

__all__ = ["TangoCounter"]


class TangoCounter(SamplingCounter):
    """A counter that is an attribute, or the result of a command. Those of one device are read together.

    `attribute` or `command` with its `argument`: one of them. `shape`: () for a number, of a spectrum `[n]`, of an
    image `[rows, columns]`, `[-1]` of a spectrum of any length; `index`: which item of a spectrum, for a number.
    A state or an enum is its number, and `text` its name; `words`: what texts stand for. The value is that
    number times `scale` plus `offset`; `unit`: the attribute's own unless it is given. `monitor`: its changes are told
    by events, and it is asked once a second only. `mode`: what becomes of the readings of a point. `as_text`: the value
    is a text; of a state or an enum its name.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "counter"
    controller: TangoDevice

    def __init__(
        self,
        name: str,
        controller: TangoDevice,
        attribute: str | None = None,
        command: str | None = None,
        argument: Any = None,
        index: int | None = None,
        shape: Sequence[int] = (),
        words: Mapping[str, float] | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        unit: str | None = None,
        monitor: bool = False,
        mode: SamplingMode | None = None,
        as_text: bool = False,
    ) -> None:
        given = {"attribute": attribute, "command": command, "index": index, "shape": shape, "scale": scale}
        for key, problem in _wrong({**given, "offset": offset, "monitor": monitor, "words": words, "as_text": as_text}):
            raise UsageError(f"{name}: {key}: {problem}")
        self.attribute, self.command = attribute, command
        self.argument = tuple(argument) if isinstance(argument, list) else argument
        self.index = index
        self.words = words
        self.as_text = as_text
        self.scale, self.offset = scale, offset
        straight = scale == 1.0 and offset == 0.0
        dtype = str if as_text else float
        super().__init__(name, controller, None if straight else self._in_units, mode, unit, dtype, tuple(shape))
        self.watch = controller.monitor(attribute) if monitor and attribute is not None else None

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from _wrong(given)

    @property
    def unit(self) -> str | None:
        """The unit given, or the attribute's; None when it has none, or its device is not connected."""
        if self._unit is not None or self.attribute is None:
            return self._unit
        return self.controller.unit_of(self.attribute)

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    @property
    def text(self) -> str:
        """The present value as text: the name of a state, or of the state of an enum."""
        who = f"{self.fullname}.text"
        if self.attribute is None:
            return shown(self.controller.command(str(self.command), self.argument))
        return shown(self.controller.value_and_name(self.attribute, who)[-1])

    @property
    def source(self) -> str:
        """What is read."""
        return self.attribute if self.attribute is not None else f"{self.command}()"

    def check(self) -> None:
        """Raise `DeviceError` when it can't be read; one that may fail need not be: a scan goes on without it."""
        self.controller.check()
        self.controller.check_counters(self)

    def _in_units(self, raw: Any) -> Any:
        return raw * self.scale + self.offset

    @property
    def connection(self) -> str:
        """The address of its device, whether and since when it is connected."""
        return self.controller.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last to its device."""
        return self.controller.trace

    def __info__(self) -> str:
        """What it reads, and how the device is connected."""
        events = f", {self.watch.events} events" if self.watch is not None else ""
        return f"{super().__info__()}\n  {self.source}: {self.connection}{events}"


def _wrong(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which keys are wrong, and why."""
    said = [key for key in ("attribute", "command") if given.get(key) is not None]
    if len(said) != 1:
        yield (said or ["attribute"])[-1], "say what is read, by one of attribute and command"
    yield from wrong_as_text(given)
    if given.get("monitor") and "attribute" not in said:
        yield "monitor", "only attributes have events"
    if given.get("index") is not None and given.get("shape"):
        yield "index", "an item of a spectrum is a number: leave shape out"
    if any(size < 1 and size != -1 for size in given.get("shape", ())):
        yield "shape", "expected how many items there are, or -1 for any number of them"
    for key in ("scale", "offset"):
        if not math.isfinite(given.get(key, 1.0)):
            yield key, "must be finite"
    if given.get("scale") == 0:
        yield "scale", "must not be 0"
