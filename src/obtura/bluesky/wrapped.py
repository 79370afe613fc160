"""obtura's devices as devices of bluesky, by its protocols."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from obtura.bluesky.work import Work, Worker
from obtura.contracts.devices import Counter, CounterController, Movable, Shutter, is_movable
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import UsageError
from obtura.instruments.ophyd.spoken import Spoken
from obtura.scans.default_chain import DefaultChain

__all__ = ["AxisInBluesky", "CountersInBluesky", "ShutterInBluesky", "as_bluesky"]

OPEN, CLOSED = "open", "closed"


def as_bluesky(*devices: Any, count_time: float = 1.0, name: str = "") -> Any:
    """An axis, a shutter, or counters that are counted together for `count_time` s, as a device for plans of bluesky.

    An axis is a NamedMovable, Readable, Locatable and Stoppable; a shutter is set to "open" or "closed"; counters and
    controllers are a Readable that is triggered. `name`: of the device, by default that of the first of `devices`.
    Alone, an axis, shutter or device of `obtura.instruments.ophyd` is given back as the device of ophyd that it is.

    Raises:
        UsageError: no such device, or several that are not all counters.
    """
    if not devices:
        raise UsageError("as_bluesky: expected an axis, a shutter, or counters")
    if len(devices) == 1 and isinstance(devices[0], Spoken):
        return devices[0].ophyd_device
    if all(isinstance(device, Counter | CounterController) or hasattr(device, "counters") for device in devices):
        return CountersInBluesky(devices, count_time, name or devices[0].name)
    device = devices[0]
    if len(devices) > 1:
        raise UsageError(f"as_bluesky: only counters go together, got {list(devices)}")
    if is_movable(device):
        return AxisInBluesky(device, name or device.name)
    if all(hasattr(type(device), one) for one in ("open", "close", "state")):
        return ShutterInBluesky(device, name or device.name)
    raise UsageError(f"as_bluesky: {device!r} is no axis, no shutter and no counter")


class _InBluesky:
    """What all have: a name, no parent, no configuration."""

    parent = None

    def __init__(self, name: str, on_start: Any = None) -> None:
        self.name = name
        self._worker = Worker(name, on_start)

    def read_configuration(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    @property
    def hints(self) -> dict[str, Any]:
        """What matters: its value."""
        return {"fields": [self.name]}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class AxisInBluesky(_InBluesky):
    """An axis. Its calls are made on a thread of its own; `stop` beside them."""

    def __init__(self, axis: Movable, name: str) -> None:
        super().__init__(name)
        self._axis = axis
        self._target: float | None = None

    @property
    def position(self) -> float:
        """Where it is now, in the axis' unit."""
        return self._axis.position

    def set(self, value: float) -> Work:
        """Go there; done when there."""
        self._target = float(value)
        return self._worker.begin("move", lambda: self._axis.move(float(value)))

    async def stop(self, success: bool = True) -> None:
        """Come to rest."""
        await asyncio.to_thread(self._axis.stop)

    async def check_value(self, value: float) -> None:
        """Raise `LimitError` when it can't go there."""
        await self._worker.get("check_target", lambda: self._axis.check_target(float(value)))

    async def read(self) -> dict[str, Any]:
        """Where it is."""
        value = await self._worker.get("position", lambda: float(self._axis.position))
        return {self.name: {"value": value, "timestamp": time.time()}}

    async def locate(self) -> dict[str, float]:
        """Where it was sent last, and where it is."""
        here = await self._worker.get("position", lambda: float(self._axis.position))
        return {"setpoint": here if self._target is None else self._target, "readback": here}

    def describe(self) -> dict[str, Any]:
        """A number."""
        key: dict[str, Any] = {"source": f"obtura:{self._axis.name}", "dtype": "number", "shape": []}
        return {self.name: key | ({"units": self._axis.unit} if self._axis.unit else {})}


class ShutterInBluesky(_InBluesky):
    """A shutter, that is set to "open" or "closed"."""

    def __init__(self, shutter: Shutter, name: str) -> None:
        super().__init__(name)
        self._shutter = shutter

    def set(self, value: str) -> Work:
        """Open or close it; done when it is.

        Raises:
            UsageError: any other word.
        """
        if value not in (OPEN, CLOSED):
            raise UsageError(f"{self.name}: a shutter is set to {OPEN!r} or {CLOSED!r}, not to {value!r}")
        return self._worker.begin(value, self._shutter.open if value == OPEN else self._shutter.close)

    async def read(self) -> dict[str, Any]:
        """Its state, in small letters."""
        state = await self._worker.get("state", lambda: str(self._shutter.state).lower())
        return {self.name: {"value": state, "timestamp": time.time()}}

    async def locate(self) -> dict[str, Any]:
        """Where it is."""
        state = (await self.read())[self.name]["value"]
        return {"setpoint": state, "readback": state}

    def describe(self) -> dict[str, Any]:
        """A word."""
        return {self.name: {"source": f"obtura:{self._shutter.name}", "dtype": "string", "shape": []}}


class CountersInBluesky(_InBluesky):
    """Counters: each trigger counts one point of them all, as `ct` does, with whatever they are calculated from."""

    def __init__(self, counters: Any, count_time: float, name: str) -> None:
        super().__init__(name)
        self._counters = list(counters)
        self.count_time = count_time
        self._chain = DefaultChain()
        self._scan: Scan | None = None
        self._reading: dict[str, Any] = {}

    def trigger(self) -> Work:
        """Count for `count_time` s."""
        return self._worker.begin("trigger", self._count)

    async def read(self) -> dict[str, Any]:
        """What was counted last."""
        return dict(self._reading)

    async def describe(self) -> dict[str, Any]:
        """A key for each channel: its short name."""
        scan = await self._worker.get("describe", self._made)
        return {key: _described(channel) for key, channel in _channels(scan).items()}

    @property
    def hints(self) -> dict[str, Any]:
        """The numbers among what was counted."""
        numbers = [key for key, one in self._reading.items() if isinstance(one["value"], int | float)]
        counters = [one for one in self._counters if isinstance(one, Counter) and not one.is_text]
        return {"fields": numbers or [counter.name for counter in counters]}

    async def stop(self, success: bool = True) -> None:
        """End what is counted."""
        if (scan := self._scan) is not None:
            scan.abort()

    def _made(self) -> Scan:
        chain = self._chain.get({"npoints": 1, "count_time": self.count_time}, self._counters)
        return Scan(chain, name=f"trigger {self.name}", save=False)

    def _count(self) -> None:
        self._scan = scan = self._made()
        try:
            scan.run()
        finally:
            self._scan = None
        now, data = time.time(), scan.get_data()
        self._reading = {
            key: {"value": np.asarray(data[channel.name][-1]).tolist(), "timestamp": now}
            for key, channel in _channels(scan).items()
        }


def _channels(scan: Scan) -> Mapping[str, AcquisitionChannel]:
    """What is counted, by short name, by full name where two are called alike."""
    counted = [
        channel
        for node in scan.acq_chain.nodes_list
        if node not in scan.acq_chain.top_masters
        for channel in node.channels
    ]
    short = [channel.short_name for channel in counted]
    return {one.short_name if short.count(one.short_name) == 1 else one.name: one for one in counted}


def _described(channel: AcquisitionChannel) -> dict[str, Any]:
    kinds = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
    dtype = "array" if channel.shape else kinds.get(np.dtype(channel.dtype).kind, "string")
    key: dict[str, Any] = {"source": f"obtura:{channel.name}", "dtype": dtype, "shape": list(channel.shape)}
    return key | ({"units": channel.unit} if channel.unit else {})
