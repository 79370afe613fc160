"""Datasets that are written after the file was made: columns that grow, texts and numbers known at the end only."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from h5py import h5d, h5s, h5t

from obtura.data.running import RunningSums
from obtura.data.texts import STRINGS, in_file

__all__ = ["Place", "encoded", "set_number", "set_text", "text_type", "type_of"]


class Place:
    """A dataset that is written later: at `path` in the file that it is attached to, or `dataset` itself.

    `made_as`: how it was sketched, if it was.
    """

    def __init__(self, path: str, dataset: h5d.DatasetID | None = None, made_as: tuple[Any, ...] = ()) -> None:
        self.path = path
        self.made_as = made_as
        self.is_used = False
        """Whether it may have been written: what was never asked for is as it was made."""
        self.sums: RunningSums | None = None
        """The checksums of what was written, where they are taken at the same time."""
        self._root: Any = None
        self._dataset: Any = dataset

    def attach(self, root: Any) -> None:
        """It is in this file, given by its root."""
        self._root = root
        self._dataset = None

    def detach(self) -> None:
        """The file is going to be closed."""
        self._root = self._dataset = None

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._root is not None or self._dataset is not None

    @property
    def dataset(self) -> h5d.DatasetID:
        """The dataset itself, opened when it is needed first.

        Raises:
            OSError: the file can't be read.
        """
        if self._dataset is None:
            self.is_used = True
            try:
                self._dataset = h5d.open(self._root, self.path.encode())
            except KeyError as error:  # h5py's word for whatever keeps it from opening: a disk that is gone, too
                raise OSError(error.args[0]) from error
        return self._dataset

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a value."""
        dtype: np.dtype[Any] = np.dtype(self.made_as[3]) if self.made_as else self.dataset.dtype
        return dtype

    def appended(self, rows: npt.NDArray[Any]) -> None:
        """Rows were written behind those that it had."""
        self.sums = self.sums or RunningSums.of_dataset(self.made_as)
        if self.sums is not None:
            self.sums.append(rows)

    def added(self, checksum: int) -> None:
        """A chunk was, as a whole."""
        self.sums = self.sums or RunningSums.of_dataset(self.made_as)
        if self.sums is not None:
            self.sums.add(checksum)


def set_text(place: Place, value: str) -> None:
    """Overwrite a text; one that is too long ends with an ellipsis."""
    size = place.dtype.itemsize
    words = encoded(value)
    if len(words) > size:
        mark = "…".encode() if size > 3 else b""
        words = words[: size - len(mark)].decode(errors="ignore").encode() + mark
    _overwrite(place, np.array(words, dtype=f"S{size}"))


def set_number(place: Place, value: float) -> None:
    """Overwrite a number."""
    _overwrite(place, np.array(value, dtype=place.dtype))


def _overwrite(place: Place, value: npt.NDArray[Any]) -> None:
    place.dataset.write(h5s.ALL, h5s.ALL, value, type_of(value.dtype))
    place.sums = RunningSums.of_value(value)


def encoded(text: str) -> bytes:
    """UTF-8 without what HDF5 has no place for."""
    return text.replace("\0", " ").encode("utf-8", "backslashreplace")


@lru_cache(maxsize=256)
def text_type(size: int) -> h5t.TypeStringID:
    """Texts of `size` bytes; what is not used is NUL."""
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    kind.set_cset(h5t.CSET_UTF8)
    kind.set_strpad(h5t.STR_NULLPAD)
    return kind


@lru_cache(maxsize=64)
def type_of(dtype: np.dtype[Any]) -> h5t.TypeID:
    """What HDF5 calls a type; texts are UTF-8."""
    if dtype == STRINGS:
        return in_file()
    return text_type(dtype.itemsize) if dtype.kind == "S" else h5t.py_create(dtype, logical=True)
