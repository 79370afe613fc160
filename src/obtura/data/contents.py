"""Looking into data files: masters and scans' own files, finished, running or left by a crash.

What is not finished is opened with `swmr=True`: that reads a running scan and one of a crash.
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import h5py
from h5py import h5l

from obtura.data import index
from obtura.data.apart import Asking, NoAnswer, call_here, seconds_for
from obtura.data.clearing import damage_of
from obtura.data.disk import reason
from obtura.data.layout import master_of
from obtura.data.links import links_out
from obtura.data.lock import holder
from obtura.data.spool import InSpool, default_spool, in_spool, masters_in
from obtura.ground.errors import UsageError

__all__ = [
    "EntryInfo",
    "chosen",
    "chosen_entries",
    "datasets_of",
    "describe",
    "entries_in",
    "frames_of",
    "list_entries",
    "make_index",
    "open_to_read",
    "opened_entry",
    "points_of",
    "text_of",
    "those_there_are",
]

MOST_NAMED = 10
"""Scans that are named when one is asked for that is not there."""

_ENTRY = re.compile(r"(\d+)\.(\d+)")


class EntryInfo(NamedTuple):
    """One entry of a file. `branch` counts from 1, as in "12.1"; times are ISO 8601.

    `state`: "finished"; "running", it is being written; "spooled", it has ended, its last data are in the spool;
    "crashed", its writer ended without closing it; "missing", the scan's file is gone; "damaged", it can't be read.
    `points`: complete ones in `file`, where the data are. `spool`: what of it is elsewhere, also of a crashed or a
    missing one.
    """

    name: str
    number: int
    branch: int
    state: str
    title: str
    start_time: str
    end_time: str
    end_reason: str
    points: int
    file: Path
    spool: InSpool | None = None


def list_entries(path: str | Path, ask: Asking = call_here) -> list[EntryInfo]:
    """The entries of a master, or of a scan's own file, by their numbers.

    `ask`: with that of an `Apart` a file on which HDF5 hangs or crashes is a damaged one.

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    path = Path(path)
    try:
        entries = ask(seconds_for(path), entries_in, path)
    except NoAnswer as error:
        raise UsageError(f"{path} is damaged: {error}") from None
    known = index.lines_of(path)
    return [_remembered(entry, known.get(entry.name)) or _described(entry, ask) for entry in entries]


def _described(entry: EntryInfo, ask: Asking) -> EntryInfo:
    try:
        return ask(seconds_for(entry.file), describe, entry)
    except NoAnswer:
        return entry._replace(state="damaged")


def entries_in(path: Path) -> list[EntryInfo]:
    """The same, with nothing but their names, numbers and files: only the file itself is opened."""
    with _opened(path) as file:
        try:
            found = sorted((int(match[1]), int(match[2]), name) for name in file if (match := _ENTRY.fullmatch(name)))
            return [
                EntryInfo(name, number, branch, "", "", "", "", "", 0, Path(_target(path, file, name)))
                for number, branch, name in found
            ]
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise UsageError(f"{path} is damaged: {reason(error)}") from error


def make_index(master: Path, path: Path, ask: Asking = call_here) -> int:
    """Note in the index of a master what it lacks of the entries of `path`, the master itself or the file of a scan.

    `ask`: see `list_entries`. Returns how many entries that were. The caller is the master's one writer (see `lock`).

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    known = index.lines_of(master)
    lines = [
        index.Line(one.name, size, one.title, one.start_time, one.end_time, one.end_reason, one.points)
        for one in list_entries(path, ask)
        if one.state == "finished"
        for size in (one.file.stat().st_size,)
        if one.name not in known or known[one.name].size != size
    ]
    if lines:
        index.note(master, lines)
    return len(lines)


def chosen_entries(path: str | Path, number: int | str | None = None, ask: Asking = call_here) -> list[EntryInfo]:
    """The entries of scan 12, or the entry "12.2", or all. `ask`: see `list_entries`.

    Raises:
        UsageError: there is no such file or scan, or the file is not HDF5.
    """
    return chosen(list_entries(path, ask), path, number)


def chosen(entries: list[EntryInfo], path: str | Path, number: int | str | None) -> list[EntryInfo]:
    """Those of a file's entries that are meant: see `chosen_entries`."""
    if number is None:
        return entries
    wanted = str(number)
    found = [entry for entry in entries if wanted in (str(entry.number), entry.name)]
    if not found:
        raise UsageError(f"{path} has no scan {wanted}; {those_there_are(entries)}")
    return found


@contextmanager
def opened_entry(info: EntryInfo) -> Iterator[h5py.Group]:
    """The group of an entry that is neither missing nor damaged."""
    with open_to_read(info.file) as file:
        yield file[info.name]


def text_of(group: h5py.Group, name: str) -> str:
    """A text in a group, "" when there is none; of a damaged one what can be read."""
    found = group.get(name)
    return str(found.asstr(errors="replace")[()]) if isinstance(found, h5py.Dataset) else ""


