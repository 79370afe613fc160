"""The driver of one axis of a box of several."""

import math
from collections.abc import Callable
from typing import Any

from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.bliss.hardware import PATIENCE, Hardware, Motion
from obtura.devices.bliss.state import finished

__all__ = ["ControllerDriver"]


class ControllerDriver(AxisDriver):
    """Calls the methods of a controller for one axis; `axis` is set by that, once it is there."""

    in_steps = True
    whole_steps = False
    rounding = 1.0  # it is told parts of steps, and most controllers round them, or cut them off
    axis: Any

    def __init__(self, controller: Hardware) -> None:
        self._controller = controller
        self.blocking = controller.blocking
        self.keeps_position = controller.keeps_position
        self._told: dict[Callable[..., Any], float] = {}
        self._searching = self._jogging = False

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        controller = self._controller
        with controller.alone():
            self._tell_speed(velocity, acceleration)
            self._searching = self._jogging = False
            user = self.axis.dial2user(target / self.axis.steps_per_unit)
            delta = target - float(controller.read_position(self.axis))
            motion = Motion(self.axis, target, delta, user_target_pos=user)
            controller.prepare_all(motion)
            controller.start_one(motion)

    def _tell_speed(self, velocity: float, acceleration: float) -> None:
        """Say what is new; most controllers have both, some neither."""
        for tell, value in (
            (self._controller.set_velocity, velocity),
            (self._controller.set_acceleration, acceleration),
        ):
            if math.isfinite(value) and self._told.get(tell) != value:
                self._told[tell] = value
                try:
                    tell(self.axis, value)
                except NotImplementedError:
                    continue  # it has one velocity; what the axis says of it is for estimates only

    def stop(self) -> None:
        with self._controller.alone(PATIENCE):
            (self._controller.stop_jog if self._jogging else self._controller.stop)(self.axis)

    def position(self) -> float:
        with self._controller.alone():
            return float(self._controller.read_position(self.axis))

    def state(self) -> AxisState:
        controller = self._controller
        with controller.alone():
            ask = controller.home_state if self._searching else controller.state
            state = finished(ask(self.axis), self.axis.name)
        if not state.moving:
            self._searching = self._jogging = False
        return state

    def look_again_after(self) -> float:
        return self._controller.look_again_after(self.axis)

    def set_position(self, position: float) -> None:
        with self._controller.alone():
            self._controller.set_position(self.axis, position)

    def start_jog(self, velocity: float, acceleration: float) -> None:
        with self._controller.alone():
            self._tell_speed(abs(velocity), acceleration)
            self._controller.start_jog(self.axis, abs(velocity), 1 if velocity > 0 else -1)
            self._jogging = True

    def start_home(self, switch: int, velocity: float, acceleration: float) -> None:
        with self._controller.alone():
            self._tell_speed(velocity, acceleration)
            self._controller.home_search(self.axis, switch)
            self._searching = True

    def start_limit(self, side: int, velocity: float, acceleration: float) -> None:
        with self._controller.alone():
            self._tell_speed(velocity, acceleration)
            self._controller.limit_search(self.axis, side)

    def on(self) -> None:
        with self._controller.alone():
            self._controller.set_on(self.axis)

    def off(self) -> None:
        with self._controller.alone():
            self._controller.set_off(self.axis)
