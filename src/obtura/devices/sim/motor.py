"""Simulated axes. They really take their time: where they are follows from the clock."""

import math

from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.trapezoid import Motion, trapezoid
from obtura.works.clock import clock

__all__ = ["SimulatedAxis", "SimulatedMotor"]

_READY = AxisState("READY")
_MOVING = AxisState("MOVING")
_AT_ONCE = 1e-6  # s: what is less than this away is there; adding less to the time may leave it as it was


class SimulatedMotor(AxisDriver):
    """A motor that moves with a trapezoid of velocity. Nothing runs: it computes where it is."""

    blocking = False

    def __init__(self, position: float = 0.0) -> None:
        self._set_course(trapezoid(position, position, math.inf, math.inf))

    def _set_course(self, motion: Motion) -> None:
        began = clock.time()
        # When it set off, when it is there, and how: one assignment, so that no thread sees half of it.
        self._course = began, began + motion.duration - _AT_ONCE, motion

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        self._set_course(trapezoid(self.position(), target, velocity, acceleration))

    def stop(self) -> None:
        began, until, motion = self._course
        now = clock.time()
        if began <= now < until:
            self._set_course(motion.braked(now - began))

    def position(self) -> float:
        began, until, motion = self._course
        now = clock.time()
        # Before it began: the clock was set to another source since, where that motion never happened.
        return motion.position(now - began) if began <= now < until else motion.end

    def state(self) -> AxisState:
        began, until, _ = self._course
        return _MOVING if began <= clock.time() < until else _READY

    def look_again_after(self) -> float:
        """Seconds until it is at rest."""
        return max(self._course[1] + _AT_ONCE - clock.time(), _AT_ONCE)


class SimulatedAxis(Axis):
    """An axis that needs no hardware, at rest at `position`; the rest as `Axis`."""

    def __init__(
        self,
        name: str,
        unit: str | None = None,
        limits: tuple[float, float] = (-math.inf, math.inf),
        velocity: float = 10.0,
        acceleration: float = 100.0,
        position: float = 0.0,
        tolerance: float = 1e-4,
    ) -> None:
        super().__init__(name, SimulatedMotor(position), unit, limits, velocity, acceleration, tolerance)
