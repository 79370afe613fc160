"""Looking into data files: masters and scans' own files, finished, running or left by a crash.

What is not finished is opened with `swmr=True`: that reads a running scan and one of a crash.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import h5py

from obtura.data.disk import reason
from obtura.data.layout import master_of
from obtura.data.links import links_out
from obtura.data.lock import holder
from obtura.ground.errors import UsageError

__all__ = [
    "EntryInfo",
    "chosen_entries",
    "datasets_of",
    "frames_of",
    "list_entries",
    "open_to_read",
    "opened_entry",
    "text_of",
]

MOST_NAMED = 10
"""Scans that are named when one is asked for that is not there."""

_ENTRY = re.compile(r"(\d+)\.(\d+)")


class EntryInfo(NamedTuple):
    """One entry of a file. `branch` counts from 1, as in "12.1"; times are ISO 8601.

    `state`: "finished"; "running", it is being written; "crashed", its writer ended without closing it; "missing",
    the scan's file is gone; "damaged", it can't be read. `points`: complete ones. `file`: where the data are.
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


def list_entries(path: str | Path) -> list[EntryInfo]:
    """The entries of a master, or of a scan's own file, by their numbers.

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    path = Path(path)
    with _opened(path) as file:
        try:
            found = [(int(match[1]), int(match[2]), name) for name in file if (match := _ENTRY.fullmatch(name))]
            return [_describe(path, file, *each) for each in sorted(found)]
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise UsageError(f"{path} is damaged: {reason(error)}") from error


def chosen_entries(path: str | Path, number: int | str | None = None) -> list[EntryInfo]:
    """The entries of scan 12, or the entry "12.2", or all.

    Raises:
        UsageError: there is no such file or scan, or the file is not HDF5.
    """
    entries = list_entries(path)
    if number is None:
        return entries
    wanted = str(number)
    chosen = [entry for entry in entries if wanted in (str(entry.number), entry.name)]
    if not chosen:
        raise UsageError(f"{path} has no scan {wanted}; {_those_there_are(entries)}")
    return chosen


@contextmanager
def opened_entry(info: EntryInfo) -> Iterator[h5py.Group]:
    """The group of an entry that is neither missing nor damaged."""
    with open_to_read(info.file) as file:
        yield file[info.name]


def text_of(group: h5py.Group, name: str) -> str:
    """A text in a group, "" when there is none."""
    found = group.get(name)
    return str(found.asstr()[()]) if isinstance(found, h5py.Dataset) else ""


def open_to_read(path: Path) -> h5py.File:
    """A file that may be finished, running or left by a crash; the caller closes it."""
    try:
        return h5py.File(path, "r")  # with swmr=True HDF5 reads what is damaged for a minute, again and again
    except OSError:
        pass
    try:
        return h5py.File(path, "r", swmr=True)
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


def _those_there_are(entries: Sequence[EntryInfo]) -> str:
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
        raise UsageError(f"there is no file {path}")
    if path.is_dir():
        raise UsageError(f"{path} is a directory; name a file in it, e.g. {path / 'data.h5'}")
    try:
        file = open_to_read(path)
    except OSError as error:
        if h5py.is_hdf5(path):
            raise UsageError(f"{path} can't be read: {reason(error)}") from error
        raise UsageError(f"{path} is no HDF5 file, or it is damaged at its beginning") from error
    with file:
        yield file


def _describe(path: Path, file: h5py.File, number: int, branch: int, name: str) -> EntryInfo:
    link = file.get(name, getlink=True)
    target = path.parent / link.filename if isinstance(link, h5py.ExternalLink) else path
    nothing = EntryInfo(name, number, branch, "missing", "", "", "", "", 0, target)
    if not target.exists():
        return nothing
    try:
        with opened_entry(nothing) as entry:
            return nothing._replace(
                title=text_of(entry, "title"),
                start_time=text_of(entry, "start_time"),
                end_time=text_of(entry, "end_time"),
                end_reason=(end_reason := text_of(entry, "end_reason")),
                state="finished" if end_reason else _unfinished(target, number),
                points=_points(entry),
            )
    except (OSError, KeyError, RuntimeError):
        return nothing._replace(state="damaged")


def _unfinished(file: Path, number: int) -> str:
    """Whether the one who writes the master is still there and at this scan."""
    somebody = holder(master_of(file))
    return "running" if somebody and number in somebody.scans else "crashed"


def _points(entry: h5py.Group) -> int:
    """The points all columns of the plot have: those form rows. Without a plot, the longest column."""
    columns = {name: each.shape[0] for name, each in datasets_of(entry, "measurement").items() if each.shape}
    plotted = [columns[name] for name in datasets_of(entry, "plot") if name in columns]  # they may be grids there
    return min(plotted) if plotted else max(columns.values(), default=0)
