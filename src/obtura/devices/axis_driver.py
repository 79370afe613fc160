"""What a motor controller has to do for one axis: the door for new motors.

A driver is four methods. All that a user sees (limits, refusals, waiting, Ctrl-C, messages) is `Axis`:

    class Stage(AxisDriver):
        def __init__(self, line, channel):
            self._line, self._channel = line, channel

        def start_move(self, target, velocity, acceleration):
            self._line.ask(f"VEL {self._channel} {velocity}")
            self._line.ask(f"GO {self._channel} {target}")

        def stop(self):
            self._line.ask(f"STOP {self._channel}")

        def position(self):
            return float(self._line.ask(f"POS? {self._channel}"))

        def state(self):
            return AxisState("MOVING" if self._line.ask(f"BUSY? {self._channel}") == "1" else "READY")

    roby = Axis("roby", Stage(line, 1), unit="mm", limits=(-100, 100), velocity=10, acceleration=100)

Why not fewer: without `position` nothing can be trusted, without `stop` nothing can be interrupted. Why not
more: whether it moves, what is wrong and which limit switch it touches is one status word in most
controllers, so it is one call here; velocity and acceleration go with each move, so that nothing has to be
kept in step. What only some controllers can do (their register set, a home switch searched, jogging, power)
has a method each that refuses unless it is overridden.
"""

from abc import ABC, abstractmethod

from obtura.devices.axis_state import AxisState

__all__ = ["AxisDriver"]


class AxisDriver(ABC):
    """One axis of a motor controller. Positions are dial positions in the axis' unit, or in steps.

    Its `Axis` makes one call at a time; only `stop` may come from another thread during one. A line that
    several axes share is locked by whoever owns it. Whatever a method raises reaches the user as a
    `DeviceError` with the name of the axis.

    `blocking`: whether a call may wait for something outside of this process; such an axis gets a lane.
    `in_steps`: positions are whole steps, velocities in steps/s, accelerations in steps/s^2; the axis'
    `steps_per_unit` says how long a step is; without `whole_steps` there are parts of steps, too. `rounding`:
    how many steps off its target it may end. `keeps_position`: it knows where it is also after a new start of the
    program; of one that does not, the session keeps the position.
    """

    blocking = True
    in_steps = False
    whole_steps = True
    rounding = 0.5
    keeps_position = True

    @abstractmethod
    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        """Set off to `target` and return at once; it is at rest, and `target` within limits.

        `velocity` is in unit/s, `acceleration` in unit/s^2; infinite means as fast as possible. From the
        return on, `state()` says MOVING until it is at rest.
        """

    @abstractmethod
    def stop(self) -> None:
        """Begin to come to rest; return at once. Harmless at rest."""

    @abstractmethod
    def position(self) -> float:
        """Where it is."""

    @abstractmethod
    def state(self) -> AxisState:
        """What it is doing: READY or MOVING, with the switches it touches; or FAULT with a reason in plain words."""

    def look_again_after(self) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""
        return 0.02

    # -- what only some controllers can do: NotImplementedError is what the user reads, after the name of the axis --

    def set_position(self, position: float) -> None:
        """Take where it is now for `position`: write the controller's register. It is at rest."""
        raise NotImplementedError("its controller can't be told where it is")

    def start_jog(self, velocity: float, acceleration: float) -> None:
        """Set off with `velocity`, whose sign is the direction, and go on until `stop`; return at once."""
        raise NotImplementedError("its controller can't jog; with a limit in that direction it would be a move there")

    def start_home(self, switch: int, velocity: float, acceleration: float) -> None:
        """Set off to search the home switch in the direction 1 or -1; return at once."""
        raise NotImplementedError("its controller can't search a home switch")

    def start_limit(self, side: int, velocity: float, acceleration: float) -> None:
        """Set off to the limit switch at the high (1) or low (-1) end; return at once."""
        raise NotImplementedError("its controller can't search a limit switch")

    def on(self) -> None:
        """Switch the power on; returns when it is."""
        raise NotImplementedError("its power can't be switched")

    def off(self) -> None:
        """Switch the power off; `state` says OFF from then on."""
        raise NotImplementedError("its power can't be switched")

    def sync(self) -> None:  # noqa: B027 - most have nothing to forget
        """Forget what is remembered of the hardware, and ask it."""
