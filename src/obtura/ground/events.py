"""The events of a scan's record, in the order in which things happened.

A scan writes them, consumers (table, saver, plots) read them. They are plain values: a consumer needs
nothing else, neither the scan nor its devices. Of what comes at each point there are thousands in a second: those are
structs that the garbage collector need not look at, and are made in a fifth of the time of a named tuple.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from obtura.ground.channels import Block
from obtura.ground.ragged import RAGGED
from obtura.ground.timing import TimingRow

__all__ = [
    "Attempt",
    "ChannelInfo",
    "Comment",
    "Event",
    "Failed",
    "HookEntered",
    "HookLeft",
    "IterationDone",
    "Metadata",
    "Points",
    "Position",
    "PresetInfo",
    "Row",
    "ScanBegan",
    "ScanClosed",
    "ScanEnded",
    "Source",
    "StateChanged",
    "SubScan",
    "Text",
    "Timed",
    "WaitedInVain",
    "is_coloured",
    "unfolded",
]


def is_coloured(shape: tuple[int, ...]) -> bool:
    """Whether points of this shape are frames in colour: (height, width, 3) with red, green and blue."""
    return len(shape) == 3 and shape[2] == 3


class ChannelInfo(NamedTuple):
    """What a consumer knows of a channel.

    `role` is "timer", "axis" or "counter"; `branch` counts the top-masters from 0; `device` is the name of
    the acquisition object; `per_point`: one point an iteration is expected, so that rows can be formed.
    `compression`: of frames in files, one of `COMPRESSIONS`; None: as is usual where they are saved. `may_fail`: NaN
    says that its counter could not be read, and the scan goes on. `inside`: of frames that their detector writes into a
    file of its own, where in it they are; a point is the number of a frame there. Empty: they are in the record.
    `dtype`: as numpy calls it; "str": a point is a text, see `texts`.
    """

    name: str
    short_name: str
    dtype: str
    shape: tuple[int, ...]
    unit: str | None
    role: str
    branch: int
    device: str
    per_point: bool
    compression: str | None = None
    may_fail: bool = False
    inside: str = ""

    @property
    def is_frame(self) -> bool:
        """Whether a point is a frame: an image, or something larger still. Frames are not kept in memory all."""
        return len(self.shape) > 1

    @property
    def is_ragged(self) -> bool:
        """Whether a point is an array of any length; a block is an array of such arrays then."""
        return self.shape == RAGGED

    @property
    def is_text(self) -> bool:
        """Whether a point is a text."""
        return self.dtype == "str"


class Source(NamedTuple):
    """Where a class is written. `name`: in full, with its module; `file`: "" where there is none.

    `sha256`: of that file as it was when the class was first used, in hexadecimal digits; without a file, of `text`:
    the class as it was typed. Empty what is not known.
    """

    name: str = ""
    file: str = ""
    sha256: str = ""
    text: str = ""


class PresetInfo(NamedTuple):
    """A preset that is active in the scan. `level` is "scan" or "chain", `branch` is None for a scan preset.

    Those of one level and branch are in the order in which they are entered.
    """

    name: str
    level: str
    branch: int | None
    parameters: Mapping[str, str]
    source: Source = Source()


class Position(NamedTuple):
    """The position of an axis, in its unit."""

    value: float
    unit: str | None


class ScanBegan(NamedTuple):
    """The scan was validated and numbered; no preset was entered yet.

    `scan_info` holds at least `session_name`, `user_name`, `npoints` (0: unknown), `count_time` (s, or None),
    `type`, `save`, `filename` (None: not saved). `metadata`: per acquisition object, what
    `get_acquisition_metadata` returned. `positioners`: every axis of the session.
    `branches`: the names of the top-masters. `later`: the timings (PREPARED, END) at which `Metadata` will follow.
    `configuration`: name and text of each file of YAML that the session was made of.
    `retakes`: the branches whose points may be taken again, so that there may be `Attempt`s.
    """

    number: int
    name: str
    title: str
    start_time: datetime
    scan_info: Mapping[str, Any]
    branches: tuple[str, ...]
    channels: tuple[ChannelInfo, ...]
    presets: tuple[PresetInfo, ...]
    metadata: Mapping[str, Mapping[str, Any]]
    positioners: Mapping[str, Position]
    later: tuple[str, ...] = ()
    configuration: tuple[tuple[str, str], ...] = ()
    retakes: tuple[int, ...] = ()


class HookEntered(NamedTuple):
    """A hook of a preset is about to be called. `branch`, `point` are None outside of one. `time`: s, clock."""

    owner: str
    hook: str
    branch: int | None
    point: int | None
    time: float


class HookLeft(NamedTuple):
    """The hook returned after `seconds`, or raised `error` (one line)."""

    owner: str
    hook: str
    branch: int | None
    point: int | None
    time: float
    seconds: float
    error: str | None


class Points(Struct, frozen=True, gc=False):
    """New points of channel number `channel` of `ScanBegan.channels`; the first has index `first`.

    Frames (`ChannelInfo.is_frame`) are handed only to consumers that take them (`Consumer.takes_frames`).
    """

    channel: int
    first: int
    values: Block


class Row(Struct, frozen=True, gc=False):
    """A new number of each of several channels; in all of them it has index `first`.

    Handed only to consumers that take rows (`Consumer.takes_rows`); to others, as the `points` that it is made of.
    """

    channels: tuple[int, ...]
    first: int
    values: tuple[float, ...]

    @property
    def points(self) -> tuple[Points, ...]:
        """The same, channel by channel."""
        return tuple(
            Points(channel, self.first, (value,)) for channel, value in zip(self.channels, self.values, strict=True)
        )


class WaitedInVain(NamedTuple):
    """A device did not give some `points` of a channel in time, the first has index `first`; NaN follows as `Points`.

    Only of counters that may fail: with any other the scan ends.
    """

    channel: int
    first: int
    points: int


class Attempt(NamedTuple):
    """Iteration `point` was taken and is not kept, for a `reason`; as a rule it is taken again.

    `attempt` counts from 0. `values`: by channel the blocks of points that it has emitted, but for frames.
    """

    branch: int
    point: int
    attempt: int
    time: float
    reason: str
    values: Mapping[int, tuple[Block, ...]]


class IterationDone(Struct, frozen=True, gc=False):
    """The devices of a branch finished iteration `point`; from first start to last ready took `counting` s."""

    branch: int
    point: int
    time: float
    counting: float


class StateChanged(NamedTuple):
    """The scan has a new state; `state` is the name of a `ScanState`."""

    state: str
    time: float


class Comment(NamedTuple):
    """Somebody's words about the scan."""

    time: datetime
    text: str


