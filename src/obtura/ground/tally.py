"""Statistics of readings as they come, by Welford's method: exact, and nothing is kept but six numbers.

B. P. Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962) 419.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["NO_STATISTICS", "ArrayTally", "RaggedTally", "Statistics", "Tally", "TextTally"]


class Statistics(NamedTuple):
    """The readings of one point, in the counter's unit; arrays for a counter that is no scalar.

    `var` is that of the population, the sum of squares over N; `std` its root; `p2v` is max - min. With a single
    reading `std` and `var` are NaN. `count_time` in s, `timestamp` in s since 1970-01-01 UTC, of the point's end.
    """

    mean: Any
    N: int
    std: Any
    var: Any
    min: Any
    max: Any
    p2v: Any
    count_time: float
    timestamp: float


NO_STATISTICS = Statistics(math.nan, 0, *[math.nan] * 7)
"""Those of a counter that has not been counted yet."""


class Tally:
    """Readings of a scalar; the first is given at once, so that there always is one.

    Raises:
        TypeError: a reading is no number.
    """

    __slots__ = ("count", "first", "high", "last", "low", "mean", "squares")

    def __init__(self, value: Any) -> None:
        if type(value) is not float and np.ndim(value):
            raise TypeError(f"an array of shape {np.shape(value)} is no number")
        self._begin(value)

    def _begin(self, value: Any) -> None:
        self.first = self.last = self.low = self.high = self.mean = value + 0.0
        self.count = 1
        self.squares: Any = 0.0

    def add(self, value: Any) -> None:
        """Take in a further reading."""
        self.count += 1
        away = value - self.mean
        self.mean += away / self.count
        self.squares += away * (value - self.mean)
        if value < self.low:
            self.low = value
        elif value > self.high:
            self.high = value
        self.last = value

    def statistics(self, count_time: float, timestamp: float) -> Statistics:
        """What is known of the readings so far."""
        var = self.squares / self.count if self.count > 1 else self.first * math.nan
        return Statistics(
            self.mean, self.count, var**0.5, var, self.low, self.high, self.high - self.low, count_time, timestamp
        )


class ArrayTally(Tally):
    """Readings of an array, element by element. The arrays are copied: a device may use its buffer again."""

    __slots__ = ()

    def __init__(self, value: npt.ArrayLike) -> None:
        self._begin(np.asarray(value))
        self.mean = self.first.copy()  # the only one that is changed in place

    def add(self, value: npt.ArrayLike) -> None:
        """Take in a further reading."""
        array = np.array(value)
        self.count += 1
        away = array - self.mean
        self.mean += away / self.count
        self.squares = self.squares + away * (array - self.mean)
        self.low = np.minimum(self.low, array)
        self.high = np.maximum(self.high, array)
        self.last = array


class RaggedTally(Tally):
    """Readings of an array whose length changes: they have no mean, the first and the last one are kept."""

    __slots__ = ()

    def __init__(self, value: npt.ArrayLike) -> None:
        self.first = self.last = np.array(value)
        self.count = 1

    def add(self, value: npt.ArrayLike) -> None:
        """Take in a further reading."""
        self.last = np.array(value)
        self.count += 1

    def statistics(self, count_time: float, timestamp: float) -> Statistics:
        """How many there were; nothing else is known."""
        return NO_STATISTICS._replace(N=self.count, count_time=count_time, timestamp=timestamp)


class TextTally(RaggedTally):
    """Readings of a text: they have no mean either."""

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        self.first = self.last = _text(value)
        self.count = 1

    def add(self, value: Any) -> None:
        """Take in a further reading."""
        self.last = _text(value)
        self.count += 1


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
