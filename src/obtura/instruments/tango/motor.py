"""What a Tango device is told and asked as a motor."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.ground.errors import DeviceError
from obtura.instruments.tango.device import TangoDevice
from obtura.instruments.tango.monitor import Monitor
from obtura.instruments.tango.states import axis_state
from obtura.instruments.tango.values import number_of

__all__ = ["Manner", "Motor"]


class Manner(NamedTuple):
    """How it is told and asked: see `TangoAxis`."""

    attribute: str
    setpoint: str
    stop: str | None
    velocity: str | None
    states: Mapping[str, str]
    lag: float
    poll: float


class Motor(AxisDriver):
    """Writes where to go, and looks at the state. `tolerance` gives how near is near.

    The problem: a server that has just been told to go may still say ON, for it has not noticed yet. So of one that has
    neither said MOVING nor is there, ON is not believed for a while.
    """

    def __init__(
        self, name: str, device: TangoDevice, manner: Manner, tolerance: Callable[[], float], watch: Monitor | None
    ) -> None:
        self._name = name
        self._device = device
        self._manner = manner
        self._tolerance = tolerance
        self._watch = watch
        self._target: float | None = None  # of the move that is not seen to have begun
        self._told = 0.0
        self.velocity: float | None = None
        """What the device was last seen to have, or told."""

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        if self._manner.velocity is not None and math.isfinite(velocity) and velocity != self.velocity:
            self._device.link.write(self._name, "move", self._manner.velocity, velocity)
            self.velocity = velocity
        self._told, self._target = time.monotonic(), target
        try:
            self._device.link.write(self._name, "move", self._manner.setpoint, target)
        except BaseException:
            self._target = None
            raise
        self._told = time.monotonic()  # what was seen before counts no more

    def stop(self) -> None:
        self._target = None
        self._told = time.monotonic()
        if self._manner.stop is not None:
            self._device.link.command(self._name, "stop", self._manner.stop)
        else:
            self._device.link.write(self._name, "stop", self._manner.setpoint, self.position())

    def position(self) -> float:
        return self.number(self._manner.attribute)

    def number(self, attribute: str) -> float:
        """The value of an attribute of its device."""
        value = self._device.read_attribute(attribute, self._name)
        try:
            return float(number_of(value, ()))
        except DeviceError as error:
            raise DeviceError(f"{self._name}: {self._device.link.address} {attribute}: {error}") from None

    def state(self) -> AxisState:
        """MOVING until the device says that it is at rest; in its own words what is wrong."""
        name = self._state_name()
        kind = self._manner.states.get(name, "FAULT")
        if kind == "MOVING":
            self._target = None  # the move is seen to have begun: from now on it is believed
            return AxisState("MOVING")
        if kind in ("READY", "ALARM") and not self._believed():
            return AxisState("MOVING")
        if kind == "READY":
            return AxisState("READY")
        _, status = self._device.state_and_status(self._name)
        self._target = None
        return axis_state(kind, name, status)

    def look_again_after(self) -> float:
        return self._manner.poll

    def _state_name(self) -> str:
        watch = self._watch
        if watch is None:
            return str(self._device.link.ask(self._name, "State", lambda proxy: proxy.state()))
        seen = watch.value(since=self._told)
        if seen is None or self._manner.states.get(str(seen.value)) != "MOVING":
            # That it rests is asked for: the event may be a late one, of the move before.

            def read(proxy: Any) -> Any:
                watch.read(proxy)
                return proxy.read_attribute("State")

            seen = self._device.link.ask(self._name, "State", read)
            watch.take(seen)
        return str(seen.value)

    def _believed(self) -> bool:
        target = self._target
        if target is None:
            return True
        lasted = time.monotonic() - self._told
        if lasted < self._manner.lag and abs(self.position() - target) > self._tolerance():
            return False
        self._target = None
        return True
