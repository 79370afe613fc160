"""One self-contained file made of a master and all it links to, and those files made of it again.

12.1              the entries, as in the master
packed/files      the names of the files it was made of, the first one that was packed
packed/0, 1 ...   what each of them holds, whole; an external link between them is a soft link into another of them

So nothing is there twice, every path leads where it did, and what makes the files again need not know what they mean.
Chunks are copied as they are stored. Names are relative to the first file's directory; what lies outside of it (frames
on another disk) is called `elsewhere/...`.
"""

import os
import posixpath
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5a, h5o

from obtura.data.checksums import CHECKSUMS, FAILURES
from obtura.data.contents import list_entries, open_to_read
from obtura.data.disk import reason
from obtura.data.drawing import FORMAT
from obtura.data.links import PACKED, OutLink, links_out
from obtura.data.new_file import new_directory, new_file
from obtura.ground.errors import SavingError, UsageError

__all__ = ["Packed", "pack", "unpack"]

_STATES = {
    "running": "it is running",
    "crashed": "its program ended without closing the file",
    "spooled": "its last data are in the spool, `obtura recover` moves them",
    "missing": "its file is gone",
    "damaged": "its file can't be read",
}


class Packed(NamedTuple):
    """What was made, of how many entries; what was left out, a line for each, with the reason."""

    path: Path
    entries: int
    left_out: tuple[str, ...]


def pack(path: str | Path, out: str | Path | None = None) -> Packed:
    """Make one file of `path`, a master or a scan's own file, and all it links to: by default `data.packed.h5`.

    Scans of a master that run or crashed, or whose files are gone, are left out.

    Raises:
        UsageError: there is no such file, it is not HDF5, it is packed already, or it is that of a scan that is not
            finished.
        SavingError: `out` exists, or can't be written; then it is not there.
    """
    path = Path(path)
    out = Path(out) if out is not None else path.with_suffix(".packed.h5")
    entries = list_entries(path)
    bad = {entry.name: entry for entry in entries if entry.state != "finished"}
    for entry in bad.values():
        if entry.file == path:
            raise UsageError(f"{path} can't be packed: {_STATES[entry.state]}")
    with open_to_read(path) as file:
        if PACKED in file:
            raise UsageError(f"{path} is packed already")
    with new_file(out) as target, h5py.File(target, "w", libver=FORMAT, track_order=True) as file:
        packing = _Packing(path, file, {_absolute(entry.file) for entry in bad.values()})
        packing.run()
    left_out = [f"{name}: {_STATES[entry.state]}" for name, entry in bad.items()]
    return Packed(out, len(entries) - len(bad), (*left_out, *packing.broken))


