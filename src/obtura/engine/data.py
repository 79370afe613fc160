"""The points of a scan in memory: what `scan.get_data()` gives, also while the scan runs."""

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from obtura.engine.frameview import FrameView
from obtura.ground.channels import Block
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo

__all__ = [
    "Column",
    "NoSuchChannelError",
    "RaggedColumn",
    "ScanData",
    "TextColumn",
    "complete_rows",
    "until",
    "whole_row",
]

_Points: TypeAlias = npt.NDArray[np.generic] | FrameView | list[npt.NDArray[np.generic]]


class Column:
    """The points of one channel: blocks, and after them single numbers, which grow in place at 8 bytes each.

    `add(number)` adds one point, in one call into C: nothing can come into its middle, so it needs no lock.
    """

    def __init__(self, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
        self._dtype = np.dtype(dtype)
        self._shape = shape
        self._blocks: list[npt.NDArray[np.generic]] = []
        self._folded = 0  # points in blocks
        self._tail = array("d")
        self.add = self._tail.append

    @property
    def count(self) -> int:
        """How many there are."""
        return self._folded + len(self._tail)

    def put(self, number: float) -> int:
        """As `add`; returns the index of the point. The caller holds the record's lock."""
        index = self._folded + len(self._tail)
        self.add(number)
        return index

    def append(self, block: Block) -> int:
        """Add points; returns the index of the first. The caller holds the record's lock."""
        first = self._folded + len(self._tail)
        if type(block) is tuple:
            self._tail.extend(block)
        else:
            self._fold()
            self._blocks.append(block)  # type: ignore[arg-type]
            self._folded += len(block)
        return first

    def array(self) -> npt.NDArray[np.generic]:
        """All points so far, shape (count, *shape). The caller holds the record's lock."""
        self._fold()
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        whole = self._blocks[0] if self._blocks else np.empty((0, *self._shape), self._dtype)
        whole.flags.writeable = False  # it is handed out without a copy
        return whole

    def _fold(self) -> None:
        if count := len(self._tail):  # numbers may be added meanwhile, on another thread
            self._blocks.append(np.array(self._tail[:count], self._dtype))
            self._folded += count
            del self._tail[:count]  # in place: `add` is its method


def whole_row(values: Sequence[float], width: int) -> Sequence[float]:
    """The numbers of a row, so many: all of them are looked at before any is kept.

    Raises:
        TypeError, ValueError: one is no number, or there are more or fewer.
    """
    if type(values) is tuple and len(values) == width == 2 and type(values[0]) is type(values[1]) is float:
        return values  # of a timer, at each point
    numbers = array("d", values)
    if len(numbers) != width:
        raise ValueError(f"{width} numbers are needed, one of each channel, got {len(numbers)}")
    return numbers


class RaggedColumn:
    """The points of one channel whose points are arrays of any length."""

    def __init__(self) -> None:
        self._points: list[npt.NDArray[np.generic]] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._points)

    def append(self, block: Block) -> int:
        """Add points; returns the index of the first. The caller holds the record's lock."""
        first = len(self._points)
        self._points.extend(block)  # type: ignore[arg-type]
        return first

    def array(self) -> list[npt.NDArray[np.generic]] | npt.NDArray[np.generic]:
        """All points so far. The caller holds the record's lock."""
        return self._points[:]


class TextColumn(RaggedColumn):
    """The points of one channel whose points are texts."""

    def array(self) -> npt.NDArray[np.generic]:
        """All points so far, an array of `str`. The caller holds the record's lock."""
        return np.array(self._points, object)


def complete_rows(counts: list[int]) -> int | None:
    """How many rows are complete in the middle of a point, given how many points each per-point channel has.

    None when they differ by more than the one point that comes in just then: then they are no rows.
    """
    if not counts or max(counts) - min(counts) > 1:
        return None
    return min(counts)


class NoSuchChannelError(UsageError, KeyError):
    """A channel that is not in a scan, or a name that could be several."""

    def __str__(self) -> str:  # KeyError's own puts quotes around
        return str(self.args[0])


class ScanData(Mapping[Any, Any]):
    """A snapshot of a scan's points: `data["roby"]`, `data["axis:roby"]`, `data[roby]`, `data[diode]`.

    Keys are full channel names, unambiguous short names, counters or axes; for the frames of a camera also the camera
    or its name. Values are arrays of shape (points, *shape); frames are a `FrameView`, which reads them when asked;
    points whose length changes are a list of arrays; texts are an array of objects, each a `str`.
    Arrays of one branch have equal length: a point that comes in just now, or was cut off in its middle, is left out.
    """

    def __init__(
        self,
        channels: tuple[ChannelInfo, ...],
        arrays: Sequence[_Points],
        devices: Mapping[int, str],
        partial: Collection[int] = (),
    ) -> None:
        self.channels = channels
        self._devices = devices  # channel names by the id of counter or axis
        self._arrays = {info.name: array for info, array in zip(channels, arrays, strict=True)}
        for branch in partial:  # these are in the middle of a point
            rows = [info.name for info in channels if info.branch == branch and info.per_point]
            length = complete_rows([len(self._arrays[name]) for name in rows])
            if length is not None:
                self._arrays.update({name: until(self._arrays[name], length) for name in rows})

    def __getitem__(self, key: Any) -> Any:
        return self._arrays[self.name_of(key)]

    def name_of(self, key: Any) -> str:
        """The full name of the channel that `key` means.

        Raises:
            NoSuchChannelError (a KeyError): none, or several.
        """
        names = [key] if key in self._arrays else self._matches(key)
        if len(names) == 1:
            return names[0]
        known = ", ".join(names or self._arrays) or "none yet"
        problem = "is ambiguous, it could be" if names else "is no channel of this scan; there are"
        raise NoSuchChannelError(f"{getattr(key, 'name', key)!r} {problem} {known}")

    def _matches(self, key: Any) -> list[str]:
        if not isinstance(key, str):
            return [self._devices[id(key)]] if id(key) in self._devices else []
        return [name for name in self._arrays if name.rpartition(":")[2] == key] or [
            info.name for info in self.channels if info.is_frame and info.device == key
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        shapes = {name: "(n,)" if isinstance(data, list) else data.shape[1:] for name, data in self._arrays.items()}
        lines = [f"  {name}: {len(data)} points {shapes[name] or ''}" for name, data in self._arrays.items()]
        return "\n".join(["ScanData", *lines])


def until(array: _Points, length: int) -> _Points:
    """The first points of a channel."""
    return array.until(length) if isinstance(array, FrameView) else array[:length]
