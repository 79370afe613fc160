"""Round axes: they have a `modulo`, after which the same place comes again, a turn further.

A scan of such an axis has its positions in the turns that were asked for, so that a curve through the place where
the axis itself begins anew is one curve: -10, 0, 10, not 350, 0, 10.
"""

import math
from typing import Any

__all__ = ["as_axis_says", "in_one_turn", "is_round", "near"]


def is_round(axis: Any) -> bool:
    """Whether positions of an axis come again."""
    return bool(getattr(axis, "modulo", None))


def near(axis: Any, position: float, other: float) -> float:
    """The same place as `position`, in the turn in which it is nearest to `other`; both in the axis' unit."""
    if not is_round(axis):
        return position
    return other + math.remainder(position - other, axis.modulo)


def as_axis_says(axis: Any, position: float) -> float:
    """The same place as `position`, as the axis itself says it."""
    if not is_round(axis) or not math.isfinite(position):
        return position
    lowest = min(axis.dial2user(0.0), axis.dial2user(axis.modulo))
    return in_one_turn(position, axis.modulo, axis.limits, lowest)


def in_one_turn(position: float, modulo: float, limits: tuple[float, float], lowest: float = 0.0) -> float:
    """The same place between `lowest` and a turn above, or, when `limits` don't allow all of that, around their middle.

    Limits that leave no whole turn free so are never crossed by going from one such position to another.
    """
    low, high = limits
    middle = (low + high) / 2
    if math.isfinite(middle) and (low > lowest or high < lowest + modulo):
        return middle + math.remainder(position - middle, modulo)
    return lowest + (position - lowest) % modulo % modulo  # -1e-20 % 360 is 360
