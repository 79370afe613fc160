"""The points of a mesh as a grid: an array with an axis for each motor, the slowest first, as viewers draw images.

A line taken backwards has its points in the cells where they were measured. A cell without a point is NaN: one that is
still to come, and one of a mesh that was interrupted. So every grid is of floating numbers, whatever its counter gives;
the column in `measurement` has the values as they were.

A grid exists before the first point and is written together with its column: readers find both at the same point. What
is written at once is a few boxes: the end of a line, whole lines (and planes), the beginning of one. A virtual dataset
would need no second copy of the numbers, but it can't turn a line round, and what is not there yet has no place in it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from h5py import h5s

from obtura.data.columns import Column, dtype_of
from obtura.data.place import Place
from obtura.data.sketch import Node
from obtura.data.tree import attribute, group, number, prefilled
from obtura.ground.events import ChannelInfo

__all__ = ["Grid", "GridPlot", "GriddedColumn", "cells", "gridded_again", "mesh_of", "on_grid"]


class Grid(NamedTuple):
    """Which cell each point of a mesh is in; everything from the slowest axis to the fastest.

    `positions`: of the cells along each axis; `turning`: an axis goes backwards after each step of a slower one.
    """

    names: tuple[str, ...]
    positions: tuple[npt.NDArray[np.float64], ...]
    turning: bool

    @classmethod
    def of(cls, scan_info: Mapping[str, Any]) -> "Grid | None":
        """The grid that a scan says it goes through, the fastest axis first there; None: it says none."""
        given = scan_info.get("grid")
        if not given:
            return None
        ranges = list(zip(given["start"], given["stop"], given["npoints"], strict=True))[::-1]
        positions = tuple(np.linspace(*each, dtype=np.float64) for each in ranges)
        return cls(tuple(given["axes"])[::-1], positions, bool(given.get("backnforth")))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many cells along each axis."""
        return tuple(map(len, self.positions))

    def boxes(self, first: int, stop: int) -> Iterator[range]:
        """Points `first` to `stop - 1` in ranges each of which fills a box of cells."""
        shape, count = self.shape, min(stop, math.prod(self.shape))
        while first < count:
            size = 1  # the largest block that begins here: points, a line, a plane...
            for length in reversed(shape):
                if first % (size * length) or first + size * length > count:
                    break
                size *= length
            else:
                length = 1
            up_to_the_end = length - first // size % length
            times = min(up_to_the_end, (count - first) // size)
            yield range(first, first + size * times)
            first += size * times


def cells(points: range, shape: tuple[int, ...], turning: bool) -> list[npt.NDArray[np.int64]]:
    """Where points of a mesh are: along each axis, the slowest first, an array of shape (points,)."""
    rest = np.arange(points.start, points.stop, dtype=np.int64)
    places: list[npt.NDArray[np.int64]] = []
    for length in reversed(shape):
        rest, place = np.divmod(rest, length)
        places.append(np.where(rest % 2 == 1, length - 1 - place, place) if turning else place)
    return places[::-1]


class GridPlot:
    """The NXdata of a mesh, in `entry`. `axes`: their names in the file and units, in the grid's order."""

    def __init__(
        self, entry: Node, name: str, grid: Grid, axes: Mapping[str, str | None], signals: Sequence[str]
    ) -> None:
        self.name = name
        self._grid = grid
        self.home = group(entry, name, "NXdata", signal=signals[0], axes=list(axes))
        if signals[1:]:
            attribute(self.home, "auxiliary_signals", signals[1:])
        for place, (axis, unit) in enumerate(axes.items()):
            number(self.home, axis, grid.positions[place], unit)

    def column(self, info: ChannelInfo, name: str, place: Place) -> "GriddedColumn":
        """The column of a channel, whose dataset is there; its grid is made under this name."""
        dtype = dtype_of(info)
        made = prefilled(self.home, name, _with_nan(dtype), self._grid.shape, info.unit)
        if len(self._grid.shape) > 1:
            attribute(made, "interpretation", "image")
        return GriddedColumn(info.name, place, dtype, self._grid, made.place())


class GriddedColumn(Column):
    """A column of a mesh that is written as a grid, too: into `cells`, an array of the grid's shape."""

    def __init__(self, name: str, place: Place, dtype: np.dtype[Any], grid: Grid, cells: Place) -> None:
        super().__init__(name, place, dtype)
        self._grid = grid
        self._cells = cells

    @property
    def described(self) -> dict[str, Any]:
        """Of the grid, what has to be known to write it in another process: see `gridded_again`."""
        return {"path": self._cells.path, "shape": list(self._grid.shape), "turning": self._grid.turning}

    def attach(self, root: Any) -> None:
        """Go on in another file, given by its root."""
        super().attach(root)
        self._cells.attach(root)

    def write(self, upto: int) -> None:
        """Have the first `upto` points in the dataset, and in the grid."""
        first = self.written
        super().write(upto)
        for points in self._grid.boxes(first, self.written):
            self._fill(points)

    def _fill(self, points: range) -> None:
        values = np.empty(len(points), self._dtype)
        rows = self._place.dataset.get_space()
        rows.select_hyperslab((points.start,), values.shape)
        self._place.dataset.read(h5s.create_simple(values.shape), rows, values, self._kind)
        places = cells(points, self._grid.shape, self._grid.turning)
        corner = [int(place.min()) for place in places]
        box = np.empty(
            [int(place.max()) + 1 - least for place, least in zip(places, corner, strict=True)], values.dtype
        )
        box[tuple(place - least for place, least in zip(places, corner, strict=True))] = values
        space = h5s.create_simple(self._grid.shape)
        space.select_hyperslab(tuple(corner), box.shape)
        self._cells.dataset.write(h5s.create_simple(box.shape), space, box.astype(_with_nan(self._dtype)))


def mesh_of(scan_info: Mapping[str, Any]) -> Grid | None:
    """The grid of a saved scan; None: it has none, or says it in a way that is not understood."""
    try:
        return Grid.of(scan_info)
    except (KeyError, TypeError, ValueError):
        return None


def on_grid(points: npt.NDArray[Any], grid: Grid) -> npt.NDArray[Any]:
    """Points of any shape, in the order in which they were taken, as an array of the grid's shape and theirs.

    A cell without a point is NaN: then integers become floating numbers; one of texts is an empty one.
    """
    shape = (*grid.shape, *points.shape[1:])
    places = tuple(cells(range(len(points)), grid.shape, grid.turning))
    if points.dtype.kind == "O":
        array = np.full(shape, "", object)
    elif len(points) == math.prod(grid.shape):
        array = np.empty(shape, points.dtype)
    else:
        array = np.full(shape, np.nan, _with_nan(points.dtype))
    array[places] = points
    return array


def gridded_again(
    name: str, place: Place, dtype: np.dtype[Any], described: Mapping[str, Any], cells: Place
) -> GriddedColumn:
    """The column of a file that is there, as it `described` its grid; `cells` is what is at that path."""
    positions = tuple(np.zeros(size) for size in described["shape"])  # only how many counts
    return GriddedColumn(name, place, dtype, Grid((), positions, described["turning"]), cells)


def _with_nan(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)
