"""What a scan does with its axes: the motion hooks around all of it, and one move after the other."""

from collections.abc import Sequence
from typing import Any

from obtura.contracts.devices import Movable
from obtura.contracts.halting import at_rest, raise_first, take_back
from obtura.contracts.motion import MotionHook
from obtura.contracts.together import hooks_of, move_together, settle
from obtura.ground.errors import DeviceBusyError
from obtura.works.clock import Flag

__all__ = ["ScanMoves"]


class ScanMoves:
    """The moves of the axes of a scan. `enter` before it moves any, `leave` at its end, once each."""

    def __init__(self, axes: Sequence[Movable]) -> None:
        self._axes = axes
        self._single = axes[0] if len(axes) == 1 and _is_single(axes[0]) else None
        self._hooks = hooks_of(axes)
        self._entered: list[tuple[MotionHook, Sequence[Movable]]] = []

    def enter(self) -> None:
        """Call `pre_scan` of each hook the first time, nothing later."""
        while self._hooks:
            hook, axes = self._hooks.pop(0)
            hook.ready()
            self._entered.append((hook, axes))
            hook.pre_scan(axes)

    def go(self, targets: Sequence[float], ended: Flag) -> None:
        """Enter, move to the targets and wait until there, as `move_together` does."""
        if self._hooks:
            self.enter()
        if self._single is None or getattr(self._single, "motion_hooks", None):
            move_together(self._axes, targets, ended)
        else:  # as there, without a trip: of such moves most step scans are made
            settle(self._axes)
            _move(self._single, targets[0], ended)

    def leave(self) -> None:
        """Call `post_scan` of each hook that was entered, the last first; all of them, whatever they raise."""
        self._hooks = []
        errors: list[BaseException] = []
        while self._entered:
            hook, axes = self._entered.pop()
            try:
                hook.post_scan(axes)
            except BaseException as error:  # noqa: BLE001 - the next hook must be left too
                errors.append(error)
        raise_first(errors)


def _is_single(axis: Any) -> bool:
    """Whether no other axis moves with it: without motion hooks, nothing is to be done around its moves."""
    made_of_others = getattr(axis, "real_axes", None) or getattr(axis, "joint", None) is not None
    return not made_of_others and hasattr(axis, "begin")


def _move(axis: Any, target: float, ended: Flag) -> None:
    """Set off and wait; whatever ends the wait stops it first."""
    begun = False
    try:
        is_there = axis.begin(target)
        begun = True
        if ended.is_set:
            at_rest((axis,))
        if not is_there:
            axis.wait_move()
    except BaseException as error:
        if begun or not isinstance(error, DeviceBusyError):  # else whatever moves was set off by somebody else
            take_back((axis,), error)
        raise