class Metadata(NamedTuple):
    """What devices, and the user's categories, say of themselves later than in `ScanBegan`.

    `timing` is PREPARED or END. `devices`: per acquisition object or device; `categories`: per category, then per name.
    """

    timing: str
    devices: Mapping[str, Mapping[str, Any]]
    categories: Mapping[str, Mapping[str, Any]]


class SubScan(NamedTuple):
    """A scan became part of this one, a sequence. `entries`: its entries in `filename`, none when it is not saved."""

    number: int
    name: str
    filename: str | None
    entries: tuple[str, ...]


class Text(NamedTuple):
    """Text written by a hook, a device or a callback; `stream` is "stdout" or "stderr"."""

    stream: str
    text: str


class Failed(NamedTuple):
    """Something failed, or Ctrl-C came: `message` in one line, `place` says what was called and before which point.

    `time`: s, clock. `points`: of each branch the last point that was begun, -1 before the first.
    """

    message: str
    place: str
    time: float
    points: tuple[int, ...]


class Timed(NamedTuple):
    """Where the time went, until everything was left; `ScanEnded` follows. What savers need to finish is not in it."""

    rows: tuple[TimingRow, ...]


class ScanEnded(NamedTuple):
    """Everything was left; no more points. `end_reason` is SUCCESS, USER_ABORT or FAILURE.

    A saver that returns from receiving this has everything on disk. `cut`: the branches that were left in the middle
    of a point, so that some of their channels may have one point more than others. `points`: how many complete points
    the first branch has, which is what is kept of it; None: not known. `stopped`: of branches that were left in the
    middle of a point, that point, where one point is one row: if it has a row nevertheless, its devices have given what
    they had when they were stopped. `in_vain`: it ended since a device was waited for in vain.
    """

    end_time: datetime
    end_reason: str
    message: str
    positioners: Mapping[str, Position]
    cut: tuple[int, ...] = ()
    points: int | None = None
    stopped: Mapping[int, int] = MappingProxyType({})
    in_vain: bool = False


class ScanClosed(NamedTuple):
    """The last event: savers have acknowledged. `state` is DONE, USER_ABORTED or KILLED; `seconds` in all."""

    state: str
    seconds: float
    errors: tuple[str, ...]


Event: TypeAlias = (
    ScanBegan
    | HookEntered
    | HookLeft
    | Points
    | Row
    | WaitedInVain
    | Attempt
    | IterationDone
    | StateChanged
    | Text
    | Comment
    | Metadata
    | SubScan
    | Failed
    | Timed
    | ScanEnded
    | ScanClosed
)


def unfolded(events: Sequence[Event]) -> list[Event]:
    """The same events, but for each `Row` the points that it is made of."""
    return [each for event in events for each in (event.points if type(event) is Row else (event,))]
