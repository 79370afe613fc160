"""The file of a channel whose frames are in another one, the name of which its detector tells with the first frame."""

import os
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.disk import saving_error

__all__ = ["link_frames", "no_frames_yet"]


def no_frames_yet(path: Path, inside: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    """Have a file with no frame at `inside`; `shape` and `dtype` are those of a frame.

    Raises:
        SavingError: it can't be written.
    """
    with _Anew(path) as file:
        file.create_dataset(inside, (0, *shape), np.dtype(dtype))


def link_frames(path: Path, inside: str, target: Path, dataset: str) -> None:
    """Have what is at `inside` be the `dataset` of the file `target`, which need not be there yet.

    Raises:
        SavingError: it can't be written.
    """
    home = path.absolute().parent
    named = target.relative_to(home) if target.is_relative_to(home) else target  # beside it: to be moved with it
    with _Anew(path) as file:
        file[inside] = h5py.ExternalLink(named.as_posix(), dataset)


class _Anew:
    """A file that takes the place of the one that was there: who reads has the one or the other, and a whole one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new = path.with_name(f"{path.name}.new")

    def __enter__(self) -> h5py.File:
        try:
            self._file = h5py.File(self._new, "w")
        except OSError as error:
            raise saving_error("can't make this file", self._path, error) from error
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            try:
                os.replace(self._new, self._path)
            except OSError as error:
                raise saving_error("can't make this file", self._path, error) from error
