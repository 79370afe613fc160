"""What is done around motion: hooks that an axis calls before and after it moves, and before and after a scan."""

from collections.abc import Sequence
from typing import NamedTuple

from obtura.contracts.devices import Movable

__all__ = ["MotionHook", "Move"]


class Move(NamedTuple):
    """A motion that is about to begin, or has ended. `origin` and `target` are in the axis' unit.

    `kind`: move, jog, home or limit; the last three have no target: it is NaN.
    """

    axis: Movable
    origin: float
    target: float
    kind: str = "move"

    @property
    def delta(self) -> float:
        """How far it goes, with sign, in the axis' unit."""
        return self.target - self.origin

    @property
    def user_target_pos(self) -> float:
        """`target`, by the name that hooks written for BLISS have for it."""
        return self.target

    @property
    def target_pos(self) -> float:
        """The target in steps of its controller, as hooks written for BLISS ask for it."""
        dial = self.axis.user2dial(self.target) if hasattr(self.axis, "user2dial") else self.target
        return float(dial * getattr(self.axis, "steps_per_unit", 1.0))

    @property
    def type(self) -> str:
        """`kind`, by the name that hooks written for BLISS have for it."""
        return self.kind


class MotionHook:
    """What has to happen around the motion of an axis: lift a brake, switch air pads on, ask whether the way is free.

    Give it to axes as `motion_hooks`; one hook may serve several axes. Override what you need. All is called on
    the thread that moves the axis, and may block; it must not move the axes that it is called for.
    """

    _initialised = False

    def init(self) -> None:
        """Called once, before anything else here. If it raises, nothing moves, and it is called again next time."""

    def pre_move(self, motions: Sequence[Move]) -> None:
        """Called before these axes set off together. If it raises, none of them moves."""

    def post_move(self, motions: Sequence[Move]) -> None:
        """Called when they are at rest, also after an error or Ctrl-C, and when `pre_move` raised; exactly once.

        The first Ctrl-C waits until it returns. They don't move again before.
        """

    def pre_scan(self, axes: Sequence[Movable]) -> None:
        """Called before a scan moves these axes for the first time. If it raises, the scan ends, nothing has moved."""

    def post_scan(self, axes: Sequence[Movable]) -> None:
        """Called when the scan leaves these axes, however it ends, and when `pre_scan` raised; exactly once."""

    def ready(self) -> None:
        """Have `init` called if it was not yet; not to be overridden."""
        if not self._initialised:
            self.init()
            self._initialised = True
