"""Moving and asking by hand: mv, mvr, wa."""

import logging
import math
from collections.abc import Callable, Iterable
from typing import Any

from obtura.acquisition.motion import move_together
from obtura.contracts.devices import Movable, is_movable
from obtura.ground.errors import DeviceError, UsageError

__all__ = ["Motion"]

log = logging.getLogger(__name__)


class Motion:
    """The motion commands of a session; `axes` gives its axes."""

    def __init__(self, axes: Callable[[], Iterable[Movable]]) -> None:
        self._axes = axes

    def mv(self, *axes_targets: Any) -> None:
        """Move axes together to user positions: `mv(roby, 5)`, `mv(roby, 5, robz, 1)`. Ctrl-C stops them.

        Raises:
            UsageError: not pairs of an axis and a number, or out of limits; nothing moved.
        """
        self._go("mv", axes_targets, relative=False)

    def mvr(self, *axes_distances: Any) -> None:
        """Move axes together by distances: `mvr(roby, 0.5)`. Ctrl-C stops them.

        Raises:
            UsageError: not pairs of an axis and a number, or out of limits; nothing moved.
        """
        self._go("mvr", axes_distances, relative=True)

    def wa(self) -> None:
        """Print where every axis is."""
        axes = list(self._axes())
        names = [f"{axis.name}[{axis.unit}]" if axis.unit else axis.name for axis in axes]
        values = [_shown(axis) for axis in axes]
        widths = [max(12, len(name), len(value)) for name, value in zip(names, values, strict=True)]
        print("Current positions")
        print("  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True)))
        print("  ".join(value.rjust(width) for value, width in zip(values, widths, strict=True)))

    def _go(self, command: str, arguments: tuple[Any, ...], relative: bool) -> None:
        axes, numbers = arguments[0::2], arguments[1::2]
        if problem := _problem(axes, numbers):
            raise UsageError(
                f"{command}: {problem}\nIntended usage: {command}(axis, number, axis, number, ...)\n"
                f"Example: {command}(roby, 5)"
            )
        origins = [axis.position if relative else 0.0 for axis in axes]
        targets = [float(number) + origin for number, origin in zip(numbers, origins, strict=True)]
        for axis, target in zip(axes, targets, strict=True):
            axis.check()
            axis.check_target(target)
        for axis, target in zip(axes, targets, strict=True):
            print(f"Moving {axis.name} from {axis.position:.6g} to {target:.6g}")
        try:
            move_together(axes, targets)
        except KeyboardInterrupt:
            stands = ", ".join(f"{axis.name} stands at {axis.position:.6g}" for axis in axes)
            raise KeyboardInterrupt(f"{command} was stopped by Ctrl-C: {stands}") from None


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


def _shown(axis: Movable) -> str:
    try:
        return f"{axis.position:.6g}"
    except DeviceError as error:
        log.warning("position of %s is not known: %s", axis.name, error)
        return "!ERR"
