"""Where a curve is highest, lowest, and where its mass is.

For every function of this package: `x` and `y` have shape (npoints,); points of which either is NaN or infinite are
left out; nothing left gives NaN. The results are in the unit of `x` and lie within its range. They do not depend on
where `x` begins, nor on the units of `x` and `y`: a x + b gives a times the result + b.
"""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import UsageError

__all__ = ["Floats", "LengthError", "by_position", "com", "finite_points", "heights", "is_flat", "peak", "trough"]

Floats: TypeAlias = npt.NDArray[np.float64]
"""Numbers of shape (npoints,)."""


class LengthError(UsageError, TypeError):
    """`x` and `y` are no points of one curve."""


def peak(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The x of the largest y; of several equal ones, that which was measured first.

    A curve that is flat, one point too, has no peak: NaN.

    Raises:
        LengthError (a TypeError): x and y are not of one length.
    """
    xs, ys = finite_points(x, y)
    return math.nan if is_flat(ys) else float(xs[np.argmax(ys)])


def trough(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The x of the smallest y; the rest as `peak`."""
    xs, ys = finite_points(x, y)
    return math.nan if is_flat(ys) else float(xs[np.argmin(ys)])


def com(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The centre of mass above the lowest point: sum(w x) / sum(w) with w = y - min(y).

    Without mass, when all y are equal, it is the mean of x. Each point weighs the same, wherever it is: where points
    lie closer together than elsewhere, they pull more.

    Raises:
        LengthError (a TypeError): x and y are not of one length.
    """
    xs, ys = finite_points(x, y)
    if not len(xs):
        return math.nan
    weights = np.ones_like(ys) if is_flat(ys) else heights(ys)
    first = xs[0]  # sums of small numbers: nothing is lost far away from 0
    centre = first + float(np.sum(weights * (xs - first)) / np.sum(weights))
    return float(np.clip(centre, xs.min(), xs.max()))


def is_flat(y: npt.ArrayLike) -> bool:
    """Whether there is nothing to find: all finite values are equal, or there are fewer than two."""
    ys = np.asarray(y, dtype=float)
    ys = ys[np.isfinite(ys)]
    return len(ys) < 2 or bool(ys.min() == ys.max())


def finite_points(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as floats, without the points of which one is not finite.

    Raises:
        LengthError (a TypeError): x and y are not of one length.
    """
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise LengthError(f"x and y must be of one length, got shapes {xs.shape} and {ys.shape}")
    good = np.isfinite(xs) & np.isfinite(ys)
    return xs[good], ys[good]


def by_position(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The curve as a function of x: in order of x, points of the same x become one, with the mean of their y."""
    xs, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    return xs, np.bincount(which, weights=y, minlength=len(xs)) / counts


def heights(y: Floats) -> Floats:
    """`y`, of which not all are equal, as parts of its height: 0 at the lowest point, 1 at the highest."""
    low, high = float(y.min()), float(y.max())
    if math.isinf(high - low):
        return heights(y / 4)  # the difference of two floats may be too large for one
    return np.asarray((y - low) / (high - low))
