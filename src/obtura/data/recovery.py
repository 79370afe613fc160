"""What a crash left is put in order: the file of a scan is made anew from its journal.

The journal has the file as it was before the first point, and every point since. From these a whole file is made under
another name, looked at, and put in the place of what the crash left; only then the journal goes. To do it twice, or to
be killed in the middle, does no harm. Frames are in files of their own, which are only marked as closed.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5d, h5f, h5s

from obtura.data.apart import Asking, NoAnswer, call_here, seconds_for
from obtura.data.attempts import mark_retaken, points_key
from obtura.data.checksums import renew
from obtura.data.columns import Column, Growing, Rows
from obtura.data.common import iso
from obtura.data.contents import make_index, open_to_read, text_of
from obtura.data.disk import saving_error, sync
from obtura.data.drawing import FORMAT
from obtura.data.grid import gridded_again
from obtura.data.hooks import KINDS
from obtura.data.journal import Item, Layout, begins_with, read_journal
from obtura.data.layout import SUFFIX, left_behind, master_of, scan_directory
from obtura.data.left_frames import frames_there, put_frames
from obtura.data.master import add_links, entry_names
from obtura.data.notes import note_rows
from obtura.data.order import is_in_order
from obtura.data.place import Place, set_number, set_text
from obtura.data.spool import scan_of, spooled
from obtura.data.subscans import link_sub_scans
from obtura.data.timeouts import mark_timeouts, timeouts_key
from obtura.data.validity import Flags
from obtura.ground.errors import SavingError
from obtura.ground.events import Failed, SubScan

__all__ = ["INTERRUPTED", "Recovered", "check_file", "recover_all", "recover_scan"]

INTERRUPTED = "INTERRUPTED"
"""The end_reason of a scan whose process ended before the scan did."""


class Recovered(NamedTuple):
    """A scan that was put in order. `points`: complete ones of its first entry; `interrupted`: it did not end.

    `missing`: which frames are not there, in words.
    """

    number: int
    file: Path
    points: int
    interrupted: bool
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        ended = f"has all that was written, {self.points} points" if self.missing else f"is whole, {self.points} points"
        what = f"was interrupted at point {self.points}" if self.interrupted else ended
        return f"scan {self.number} {what}: {self.file}" + "".join(f"; {each}" for each in self.missing)


def recover_all(
    master: Path, running: Callable[[int], bool], spool: Path, ask: Asking = call_here
) -> Iterator[Recovered | SavingError]:
    """Put every scan of a master in order that has a journal; the caller is the master's one writer (see `lock`).

    `running`: whether a scan is being written now. `spool`: where further records of such scans may be. `ask`: with
    that of an `Apart`, a damaged file on which HDF5 hangs or crashes is made anew, one of frames is named.

    One that can't be is left as it is: given back is the error.
    """
    beside, half_made_files = ([], []) if is_in_order(scan_directory(master)) else left_behind(master)
    parts: dict[Path, list[Path]] = {_scan_beside(each): [each] for each in beside}
    for each in spooled(spool):
        scan = scan_of(each)
        if scan is not None and master_of(scan) == master.absolute():
            parts.setdefault(scan, []).append(each)
    for number, half_made in half_made_files:
        if not running(number):
            half_made.unlink(missing_ok=True)
    for scan, journals in parts.items():
        try:
            recovered = recover_scan(scan, journals, running, ask)
        except SavingError as error:
            yield error
            continue
        if recovered is not None:
            yield recovered


def _scan_beside(journal: Path) -> Path:
    """The file of the scan that a journal stands beside, also when both were moved."""
    return journal.absolute().with_suffix(SUFFIX)


def recover_scan(
    scan: Path, journals: Sequence[Path], running: Callable[[int], bool], ask: Asking = call_here
) -> Recovered | None:
    """Put one scan in order, of its journal and what is in the spool; None for one that runs, or never began.

    `ask`: see `recover_all`.

    Raises:
        SavingError: the file can't be made, or is not as it should be; nothing was removed.
    """
    try:
        chain = [read_journal(journal) for journal in _parts(journals)]
        known = [first.content for items in chain if (first := next(items, None)) is not None]
        if not known:  # killed before the scan began: nothing can be missing
            return None
        layout, image = known[0]
        if running(layout.number):
            return None
        made = _Rebuilt(scan, layout, image)
        try:
            for items in chain:
                for item in items:
                    made.take(item)
            ended = made.finish(max(journal.stat().st_mtime for journal in journals))
            if not _asked_whether_whole(scan, layout, made.counts, ask):
                made.put_in_place()
            made.put_frames(ask, journals)
        finally:
            made.leave()
        _link(scan, layout)
        make_index(master_of(scan), scan, ask)
        if made.sub_scans:
            link_sub_scans(scan, layout.entries[0], made.sub_scans)
        missing = tuple(made.missing_frames(ask))
        for journal in journals:
            journal.unlink()
            sync(journal.parent)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise saving_error("can't be recovered", scan, error) from error
    except NoAnswer as error:
        raise SavingError(f"{scan}: can't be recovered: {error}; nothing was removed") from error
    return Recovered(layout.number, scan, made.points, not ended, missing)


def _parts(journals: Sequence[Path]) -> list[Path]:
    """The journals of a scan that have to be read: not one that a later one begins with."""
    return [
        one for index, one in enumerate(journals) if not any(begins_with(later, one) for later in journals[index + 1 :])
    ]


class _Rebuilt:
    """The file of a scan, made anew from its image and the items of its journal."""

    def __init__(self, scan: Path, layout: Layout, image: bytes) -> None:
        self._scan = scan
        self._layout = layout
        self._path = scan.with_name(f".{scan.name}.recovered")
        self._path.unlink(missing_ok=True)
        self._path.write_bytes(image)
        self._file = h5py.File(self._path, "r+", libver=FORMAT)
        self.columns = [self._column(each) for each in layout.columns]
        self.sub_scans: list[SubScan] = []
        self._frames: list[tuple[int, int, Any]] = []
        self.points = 0
        self._end: dict[str, Any] | None = None

    def _column(self, described: Mapping[str, Any]) -> Column:
        name, dtype = described["name"], np.dtype(described["dtype"])
        place = self._place(described["path"])
        made = Column(name, place, dtype, described["shape"])
        if (grid := described.get("grid")) is not None:
            made = gridded_again(name, place, dtype, grid, self._place(grid["path"]))
        made.may_fail = "may_fail" in described
        return made

    def take(self, item: Item) -> None:
        """Receive an item."""
        if item.kind == "R":
            branch, index, numbers = item.content
            for column, value in zip(self._layout.rows[branch], numbers, strict=True):
                self._put(column, index, np.array([value], self.columns[column].dtype))
        elif item.kind == "B":
            self._put(*item.content)
        elif item.kind == "F":
            self._frames.append(item.content)
        elif item.kind == "K":
            for column, value, kind in zip(self._layout.hooks, item.content, KINDS.values(), strict=True):
                self.columns[column].take(np.array([value], kind))
        elif item.kind == "J" and item.content["what"] == "end":
            self._end = item.content
        elif item.kind == "J":
            facts = item.content
            self.sub_scans.append(SubScan(facts["number"], facts["name"], facts["filename"], tuple(facts["entries"])))

    def _put(self, column: int, first: int, points: Any) -> None:
        """Points in their order; what came already, as from two journals of one scan, is not taken twice."""
        target = self.columns[column]
        missing = first + len(points) - target.received
        if first > target.received:
            raise ValueError(f"{target.name}: point {first} comes where {target.received} is expected")
        if missing > 0:
            target.take(np.array(points[len(points) - missing :]))

    def finish(self, moment: float) -> bool:
        """Write everything, and how it ended; returns whether it ended by itself."""
        killed_at = [min((self.columns[column].received for column in step), default=-1) for step in self._layout.steps]
        in_step = {column for step in self._layout.steps for column in step}
        all_flags = [Flags(self._place(path)) for path in self._layout.flags]
        for flags, (branch, step) in zip(all_flags, enumerate(self._layout.steps), strict=True):
            rows = Rows([self.columns[column] for column in step], flags)
            if self._end is None:
                rows.write()  # the row in which it was interrupted is no row
            else:
                stopped = self._end["stopped"].get(str(branch))
                rows.finish(branch in self._end["cut"], stopped, self._end.get("in_vain", False))
        first = [self.columns[column] for column in self._layout.steps[0]] if self._layout.steps else []
        self.points = min((column.written for column in first), default=0)
        if self._end is None:
            self._note_kill(moment, killed_at)
        others: list[Growing] = [column for index, column in enumerate(self.columns) if index not in in_step]
        for other in others:
            other.write(other.received)
        for branch, flags in enumerate(all_flags):
            mark_retaken(flags, self._noted(points_key(branch)))
            mark_timeouts(flags, self._noted(timeouts_key(branch)))
        self._say_how(moment)
        renew(self._file.id)
        self._file.flush()
        return self._end is not None

    def _noted(self, name: str) -> Iterable[int]:
        """What was noted now and then in a column that only some files have."""
        column = self._layout.ends["notes"].get(name)
        return () if column is None else self._file[self._layout.columns[column]["path"]][:]

    @property
    def _killed(self) -> str:
        return f"the process ended at point {self.points}; recovered from the journal of the scan"

    def _note_kill(self, moment: float, points: list[int]) -> None:
        """The end of the process is the last of the interruptions."""
        start = datetime.fromisoformat(text_of(self._file[self._layout.entries[0]], "start_time"))
        kill = Failed(self._killed, "", moment, tuple(points))
        notes: Mapping[str, int] = self._layout.ends["notes"]
        for name, rows in note_rows(kill, start.timestamp()).items():
            column = self.columns[notes[name]]
            column.take(np.array(rows, column.dtype))

    def _say_how(self, moment: float) -> None:
        ends = self._layout.ends
        when = datetime.fromtimestamp(moment).astimezone()
        told = self._end or {
            "end_time": iso(when),
            "end_reason": INTERRUPTED,
            "message": self._killed,
            "positions": {},
        }
        for name, value in told["positions"].items():
            if name in ends["positions"]:
                set_number(self._place(ends["positions"][name]), float(value))
        for name, key in (("end_time", "end_time"), ("end_message", "message"), ("end_reason", "end_reason")):
            set_text(self._place(ends[name]), told[key])

    def _place(self, path: str) -> Place:
        return Place(path, h5d.open(self._file.id, path.encode()))

    @property
    def counts(self) -> dict[str, int]:
        """How many points each column has, by its path."""
        return {self._layout.columns[index]["path"]: each.written for index, each in enumerate(self.columns)}

    def put_in_place(self) -> None:
        """Close it, look whether it is as it should be, and put it in the place of what the crash left."""
        expected = self.counts
        self._close()
        sync(self._path)
        check_file(self._path, self._layout.entries, expected)
        os.replace(self._path, self._scan)
        sync(self._scan.parent)

    def put_frames(self, ask: Asking, journals: Sequence[Path]) -> None:
        """Put the files of frames in order, with those frames that are in the journals."""
        series: dict[str, list[Mapping[str, Any]]] = {}
        places = []  # of each series: its file, and its number there
        for described in self._layout.frames:
            beside = series.setdefault(described["file"], [])
            places.append((described["file"], len(beside)))
            beside.append(described)
        kept: dict[str, list[tuple[int, int, Any]]] = {file: [] for file in series}
        for which, first, frames in self._frames:
            file, number = places[which]
            kept[file].append((number, first, frames))
        for file, beside in series.items():
            path = self._scan.parent / file
            ask(seconds_for(path, *journals), put_frames, path, beside, kept[file])

    def missing_frames(self, ask: Asking) -> Iterator[str]:
        """Where a point of a camera that goes in step has no frame."""
        for described in self._layout.frames:
            path, dataset = self._scan.parent / described["file"], described["path"]
            step = self._layout.steps[self._layout.entries.index(dataset.strip("/").split("/")[0])]
            points = min((self.columns[column].written for column in step), default=0)
            count = ask(seconds_for(path), frames_there, path, dataset)
            if count is not None and count < points:
                yield f"{count} of {points} frames are in {path}"

    def leave(self) -> None:
        """Close what is open, and leave nothing behind that was not put in its place."""
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        for column in self.columns:
            column.attach(None)
        if self._file:
            self._file.close()


def _asked_whether_whole(scan: Path, layout: Layout, counts: dict[str, int], ask: Asking) -> bool:
    try:
        return ask(seconds_for(scan), _is_whole, scan, layout, counts)
    except NoAnswer:  # it is damaged; the journal has everything
        return False


def _is_whole(scan: Path, layout: Layout, counts: dict[str, int]) -> bool:
    """Whether the file was closed with all its points: then the kill came between that and the end of the journal.

    Raises:
        SavingError: it was not, and has more than the journal: nobody knows what happened, nothing is replaced.
    """
    was_closed = _was_closed(scan)
    try:
        with open_to_read(scan) as file:
            there = {path: len(file[path]) for path in counts}
            closed = was_closed and all(text_of(file[name], "end_reason") for name in layout.entries)
    except (OSError, KeyError):  # it is not there, or in the middle of being made
        return False
    hooks = {layout.columns[index]["path"] for index in (layout.names, *layout.hooks)}  # journalled with the next row
    more = [path for path, count in counts.items() if there[path] > count and path not in hooks]
    if more and not closed:
        raise SavingError(f"{scan}: {more[0]} has more points than the journal of the scan; nothing was replaced")
    return closed and all(there[path] >= count for path, count in counts.items())


def _was_closed(scan: Path) -> bool:
    """Whether HDF5 has taken its mark off: a kill may come after the last text, while checksums are written.

    Nobody here may have it open: HDF5 would give that again, and not look.
    """
    try:
        h5py.File(scan, "r").close()
    except OSError:
        return False
    return True


def check_file(path: Path, entries: Any, expected: dict[str, int]) -> None:
    """Whether a closed file opens plainly, has its entries, and as many points in each column.

    Raises:
        SavingError: it has not.
    """
    file = h5f.open(os.fsencode(path), h5f.ACC_RDONLY)
    try:
        for name in entries:
            reason = h5d.open(file, f"{name}/end_reason".encode())
            text = np.empty((), f"S{reason.get_storage_size()}")
            reason.read(h5s.ALL, h5s.ALL, text, reason.get_type())
            if not text.item():
                raise SavingError(f"{path}: entry {name} has no end")
        for name, count in expected.items():
            there, *_ = h5d.open(file, name.encode()).shape
            if there != count:
                raise SavingError(f"{path}: {name} has {there} points, {count} were written")
    finally:
        file.close()


def _link(scan: Path, layout: Layout) -> None:
    """The entries are in the master; a kill may have come before they were."""
    master = master_of(scan)
    there = entry_names(master)
    missing = {name: scan for name in layout.entries if name not in there}
    if missing:
        add_links(master, missing)
