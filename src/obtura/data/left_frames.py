"""The files of frames that a crash left: they may be huge, so they are not made anew but put in order in place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from obtura.data.checksums import renew
from obtura.data.clearing import clear_writer
from obtura.data.contents import open_to_read
from obtura.data.disk import sync
from obtura.data.growing import FORMAT
from obtura.ground.errors import SavingError

__all__ = ["frames_there", "put_frames"]


def put_frames(path: Path, kept: Sequence[tuple[str, int, Any]]) -> None:
    """Close a file of frames, with those that were kept elsewhere: dataset, index of the first, and a block of them.

    Its checksums are those of what is there now, on the disk.

    Raises:
        SavingError: the file is not there, and it or its disk may come back.
    """
    if not path.exists():
        if kept or not path.parent.exists():
            raise SavingError(
                f"{path} is not there, and {len(kept)} blocks of frames belong into it; nothing was removed"
            )
        return
    clear_writer(path)
    with h5py.File(path, "r+", libver=FORMAT) as file:
        for dataset, first, frames in kept:
            file[dataset].resize(first + len(frames), axis=0)
            file[dataset][first:] = frames
        renew(file.id)
    sync(path)


def frames_there(path: Path, dataset: str) -> int | None:
    """How many frames a file has, 0 when it is gone; None when they come at their own pace, not one a point."""
    if not path.exists():
        return 0
    with open_to_read(path) as file:
        frames = file[dataset]
        return None if "pace" in frames.attrs else min(len(frames), frames.id.get_num_chunks())
