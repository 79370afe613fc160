"""What a box of several axes can do: each method is given the axis, in steps of which it speaks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from obtura.devices.axis_state import AxisState
from obtura.devices.bliss.settings import SettingsOfAxes

__all__ = ["Hardware", "Motion"]

PATIENCE = 0.5
"""Seconds that an order to stop waits for a call in progress before it goes past it: then that call hangs."""


@dataclass
class Motion:
    """A move that is about to begin. `target_pos` and `delta` are in steps, `user_target_pos` in the axis' unit.

    `backlash` is 0: the axis makes two moves of it by itself.
    """

    axis: Any
    target_pos: float
    delta: float
    type: str = "move"
    user_target_pos: float | None = None
    backlash: float = 0.0


class Hardware:
    """The methods that a motor controller overrides. Positions are in steps, velocities in steps/s.

    Needed are `read_position`, `state`, `stop` and one of `start_one`, `start_all`; the rest as far as it can do it.
    One call at a time is made to a controller, for all of its axes; only `stop` goes past one that hangs.

    `blocking`: whether a call may wait for something outside of this process. `keeps_position`: whether it knows
    where its axes are also after a new start of the program; of one that does not, the session keeps the positions.
    `axis_settings`: settings that its axes have beside the usual ones.
    """

    blocking = True
    keeps_position = True

    def __init__(self) -> None:
        self.axis_settings = SettingsOfAxes()
        self._line = threading.RLock()

    @contextmanager
    def alone(self, patience: float = -1) -> Iterator[None]:
        """Have the controller to oneself; with `patience`, in s, go past a call that takes longer."""
        mine = self._line.acquire(timeout=patience)
        try:
            yield
        finally:
            if mine:
                self._line.release()

    # -- getting ready ------------------------------------------------------------------------------------

    def initialize(self) -> None:
        """Called once, before the first axis."""

    def initialize_hardware(self) -> None:
        """Called once, after `initialize`: what has to be said to the box once."""

    def initialize_axis(self, axis: Any) -> None:
        """Called once for each axis: read its `config`, give it methods."""

    def initialize_hardware_axis(self, axis: Any) -> None:
        """Called once for each axis, after `initialize_axis`: what has to be said to the box."""

    def initialize_encoder(self, encoder: Any) -> None:
        """Called once for each encoder."""

    def initialize_hardware_encoder(self, encoder: Any) -> None:
        """Called once for each encoder, after `initialize_encoder`."""

    def finalize(self) -> None:
        """Called when the session is closed."""

    # -- what it must do ----------------------------------------------------------------------------------

    def read_position(self, axis: Any) -> float:
        """Where the axis is."""
        raise NotImplementedError("its controller must override read_position(axis)")

    def state(self, axis: Any) -> AxisState:
        """What the axis does."""
        raise NotImplementedError("its controller must override state(axis)")

    def prepare_move(self, motion: Motion) -> None:
        """Get one axis ready to move."""

    def prepare_all(self, *motions: Motion) -> None:
        """Get several axes ready; by default `prepare_move` of each."""
        for motion in motions:
            self.prepare_move(motion)

    def start_one(self, motion: Motion) -> None:
        """Have one axis set off, and return at once; by default `start_all` with it."""
        if type(self).start_all is Hardware.start_all:
            raise NotImplementedError("its controller must override start_one(motion) or start_all(*motions)")
        self.start_all(motion)

    def start_all(self, *motions: Motion) -> None:
        """Have several axes set off; by default `start_one` for each."""
        for motion in motions:
            self.start_one(motion)

    def stop(self, axis: Any) -> None:
        """Bring one axis to rest; by default `stop_all` with it."""
        if type(self).stop_all is Hardware.stop_all:
            raise NotImplementedError("its controller must override stop(axis) or stop_all(*motions)")
        self.stop_all(Motion(axis, 0.0, 0.0))

    def stop_all(self, *motions: Motion) -> None:
        """Bring several axes to rest; by default `stop` for each."""
        for motion in motions:
            self.stop(motion.axis)

    # -- what it may do -----------------------------------------------------------------------------------

    def set_position(self, axis: Any, position: float) -> Any:
        """Take where the axis is for `position`."""
        raise NotImplementedError("its controller can't be told where it is")

    def read_velocity(self, axis: Any) -> float:
        """The velocity in steps/s."""
        raise NotImplementedError("its controller does not tell its velocity")

    def set_velocity(self, axis: Any, velocity: float) -> Any:
        """Move with this velocity, in steps/s, from the next move on."""
        raise NotImplementedError("its controller can't be told a velocity")

    def read_acceleration(self, axis: Any) -> float:
        """The acceleration in steps/s^2."""
        raise NotImplementedError("its controller does not tell its acceleration")

    def set_acceleration(self, axis: Any, acceleration: float) -> Any:
        """Speed up with this acceleration, in steps/s^2, from the next move on."""
        raise NotImplementedError("its controller can't be told an acceleration")

    def start_jog(self, axis: Any, velocity: float, direction: int) -> None:
        """Set off with `velocity`, in steps/s, in the direction 1 or -1, and go on until `stop_jog`."""
        raise NotImplementedError("its controller can't jog; with a limit in that direction it would be a move there")

    def stop_jog(self, axis: Any) -> None:
        """End it; by default `stop`."""
        self.stop(axis)

    def home_search(self, axis: Any, switch: int) -> None:
        """Set off to the home switch in the direction 1 or -1."""
        raise NotImplementedError("its controller can't search a home switch")

    def home_state(self, axis: Any) -> AxisState:
        """What the axis does while it searches; by default `state`."""
        return self.state(axis)

    def limit_search(self, axis: Any, limit: int) -> None:
        """Set off to the limit switch at the end 1 or -1."""
        raise NotImplementedError("its controller can't search a limit switch")

    def set_on(self, axis: Any) -> Any:
        """Switch its power on."""
        raise NotImplementedError("its power can't be switched")

    def set_off(self, axis: Any) -> Any:
        """Switch its power off."""
        raise NotImplementedError("its power can't be switched")

    def read_encoder(self, encoder: Any) -> float:
        """What an encoder says, in its steps."""
        raise NotImplementedError("its controller reads no encoders")

    def set_encoder(self, encoder: Any, steps: float) -> Any:
        """Have an encoder say this where it is now."""
        raise NotImplementedError("its encoder can't be told where it is")

    def look_again_after(self, axis: Any) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""
        return 0.02
