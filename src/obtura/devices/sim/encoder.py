"""A simulated encoder: it sees what a simulated motor does, and what it loses."""

import math

from obtura.devices.axis_driver import AxisDriver
from obtura.devices.encoder import Encoder
from obtura.ground.errors import DeviceError
from obtura.ground.ranges import Positive

__all__ = ["SimulatedEncoder"]


class SimulatedEncoder(Encoder):
    """Reads where the motor of its axis is, less `slip` (dial units): set it as if the motor had lost steps.

    It belongs to the simulated axis that is given it as `encoder`.
    """

    blocking = False

    def __init__(
        self, name: str, steps_per_unit: float = 1.0, tolerance: Positive = math.inf, unit: str | None = None
    ) -> None:
        super().__init__(name, steps_per_unit, tolerance, unit)
        self.slip = 0.0
        self._motor: AxisDriver | None = None
        self._motor_steps = 1.0

    def watch(self, motor: AxisDriver, steps_per_unit: float) -> None:
        """Measure this motor, whose steps are so many per unit."""
        self._motor = motor
        self._motor_steps = steps_per_unit

    def raw_read(self) -> float:
        """Where the motor is, in steps of the encoder."""
        return (self._where() - self.slip) * self.steps_per_unit

    def raw_write(self, steps: float) -> None:
        """Have it say `steps` where it is now."""
        self.slip = self._where() - steps / self.steps_per_unit

    def _where(self) -> float:
        if self._motor is None:
            raise DeviceError(f"{self.name}: no simulated axis has this encoder")
        return self._motor.position() / self._motor_steps
