"""The centre of a peak, a dip or an edge by its half height, and its width."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.analysis.curve import Floats, by_position, finite_points, heights, is_flat

__all__ = ["Centre", "cen", "fwhm"]

HALF = 0.5

EDGE = math.erfc(math.sqrt(math.log(2))) / 2
"""A gaussian beam of width w (fwhm) that an edge cuts rises from this part of its height, 12 %, to 1 - EDGE over w."""


class Centre(NamedTuple):
    """The centre of a curve and its full width at half maximum, both in the unit of x."""

    position: float
    fwhm: float


def cen(x: npt.ArrayLike, y: npt.ArrayLike) -> Centre:
    """The centre between the outermost points at half height, and the distance between them.

    Half height is h = (min(y) + max(y)) / 2. The curve crosses it between the neighbours (xa, ya) and (xb, yb) at

        xa + (h - ya) / (yb - ya) * (xb - xa)

    With the first such crossing x1 and the last x2, the position is (x1 + x2) / 2 and

    - when both ends of the curve lie below h, it is a peak: its width is x2 - x1;
    - when both lie above, an inverted peak: the same;
    - when one lies below and one above, an edge (a step): its width is the distance from where it crosses 12 % of
      its height to where it crosses 88 %, which for a gaussian beam cut by the edge is the fwhm of the beam.

    Points need not be in the order of x; those of the same x count as one, with the mean of their y. Half a peak at
    the end of a scan can't be told from an edge. A flat curve, one point too, has neither centre nor width: NaN.

    Raises:
        LengthError (a TypeError): x and y are not of one length.
    """
    xs, ys = by_position(*finite_points(x, y))
    if is_flat(ys):
        return Centre(math.nan, math.nan)
    ys = heights(ys)
    crossings = _crossings(xs, ys, HALF)
    first, last = crossings[0], crossings[-1]
    rises = bool(ys[0] < HALF)
    is_edge = rises != bool(ys[-1] < HALF)
    width = _edge_width(xs, ys if rises else 1 - ys, first, last) if is_edge else last - first
    return Centre(float(first / 2 + last / 2), float(width))


def fwhm(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The full width at half maximum: that of `cen`."""
    return cen(x, y).fwhm


def _crossings(x: Floats, y: Floats, level: float) -> Floats:
    """Where the curve crosses `level`, in the order of x."""
    below = y < level
    before = np.flatnonzero(below[:-1] != below[1:])
    xa, xb, ya, yb = x[before], x[before + 1], y[before], y[before + 1]
    part = (level - ya) / (yb - ya)
    return np.asarray(np.clip(xa * (1 - part) + xb * part, xa, xb))


def _edge_width(x: Floats, y: Floats, first: float, last: float) -> float:
    """From the last crossing of the low level before `first` to the first of the high level after `last`."""
    low, high = _crossings(x, y, EDGE), _crossings(x, y, 1 - EDGE)
    start = low[low <= first][-1:] if (low <= first).any() else x[:1]
    end = high[high >= last][:1] if (high >= last).any() else x[-1:]
    return float(end[0] - start[0])
