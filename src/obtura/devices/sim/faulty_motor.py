"""A simulated motor with faults, to see what happens then."""

import math
from typing import Literal

from obtura.devices.arguments import choice
from obtura.devices.axis_state import AxisState
from obtura.devices.sim.motor import SimulatedAxis, SimulatedMotor
from obtura.ground.ranges import Positive
from obtura.works.clock import clock

__all__ = ["FaultyAxis", "FaultyMotor"]

_MOVING = AxisState("MOVING")


class FaultyMotor(SimulatedMotor):
    """A motor whose faults are attributes, false or 0 at first; set them at any time.

    `bad_start`, `bad_stop`, `bad_position`, `bad_state`: that call raises; True, or the text of the error.
    `fault`: the state is FAULT; True, or the reason. `stuck`: it says that it moves, and never gets anywhere.
    `hang`: the call of that name ("start", "stop", "position", "state") does not return while it is set.
    `drift`: each move ends so many units (or steps) beyond its target.
    """

    def __init__(
        self,
        position: float = 0.0,
        switches: tuple[float, float] = (-math.inf, math.inf),
        home_switch: float = 0.0,
        in_steps: bool = False,
    ) -> None:
        self.bad_start: bool | str = False
        self.bad_stop: bool | str = False
        self.bad_position: bool | str = False
        self.bad_state: bool | str = False
        self.fault: bool | str = False
        self.stuck = False
        self.hang = ""
        self.drift = 0.0
        self._held = False
        super().__init__(position, switches, home_switch, in_steps)

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        self._fail("start", self.bad_start)
        self._held = self.stuck
        if not self.stuck:
            super().start_move(target + self.drift, velocity, acceleration)

    def stop(self) -> None:
        self._fail("stop", self.bad_stop)
        self._held = False
        super().stop()

    def position(self) -> float:
        self._fail("position", self.bad_position)
        return super().position()

    def state(self) -> AxisState:
        self._fail("state", self.bad_state)
        if self.fault:
            return AxisState("FAULT", reason=self.fault if isinstance(self.fault, str) else "")
        return _MOVING if self._held else super().state()

    def look_again_after(self) -> float:
        """Seconds until it is at rest, or less: a fault may come at any time."""
        return 0.02 if self._held else min(super().look_again_after(), 0.02)

    def _fail(self, call: str, bad: bool | str) -> None:
        while self.hang == call:
            clock.sleep(0.01)
        if bad:
            raise OSError(bad if isinstance(bad, str) else f"the motor does not answer to {call}")


class FaultyAxis(SimulatedAxis):
    """A simulated axis with faults: those of its `motor`, an attribute each: `axis.motor.bad_start = True`."""

    motor: FaultyMotor

    def __init__(
        self,
        name: str,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        velocity: Positive = 10.0,
        acceleration: Positive = 100.0,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        switches: tuple[float, float] = (-math.inf, math.inf),
        bad_start: bool | str = False,
        bad_stop: bool | str = False,
        bad_position: bool | str = False,
        bad_state: bool | str = False,
        fault: bool | str = False,
        stuck: bool = False,
        hang: Literal["", "start", "stop", "position", "state"] = "",
        drift: float = 0.0,
    ) -> None:
        super().__init__(
            name,
            unit,
            limits,
            velocity,
            acceleration,
            tolerance=tolerance,
            low_limit=low_limit,
            high_limit=high_limit,
            switches=switches,
        )
        motor = self.motor
        motor.bad_start, motor.bad_stop = bad_start, bad_stop
        motor.bad_position, motor.bad_state = bad_position, bad_state
        motor.fault, motor.stuck, motor.drift = fault, stuck, drift
        motor.hang = hang and choice(f"{name}: hang", hang, ("start", "stop", "position", "state"))

    def _new_motor(
        self, position: float, switches: tuple[float, float], home_switch: float, in_steps: bool
    ) -> FaultyMotor:
        return FaultyMotor(position, switches, home_switch, in_steps)
