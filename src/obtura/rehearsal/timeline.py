"""The order of events of a night, and what waited for whom; gathered while it passes."""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from obtura.contracts.consumers import Consumer, Say
from obtura.ground.errors import one_line
from obtura.ground.events import (
    Event,
    Failed,
    HookEntered,
    HookLeft,
    IterationDone,
    ScanBegan,
    ScanClosed,
    ScanEnded,
    StateChanged,
    SubScan,
    Text,
)
from obtura.rehearsal.moments import span_text

__all__ = ["HUNG", "LONG", "Follower", "Moment", "ScanSeen", "Timeline", "overlap"]

LONG = 10.0
"""Seconds from which on a hook that waits is in the timeline."""


PAUSED = "pauses of scans"
HUNG = ", which hung"


class Moment(NamedTuple):
    """A line of the timeline: `time` in s since the start, `kind` what it is about, and `text`; `scan`: its number."""

    time: float
    kind: str
    text: str
    scan: int | None = None


_KINDS = ("event", "began", "device", "waited", "paused", "part", "refused", "hangs", "failed", "ended", "script")
_ENDS = ("failed", "ended")


class _Stage(IntEnum):
    """Where a line is, seen from the scan that began last: in it, its end, after it in an outer scan, ..."""

    INSIDE = 0
    END = 1
    AFTER = 2
    END_OF_OUTER = 3
    BETWEEN = 4


class _Place(NamedTuple):
    """Of a line among those of the same time: events come first, and the end of the script is last."""

    time: float
    is_script: bool
    scans: int
    stage: _Stage
    rank: int


class ScanSeen(NamedTuple):
    """A scan that ran. `began` in s since the start of the night; `seconds`: how long it took.

    Of these it spent `counting`, in `hooks`, `paused`, and waiting for devices that `hung`; no second counts twice.
    """

    number: int
    title: str
    began: float
    seconds: float
    state: str
    points: int | None
    counting: float
    hooks: float
    filename: str | None
    paused: float = 0.0
    hung: float = 0.0


class Timeline:
    """What happened, as far as it is known. `epoch`: of the start of the night."""

    def __init__(self, epoch: float) -> None:
        self.epoch = epoch
        self._moments: list[tuple[_Place, Moment]] = []
        self.scans: list[ScanSeen] = []
        self.waits: dict[str, list[float]] = {}
        """By preset or device the seconds of each wait."""
        self._hangs: list[tuple[float, float]] = []
        self._begun: list[tuple[int, str | None]] = []
        self._open: list[int] = []
        """Which of these run, the innermost last; counted from 1, as in `_Place`."""

    def note(self, time: float, kind: str, text: str, scan: int | None = None, which: int = 0) -> None:
        """Add a line. `which`: of the scans that began, counted from 1; 0: a line of none."""
        moment = Moment(round(time, 3), kind, text, scan)
        self._moments.append((self._place(moment, which), moment))

    def waited(self, who: str, seconds: float) -> None:
        """Somebody was waited for."""
        self.waits.setdefault(who, []).append(seconds)

    def hung(self, who: str, begin: float, end: float) -> None:
        """A device hung, and was waited for."""
        self.waited(f"{who}{HUNG}", end - begin)
        self._hangs.append((begin, end))

    def hangs_between(self, begin: float, end: float) -> float:
        """For how many s of this time a device hung."""
        return overlap(self._hangs, begin, end)

    def begun(self, number: int, filename: str | None) -> int:
        """A scan began; the how manieth that is."""
        self._begun.append((number, filename))
        self._open.append(len(self._begun))
        return len(self._begun)

    def ended(self, time: float, scan: Any) -> None:
        """A scan ended; one that never began was refused."""
        name = scan.scan_number, scan.scan_info.get("filename")
        open_ = next((which for which in reversed(self._open) if self._begun[which - 1] == name), None)
        if open_ is not None:
            self._open.remove(open_)
        elif name not in self._begun and scan.errors:
            title = scan.scan_info.get("title") or scan.name
            self.note(time, "refused", f"{title} is refused: {one_line(scan.errors[0])}")

    def ordered(self) -> list[Moment]:
        """All lines by their time. Scans are followed on threads of their own: what came at once has its place."""
        return [moment for _, moment in sorted(self._moments, key=lambda pair: pair[0])]

    def _place(self, moment: Moment, which: int) -> "_Place":
        rank, last = _KINDS.index(moment.kind), len(self._begun)
        if moment.kind in ("event", "script"):
            return _Place(moment.time, moment.kind == "script", 0, _Stage.INSIDE, rank)
        if which and moment.kind not in _ENDS:
            return _Place(moment.time, False, which, _Stage.INSIDE, rank)
        if which:
            return _Place(moment.time, False, last, _Stage.END if which == last else _Stage.END_OF_OUTER, rank)
        if not self._open:
            return _Place(moment.time, False, last, _Stage.BETWEEN, rank)
        return _Place(moment.time, False, last, _Stage.INSIDE if last in self._open else _Stage.AFTER, rank)

    def follower(self) -> Consumer:
        """A consumer for one scan."""
        return Follower(self)


