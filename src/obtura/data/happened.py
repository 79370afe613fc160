"""What happened in a saved scan: comments, interruptions, points that are not as they should be."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.contents import text_of
from obtura.data.notes import is_full
from obtura.data.validity import BITS
from obtura.ground.events import Comment

__all__ = ["Interruption", "Retake", "comments_of", "flags_of", "happened", "interruptions_of", "retakes_of"]

MOST_TOLD = 10
"""Lines of one kind."""


class Interruption(NamedTuple):
    """Ctrl-C, an error, the end of the process: `message` in one line, `place` says what was called then.

    `time`: s since the scan's start. `point`: the last that was begun, -1 before the first.
    """

    message: str
    place: str
    time: float
    point: int


def comments_of(entry: h5py.Group) -> list[Comment]:
    """The comments of an entry, in their order."""
    found: list[Comment] = []
    goes_on = False
    for date, row in zip(_rows(entry, "comments/date"), _rows(entry, "comments/data"), strict=False):
        time, text = datetime.fromisoformat(date.decode()), row.decode(errors="replace")
        if goes_on and found[-1].time == time:
            found[-1] = Comment(time, found[-1].text + text)
        else:
            found.append(Comment(time, text))
        goes_on = is_full(row)
    return found


def interruptions_of(entry: h5py.Group) -> list[Interruption]:
    """The interruptions of an entry, in their order; of a file that was written before they were kept its one error."""
    branch = int(str(entry.name).rpartition(".")[2]) - 1
    if "interruptions" not in entry:
        message = text_of(entry, "end_message")
        return [Interruption(message, "", np.nan, -1)] if message else []
    columns = [_rows(entry, f"interruptions/{name}") for name in ("message", "place", "time", "point")]
    return [
        Interruption(message.decode(errors="replace"), place.decode(errors="replace"), float(time), int(points[branch]))
        for message, place, time, points in zip(*columns, strict=False)
    ]


class Retake(NamedTuple):
    """An attempt (from 0) at a point that was not kept, `time` (s) after the scan's start, and why."""

    point: int
    attempt: int
    time: float
    reason: str


def retakes_of(entry: h5py.Group) -> list[Retake]:
    """The attempts of an entry that were not kept, in their order."""
    columns = [_rows(entry, f"attempts/{name}") for name in ("point", "attempt", "time", "reason")]
    return [
        Retake(int(point), int(attempt), float(time), reason.decode(errors="replace"))
        for point, attempt, time, reason in zip(*columns, strict=False)
    ]


def happened(entry: h5py.Group, points: int) -> list[tuple[str, str]]:
    """What `obtura show` says of it: kind and words, a line each.

    Points that are not good, attempts that were not kept, interruptions, and what was said: pauses are there.
    """
    flags = flags_of(entry, points)
    marked = [(bit, int(np.count_nonzero(flags >> place & 1))) for place, bit in enumerate(BITS)]
    flagged = ", ".join(f"{count} {bit}" for bit, count in marked if count)
    retakes = retakes_of(entry)
    interruptions = [
        f"point {one.point}, {one.time:.3g} s: {one.message}" if one.point >= 0 else f"{one.time:.3g} s: {one.message}"
        for one in interruptions_of(entry)
    ]
    return [
        *([("flags", flagged)] if flagged else []),
        *([("again", _again(retakes))] if retakes else []),
        *_some("interrupted", interruptions),
        *_some("comment", [f"{one.time:%H:%M:%S} {one.text.strip()}" for one in comments_of(entry)]),
    ]


def _again(retakes: list[Retake]) -> str:
    """How many attempts were not kept, at how many points, and why."""
    points = len({one.point for one in retakes})
    reasons = Counter(one.reason for one in retakes).most_common(MOST_TOLD)
    why = "; ".join(f"{reason} ({count} times)" if count > 1 else reason for reason, count in reasons)
    attempts = "1 attempt" if len(retakes) == 1 else f"{len(retakes)} attempts"
    return f"{attempts} at {'1 point' if points == 1 else f'{points} points'} not kept: {why}"


def _some(kind: str, lines: list[str]) -> list[tuple[str, str]]:
    more = len(lines) - MOST_TOLD
    return [(kind, line) for line in lines[:MOST_TOLD]] + ([(kind, f"... and {more} more")] if more > 0 else [])


def flags_of(entry: h5py.Group, points: int) -> npt.NDArray[np.uint8]:
    """The flags of an entry, a number a row; all good in a file that was written before there were any."""
    flags = entry.get("valid/flags")
    return np.asarray(flags[:]) if isinstance(flags, h5py.Dataset) else np.zeros(points, np.uint8)


def _rows(entry: h5py.Group, path: str) -> npt.NDArray[np.generic]:
    """A column of what happened; in a running scan one may be a row ahead of another."""
    found = entry.get(path)
    return np.asarray(found[:]) if isinstance(found, h5py.Dataset) else np.empty(0)
