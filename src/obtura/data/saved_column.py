"""One column of a scan in a file, as an array of which only what is asked for is read."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.contents import EntryInfo, open_to_read
from obtura.data.disk import saving_error

__all__ = ["AT_ONCE", "ColumnInfo", "SavedColumn", "column_infos"]

AT_ONCE = 32_000_000
"""Bytes that are read in one go where points are taken one after the other."""


class ColumnInfo(NamedTuple):
    """What a column is: `name` in the file and `channel` in full, the shape of one point, and the role.

    `role`: "axis" or "counter". `forms_rows`: it has one value for each point of its top-master. `place`: of its
    dataset in `file`, which is another file than the scan's own for frames.
    """

    name: str
    channel: str
    unit: str | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    role: str
    forms_rows: bool
    length: int
    place: str
    file: str

    @property
    def is_frame(self) -> bool:
        """Whether a point is an image, or something larger."""
        return len(self.shape) > 1


class SavedColumn:
    """Points of one channel, shape (points, *shape of a point). Nothing is read, and no file is open, until asked.

    `column[:]`, `column[3]`, `column[-5:]`, `frames[10, 20:40]` are arrays of their own; numpy's functions take the
    column as it is. While the scan runs, it is as long as the file at that moment.

    Raises, when points are asked for:
        SavingError: the file can't be read any more.
    """

    def __init__(self, entry: EntryInfo, info: ColumnInfo) -> None:
        self._entry = entry
        self.info = info

    @property
    def name(self) -> str:
        """What it is called in the file."""
        return self.info.name

    @property
    def unit(self) -> str | None:
        """The unit, as text."""
        return self.info.unit

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a value."""
        return self.info.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """(points, *shape of a point)."""
        return (len(self), *self.info.shape)

    @property
    def ndim(self) -> int:
        """1 for scalars, 2 for spectra, 3 for frames."""
        return 1 + len(self.info.shape)

    def __len__(self) -> int:
        return self.info.length if self._entry.state == "finished" else int(self._read(lambda data: len(data)))

    def __getitem__(self, key: Any) -> Any:
        return self._read(lambda data: _taken(data, key))

    def __iter__(self) -> Iterator[Any]:
        count = len(self)
        step = max(1, AT_ONCE // max(1, math.prod(self.info.shape) * self.dtype.itemsize))
        for first in range(0, count, step):
            yield from self[first : min(first + step, count)]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError(f"{self.name} can't be had without a copy: it has to be read")
        values: npt.NDArray[Any] = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"<SavedColumn {self.name}{unit}: {self.dtype} {self.shape}>"

    def _read(self, what: Any) -> Any:
        try:
            with open_to_read(self._entry.file) as file:
                return what(file[f"{self._entry.name}/measurement"][self.name])
        except (OSError, KeyError, RuntimeError) as error:
            raise saving_error(f"{self.name} can't be read", self._entry.file, error) from error


def _taken(data: h5py.Dataset, key: Any) -> Any:
    return data.asstr()[key] if h5py.check_string_dtype(data.dtype) else data[key]


def column_infos(entry: h5py.Group, points: int, finished: bool) -> dict[str, ColumnInfo]:
    """The columns of an entry in the file's order, frames as well; those whose file is gone are left out."""
    group, plot = entry.get("measurement"), entry.get("plot")
    found: dict[str, ColumnInfo] = {}
    for name in group if isinstance(group, h5py.Group) else ():
        try:
            dataset = group[name]
        except (KeyError, OSError):  # frames in a file that is gone, or damaged
            continue
        if not isinstance(dataset, h5py.Dataset) or not dataset.shape:
            continue
        home = entry.get(f"instrument/{name}")
        is_axis = isinstance(home, h5py.Group) and home.attrs.get("NX_class") == "NXpositioner"
        plotted = isinstance(plot, h5py.Group) and name in plot
        found[name] = ColumnInfo(
            name,
            str(dataset.attrs.get("channel", name)),
            str(dataset.attrs["units"]) if "units" in dataset.attrs else None,
            dataset.dtype,
            dataset.shape[1:],
            "axis" if is_axis else "counter",
            "pace" not in dataset.attrs and (plotted or not finished or len(dataset) == points),
            len(dataset),
            str(dataset.name),
            str(dataset.file.filename),
        )
    return found
