"""What is said about a scan while it runs: comments, what went wrong, and the facts of devices at PREPARED and END.

While readers look on nothing can be made in the file, only added to what is there: so these are growing columns of
texts, made beforehand, empty.

comments            NXcollection   `data`: a text a row, `date`: when (an NXnote has one date)
interruptions       NXcollection   a row for Ctrl-C, for each error, for a kill: the first is why the scan ended so
                                   `message`, `place` (what was called), `time` (s since start_time), and `point`: for
                                   each top-master the last point that was begun, -1 before the first
timing              NXcollection   `table`: where the time went, see `times`
metadata_prepared   NXnote         `data`: JSON; its rows joined: {"devices": {...}, "sample": {...}}
metadata_end        NXnote         the same, at the end
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from obtura.data.columns import Column
from obtura.data.common import as_json, iso
from obtura.data.place import encoded
from obtura.data.sketch import Node
from obtura.data.times import RAW, TIMES, time_rows
from obtura.data.tree import attribute, column, group, text
from obtura.ground.events import Comment, Failed, Metadata, ScanBegan, Timed

__all__ = ["Notes", "is_full", "note_rows"]

ROW = 1000
"""Bytes of a row; a longer text goes on in the next."""

_TEXT = np.dtype(f"S{ROW}")
_DATE = np.dtype("S40")
_PLACE = np.dtype("S200")
_FEW = 4
"""Rows of a chunk of `interruptions`."""
_ROWS_OF_TIMES = 32


class Notes:
    """The groups of one scan, in its first entry. `zero`: the clock's time (s) at the scan's start_time."""

    def __init__(self, entry: Node, began: ScanBegan, zero: float) -> None:
        self._zero = zero
        comments = group(entry, "comments", "NXcollection")
        self._texts = _column(comments, "data", _TEXT)
        self._dates = _column(comments, "date", _DATE)
        self._later = {
            timing: _column(_note(entry, f"metadata_{timing.lower()}"), "data", _TEXT) for timing in began.later
        }
        timing = group(entry, "timing", "NXcollection")
        table = column(timing, "table", TIMES, rows=_ROWS_OF_TIMES)
        attribute(table, "description", "where the time went: seconds, busy and longest are in s")
        self._times = Column("table", table.place(), RAW)
        home = group(entry, "interruptions", "NXcollection")
        kinds = {"message": _TEXT, "place": _PLACE, "time": np.dtype(np.float64)}
        self._failed = {f"failed_{name}": _column(home, name, kind, _FEW) for name, kind in kinds.items()}
        shape, point = (len(began.branches),), np.dtype(np.int64)
        made = column(home, "point", point, shape, _FEW)
        self._failed["failed_point"] = Column("point", made.place(), point, shape)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All that grows."""
        return tuple(self.by_name.values())

    @property
    def by_name(self) -> dict[str, Column]:
        """The columns by what `note_rows` calls them."""
        return {"texts": self._texts, "dates": self._dates, "times": self._times, **self._later, **self._failed}

    def take(self, event: Comment | Metadata | Failed | Timed) -> None:
        """Receive one; nothing is written yet."""
        for name, rows in note_rows(event, self._zero).items():
            if name in self.by_name:
                self.by_name[name].take(rows)


def note_rows(event: Comment | Metadata | Failed | Timed, zero: float) -> dict[str, list[Any]]:
    """What is said, as new rows of columns: texts and dates, those of a timing, times, or one of `interruptions`."""
    if isinstance(event, Timed):
        return {"times": time_rows(event.rows)}
    if isinstance(event, Failed):
        return {
            "failed_message": [_cut(event.message, ROW)],
            "failed_place": [_cut(event.place, _PLACE.itemsize)],
            "failed_time": [event.time - zero],
            "failed_point": [list(event.points)],
        }
    if isinstance(event, Comment):
        rows = _rows(event.text)
        return {"texts": rows, "dates": [iso(event.time).encode()] * len(rows)}
    facts: Mapping[str, Any] = {"devices": event.devices, **event.categories}
    return {event.timing: _rows(as_json(facts))}


def _note(entry: Node, name: str) -> Node:
    made = group(entry, name, "NXnote")
    text(made, "type", "application/json")
    return made


def _column(parent: Node, name: str, dtype: np.dtype[Any], rows: int = 16) -> Column:
    unit = "s" if name == "time" else None
    return Column(name, column(parent, name, dtype, rows=rows, unit=unit).place(), dtype)


def _cut(words: str, size: int) -> bytes:
    """The text, or as much of it as fits, with an ellipsis."""
    whole, mark = encoded(words), "…".encode()
    return whole if len(whole) <= size else whole[: size - len(mark)].decode(errors="ignore").encode() + mark


def is_full(row: bytes) -> bool:
    """Whether the text of a row goes on in the next: there was no room for another character."""
    return len(row) > ROW - 4


def _rows(words: str) -> list[bytes]:
    """The text in rows that fit, none of which ends inside of a character."""
    rows: list[bytes] = []
    rest = encoded(words)
    while rest:
        row = rest[:ROW].decode(errors="ignore").encode()
        rows.append(row)
        rest = rest[len(row) :]
    return rows
