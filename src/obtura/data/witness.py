"""Takes down in the journal what happens in a scan, before anybody is told of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from obtura.data import journal
from obtura.data.attempts import attempt_rows
from obtura.data.hooks import HookRows
from obtura.data.journal import Layout
from obtura.data.notes import note_rows
from obtura.data.timeouts import timeout_rows, timeouts_key
from obtura.ground.channels import Block
from obtura.ground.errors import UsageError
from obtura.ground.events import (
    Attempt,
    Comment,
    Event,
    Failed,
    HookLeft,
    Metadata,
    Points,
    Row,
    ScanBegan,
    ScanEnded,
    SubScan,
    Timed,
    WaitedInVain,
)

__all__ = ["Witness", "check_layout"]


class _Branch:
    """The rows of one top-master: `row` is the one that comes together, `waiting` how many columns lack theirs.

    `is_even`: all that came since the last row are numbers of this one.
    """

    __slots__ = ("blocks", "index", "is_even", "pack", "received", "row", "values", "waiting")

    def __init__(self, index: int, numbers: int, columns: int) -> None:
        self.index = index
        self.row = 0
        self.received = [0] * columns
        self.waiting = columns
        self.values: list[float | None] = [None] * numbers
        self.blocks: list[bytes] = []
        self.is_even = numbers == columns
        self.pack = journal.row_packer(numbers)


class _Slot:
    """Where the points of a channel go. `number`: its place among the numbers of a row, None for other types.

    `branch`: None when it grows at its own pace; `step`: its place among the columns that don't. `ragged`: of points
    whose length changes the column of their values, its type, and how many values there are.
    """

    __slots__ = ("branch", "column", "dtype", "name", "number", "ragged", "step")

    def __init__(
        self, name: str, column: int, dtype: np.dtype[Any], branch: _Branch | None, step: int, number: int | None
    ) -> None:
        self.name = name
        self.column = column
        self.dtype = dtype
        self.branch = branch
        self.step = step
        self.number = number
        self.ragged: tuple[int, np.dtype[Any], int] | None = None


class _Part(NamedTuple):
    """Where the numbers of several channels go that come at one moment: side by side into the rows of a branch."""

    branch: _Branch
    numbers: slice
    steps: slice
    width: int


class Witness:
    """Turns events into records. `write(items)` makes one durable; `slots`: by channel, what `Layout` says of it.

    Called under the record's lock, on the thread on which something happens: one write call for each row of a branch,
    with the hook calls since the last one; one for each block that comes at its own pace.
    """

    def __init__(self, began: ScanBegan, layout: Layout, channels: dict[int, int], zero: float) -> None:
        self._write: Callable[[bytes], None] = lambda items: None
        self._pending: list[bytes] = []
        self._hook_rows = HookRows(zero)
        self._zero = zero
        self._channels = began.channels
        self._names = layout.names
        self._noted: dict[str, int] = dict(layout.ends["notes"])  # the columns of comments and later metadata
        self._note_counts: dict[int, int] = {}
        self._counts: dict[int, int] = {}  # of the columns that grow at their own pace
        self._columns = layout.columns
        self._branches = [
            _Branch(index, len(rows), len(steps))
            for index, (rows, steps) in enumerate(zip(layout.rows, layout.steps, strict=True))
        ]
        self._slots: dict[int, _Slot] = {}
        places = [(_places(steps), _places(rows)) for steps, rows in zip(layout.steps, layout.rows, strict=True)]
        for channel, column in channels.items():
            branch = began.channels[channel].branch
            steps, rows = places[branch]
            self._slots[channel] = _Slot(
                began.channels[channel].name,
                column,
                np.dtype(layout.columns[column]["dtype"]),
                self._branches[branch] if column in steps else None,
                steps.get(column, -1),
                rows.get(column),
            )
            if (values := layout.ragged.get(str(column))) is not None:
                self._slots[channel].ragged = values, np.dtype(layout.columns[values]["dtype"]), 0
        self._parts: dict[tuple[int, ...], _Part | None] = {}  # by channels

    def attach(self, write: Callable[[bytes], None]) -> None:
        """Have records written from now on."""
        self._write = write

    def take(self, event: Event) -> None:
        """Take one down, if it is one to keep."""
        handle = self._HOW.get(type(event))
        if handle is not None:
            handle(self, event)

    @property
    def received(self) -> dict[int, int]:
        """How many points of each column of a channel are taken down."""
        return {
            slot.column: self._counts.get(slot.column, 0) if slot.branch is None else slot.branch.received[slot.step]
            for slot in self._slots.values()
        }

    # -- points -------------------------------------------------------------------------------------------

    def _together(self, event: Row) -> None:
        channels, first = event.channels, event.first
        if channels not in self._parts:
            self._parts[channels] = self._part(channels)
        part = self._parts[channels]
        if part is None or first != part.branch.row:
            for points in event.points:
                self._points(points)
            return
        branch, numbers, steps, width = part  # nearly always: the next numbers of a row
        branch.values[numbers] = event.values
        branch.received[steps] = [first + 1] * width
        branch.waiting -= width
        if not branch.waiting:
            self._row(branch)

    def _part(self, channels: Sequence[int]) -> _Part | None:
        """None: they do not lie side by side in rows, or are no numbers of one."""
        slots = [self._slots.get(channel) for channel in channels]
        first = slots[0]
        if first is None or first.branch is None or first.number is None:
            return None
        for offset, slot in enumerate(slots):
            if slot is None or slot.branch is not first.branch:
                return None
            if (slot.number, slot.step) != (first.number + offset, first.step + offset):
                return None
        numbers, steps = (slice(start, start + len(slots)) for start in (first.number, first.step))
        return _Part(first.branch, numbers, steps, len(slots))

    def _points(self, event: Points) -> None:
        first, values = event.first, event.values
        slot = self._slots.get(event.channel)
        if slot is None:  # frames, which have a file of their own
            return
        number, branch = slot.number, slot.branch
        if number is None or branch is None or type(values) is not tuple or first != branch.row:
            self._others(slot, first, values)
            return
        branch.values[number] = values[0]  # nearly always: the next number of a row
        branch.received[slot.step] = first + 1
        branch.waiting -= 1
        if not branch.waiting:
            self._row(branch)

    def _others(self, slot: _Slot, first: int, values: Block) -> None:
        """Blocks, points of later rows, and what is no number."""
        branch = slot.branch
        if branch is None:
            self._counts[slot.column] = first + len(values)
            self._flush(self._blocks(slot, first, values))
            return
        branch.is_even = False
        branch.blocks.append(self._blocks(slot, first, values))
        received = first + len(values)
        if branch.received[slot.step] <= branch.row < received:
            branch.waiting -= 1
        branch.received[slot.step] = received
        if not branch.waiting:
            self._row(branch)

    def _blocks(self, slot: _Slot, first: int, values: Block) -> bytes:
        """Points as a block; those whose length changes as two, of their values and of where each begins and ends."""
        if slot.ragged is None:
            return journal.block(slot.column, first, journal.as_stored(slot.name, values, slot.dtype))
        column, dtype, end = slot.ragged
        points = [journal.as_stored(slot.name, point, dtype) for point in values]  # type: ignore[arg-type]
        ends = end + np.cumsum([len(point) for point in points], dtype=slot.dtype)
        slot.ragged = column, dtype, int(ends[-1])
        bounds = np.stack([np.concatenate([[end], ends[:-1]]), ends], axis=1).astype(slot.dtype)
        return journal.block(column, end, np.concatenate(points)) + journal.block(slot.column, first, bounds)

    def _row(self, branch: _Branch) -> None:
        """Every column has its point: write it."""
        values = branch.values
        branch.values = [None] * len(values)
        if branch.is_even:  # nearly always
            items = branch.pack(b"R", branch.index, branch.row, *values)
            if self._pending:
                self._flush(items)
            else:
                self._write(items)
            branch.row += 1
            branch.waiting = len(values)
            return
        if None in values or not values:
            self._flush(self._scattered(branch, values))
        else:  # texts, arrays, and what came of later rows already, after the numbers of this one
            blocks, branch.blocks = branch.blocks, []
            self._flush(b"".join([branch.pack(b"R", branch.index, branch.row, *values), *blocks]))
        branch.row = row = min(branch.received)
        branch.waiting = branch.received.count(row)
        branch.is_even = branch.waiting == len(values) == len(branch.received)

    def _scattered(self, branch: _Branch, values: Sequence[float | None]) -> bytes:
        """A row that lacks numbers: each of the others as a block, before what came of later rows already."""
        items = [
            journal.block(slot.column, branch.row, np.array([value], slot.dtype))
            for slot in self._slots.values()
            if slot.branch is branch and slot.number is not None and (value := values[slot.number]) is not None
        ]
        items += branch.blocks
        branch.blocks = []
        return b"".join(items)

    def _flush(self, items: bytes) -> None:
        if self._pending:
            self._pending.append(items)
            items = b"".join(self._pending)
            self._pending = []
        self._write(items)

    # -- the rest -----------------------------------------------------------------------------------------

    def _hook(self, left: HookLeft) -> None:
        names, row = self._hook_rows.row(left)
        for index, text in names:
            self._pending.append(
                journal.block(self._names, index, np.array([text], self._columns[self._names]["dtype"]))
            )
        self._pending.append(journal.hook(row))
        if left.point is None or left.error is not None:  # those of a point wait for its row
            self._flush(b"")

    def _note(self, event: Comment | Metadata | Failed | Timed) -> None:
        self._keep(note_rows(event, self._zero))

    def _attempt(self, event: Attempt) -> None:
        self._keep(attempt_rows(event, self._channels, self._zero))

    def _in_vain(self, event: WaitedInVain) -> None:
        info = self._channels[event.channel]
        if info.per_point:
            self._keep({timeouts_key(info.branch): timeout_rows(event)})

    def _keep(self, new: Mapping[str, list[Any]]) -> None:
        """New rows of columns that are filled now and then."""
        for name, rows in new.items():
            column = self._noted.get(name)
            if column is None:
                continue
            first = self._note_counts.get(column, 0)
            self._note_counts[column] = first + len(rows)
            points = np.array(rows, np.dtype(self._columns[column]["dtype"]))
            self._pending.append(journal.block(column, first, points))
        self._flush(b"")

    def _sub_scan(self, scan: SubScan) -> None:
        self._flush(journal.said("sub-scan", scan._asdict()))

    def _ended(self, ended: ScanEnded) -> None:
        """What is left of rows that never became whole, then how it ended."""
        rest = b"".join(self._scattered(branch, branch.values) for branch in self._branches)
        positions = {name: position.value for name, position in ended.positioners.items()}
        facts = {
            "end_time": ended.end_time.isoformat(),
            "end_reason": ended.end_reason,
            "message": ended.message,
            "positions": positions,
            "cut": list(ended.cut),
            "stopped": {str(branch): point for branch, point in ended.stopped.items()},
            "in_vain": ended.in_vain,
        }
        self._flush(rest + journal.said("end", facts))

    _HOW: ClassVar[Mapping[type, Callable[["Witness", Any], None]]] = {
        Row: _together,
        Points: _points,
        HookLeft: _hook,
        Comment: _note,
        Metadata: _note,
        Failed: _note,
        Timed: _note,
        Attempt: _attempt,
        WaitedInVain: _in_vain,
        SubScan: _sub_scan,
        ScanEnded: _ended,
    }


def check_layout(layout: Layout) -> None:
    """Refuse what the journal has no room for.

    Raises:
        UsageError: more than 65,535 columns, or 255 branches.
    """
    counts: Sequence[tuple[str, int, int]] = (
        ("columns", len(layout.columns), 65_535),
        ("top-masters", len(layout.rows), 255),
    )
    for what, count, most in counts:
        if count > most:
            raise UsageError(f"a scan with {count} {what} can't be saved: at most {most}")


def _places(columns: Sequence[int]) -> dict[int, int]:
    """Where each column stands in a row."""
    return {column: place for place, column in enumerate(columns)}
