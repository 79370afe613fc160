"""The move of one axis around which nothing is to be done: of these a step scan is made."""

from typing import Any

from obtura.contracts.halting import at_rest, take_back
from obtura.ground.errors import DeviceBusyError
from obtura.works.clock import Flag

__all__ = ["is_single", "move_alone"]


def is_single(axis: Any) -> bool:
    """Whether no other axis moves with it: without motion hooks, nothing is to be done around its moves."""
    made_of_others = getattr(axis, "real_axes", None) or getattr(axis, "joint", None) is not None
    return not made_of_others and hasattr(axis, "begin")


def move_alone(axis: Any, target: float, ended: Flag | None) -> None:
    """Set off and wait, as `move_together` does, which says what `ended` is; whatever ends the wait stops it first."""
    begun = False
    try:
        is_there = axis.begin(target)
        begun = True
        if ended is not None and ended.is_set:
            at_rest((axis,))
        if not is_there:
            axis.wait_move()
    except BaseException as error:
        if begun or not isinstance(error, DeviceBusyError):  # else whatever moves was set off by somebody else
            take_back((axis,), error)
        raise