class _Packing:
    """The way through the files: each is copied, then its links are followed. `unfinished`: files to leave out."""

    def __init__(self, path: Path, file: h5py.File, unfinished: Collection[Path]) -> None:
        self._origin = _absolute(path.parent)
        self._unfinished = unfinished
        self._file = file
        self._home = file.create_group(None, track_order=True)  # it gets its name last: viewers show it last
        self._home.attrs["NX_class"] = "NXcollection"
        self._numbers = {_absolute(path): 0}
        self.broken: list[str] = []

    def run(self) -> None:
        """Copy all, then give the entries their names at the root."""
        waiting = list(self._numbers)
        while waiting:
            source = waiting.pop(0)
            waiting += self._copy(source)
        self._home["files"] = np.array([self._name(each) for each in self._numbers], dtype=h5py.string_dtype())
        first = self._home["0"]
        _copy_attributes(first.id, self._file.id)
        for name in first:
            link = first.get(name, getlink=True)
            if isinstance(link, h5py.SoftLink):
                self._file[name] = self._home[link.path.removeprefix(f"/{PACKED}/")]
            elif isinstance(link, h5py.HardLink) and name != CHECKSUMS:
                self._file[name] = first[name]
        self._file[PACKED] = self._home

    def _copy(self, source: Path) -> list[Path]:
        """Copy a file; returns those it links to that are to be copied, too."""
        number = str(self._numbers[source])
        try:
            with open_to_read(source) as opened:
                h5o.copy(opened.id, b".", self._home.id, number.encode())
        except FAILURES as error:
            raise SavingError(f"{source} can't be copied: {reason(error)}") from error
        found = []
        for link in links_out(self._home[number]):
            target = _absolute(source.parent / link.file)
            if target in self._unfinished:
                if number == "0":  # the master: the entry is left out, and told
                    del self._home[number][link.path]
            elif why := _leads_nowhere(target, link):
                self.broken.append(f"{source.name}: {link.path} leads to {link.file}: {why}")
            else:
                if target not in self._numbers:
                    self._numbers[target] = len(self._numbers)
                    found.append(target)
                del self._home[number][link.path]
                inside = f"/{PACKED}/{self._numbers[target]}/{link.target.strip('/')}"
                self._home[number][link.path] = h5py.SoftLink(inside)
        return found

    def _name(self, file: Path) -> str:
        if file.is_relative_to(self._origin):
            return file.relative_to(self._origin).as_posix()
        return posixpath.join("elsewhere", *file.parts[1:])


def unpack(path: str | Path, out: str | Path | None = None) -> Path:
    """Make the files again that `path` was packed of, in a new directory `out`: by default its name without the suffix.

    Returns the first of them, the master.

    Raises:
        UsageError: there is no such file, or it was not packed.
        SavingError: `out` exists, or can't be written; then it is not there.
    """
    path = Path(path)
    list_entries(path)  # says it when there is no such file
    out = Path(out) if out is not None else path.with_suffix("")
    with open_to_read(path) as file:
        if PACKED not in file:
            raise UsageError(f"{path} was not packed by obtura")
        names = [str(name) for name in file[PACKED]["files"].asstr()[:]]
        _refuse_leaving(path, names)
        with new_directory(out) as made:
            for number, name in enumerate(names):
                target = made / name
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(file[PACKED][str(number)], target, name, names)
    return out / names[0]


def _write(part: h5py.Group, path: Path, name: str, names: Sequence[str]) -> None:
    """One of the files again: `part` becomes its root."""
    is_ordered = bool(part.id.get_create_plist().get_link_creation_order())
    with new_file(path) as target, h5py.File(target, "w", libver=FORMAT, track_order=is_ordered) as file:
        h5o.copy(part.id, b".", file.id, PACKED.encode())
        copy = file[PACKED]
        for link in links_out(copy):
            if link.file:  # it led nowhere already when it was packed
                continue
            _, _, number, inside = link.target.split("/", 3)
            beside = posixpath.relpath(names[int(number)], posixpath.dirname(name) or ".")
            del copy[link.path]
            copy[link.path] = h5py.ExternalLink(beside, f"/{inside}")
        _copy_attributes(copy.id, file.id)
        for each in list(copy):
            file.move(f"{PACKED}/{each}", each)
        del file[PACKED]


def _copy_attributes(source: Any, target: Any) -> None:
    """All attributes, with their types."""
    for index in range(h5a.get_num_attrs(source)):
        old = h5a.open(source, index=index)
        values = np.zeros(old.shape, old.dtype)
        old.read(values)
        h5a.create(target, old.name, old.get_type(), old.get_space()).write(values)


def _leads_nowhere(target: Path, link: OutLink) -> str:
    """Why a link can't be followed, "" if it can."""
    try:
        with open_to_read(target) as opened:
            return "" if link.target in opened else "it is not in it"
    except FAILURES as error:
        return reason(error)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _refuse_leaving(path: Path, names: Sequence[str]) -> None:
    """A packed file may come from anywhere: it must not write elsewhere."""
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise UsageError(f"{path} was not packed by obtura: it holds a file named {name!r}")
