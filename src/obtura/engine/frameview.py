"""What `scan.get_data("camera")` gives: all frames of a scan as one array, of which only what is asked for is read."""

import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["AT_ONCE", "FrameView", "Frames"]

AT_ONCE = 32_000_000
"""Bytes that are read in one go where frames are taken one after the other."""


class Frames(Protocol):
    """Where frames are read."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def read(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        """Frames `first` to `stop - 1`, shape (stop - first, *shape)."""


class FrameView:
    """Frames, shape (count, height, width), read when they are asked for.

    `view[3]`, `view[-1]` are frames, `view[2:5]`, `view[::10]` arrays of frames, `view[:, 10:20, 5]` cuts through
    all of them; `len(view)`, `for frame in view` and numpy's functions work as with an array. Each reading gives a
    copy of its own. What is not in memory comes from the scan's file.

    The view has the frames that there were when it was made; `scan.get_data()` gives a longer one later.

    Raises, when frames are asked for:
        FramesGoneError: the scan was not saved, and newer frames have taken their place in memory.
        SavingError: the file can't be read any more.
    """

    def __init__(self, frames: Frames, count: int) -> None:
        self._frames = frames
        self._count = count

    @property
    def shape(self) -> tuple[int, ...]:
        """(count, height, width)."""
        return self._count, *self._frames.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        return self._frames.dtype

    @property
    def ndim(self) -> int:
        """3 for the frames of a camera."""
        return 1 + len(self._frames.shape)

    @property
    def size(self) -> int:
        """The number of pixels."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The memory (bytes) that all frames together would take."""
        return self.size * self.dtype.itemsize

    def until(self, count: int) -> "FrameView":
        """The first `count` frames, as a view."""
        return FrameView(self._frames, min(count, self._count))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, key: Any) -> Any:
        which, *rest = self._axes(key)
        if isinstance(which, slice):
            return self._taken(range(*which.indices(self._count)), rest)
        if isinstance(which, list | np.ndarray):
            return self._taken(self._numbers(np.asarray(which)), rest)
        index = self._number(which)
        return self._frames.read(index, index + 1)[(0, *rest)]

    def __iter__(self) -> Iterator[npt.NDArray[np.generic]]:
        for _, frames in self._pieces(range(self._count)):
            yield from frames

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError(f"the frames of {self._frames.name} can't be had without a copy: they have to be read")
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<FrameView {self._frames.name}: {self.dtype} {self.shape}>"

    # -- which frames ---------------------------------------------------------------------------------------

    def _axes(self, key: Any) -> tuple[Any, ...]:
        """One index for the frames, then those within a frame."""
        keys = list(key) if isinstance(key, tuple) else [key]
        dots = [number for number, one in enumerate(keys) if one is Ellipsis]
        if len(dots) > 1 or len(keys) - len(dots) > self.ndim:
            raise IndexError(f"too many indices for frames of shape {self.shape}")
        if dots:
            keys[dots[0] : dots[0] + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        return tuple(keys) or (slice(None),)

    def _number(self, which: Any) -> int:
        try:
            index = operator.index(which)
        except TypeError:
            raise TypeError(f"frames are numbered: give a whole number, a slice or a list, not {which!r}") from None
        if not -self._count <= index < self._count:
            raise IndexError(f"frame {index} of {self._frames.name}: there are {self._count}")
        return index % self._count

    def _numbers(self, which: npt.NDArray[Any]) -> list[int]:
        if which.dtype == bool:
            if which.shape != (self._count,):
                raise IndexError(f"a mask for {self._count} frames has shape ({self._count},), not {which.shape}")
            which = np.flatnonzero(which)
        if which.ndim != 1:
            raise IndexError(f"frames are chosen by a list of numbers, not by an array of shape {which.shape}")
        return [self._number(one) for one in which]

    # -- reading --------------------------------------------------------------------------------------------

    def _taken(self, numbers: Sequence[int], rest: list[Any]) -> npt.NDArray[np.generic]:
        """The frames of these numbers; of each only `rest`, so that a cut through all of them is small."""
        inside = np.empty((0, *self._frames.shape), self.dtype)[(slice(None), *rest)]
        result = np.empty((len(numbers), *inside.shape[1:]), self.dtype)
        for at, frames in self._pieces(numbers):
            result[at : at + len(frames)] = frames[(slice(None), *rest)]
        return result

    def _pieces(self, numbers: Sequence[int]) -> Iterator[tuple[int, npt.NDArray[np.generic]]]:
        """Frames as they stand together, each piece with its place in `numbers`."""
        most = max(1, AT_ONCE // max(1, math.prod(self._frames.shape) * self.dtype.itemsize))
        at = 0
        while at < len(numbers):
            length = 1
            while at + length < len(numbers) and length < most and numbers[at + length] == numbers[at] + length:
                length += 1
            yield at, self._frames.read(numbers[at], numbers[at] + length)
            at += length
