"""The move of one axis around which nothing is to be done: of these a step scan is made."""

from typing import Any

from obtura.contracts.halting import at_rest, take_back
from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceBusyError
from obtura.works.clock import Flag

__all__ = ["is_plain", "move_alone"]


def is_plain(axis: Any) -> bool:
    """Whether nothing is to be done around its moves, and no other axis moves with it."""
    made_of_others = getattr(axis, "real_axes", None) or getattr(axis, "joint", None) is not None
    return not (made_of_others or getattr(axis, "motion_hooks", None)) and hasattr(axis, "begin")


def move_alone(axis: Any, target: float, ended: Flag | None) -> None:
    """Set off and wait, as `move_together` does, which says what `ended` is; whatever ends the wait stops it first."""
    check_may_be_told(axis.name, "move")
    begun = False
    try:
        axis.begin(target)
        begun = True
        if ended is not None and ended.is_set:
            at_rest((axis,))
        axis.wait_move()
    except BaseException as error:
        if begun or not isinstance(error, DeviceBusyError):  # else whatever moves was set off by somebody else
            take_back((axis,), error)
        raise
