"""The files of frames that a crash left: they may be huge, so they are not made anew but put in order in place.

A disk that has failed may have lost what was written last, and with it the way to all frames of a file: such a file is
kept under another name, `camera.h5.damaged`, and frames that were kept elsewhere go into a new one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py

from obtura.data.checksums import renew
from obtura.data.clearing import clear_writer
from obtura.data.contents import open_to_read
from obtura.data.disk import sync
from obtura.data.drawing import FORMAT
from obtura.ground.errors import SavingError

__all__ = ["frames_there", "put_frames"]


def put_frames(path: Path, series: Sequence[Mapping[str, Any]], kept: Sequence[tuple[int, int, Any]]) -> None:
    """Close a file of frames, with those that were kept elsewhere: number of the series, index of the first, a block.

    `series`: path, dtype and shape of each dataset. The checksums are those of what is there now, on the disk.

    Raises:
        SavingError: the file is not there, and it or its disk may come back; or its frames can't be found in it; or a
            viewer has it open.
    """
    if not path.exists():
        if kept or not path.parent.exists():
            raise SavingError(
                f"{path} is not there, and {len(kept)} blocks of frames belong into it; nothing was removed"
            )
        return
    if why := _damage(path, series):
        if not kept:
            raise SavingError(f"{path}: its frames can't be found any more: {why}")
        path.rename(path.with_name(f"{path.name}.damaged"))
        _make(path, series)
    clear_writer(path)
    with _open_to_write(path) as file:
        for number, first, frames in kept:
            dataset = file[series[number]["path"]]
            dataset.resize(first + len(frames), axis=0)
            dataset[first:] = frames
        renew(file.id)
    sync(path)


def _open_to_write(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r+", libver=FORMAT)
    except BlockingIOError as error:  # without the lock that viewer could read half of a change
        raise SavingError(
            f"{path}: another program has it open, a viewer perhaps; close it there, then recover once more; "
            "nothing was removed"
        ) from error


def _damage(path: Path, series: Sequence[Mapping[str, Any]]) -> str:
    """Why the frames can't be found; "" when they can."""
    try:
        clear_writer(path)
        with h5py.File(path, "r") as file:
            for each in series:
                file[each["path"]].id.get_num_chunks()
    except (RuntimeError, KeyError, ValueError) as error:
        return str(error)
    except OSError as error:
        if error.errno is not None:  # the disk, not the file
            raise
        return str(error)
    return ""


def _make(path: Path, series: Sequence[Mapping[str, Any]]) -> None:
    """A new file, with what is needed to hold frames."""
    with h5py.File(path, "w", libver=FORMAT) as file:
        file.attrs["NX_class"] = "NXroot"
        for each in series:
            shape = tuple(each["shape"])
            file.create_dataset(each["path"], (0, *shape), each["dtype"], maxshape=(None, *shape), chunks=(1, *shape))


def frames_there(path: Path, dataset: str) -> int | None:
    """How many frames a file has, 0 when it is gone; None when they come at their own pace, not one a point."""
    if not path.exists():
        return 0
    with open_to_read(path) as file:
        frames = file[dataset]
        return None if "pace" in frames.attrs else min(len(frames), frames.id.get_num_chunks())