def overlap(spans: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """How many seconds between these two are in any of the spans."""
    found, reached = 0.0, begin
    for first, last in sorted(spans):
        first, last = max(first, reached), min(last, end)
        if last > first:
            found, reached = found + last - first, last
    return found


class Follower(Consumer):
    """Follows one scan."""

    name = "rehearsal"

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._began: ScanBegan | None = None
        self._which = 0
        self._ended: ScanEnded | None = None
        self._failed: Failed | None = None
        self._entered: list[tuple[HookEntered, str]] = []
        self._paused = 0.0
        self._counted: list[tuple[float, float]] = []
        self._owners: list[str] = []
        self._paused_at: float | None = None
        self._in_hooks: list[tuple[float, float]] = []

    def open(self, began: ScanBegan, say: Say) -> None:
        self._began = began
        self._which = self._timeline.begun(began.number, began.scan_info.get("filename"))
        where = "not saved" if began.scan_info.get("filename") is None else "saved"
        time = began.start_time.timestamp() - self._timeline.epoch
        self._note(time, "began", f"scan {began.number} begins: {began.title} ({where})")

    def receive(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case HookEntered():
                    self._entered.append((event, ""))
                case Text(text=text) if self._entered and text.strip() and not self._entered[-1][1]:
                    self._entered[-1] = (self._entered[-1][0], _first_line(text))
                case HookLeft():
                    self._left(event)
                case IterationDone(time=time, counting=counting):
                    self._counted.append((time - counting, time))
                case StateChanged(state=state, time=time):
                    self._pause(state, time)
                case Failed() if self._failed is None:
                    self._failed = event
                    self._note(event.time, "failed", f"scan {self._number}: {_told(event)}")
                case ScanEnded():
                    self._ended = event
                case SubScan(number=number):
                    text = f"scan {number} is part of scan {self._number}"
                    self._note(self._now, "part", text)
                case ScanClosed():
                    self._close(event)

    @property
    def _number(self) -> int:
        return 0 if self._began is None else self._began.number

    @property
    def _now(self) -> float:
        began = 0.0 if self._began is None else self._began.start_time.timestamp()
        return began - self._timeline.epoch

    def _note(self, time: float, kind: str, text: str) -> None:
        self._timeline.note(time, kind, text, self._number, self._which)

    def _left(self, left: HookLeft) -> None:
        entered, said = next(
            (pair for pair in reversed(self._entered) if (pair[0].owner, pair[0].hook) == (left.owner, left.hook)),
            (None, ""),
        )
        if entered is None:
            return
        self._entered.remove((entered, said))
        self._in_hooks.append((entered.time, left.time))
        self._owners.append(left.owner)
        if left.seconds >= LONG:
            point = "" if left.point is None or left.point < 0 else f", point {left.point}"
            words = f": {said}" if said else ""
            text = f"scan {self._number}{point} waits {span_text(left.seconds)} for {left.owner}.{left.hook}{words}"
            self._note(entered.time, "waited", text)

    def _pause(self, state: str, time: float) -> None:
        """A pause begins or ends; what hooks do in it is theirs."""
        if self._paused_at is not None:
            seconds = time - self._paused_at - overlap(self._in_hooks, self._paused_at, time)
            text = f"scan {self._number} is paused for {span_text(seconds)}"
            self._note(self._paused_at, "paused", text)
            self._timeline.waited(PAUSED, seconds)
            self._paused += seconds
        self._paused_at = time if state == "PAUSED" else None

    def _own(self, span: tuple[float, float]) -> float:
        """The seconds of it in which no device hung; asked when the scan is over, for a hang is known at its end."""
        begin, end = span
        return end - begin - self._timeline.hangs_between(begin, end)

    def _close(self, closed: ScanClosed) -> None:
        began, ended = self._began, self._ended
        if began is None or ended is None:
            return
        counting = sum(map(self._own, self._counted))
        hooks = [(owner, self._own(span)) for owner, span in zip(self._owners, self._in_hooks, strict=True)]
        for owner, seconds in hooks:
            if seconds > 1e-9:
                self._timeline.waited(owner, seconds)
        in_hooks = sum(seconds for _, seconds in hooks)
        time = ended.end_time.timestamp() - self._timeline.epoch
        start = began.start_time.timestamp() - self._timeline.epoch
        points = "" if ended.points is None else f", {ended.points} points"
        text = f"scan {began.number} ends: {closed.state} after {span_text(closed.seconds)}{points}"
        self._note(time, "ended", text)
        self._timeline.scans.append(
            ScanSeen(
                *(began.number, began.title, round(start, 3), round(closed.seconds, 3), closed.state, ended.points),
                *(round(counting, 3), round(in_hooks, 3), began.scan_info.get("filename")),
                *(round(self._paused, 3), round(self._timeline.hangs_between(start, start + closed.seconds), 3)),
            )
        )


def _told(failed: Failed) -> str:
    return failed.message + (f" (in {failed.place})" if failed.place else "")


def _first_line(text: str) -> str:
    return re.split(r"[\r\n]", text.strip(), maxsplit=1)[0].strip()
