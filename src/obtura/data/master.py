"""The master file: one relative external link for each entry, and nothing else.

It is never written in place. A changed copy is made in memory and put in its stead in one step, so that a
viewer that has it open keeps what it has, one that opens it gets the old or the new one whole, and a full
disk or a kill leaves the old one.
"""

import errno
import io
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import h5py

from obtura.data.common import iso, own_version
from obtura.data.disk import saving_error
from obtura.ground.errors import SavingError
from obtura.works.clock import clock

__all__ = ["add_links", "entry_names", "highest_entry"]

CREATOR = "obtura"

LARGEST = 200_000_000
"""Bytes: a million links are fewer. A larger file holds data, and is not ours."""

_editing = threading.Lock()
"""The lock file keeps other processes away; in this one, scans may run in several threads."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"

_ENTRY = re.compile(r"(\d+)\.\d+")


def entry_names(master: Path) -> list[str]:
    """The entries of a master, oldest first; none when there is no such file.

    Raises:
        SavingError: there is a file, but it is no master of ours, or it is damaged.
    """
    if not master.exists():
        return []
    with _opened(master, _content(master), "r") as file:
        return list(file)


def highest_entry(master: Path) -> int:
    """The highest scan number in a master, 0 without any. Raises `SavingError` as `entry_names` does."""
    return max((int(match[1]) for name in entry_names(master) if (match := _ENTRY.fullmatch(name))), default=0)


def add_links(master: Path, links: Mapping[str, Path]) -> None:
    """Link new entries, each to the one of the same name in a file below the master's directory.

    The first of them becomes the default entry. The caller is the master's one writer (see `lock`).

    Raises:
        SavingError: the master is none of ours, has one of the entries, or can't be written.
    """
    with _editing:
        _add_links(master, links)


def _add_links(master: Path, links: Mapping[str, Path]) -> None:
    is_new = not master.exists()
    image = io.BytesIO() if is_new else _content(master)
    with _opened(master, image, "w" if is_new else "r+") as file:
        for name, target in links.items():
            if name in file:
                raise SavingError(f"{master} has an entry {name} already; nothing was overwritten")
            file[name] = h5py.ExternalLink(target.relative_to(master.parent).as_posix(), f"/{name}")
        # Of fixed length: each new text of variable length would leave 4 kB behind.
        file.attrs.create("default", next(iter(links)), dtype=h5py.string_dtype(length=24))
    try:
        _replace(master, image.getbuffer())
    except OSError as error:
        raise saving_error("the scan can't be added to it", master, error) from error


@contextmanager
def _opened(master: Path, image: io.BytesIO, mode: str) -> Iterator[h5py.File]:
    """The content of a master as an HDF5 file; what fails on the way is a damage of that file."""
    try:
        with h5py.File(image, mode, track_order=True) as file:
            if mode == "w":
                _describe(file, master)
            if file.attrs.get("creator") != CREATOR:
                raise _foreign(master)
            yield file
    except SavingError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise _damaged(master) from error


def _content(master: Path) -> io.BytesIO:
    """The whole file. HDF5 does not get to see it, so whoever has it open in whatever way is not in the way."""
    try:
        if master.stat().st_size > LARGEST:
            raise _foreign(master)
        content = master.read_bytes()
    except OSError as error:
        raise saving_error("can't be read", master, error) from error
    if not content.startswith(_SIGNATURE):
        raise _damaged(master)
    return io.BytesIO(content)


def _damaged(master: Path) -> SavingError:
    return SavingError(
        f"{master} can't be read as HDF5, so no scan is added to it; "
        "move it away, or save to another file: SCAN_SAVING.data_filename"
    )


def _foreign(master: Path) -> SavingError:
    return SavingError(
        f"{master} was not made by obtura, so no scan is added to it; "
        "move it away, or save to another file: SCAN_SAVING.data_filename"
    )


def _describe(file: h5py.File, master: Path) -> None:
    file.attrs["NX_class"] = "NXroot"
    file.attrs["creator"] = CREATOR
    file.attrs["creator_version"] = own_version()
    file.attrs["file_name"] = master.name
    file.attrs["file_time"] = iso(datetime.fromtimestamp(clock.epoch()).astimezone())


def _replace(master: Path, content: memoryview) -> None:
    new = master.with_name(f".{master.name}.new")
    new.unlink(missing_ok=True)  # left by a process that was killed here
    if master.exists() and not os.access(master, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if master.exists():
            shutil.copymode(master, new)
        os.replace(new, master)
    except OSError:
        new.unlink(missing_ok=True)
        raise
