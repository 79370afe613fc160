"""Attempts at points that were not kept: they were taken again, or the scan ended before they were accepted.

attempts        NXcollection, only in entries of top-masters whose points may be taken again; a row an attempt
    point       the row of the data that it was for
    attempt     from 0 for each point
    time        when it was over, s since start_time
    reason      why it was not kept
    flags       the same as bits, see `validity`: beam_lost of a reason that begins with "beam lost"; 0 of others
    ...         what was measured, by the names of `measurement`; NaN, or an empty text, for what gave nothing. Whole
                numbers are kept as floats for that; frames, and arrays whose length changes, are not kept.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from obtura.data.columns import Column, dtype_of
from obtura.data.sketch import Node
from obtura.data.tree import column, group
from obtura.data.validity import Flags, Validity
from obtura.ground.events import Attempt, ChannelInfo
from obtura.ground.texts import NOT_READ

__all__ = ["AttemptTable", "attempt_rows", "mark_retaken", "points_key"]

BEAM_LOST = "beam lost"
"""How a reason begins that has a bit of its own."""

_OWN: dict[str, np.dtype[Any]] = {
    "point": np.dtype(np.int64),
    "attempt": np.dtype(np.int64),
    "time": np.dtype(np.float64),
    "reason": np.dtype("S200"),
    "flags": np.dtype(np.uint8),
}

_FEW = 16
"""Rows of a chunk."""


class AttemptTable:
    """The group of one top-master. `channels`: by number, what is known of each; `names`: what it is called there."""

    def __init__(self, entry: Node, branch: int, channels: Mapping[int, ChannelInfo], names: Mapping[int, str]) -> None:
        home = group(entry, "attempts", "NXcollection")
        self.by_name: dict[str, Column] = {}
        self._points: set[int] = set()
        self._key_of_points = points_key(branch)
        for name, kind in _OWN.items():
            made = column(home, name, kind, rows=_FEW, unit="s" if name == "time" else None)
            self.by_name[_key(branch, name)] = Column(name, made.place(), kind)
        for number, info in channels.items():
            if info.is_frame or info.is_ragged:
                continue
            name, kind = names[number], _kind(info)
            label = f"{name}_channel" if name in _OWN else name
            made = column(home, label, kind, info.shape, _FEW, info.unit)
            self.by_name[_key(branch, number)] = Column(label, made.place(), kind, info.shape)

    def mark(self, flags: Flags) -> None:
        """Mark the rows that were not the first attempt."""
        mark_retaken(flags, self._points)

    def take(self, rows: Mapping[str, list[Any]]) -> None:
        """Receive what `attempt_rows` gave; nothing is written yet."""
        self._points.update(rows[self._key_of_points])
        for name, one in self.by_name.items():
            one.take(rows[name])


def points_key(branch: int) -> str:
    """What the column of a branch's points that were taken again is called among those of a file."""
    return _key(branch, "point")


def mark_retaken(flags: Flags, points: Iterable[int]) -> None:
    """Mark rows, as far as they are there: they were not the first attempt."""
    for point in points:
        flags.mark(int(point), int(point) + 1, Validity.RETAKEN)


def attempt_rows(event: Attempt, channels: tuple[ChannelInfo, ...], zero: float) -> dict[str, list[Any]]:
    """An attempt as new rows of the columns of its table, by their keys. `zero`: the clock's time at start_time."""
    reason = event.reason.replace("\0", " ").encode("utf-8", "backslashreplace")
    rows: dict[str, list[Any]] = {
        _key(event.branch, "point"): [event.point],
        _key(event.branch, "attempt"): [event.attempt],
        _key(event.branch, "time"): [event.time - zero],
        _key(event.branch, "flags"): [Validity.BEAM_LOST if event.reason.startswith(BEAM_LOST) else 0],
        _key(event.branch, "reason"): [reason[: _OWN["reason"].itemsize].decode(errors="ignore").encode()],
    }
    for number, info in enumerate(channels):
        if info.branch == event.branch and not (info.is_frame or info.is_ragged):
            blocks = event.values.get(number)
            value = blocks[-1][-1] if blocks else NOT_READ if info.is_text else np.full(info.shape, np.nan)
            rows[_key(event.branch, number)] = [value if info.is_text else np.asarray(value, _kind(info))]
    return rows


def _key(branch: int, what: str | int) -> str:
    return f"attempt {branch} {what}"


def _kind(info: ChannelInfo) -> np.dtype[Any]:
    dtype = dtype_of(info)
    return dtype if dtype.kind in "fcO" else np.dtype(np.float64)
