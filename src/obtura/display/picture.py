"""What a plot shows, as plain values: drawn in text or as a figure, from a scan or from a file."""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Curve", "Curves", "Image", "Marks", "Picture", "Side", "ticks"]


class Marks(NamedTuple):
    """What is marked on a curve; NaN for what it does not have.

    `peak`: x and y of the highest point; `centre`: x; `width`: the interval of x; `half`: y at half height.
    """

    peak: tuple[float, float]
    centre: float
    width: tuple[float, float]
    half: float


class Curve(NamedTuple):
    """A curve; `x` and `y` of shape (points,)."""

    name: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]


class Curves(NamedTuple):
    """Curves over the same axis, the marks of the first of them, and what there is to say, in lines.

    `here`: where the axis stands now, NaN when it is not known.
    """

    title: str
    xlabel: str
    ylabel: str
    curves: tuple[Curve, ...]
    marks: Marks | None
    words: tuple[str, ...]
    here: float = math.nan


class Side(NamedTuple):
    """A side of an image: its label, and what the middles of its first and last pixel stand for."""

    label: str
    first: float
    last: float


class Image(NamedTuple):
    """An image; `values` of shape (lines, columns), the first line at the bottom, NaN where there is nothing.

    `upright`: the first line is at the top, as in a camera's frame. x and y of the largest value, of the centre, the
    widths along x and y, and where the axes stand now; NaN for what is not known.
    """

    title: str
    across: Side
    along: Side
    values: npt.NDArray[np.float64]
    unit: str
    words: tuple[str, ...]
    upright: bool = False
    peak: tuple[float, float] = (math.nan, math.nan)
    centre: tuple[float, float] = (math.nan, math.nan)
    width: tuple[float, float] = (math.nan, math.nan)
    here: tuple[float, float] = (math.nan, math.nan)


Picture: TypeAlias = Curves | Image


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers from `low` to `high`: multiples of 1, 2, 2.5 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    least = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= least * (1 - 1e-9))
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [number * step for number in numbers] or [low]
