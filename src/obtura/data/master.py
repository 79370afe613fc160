"""The master file: one relative external link for each entry, and nothing else.

It is never written in place. A changed copy is made in memory and put in its stead in one step, so that a
viewer that has it open keeps what it has, one that opens it gets the old or the new one whole, and a full
disk or a kill leaves the old one.
"""

import errno
import io
import os
import re
import stat
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5f

from obtura.data.common import iso
from obtura.data.disk import saving_error
from obtura.ground.errors import SavingError
from obtura.ground.version import VERSION
from obtura.works.clock import clock

__all__ = ["add_links", "entry_names", "has_entry", "highest_entry"]

CREATOR = "obtura"

LONGEST = 24
"""Bytes of the name of an entry."""

LARGEST = 200_000_000
"""Bytes: a million links are fewer. A larger file holds data, and is not ours."""

_editing = threading.Lock()
"""The lock file keeps other processes away; in this one, scans may run in several threads."""

_Stamp = tuple[int, ...]


class _Known:
    """A master that was read or written: what its file looked like then, its entries in order, and what is in it.

    `file`: the same opened in memory, from the first link on that this process adds: opening it again takes longer
    than adding a link, the more so the more there are.
    """

    def __init__(self, stamp: _Stamp, names: Iterable[str], content: bytes) -> None:
        self.stamp = stamp
        self.names = dict.fromkeys(names)
        self._content = content
        self._file: Any = None

    def with_links(self, links: Mapping[str, Path]) -> bytes:
        """The content with more links. All in memory, and low-level, for it is done in each scan."""
        if self._file is None:
            self._file, self._content = h5f.open_file_image(self._content, h5f.ACC_RDWR), b""
        for name, target in links.items():
            self._file.links.create_external(name.encode(), os.fsencode(target.as_posix()), f"/{name}".encode())
        default = next(iter(links)).encode()
        shown = h5a.open(self._file, b"default")
        shown.write(np.array(default, f"S{LONGEST}"), shown.get_type())
        h5f.flush(self._file)
        return bytes(self._file.get_file_image())


_read: dict[str, _Known] = {}
"""The masters that were read or written last."""

MOST = 4
"""Of them."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"

_ENTRY = re.compile(r"(\d+)\.\d+")


def entry_names(master: Path) -> list[str]:
    """The entries of a master, oldest first; none when there is no such file.

    Raises:
        SavingError: there is a file, but it is no master of ours, or it is damaged.
    """
    return list(_known(master).names) if master.exists() else []


def has_entry(master: Path, name: str) -> bool:
    """Whether a master has an entry of this name. Raises `SavingError` as `entry_names` does."""
    return master.exists() and name in _known(master).names


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
    known = _known(master) if master.exists() else _Known((), (), _empty(master))
    for name in links:
        if name in known.names:
            raise SavingError(f"{master} has an entry {name} already; nothing was overwritten")
    _read.pop(str(master), None)  # until the file is as what is known of it
    try:
        changed = known.with_links({name: target.relative_to(master.parent) for name, target in links.items()})
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise _damaged(master) from error
    try:
        _replace(master, changed)
        known.stamp = _stamp(master)
    except OSError as error:
        raise saving_error("the scan can't be added to it", master, error) from error
    known.names.update(dict.fromkeys(links))
    _remember(master, known)


def _known(master: Path) -> _Known:
    """What is known of the whole file. HDF5 does not get to see it, so whoever has it open is not in the way."""
    try:
        stamp = _stamp(master)
        known = _read.get(str(master))
        if known is not None and stamp == known.stamp:
            return known
        if stamp[1] > LARGEST:
            raise _foreign(master)
        content = master.read_bytes()
    except OSError as error:
        raise saving_error("can't be read", master, error) from error
    if not content.startswith(_SIGNATURE):
        raise _damaged(master)
    try:
        with h5py.File(io.BytesIO(content), "r", track_order=True) as file:
            if file.attrs.get("creator") != CREATOR:
                raise _foreign(master)
            known = _Known(stamp, file, content)
    except SavingError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise _damaged(master) from error
    _remember(master, known)
    return known


def _stamp(master: Path) -> _Stamp:
    """Another one when the file is another one."""
    facts = os.stat(master)
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_dev


def _remember(master: Path, known: _Known) -> None:
    _read.pop(str(master), None)
    _read[str(master)] = known
    while len(_read) > MOST:
        _read.pop(next(iter(_read)), None)


def _empty(master: Path) -> bytes:
    """The content of a new master."""
    image = io.BytesIO()
    with h5py.File(image, "w", track_order=True) as file:
        file.attrs["NX_class"] = "NXroot"
        file.attrs["creator"] = CREATOR
        file.attrs["creator_version"] = VERSION
        file.attrs["file_name"] = master.name
        file.attrs["file_time"] = iso(datetime.fromtimestamp(clock.epoch()).astimezone())
        # Of fixed length: each new text of variable length would leave 4 kB behind.
        file.attrs.create("default", "", dtype=h5py.string_dtype(length=LONGEST))
    return image.getvalue()


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


def _replace(master: Path, content: bytes) -> None:
    new = master.with_name(f".{master.name}.new")
    new.unlink(missing_ok=True)  # left by a process that was killed here
    mode = stat.S_IMODE(os.stat(master).st_mode) if master.exists() else None
    if mode is not None and not os.access(master, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(new, mode)
        os.replace(new, master)
    except OSError:
        new.unlink(missing_ok=True)
        raise
