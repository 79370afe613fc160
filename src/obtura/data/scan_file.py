"""A scan's own file, with those of its frames: made whole, then appended to and overwritten while readers look on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from obtura.data.attempts import attempt_rows
from obtura.data.columns import Column, Growing, Rows
from obtura.data.disk import disk_of
from obtura.data.entry import Entry
from obtura.data.frames import FrameFile, FrameSeries
from obtura.data.grid import GriddedColumn
from obtura.data.growing import GrowingFile
from obtura.data.journal import Layout
from obtura.data.ragged import RaggedColumn
from obtura.data.sketch import Node
from obtura.data.tree import say_default
from obtura.data.written_frames import WrittenSeries
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError
from obtura.ground.events import (
    Attempt,
    Comment,
    Failed,
    HookLeft,
    Metadata,
    Points,
    Row,
    ScanBegan,
    ScanEnded,
    Timed,
    WaitedInVain,
)

__all__ = ["Noted", "ScanFile"]

Noted: TypeAlias = HookLeft | Comment | Metadata | Failed | Timed | Attempt | WaitedInVain
"""What is kept of a scan beside its points."""


class ScanFile:
    """The file of a running scan, ready to receive. `zero`: the clock's time (s) at the scan's start_time.

    `images`: the files for frames, each with the channels (their numbers) that go into it; frames of other channels
    are not saved. Those of channels with `inside` are written by their detector, and `linked`, by channel. `disks`: of
    the files that are written one on each disk.

    Raises:
        SavingError: a file exists already, or can't be made; then there is none.
    """

    def __init__(
        self, path: Path, began: ScanBegan, zero: float, images: Mapping[Path, Iterable[int]] | None = None
    ) -> None:
        self.path = path
        self.points = 0  # complete ones of the first branch that are safe
        self.is_behind = False  # something was received that is not written
        self.kept: dict[str, int] = {}  # by entry, its complete points, once it is finished
        self._images: list[FrameFile] = []
        self.linked: dict[int, WrittenSeries] = {}
        try:
            for file, channels in (images or {}).items():
                infos = {index: began.channels[index] for index in channels}
                if all(info.inside for info in infos.values()):
                    self.linked |= {index: WrittenSeries(info, file) for index, info in infos.items()}
                else:
                    self._images.append(FrameFile(file, began, infos))
            self.frames = {index: series for file in self._images for index, series in file.series.items()}
            self._file = GrowingFile(path, began.number, lambda root: self._build(root, began, zero))
        except BaseException:
            for made in self._images:
                made.remove()
            raise
        self.disks = list({disk_of(path): path for path in (*(one.path for one in self._images), path)}.values())

    def _build(self, root: Node, began: ScanBegan, zero: float) -> None:
        frames = {index: (self._beside(series), series) for index, series in (self.frames | self.linked).items()}
        self.entries = [Entry(root, began, 0, zero, frames)]
        self._common = self.entries[0].common
        for branch in range(1, len(began.branches)):
            self.entries.append(Entry(root, began, branch, zero, frames, self._common))
        say_default(root, 0)
        self._together: dict[tuple[int, ...], list[Row]] = {}  # by channels, not in their columns yet
        self._columns = {index: column for entry in self.entries for index, column in entry.columns.items()}
        self._rows = [Rows(entry.rows, entry.flags) for entry in self.entries]
        self._others: list[Growing] = [column for entry in self.entries for column in entry.others]
        self._others += self._common.hooks.columns
        self._notes = self.entries[0].notes
        self._others += self._notes.columns if self._notes else ()
        self._zero, self._channels = zero, began.channels
        self._attempts = {branch: entry.attempts for branch, entry in enumerate(self.entries) if entry.attempts}
        self._others += [column for table in self._attempts.values() for column in table.by_name.values()]
        self._timeouts = {branch: entry.timeouts for branch, entry in enumerate(self.entries) if entry.timeouts}
        self._others += [each.column for each in self._timeouts.values()]

    def layout(self, master: Path, began: ScanBegan) -> tuple[Layout, dict[int, int]]:
        """What a journal of this file says in its header, and the number of the column of each channel there."""
        notes = dict(self._notes.by_name) if self._notes else {}
        for table in self._attempts.values():
            notes |= table.by_name
        for each in self._timeouts.values():
            notes |= each.by_name
        hooks = self._common.hooks.columns
        parts = [part for column in self._columns.values() for part in _parts(column)]
        columns = [*parts, *hooks, *notes.values()]
        number = {id(column): index for index, column in enumerate(columns)}
        data = {index: own[0] for index, column in self._columns.items() if (own := _parts(column))}
        number |= {id(self._columns[index]): number[id(first)] for index, first in data.items()}
        steps = [[number[id(column)] for column in entry.rows if id(column) in number] for entry in self.entries]
        layout = Layout(
            number=began.number,
            master=str(master.absolute()),
            scan=str(self.path.absolute()),
            entries=[entry.name for entry in self.entries],
            columns=[_described(each) for each in columns],
            rows=[[index for index in step if _is_number(columns[index])] for step in steps],
            steps=steps,
            hooks=[number[id(column)] for column in hooks[1:]],
            names=number[id(hooks[0])],
            frames=[
                {"file": file, "path": series.path_inside, "dtype": series.dtype.str, "shape": list(series.shape)}
                for series in self.frames.values()
                for file in (self._beside(series),)
            ],
            ragged={
                str(number[id(index)]): number[id(values)]
                for index, values in (one.parts for one in self._columns.values() if isinstance(one, RaggedColumn))
            },
            flags=[entry.flags.path for entry in self.entries],
            ends={**self._common.ends, "notes": {name: number[id(column)] for name, column in notes.items()}},
        )
        return layout, {index: number[id(column)] for index, column in data.items()}

    @property
    def received(self) -> dict[int, int]:
        """How many points of each channel that is a column were received, by the number of the channel."""
        return {index: column.received for index, column in self._columns.items() if _parts(column)}

    @property
    def written(self) -> dict[str, int]:
        """How many points each column of a channel has on the disk, by its path."""
        return {part.path: part.written for column in self._columns.values() for part in _parts(column)}

    def take_image(self) -> bytes:
        """The file as it was before anything was appended; once."""
        image, self._file.image = self._file.image, b""
        return image

    def _beside(self, series: FrameSeries | WrittenSeries) -> str:
        """A file as a link names it: relative to this one, to be moved with it; or in full when it is elsewhere."""
        beside = series.path.is_relative_to(self.path.parent)
        return (series.path.relative_to(self.path.parent) if beside else series.path).as_posix()

    @property
    def is_open(self) -> bool:
        """Whether it still has to be closed."""
        return self._file.is_open

    @property
    def is_lost(self) -> bool:
        """Whether somebody removed the scan's own file: then nothing of the scan is left."""
        return self._file.is_lost

    @property
    def lost(self) -> Path | None:
        """The file, this one or one of frames, that somebody removed: what is written there goes nowhere."""
        if self._file.is_lost:
            return self.path
        return next((file.path for file in self._images if file.is_lost), None)

    @property
    def disk_is_gone(self) -> bool:
        """Whether a disk that is written is not mounted any more."""
        return self._file.disk_is_gone or any(file.disk_is_gone for file in self._images)

    def take_back(self) -> list[tuple[int, list[Any]]]:
        """The frames of each series that are not safe in their file: number of the first, and blocks."""
        return [
            series.take_back(disk_fails)
            for file in self._images
            for disk_fails in (file.disk_fails,)
            for series in file.series.values()
        ]

    @property
    def waiting(self) -> int:
        """Bytes of frames that were received and are not written."""
        return sum(series.waiting for series in self.frames.values())

    def take_row(self, event: Row) -> None:
        """Receive a point of several channels; nothing is written yet."""
        self.is_behind = True
        held = self._together.get(event.channels)
        if held is None:
            held = self._together[event.channels] = []
        elif event.first != held[-1].first + 1:
            raise _out_of_order(f"channels {event.channels}", event.first, held[-1].first + 1)
        held.append(event)

    def take_points(self, event: Points) -> None:
        """Receive points; nothing is written yet."""
        self.is_behind = True
        if self._together and any(event.channel in channels for channels in self._together):
            self._spread()
        self._put(event.channel, event.first, event.values)

    def _spread(self) -> None:
        """Points that came together, into their columns."""
        for channels, rows in self._together.items():
            for channel, values in zip(channels, zip(*[row.values for row in rows], strict=True), strict=True):
                self._put(channel, rows[0].first, values)
        self._together.clear()

    def _put(self, channel: int, first: int, values: Block) -> None:
        column = self._columns.get(channel)
        if column is None:  # frames that are not saved
            return
        if first != column.received:
            raise _out_of_order(f"channel {column.name}", first, column.received)
        column.take(values)

    def take(self, event: Noted) -> None:
        """Receive a hook call, or what was said; nothing is written yet."""
        self.is_behind = True
        if isinstance(event, HookLeft):
            self._common.hooks.take(event)
        elif isinstance(event, Attempt):
            self._attempts[event.branch].take(attempt_rows(event, self._channels, self._zero))
        elif isinstance(event, WaitedInVain):
            info = self._channels[event.channel]
            if info.per_point:
                self._timeouts[info.branch].take(event)
        elif self._notes is not None:
            self._notes.take(event)

    def write(self) -> None:
        """Write and flush what was received: complete rows only, so that readers find columns of one length."""
        self._spread()
        for rows in self._rows:
            rows.write()
        self._write_others()
        self._flush()

    def finish(self, ended: ScanEnded) -> None:
        """Write all the rest, close, and return when it is on disk.

        Raises:
            SavingError: frames are missing; what there is is safe, and finishing can go on with another `ended`.
        """
        self._spread()
        for branch, rows in enumerate(self._rows):
            rows.finish(branch in ended.cut, ended.stopped.get(branch), ended.in_vain)
            for marking in (self._attempts.get(branch), self._timeouts.get(branch)):
                if marking is not None:
                    marking.mark(self.entries[branch].flags)
        self._write_others()
        for file in self._images:
            file.finish()
        if ended.end_reason == "SUCCESS":
            for linked in self.linked.values():
                linked.check()
            for entry in self.entries:
                self._check_complete(entry)
        self._common.end(ended)
        self._flush()
        self._common.say_why(ended)  # a viewer that sees why it ended sees all the rest, too
        self.kept = {entry.name: entry.points for entry in self.entries}
        self._file.close()

    def _check_complete(self, entry: Entry) -> None:
        """Every point must have its frame."""
        kinds = FrameSeries, WrittenSeries
        points = min((column.received for column in entry.rows if not isinstance(column, kinds)), default=0)
        for column in entry.rows:
            if isinstance(column, kinds) and column.count < points:
                raise SavingError(f"{column.name} gave {column.count} frames for {points} points; {column.path}")

    def _write_others(self) -> None:
        for column in self._others:
            column.write(column.received)
        for file in self._images:  # frames first: no row refers to one that is missing
            file.flush()

    def _flush(self) -> None:
        self._file.flush()
        self.is_behind = False
        self.points = min((column.written for column in self.entries[0].rows), default=0)

    def begin_sync(self) -> None:
        """Have the frames so far on the disk itself, in a while; points are in the journal.

        Raises:
            OSError: that failed the last time.
        """
        for file in self._images:
            file.begin_sync()

    def abandon(self) -> None:
        """Close without touching the disk, after a failed write."""
        for file in self._images:
            file.abandon()
        self._file.abandon()

    def remove(self) -> None:
        """The scan was refused before it was linked: leave nothing."""
        self._file.abandon()
        self.path.unlink(missing_ok=True)
        for file in self._images:
            file.remove()


def _out_of_order(channel: str, first: int, expected: int) -> SavingError:
    return SavingError(f"{channel}: point {first} came where {expected} was expected; this is an error in obtura")


def _parts(column: Growing) -> tuple[Column, ...]:
    """The datasets of a channel; none of frames, which have a file of their own. The first has a row a point."""
    if isinstance(column, RaggedColumn):
        return column.parts
    return (column,) if isinstance(column, Column) else ()


def _described(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "path": column.path,
        "dtype": column.dtype.str,
        "shape": list(column.shape),
        "name": column.name,
    }
    if column.may_fail:
        described["may_fail"] = True
    return {**described, "grid": column.described} if isinstance(column, GriddedColumn) else described


def _is_number(column: Column) -> bool:
    return column.dtype.kind == "f" and not column.shape
