"""Moving by hand: mv, mvr, umv and their kin. Where axes are is asked in `where`."""

import logging
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from obtura.acquisition.motion import move_together
from obtura.contracts.absent import present
from obtura.contracts.claims import check_free
from obtura.contracts.devices import Movable, is_movable
from obtura.display.grid import terminal_width
from obtura.ground.errors import UsageError
from obtura.scans.goto import interrupted
from obtura.works.ending import ending_in_order

__all__ = ["Motion"]

log = logging.getLogger(__name__)


class Motion:
    """The motion commands of a session.

    `mv` and `umv` go to user positions, `mvd` to dial positions, those with `r` by distances; those with `u` show
    where the axes are while they move. Ctrl-C stops the axes; so do SIGTERM and SIGHUP, before they end the process.
    """

    def mv(self, *axes_targets: Any) -> None:
        """Move axes together to user positions: `mv(roby, 5)`, `mv(roby, 5, robz, 1)`. Ctrl-C stops them.

        Raises:
            UsageError: not pairs of an axis and a number, or out of limits; nothing moved.
        """
        _go("mv", axes_targets, _target)

    def mvr(self, *axes_distances: Any) -> None:
        """Move axes together by distances: `mvr(roby, 0.5)`. Ctrl-C stops them.

        Raises:
            UsageError: not pairs of an axis and a number, or out of limits; nothing moved.
        """
        _go("mvr", axes_distances, _distance)

    def mvd(self, *axes_dials: Any) -> None:
        """Move axes together to dial positions: `mvd(roby, 5)`. As `mv` otherwise."""
        _go("mvd", axes_dials, _dial_target)

    def mvdr(self, *axes_distances: Any) -> None:
        """Move axes together by distances on the dial: `mvdr(roby, 0.5)`. As `mv` otherwise."""
        _go("mvdr", axes_distances, _dial_distance)

    def umv(self, *axes_targets: Any) -> None:
        """As `mv`, and show the positions while the axes move."""
        _go("umv", axes_targets, _target, live=True)

    def umvr(self, *axes_distances: Any) -> None:
        """As `mvr`, and show the positions while the axes move."""
        _go("umvr", axes_distances, _distance, live=True)

    def umvd(self, *axes_dials: Any) -> None:
        """As `mvd`, and show the positions while the axes move."""
        _go("umvd", axes_dials, _dial_target, live=True)

    def umvdr(self, *axes_distances: Any) -> None:
        """As `mvdr`, and show the positions while the axes move."""
        _go("umvdr", axes_distances, _dial_distance, live=True)


def _target(axis: Any, number: float) -> float:
    return number


def _distance(axis: Any, number: float) -> float:
    return float(axis.position) + number


def _dial_target(axis: Any, number: float) -> float:
    return float(axis.dial2user(number)) if hasattr(axis, "dial2user") else number


def _dial_distance(axis: Any, number: float) -> float:
    return float(axis.position) + number * int(getattr(axis, "sign", 1))


@ending_in_order()
def _go(command: str, arguments: tuple[Any, ...], aim: Callable[[Any, float], float], live: bool = False) -> None:
    axes, numbers = tuple(map(present, arguments[0::2])), arguments[1::2]
    if problem := _problem(axes, numbers):
        raise UsageError(
            f"{command}: {problem}\nIntended usage: {command}(axis, number, axis, number, ...)\n"
            f"Example: {command}(roby, 5)"
        )
    check_free(axes)
    targets = [aim(axis, float(number)) for axis, number in zip(axes, numbers, strict=True)]
    for axis, target in zip(axes, targets, strict=True):
        axis.check()
        axis.check_target(target)
    for axis, target in zip(axes, targets, strict=True):
        print(f"Moving {axis.name} from {axis.position:.6g} to {target:.6g}")
    log.info("%s: %s", command, ", ".join(f"{a.name} to {t:.6g}" for a, t in zip(axes, targets, strict=True)))
    view = _Live(axes) if live and sys.stdout.isatty() else None
    try:
        move_together(axes, targets, watch=view)
    except KeyboardInterrupt as press:
        raise interrupted(command, axes, press) from None
    finally:
        if view is not None:
            view.end()
    if live and view is None:
        print(_positions(axes))


class _Live:
    """One line of a terminal that says where axes are, written again and again."""

    def __init__(self, axes: Sequence[Movable]) -> None:
        self._axes = axes
        self._longest = 0

    def __call__(self) -> None:
        line = _positions(self._axes)
        line = line[: max(terminal_width() - 1, 10)]  # a line that wraps could not be written over
        self._longest = max(self._longest, len(line))
        sys.stdout.write("\r" + line.ljust(self._longest))
        sys.stdout.flush()

    def end(self) -> None:
        """The last look, and an end of the line."""
        if self._longest:
            self()
            sys.stdout.write("\n")


def _positions(axes: Sequence[Movable]) -> str:
    return "   ".join(f"{axis.name} {axis.position:.6g} {axis.unit or ''}".rstrip() for axis in axes)


def _problem(axes: tuple[Any, ...], numbers: tuple[Any, ...]) -> str:
    """What is wrong with the arguments, or nothing."""
    for axis in axes:
        if not is_movable(axis):
            return f"{axis!r} is not an axis"
        if sum(other is axis for other in axes) > 1:
            return f"{axis.name} is there twice"
    if not axes or len(axes) != len(numbers):
        return "an axis or a number is missing"
    for axis, number in zip(axes, numbers, strict=True):
        if isinstance(number, bool) or not hasattr(number, "__float__") or not math.isfinite(number):
            return f"{axis.name} can't go to {number!r}, which is no finite number"
    return ""
