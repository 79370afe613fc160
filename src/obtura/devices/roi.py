"""Regions of interest: rectangles of a camera's frames, each with counters of its own."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy.typing as npt

from obtura.contracts.cameras import CameraController, FrameCounter, Frames
from obtura.contracts.counters import Counter
from obtura.ground.errors import UsageError

__all__ = ["STATISTICS", "Rectangle", "RectangleCounter", "RoiCounters", "RoiStatistics"]

STATISTICS: Mapping[str, Callable[[Frames], npt.NDArray[Any]]] = {
    "sum": lambda frames: frames.sum(axis=_inside(frames), dtype=float),
    "avg": lambda frames: frames.mean(axis=_inside(frames), dtype=float),
    "std": lambda frames: frames.std(axis=_inside(frames), dtype=float),
    "min": lambda frames: frames.min(axis=_inside(frames)).astype(float),
    "max": lambda frames: frames.max(axis=_inside(frames)).astype(float),
}
"""What is made of the pixels of a rectangle, of all colours; `std` is that of the pixels as they are (divided by their
number)."""


def _inside(frames: Frames) -> tuple[int, ...]:
    """All axes of frames but the first: rows, columns, and colours where there are such."""
    return tuple(range(1, frames.ndim))


class Rectangle(NamedTuple):
    """A rectangle, in pixels of the whole detector without binning: `x` counts columns, `y` rows, both from 0."""

    x: int
    y: int
    width: int
    height: int

    def of(self, frames: Frames, binning: int) -> Frames:
        """The part of each frame, all binned pixels that touch the rectangle."""
        rows = slice(self.y // binning, -(-(self.y + self.height) // binning))
        columns = slice(self.x // binning, -(-(self.x + self.width) // binning))
        return frames[:, rows, columns]


class RectangleCounter(FrameCounter):
    """One number of a rectangle of each frame."""

    def __init__(self, roi_name: str, statistic: str, rois: "RoiCounters") -> None:
        super().__init__(f"{roi_name}_{statistic}", rois.camera)
        self._of = STATISTICS[statistic]
        self._roi_name = roi_name
        self._rois = rois

    def of(self, frames: Frames) -> npt.NDArray[Any]:
        """The raw values of n frames, shape (n,)."""
        binning = self._rois.full_shape()[0] // frames.shape[1]
        return self._of(self._rois[self._roi_name].of(frames, binning))


class RoiStatistics(NamedTuple):
    """The counters of one rectangle."""

    sum: RectangleCounter
    avg: RectangleCounter
    std: RectangleCounter
    min: RectangleCounter
    max: RectangleCounter


class RoiCounters(Mapping[str, Rectangle]):
    """The rectangles of a camera by name: `rois["spot"] = 100, 120, 40, 30` (x, y, width, height), `del rois["spot"]`.

    Each has the counters `spot_sum`, `spot_avg`, `spot_std`, `spot_min`, `spot_max`. To count those of all rectangles,
    without the frames, name this object in a scan: `loopscan(10, 0.1, camera.roi_counters)`.

    `full_shape()` gives the (height, width) of a frame without binning; `changed()` is called after each change.
    """

    def __init__(
        self, camera: CameraController, full_shape: Callable[[], tuple[int, int]], changed: Callable[[], None]
    ) -> None:
        self.camera = camera
        self.full_shape = full_shape
        self._changed = changed
        self._rois: dict[str, Rectangle] = {}
        self._statistics: dict[str, RoiStatistics] = {}

    def add(self, name: str, x: int, y: int, width: int, height: int) -> RoiStatistics:
        """Add a rectangle, or move it; returns its counters.

        Raises:
            UsageError: it does not lie on the detector, or the name can't be.
        """
        self._put({name: self.checked(name, (x, y, width, height))})
        self._changed()
        return self._statistics[name]

    def remove(self, *names: str) -> None:
        """Take rectangles and their counters away.

        Raises:
            UsageError: there is no such rectangle; then none was taken away.
        """
        for name in names:
            self._known(name)
        for name in names:
            for counter in self._statistics.pop(name):
                del self.camera.counters[counter.name]
            del self._rois[name]
        self._changed()

    def clear(self) -> None:
        """Take all rectangles away."""
        self.remove(*self._rois)

    def statistics(self, name: str) -> RoiStatistics:
        """The counters of one rectangle: `.sum`, `.avg`, `.std`, `.min`, `.max`."""
        self._known(name)
        return self._statistics[name]

    @property
    def counters(self) -> Mapping[str, Counter]:
        """The counters of all rectangles, by name."""
        return {counter.name: counter for statistics in self._statistics.values() for counter in statistics}

    def restore(self, rois: Mapping[str, Rectangle]) -> None:
        """Have these rectangles and no others."""
        for name in [name for name in self._rois if name not in rois]:
            for counter in self._statistics.pop(name):
                del self.camera.counters[counter.name]
            del self._rois[name]
        self._put(rois)

    def _put(self, rois: Mapping[str, Rectangle]) -> None:
        self._rois.update(rois)
        for name in rois:
            if name not in self._statistics:
                self._statistics[name] = RoiStatistics(*(RectangleCounter(name, each, self) for each in STATISTICS))

    def checked(self, name: str, rectangle: Any) -> Rectangle:
        """A rectangle given as (x, y, width, height).

        Raises:
            UsageError: it does not lie on the detector, or the name can't be.
        """
        what = f"{self.camera.name}: the region {name!r}"
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"{what} needs a name of letters, digits and underscores")
        taken = [f"{name}_{each}" for each in STATISTICS if f"{name}_{each}" in self.camera.counters]
        if taken and name not in self._rois:
            raise UsageError(f"{what} can't be: there is a counter {taken[0]} already")
        try:
            numbers = [int(number) for number in rectangle]
            whole = [number == given for number, given in zip(numbers, rectangle, strict=True)]
        except (TypeError, ValueError):
            numbers, whole = [], []
        if len(numbers) != 4 or not all(whole):
            raise UsageError(f"{what} must be (x, y, width, height), four whole numbers of pixels, got {rectangle!r}")
        roi = Rectangle(*numbers)
        height, width = self.full_shape()
        if min(roi) < 0 or not roi.width or not roi.height or roi.x + roi.width > width or roi.y + roi.height > height:
            raise UsageError(
                f"{what}: x {roi.x}, y {roi.y}, width {roi.width}, height {roi.height} does not lie on the detector, "
                f"which has {width} columns and {height} rows"
            )
        return roi

    def _known(self, name: str) -> None:
        if name not in self._rois:
            close = difflib.get_close_matches(str(name), self._rois, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(self._rois) or 'none'}"
            raise UsageError(f"{self.camera.name} has no region {name!r}; {hint}")

    def __getitem__(self, name: str) -> Rectangle:
        return self._rois[name]

    def __setitem__(self, name: str, rectangle: Any) -> None:
        self._put({name: self.checked(name, rectangle)})
        self._changed()

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rois)

    def __len__(self) -> int:
        return len(self._rois)

    def __info__(self) -> str:
        lines = [f"{name}: x {roi.x}, y {roi.y}, {roi.width} x {roi.height}" for name, roi in self._rois.items()]
        return (
            "\n".join(lines) or f"{self.camera.name} has no regions; add one: roi_counters[name] = x, y, width, height"
        )

    def __repr__(self) -> str:
        return f"<RoiCounters of {self.camera.name}: {', '.join(self._rois) or 'none'}>"