def open_to_read(path: Path) -> h5py.File:
    """A file that may be finished, running or left by a crash; the caller closes it."""
    try:
        return h5py.File(path, "r")  # with swmr=True HDF5 reads what is damaged for a minute, again and again
    except OSError as error:
        if path.exists() and (damage := damage_of(path)):
            raise OSError(errno.EIO, damage) from error
    try:
        return h5py.File(path, "r", swmr=True)
    except RuntimeError as error:  # so h5py says that some superblocks are none
        raise OSError(errno.EIO, str(error)) from error
    except OSError:
        # Either somebody writes it in another way, or this process has it open without locks: HDF5 wants it the same.
        return h5py.File(path, "r", swmr=True, locking=False)


def datasets_of(entry: h5py.Group, name: str) -> dict[str, h5py.Dataset]:
    """The datasets in group `name` of an entry, but for frames, which have a file of their own; perhaps none."""
    group = entry.get(name)
    if not isinstance(group, h5py.Group):
        return {}
    own = [name for name in group if isinstance(group.get(name, getlink=True), h5py.HardLink)]
    return {name: each for name in own if isinstance(each := group[name], h5py.Dataset)}


def frames_of(entry: h5py.Group) -> dict[str, str]:
    """The frames of an entry: what they are called in `measurement`, and the file they are in, relative to its own.

    That is "" where they are packed with it.
    """
    group = entry.get("measurement")
    return {link.path: link.file for link in links_out(group)} if isinstance(group, h5py.Group) else {}


def those_there_are(entries: Sequence[EntryInfo]) -> str:
    """The end of an error message: which scans a file has."""
    numbers = sorted({entry.number for entry in entries})
    if not numbers:
        return "it holds none"
    last = ", ".join(map(str, numbers[-MOST_NAMED:]))
    if len(numbers) > MOST_NAMED:
        return f"there are {len(numbers)}, the last ones: {last}"
    return f"there are {last}"


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.exists():
        raise UsageError(f"there is no file {path}{_elsewhere(path)}")
    if path.is_dir():
        raise UsageError(f"{path} is a directory; name a file in it, e.g. {path / 'data.h5'}")
    try:
        file = open_to_read(path)
    except OSError as error:
        if h5py.is_hdf5(path) or damage_of(path):
            raise UsageError(f"{path} can't be read: {reason(error)}") from error
        raise UsageError(f"{path} is no HDF5 file, or it is damaged at its beginning") from error
    with file:
        yield file


def _elsewhere(master: Path) -> str:
    """What the spool has of a file that is not there, as the end of an error message."""
    spool = default_spool()
    scans = masters_in(spool).count(master.absolute())
    if not scans:
        return ""
    which = "a scan of it is" if scans == 1 else f"{scans} scans of it are"
    return f"; {which} in {spool}: when its disk is back, `obtura recover {master}` moves them"


def _target(path: Path, file: h5py.File, name: str) -> str:
    """The file that an entry is in. Low-level, for there may be ten thousand."""
    links, key = file.id.links, name.encode()
    if links.get_info(key).type != h5l.TYPE_EXTERNAL:
        return str(path)
    return os.path.join(path.parent, os.fsdecode(links.get_val(key)[0]))


def _remembered(entry: EntryInfo, line: index.Line | None) -> EntryInfo | None:
    """The entry as the index has it, if that still holds."""
    try:
        if line is None or os.stat(entry.file).st_size != line.size:
            return None
    except OSError:
        return None
    return entry._replace(
        state="finished",
        title=line.title,
        start_time=line.start_time,
        end_time=line.end_time,
        end_reason=line.end_reason,
        points=line.points,
    )


def describe(info: EntryInfo) -> EntryInfo:
    """The entry as its file has it now."""
    if not info.file.exists():
        return _with_spool(info._replace(state="missing"))
    try:
        with opened_entry(info) as entry:
            end_reason = text_of(entry, "end_reason")
            found = info._replace(
                title=text_of(entry, "title"),
                start_time=text_of(entry, "start_time"),
                end_time=text_of(entry, "end_time"),
                end_reason=end_reason,
                state="finished" if end_reason else _unfinished(info.file, info.number),
                points=points_of(entry),
            )
    except (OSError, KeyError, RuntimeError):
        return info._replace(state="damaged")
    return _with_spool(found) if found.state == "crashed" else found


def _with_spool(info: EntryInfo) -> EntryInfo:
    """A scan that looks crashed, or is gone, may have gone on in the spool, and have ended there."""
    there = in_spool(info.file)
    if there is None or not there.end_reason:
        return info._replace(spool=there)
    state = "spooled" if info.state == "crashed" else info.state
    return info._replace(state=state, end_reason=there.end_reason, end_time=there.end_time, spool=there)


def _unfinished(file: Path, number: int) -> str:
    """Whether the one who writes the master is still there and at this scan."""
    somebody = holder(master_of(file))
    return "running" if somebody and number in somebody.scans else "crashed"


def points_of(entry: h5py.Group) -> int:
    """The points all columns of the plot have: those form rows. Without a plot, the longest column."""
    columns = {name: each.shape[0] for name, each in datasets_of(entry, "measurement").items() if each.shape}
    plotted = [columns[name] for name in datasets_of(entry, "plot") if name in columns]  # they may be grids there
    return min(plotted) if plotted else max(columns.values(), default=0)
