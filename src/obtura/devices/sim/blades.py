"""Simulated things that stand in the beam or not: a shutter and an actuator. They take their time, too."""

import math

from obtura.devices.actuator import Actuator, ActuatorDriver
from obtura.devices.arguments import number
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterMode, ShutterState
from obtura.devices.sim.motor import SimulatedMotor
from obtura.devices.sim.switch import SimulatedSwitch
from obtura.devices.switch import Switch
from obtura.ground.ranges import NotNegative, Positive

__all__ = ["Blade", "ShutterBlade", "SimulatedActuator", "SimulatedShutter"]


class Blade:
    """What travels between in the beam and out of it in `travel` s."""

    def __init__(self, travel: float, out: bool) -> None:
        self._velocity = 1.0 / travel if travel > 0 else math.inf
        self._motor = SimulatedMotor(1.0 if out else 0.0)

    def go(self, out: bool) -> None:
        """Set off; it may turn round on its way."""
        self._motor.start_move(1.0 if out else 0.0, self._velocity, math.inf)

    @property
    def is_moving(self) -> bool:
        """Whether it is on its way."""
        return "MOVING" in self._motor.state()

    @property
    def transmission(self) -> float:
        """The part of the beam that it lets pass, from 0 to 1."""
        return self._motor.position()

    def look_again_after(self) -> float:
        """Seconds until it is where it was sent."""
        return self._motor.look_again_after()


class ShutterBlade(Blade, ShutterDriver):
    """The blade of a shutter, closed at first; in mode EXTERNAL it follows the switch that is wired to it."""

    def __init__(self, travel: float, control: Switch | None = None) -> None:
        super().__init__(travel, out=False)
        self._mode = ShutterMode.MANUAL
        self._control = control
        if isinstance(control, SimulatedSwitch):
            control.wire(self._follow)

    def _follow(self, state: str) -> None:
        if self._mode is ShutterMode.EXTERNAL:
            self.go(out=state == "OPEN")

    def open(self) -> None:
        """Set off, out of the beam."""
        self.go(out=True)

    def close(self) -> None:
        """Set off, into the beam."""
        self.go(out=False)

    def set_mode(self, mode: ShutterMode) -> None:
        """In mode EXTERNAL do as the switch says, from now on."""
        self._mode = mode
        if self._control is not None:
            self._follow(self._control.get())

    def state(self) -> ShutterState:
        """MOVING, OPEN or CLOSED."""
        if self.is_moving:
            return ShutterState.MOVING
        return ShutterState.OPEN if self.transmission == 1.0 else ShutterState.CLOSED


class _ActuatorBlade(Blade, ActuatorDriver):
    def set_in(self) -> None:
        self.go(out=False)

    def set_out(self) -> None:
        self.go(out=True)

    def is_in(self) -> bool:
        return not self.is_moving and self.transmission == 0.0

    def is_out(self) -> bool:
        return not self.is_moving and self.transmission == 1.0


class SimulatedShutter(Shutter):
    """A shutter that takes `travel` s to open or close; `blade` stands in the beam. It is closed at first.

    The rest as `Shutter`. A simulated switch as `external_control` moves the blade itself in mode EXTERNAL.
    """

    def __init__(
        self,
        name: str,
        travel: float = 0.05,
        timeout: Positive = 10.0,
        mode: ShutterMode = ShutterMode.MANUAL,
        external_control: Switch | None = None,
        opening_time: NotNegative | None = None,
        closing_time: NotNegative | None = None,
    ) -> None:
        self.blade = ShutterBlade(number(f"{name}: travel", travel), external_control)
        super().__init__(name, self.blade, timeout, mode, external_control, opening_time, closing_time)


class SimulatedActuator(Actuator):
    """An actuator that takes `travel` s to go in or out; `blade` stands in the beam. It is in at first."""

    def __init__(self, name: str, travel: float = 0.1, timeout: Positive = 10.0) -> None:
        self.blade = _ActuatorBlade(number(f"{name}: travel", travel), out=False)
        super().__init__(name, self.blade, timeout)
