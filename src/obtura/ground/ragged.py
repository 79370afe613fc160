"""Ragged points: each an array of its own length, as the events of a detector or a list of peaks.

The shape of such a point is `RAGGED`, (-1,). A block of them is an array of objects, each the array of one point, so
that its first axis counts points as that of any other block.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RAGGED", "ragged_block", "ragged_points", "size_text"]

RAGGED = (-1,)
"""The shape of a point with any number of values."""


def ragged_block(points: Iterable[npt.NDArray[Any]]) -> npt.NDArray[np.object_]:
    """A block of points, each an array of one dimension."""
    whole = list(points)
    block = np.empty(len(whole), object)
    for number, point in enumerate(whole):  # one by one: numpy would take points that are equally long for a table
        block[number] = point
    return block


def ragged_points(data: Any, typed: Callable[[Any], npt.NDArray[Any]]) -> npt.NDArray[np.object_]:
    """What somebody emits as a block: one array, or list, of numbers is a point; a list of arrays is several.

    `typed`: makes a point an array of one's own, which nobody will be able to write.

    Raises:
        ValueError, TypeError: it is neither; and what `typed` raises.
    """
    if isinstance(data, np.ndarray):
        is_block = data.ndim == 2 or (data.ndim == 1 and data.dtype.kind == "O")
    else:
        is_block = hasattr(data, "__len__") and len(data) > 0 and np.ndim(data[0]) > 0
    return ragged_block(_point(typed(each)) for each in (data if is_block else [data]))


def _point(point: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if point.ndim != 1:
        raise ValueError(f"a point is an array of one dimension, not of shape {point.shape}")
    point.flags.writeable = False  # many look at it
    return point


def size_text(shape: tuple[int, ...], by: str = " x ") -> str:
    """A shape in words, `n` where it changes."""
    return by.join("n" if size < 0 else str(size) for size in shape)
