"""Bringing axes to rest: every one of them is told, whatever another one answers, or does not answer."""

import logging
from collections.abc import Sequence
from typing import Any

from obtura.contracts.devices import Movable
from obtura.ground.errors import annotate, one_line

__all__ = ["at_rest", "halt_all", "raise_first"]

log = logging.getLogger(__name__)


def at_rest(axes: Sequence[Movable]) -> None:
    """Stop those that move; every one is tried, the first error is raised with the others as notes."""
    errors: list[BaseException] = []
    moving = []
    for axis in axes:
        try:
            if _may_move(axis, errors):
                moving.append(axis)
                if len(axes) > 1 and hasattr(axis, "halt"):  # all slow down at the same time
                    axis.halt()
        except BaseException as error:  # noqa: BLE001 - the next axis must be stopped too
            errors.append(error)
    for axis in moving:
        try:
            axis.stop()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
    raise_first(errors)


def halt_all(axes: Sequence[Any]) -> None:
    """Tell all to stop, and return at once; every one is told, the first error is raised with the others as notes."""
    errors: list[BaseException] = []
    for axis in axes:
        try:
            getattr(axis, "halt", axis.stop)()
        except BaseException as error:  # noqa: BLE001 - the next axis must be stopped too
            errors.append(error)
    raise_first(errors)


def _may_move(axis: Movable, errors: list[BaseException]) -> bool:
    """Whether it has to be stopped: it says so, or does not answer."""
    try:
        return axis.is_moving
    except Exception as error:  # noqa: BLE001 - if it really matters `stop` says so
        log.debug("%s", one_line(error))
    except BaseException as error:  # noqa: BLE001 - Ctrl-C: the axes must be stopped all the more
        errors.append(error)
    return True


def raise_first(errors: Sequence[BaseException], under_way: BaseException | None = None) -> None:
    """Raise the first with the others as notes; all become notes of the error that is under way, if there is one."""
    first = under_way or (errors[0] if errors else None)
    for error in errors:
        if error is not first and first is not None:
            annotate(first, f"then {one_line(error)}")
    if errors and under_way is None:
        raise errors[0]
