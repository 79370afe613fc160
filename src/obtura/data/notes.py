"""What is said about a scan while it runs: comments, and the facts of devices at PREPARED and END.

While readers look on nothing can be made in the file, only added to what is there: so these are growing columns of
texts, made beforehand, empty.

comments            NXcollection   `data`: a text a row, `date`: when (an NXnote has one date)
metadata_prepared   NXnote         `data`: JSON; its rows joined: {"devices": {...}, "sample": {...}}
metadata_end        NXnote         the same, at the end
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from h5py import h5g

from obtura.data.columns import Column
from obtura.data.common import as_json, iso
from obtura.data.tree import column, group, text
from obtura.ground.events import Comment, Metadata, ScanBegan

__all__ = ["Notes", "note_rows"]

ROW = 1000
"""Bytes of a row; a longer text goes on in the next."""

_TEXT = np.dtype(f"S{ROW}")
_DATE = np.dtype("S40")


class Notes:
    """The groups of one scan, in its first entry."""

    def __init__(self, entry: h5g.GroupID, began: ScanBegan) -> None:
        comments = group(entry, "comments", "NXcollection")
        self._texts = _column(comments, "data", _TEXT)
        self._dates = _column(comments, "date", _DATE)
        self._later = {
            timing: _column(_note(entry, f"metadata_{timing.lower()}"), "data", _TEXT) for timing in began.later
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        """All that grows."""
        return (self._texts, self._dates, *self._later.values())

    @property
    def by_name(self) -> dict[str, Column]:
        """The columns by what `note_rows` calls them."""
        return {"texts": self._texts, "dates": self._dates, **self._later}

    def take(self, event: Comment | Metadata) -> None:
        """Receive one; nothing is written yet."""
        for name, rows in note_rows(event).items():
            if name in self.by_name:
                self.by_name[name].take(rows)  # type: ignore[arg-type]


def note_rows(event: Comment | Metadata) -> dict[str, list[bytes]]:
    """What is said, as new rows of columns: texts and dates, or those of a timing."""
    if isinstance(event, Comment):
        rows = _rows(event.text)
        return {"texts": rows, "dates": [iso(event.time).encode()] * len(rows)}
    facts: Mapping[str, Any] = {"devices": event.devices, **event.categories}
    return {event.timing: _rows(as_json(facts))}


def _note(entry: h5g.GroupID, name: str) -> h5g.GroupID:
    made = group(entry, name, "NXnote")
    text(made, "type", "application/json")
    return made


def _column(parent: h5g.GroupID, name: str, dtype: np.dtype[Any]) -> Column:
    return Column(name, column(parent, name, dtype, rows=16), dtype)


def _rows(words: str) -> list[bytes]:
    """The text in rows that fit, none of which ends inside of a character."""
    rows: list[bytes] = []
    rest = words.replace("\0", " ").encode("utf-8", "backslashreplace")
    while rest:
        row = rest[:ROW].decode(errors="ignore").encode()
        rows.append(row)
        rest = rest[len(row) :]
    return rows
