"""Devices that fail, hang, or are unplugged while a rehearsal says so."""

import math
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from obtura.devices.camera import Camera
from obtura.devices.mca import MCA
from obtura.engine.deadlines import Deadlines
from obtura.ground.errors import DeviceError
from obtura.rehearsal.events import Happening
from obtura.works.clock import clock
from obtura.works.interrupt import doors

__all__ = ["GIVEN_UP", "Trouble", "can_fail"]

DOES = {
    "axis": ("start_move", "start_jog", "start_home", "start_limit"),
    "blade": ("open", "close", "set_in", "set_out", "set_mode"),
    "detector": ("start", "trigger", "read"),
    "card": ("start", "trigger", "get_values"),
    "counter": ("raw",),
    "plain": ("move", "begin", "switch", "set"),
}
"""Calls that have a device do something."""

GIVEN_UP = Deadlines().hook
"""Seconds after which a call on the way out is given up that the engine itself would have to give up."""

SAYS = {"axis": ("position", "state"), "blade": ("state", "is_in", "is_out")}
"""Calls that only ask; an unplugged one does not answer."""


def can_fail(devices: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Of these devices, by name, the simulated ones that may have troubles."""
    return {name: thing for name, thing in devices if any(_calls(thing))}


def _calls(device: Any) -> list[tuple[Any, str, bool]]:
    """What can go wrong with a device: whose call, which, and whether it does something."""
    kind, part = _part(device)
    names = [(name, True) for name in DOES[kind]] + [(name, False) for name in SAYS.get(kind, ())]
    return [(part, name, does) for name, does in names if callable(getattr(type(part), name, None))]


def _part(device: Any) -> tuple[str, Any]:
    if hasattr(device, "motor"):
        return "axis", device.motor
    if hasattr(device, "blade"):
        return "blade", device.blade
    if isinstance(device, Camera | MCA):
        return "detector", device.driver
    if hasattr(device, "get_values"):
        return "card", device
    return ("counter" if hasattr(device, "raw") else "plain"), device


class Trouble:
    """The troubles of one device. `tell(text, seconds)`: that a call met one, and how long it hung."""

    def __init__(self, name: str, device: Any, tell: Callable[[str, float], None]) -> None:
        self._name = name
        self._tell = tell
        self._present: list[Happening] = []
        for part, method, does in _calls(device):
            setattr(part, method, self._guarded(getattr(part, method), method, does))

    def begin(self, happening: Happening) -> None:
        """From now on."""
        self._present.append(happening)

    def end(self, happening: Happening) -> None:
        """Over."""
        if happening in self._present:
            self._present.remove(happening)

    def _guarded(self, function: Any, method: str, does: bool) -> Any:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            for happening in tuple(self._present):
                self._meet(happening, f"{self._name}.{method}", does)
            return function(*args, **kwargs)

        return guarded

    def _meet(self, happening: Happening, call: str, does: bool) -> None:
        if happening.event == "unplugged":
            raise DeviceError(f"{call}: {self._name} does not answer, it is unplugged ({happening.place.short})")
        if not does:
            return
        if happening.event == "fails":
            if happening.once:
                self.end(happening)
            raise DeviceError(f"{call} failed ({happening.place.short})")
        began = clock.time()
        if math.isinf(happening.end):
            self._tell(f"{call} hangs", math.inf)
        try:
            clock.sleep(GIVEN_UP if doors.is_barred and math.isinf(happening.end) else happening.end - began)
        finally:
            self._tell(f"{call} hung", clock.time() - began)
        if math.isinf(happening.end):
            raise DeviceError(f"{call} hangs, and is given up ({happening.place.short})")
