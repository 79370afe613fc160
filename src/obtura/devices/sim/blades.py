"""Simulated things that stand in the beam or not: a shutter and a cover. They take their time, too."""

import math

from obtura.devices.arguments import number
from obtura.devices.cover import CoverDriver, CoverState, DetectorCover
from obtura.devices.shutter import Shutter, ShutterDriver, ShutterState
from obtura.devices.sim.motor import SimulatedMotor

__all__ = ["Blade", "SimulatedCover", "SimulatedShutter"]


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


class _ShutterBlade(Blade, ShutterDriver):
    def open(self) -> None:
        self.go(out=True)

    def close(self) -> None:
        self.go(out=False)

    def state(self) -> ShutterState:
        if self.is_moving:
            return ShutterState.MOVING
        return ShutterState.OPEN if self.transmission == 1.0 else ShutterState.CLOSED


class _CoverBlade(Blade, CoverDriver):
    def set_in(self) -> None:
        self.go(out=False)

    def set_out(self) -> None:
        self.go(out=True)

    def state(self) -> CoverState:
        if self.is_moving:
            return CoverState.MOVING
        return CoverState.OUT if self.transmission == 1.0 else CoverState.IN


class SimulatedShutter(Shutter):
    """A shutter that takes `travel` s to open or close; `blade` stands in the beam. It is closed at first."""

    def __init__(self, name: str, travel: float = 0.05) -> None:
        self.blade = _ShutterBlade(number(f"{name}: travel", travel), out=False)
        super().__init__(name, self.blade)


class SimulatedCover(DetectorCover):
    """A cover that takes `travel` s to go in or out; `blade` stands in the beam. It is in at first."""

    def __init__(self, name: str, travel: float = 0.1) -> None:
        self.blade = _CoverBlade(number(f"{name}: travel", travel), out=False)
        super().__init__(name, self.blade)
