"""A simulated controller of several axes, with faults if they are wanted."""

import math
from typing import Any

from obtura.devices.axis_state import AxisState
from obtura.devices.bliss.controller import Controller
from obtura.devices.bliss.hardware import Motion
from obtura.devices.sim.faulty_motor import FaultyMotor
from obtura.devices.sim.motor import SimulatedMotor

__all__ = ["FaultyMockup", "Mockup"]


class Mockup(Controller):
    """A controller that needs no hardware: each axis has a simulated motor that really takes its time.

    Keys of its axes: `position`, where it is at first, in the axis' unit; `home_position`; `switches: [low, high]`,
    dial positions of limit switches. Its encoders see the motors, with `encoder.error` (in unit) added.
    """

    blocking = False
    keeps_position = False
    motor_class: type[SimulatedMotor] = SimulatedMotor

    def initialize(self) -> None:
        """It has no motors yet."""
        self._motors: dict[str, SimulatedMotor] = {}
        self._speeds: dict[str, list[float]] = {}

    def initialize_axis(self, axis: Any) -> None:
        """Give it a motor."""
        said, steps = axis.config, axis.steps_per_unit
        low, high = sorted(float(end) * steps for end in said.get("switches", list, (-math.inf, math.inf)))
        self._motors[axis.name] = self.motor_class(
            said.get("position", float, 0.0) * steps, (low, high), said.get("home_position", float, 0.0) * steps
        )
        self._speeds[axis.name] = [math.inf, math.inf]

    def initialize_encoder(self, encoder: Any) -> None:
        """It is right at first."""
        encoder.error = 0.0

    def motor(self, axis: Any) -> SimulatedMotor:
        """The motor of an axis."""
        return self._motors[axis.name]

    def read_position(self, axis: Any) -> float:
        """Where its motor is."""
        return self.motor(axis).position()

    def set_position(self, axis: Any, position: float) -> float:
        """Take where it is for `position`."""
        self.motor(axis).set_position(position)
        return position

    def state(self, axis: Any) -> AxisState:
        """What its motor does."""
        return self.motor(axis).state()

    def set_velocity(self, axis: Any, velocity: float) -> None:
        """For the moves to come."""
        self._speeds[axis.name][0] = velocity

    def read_velocity(self, axis: Any) -> float:
        """As it was set; infinite at first."""
        return self._speeds[axis.name][0]

    def set_acceleration(self, axis: Any, acceleration: float) -> None:
        """For the moves to come."""
        self._speeds[axis.name][1] = acceleration

    def read_acceleration(self, axis: Any) -> float:
        """As it was set; infinite at first."""
        return self._speeds[axis.name][1]

    def start_one(self, motion: Motion) -> None:
        """Set off."""
        self.motor(motion.axis).start_move(motion.target_pos, *self._speeds[motion.axis.name])

    def stop(self, axis: Any) -> None:
        """Slow down."""
        self.motor(axis).stop()

    def start_jog(self, axis: Any, velocity: float, direction: int) -> None:
        """Set off without an end."""
        self.motor(axis).start_jog(math.copysign(velocity, direction), self._speeds[axis.name][1])

    def home_search(self, axis: Any, switch: int) -> None:
        """Go to the home position."""
        self.motor(axis).start_home(switch, *self._speeds[axis.name])

    def limit_search(self, axis: Any, limit: int) -> None:
        """Go to a limit switch, where it has one."""
        self.motor(axis).start_limit(limit, *self._speeds[axis.name])

    def set_on(self, axis: Any) -> None:
        """Power on."""
        self.motor(axis).on()

    def set_off(self, axis: Any) -> None:
        """Power off."""
        self.motor(axis).off()

    def read_encoder(self, encoder: Any) -> float:
        """Where the axis that has this encoder is, and `encoder.error`; 0 without one."""
        axis = next((axis for axis in self.axes.values() if axis.encoder is encoder), None)
        where = 0.0 if axis is None else self.motor(axis).position() / axis.steps_per_unit
        return (where + float(encoder.error)) * float(encoder.steps_per_unit)

    def set_encoder(self, encoder: Any, steps: float) -> None:
        """Have it say `steps` where it is now."""
        encoder.error += (steps - self.read_encoder(encoder)) / encoder.steps_per_unit

    def look_again_after(self, axis: Any) -> float:
        """Seconds until it is at rest."""
        return self.motor(axis).look_again_after()


class FaultyMockup(Mockup):
    """A mockup with faults, each an attribute that is False at first: `controller.bad_start = True`.

    `bad_start`, `bad_stop`, `bad_position`, `bad_state`: that call of any of its axes raises. `fault_state`: they say
    FAULT.
    """

    motor_class = FaultyMotor
    bad_start = bad_stop = bad_position = bad_state = fault_state = False

    def motor(self, axis: Any) -> SimulatedMotor:
        """The motor of an axis, with the faults of now."""
        motor = super().motor(axis)
        if isinstance(motor, FaultyMotor):
            motor.bad_start, motor.bad_stop = self.bad_start, self.bad_stop
            motor.bad_position, motor.bad_state, motor.fault = self.bad_position, self.bad_state, self.fault_state
        return motor
