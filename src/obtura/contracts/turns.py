"""Round axes: they have a `modulo`, after which the same place comes again, a turn further.

A scan of such an axis has its positions in the turns that were asked for, so that a curve through the place where
the axis itself begins anew is one curve: -10, 0, 10, not 350, 0, 10.
"""

import math
from typing import Any

__all__ = ["as_axis_says", "is_round", "near"]


def is_round(axis: Any) -> bool:
    """Whether positions of an axis come again."""
    return bool(getattr(axis, "modulo", None))


def near(axis: Any, position: float, other: float) -> float:
    """The same place as `position`, in the turn in which it is nearest to `other`; both in the axis' unit."""
    if not is_round(axis):
        return position
    return other + math.remainder(position - other, axis.modulo)


def as_axis_says(axis: Any, position: float) -> float:
    """The same place as `position`, as the axis itself says it, whose dial is between 0 and `modulo`."""
    if not is_round(axis) or not math.isfinite(position):
        return position
    lowest = min(axis.dial2user(0.0), axis.dial2user(axis.modulo))
    return float(lowest + (position - lowest) % axis.modulo % axis.modulo)  # -1e-20 % 360 is 360
