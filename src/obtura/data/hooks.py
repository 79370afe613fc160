"""The table of hook calls in a scan's file: who was called when, for how long, and what it raised.

Texts repeat (`ShutterPreset`, `start`), a scan of a million points has millions of rows, and HDF5's
fixed-length texts take their full length in each: so the columns hold row numbers of `names`, where each text
stands once.

`owner`, `hook`, `error`: rows of `names`, -1 for no error. `branch`: 1 for entry 12.1, 0 outside of one.
`point`: -1 outside of one. `start`: s since start_time. `seconds`: how long it took.
"""

from typing import Any

import numpy as np

from obtura.data.columns import Column
from obtura.data.sketch import Node
from obtura.data.tree import column
from obtura.ground.events import HookLeft

__all__ = ["KINDS", "HookRows", "HookTable"]

ROWS = 256
"""Rows of a chunk: most scans call a few hooks only."""

LONGEST = 200
"""Bytes of a text in `names`."""

KINDS: dict[str, np.dtype[Any]] = {
    "owner": np.dtype(np.int32),
    "hook": np.dtype(np.int32),
    "branch": np.dtype(np.int16),
    "point": np.dtype(np.int64),
    "start": np.dtype(np.float64),
    "seconds": np.dtype(np.float64),
    "error": np.dtype(np.int32),
}
"""The columns after `names`, in order."""


class HookRows:
    """Hook calls as rows of the table. `zero`: the clock's time (s) at the scan's start_time."""

    def __init__(self, zero: float) -> None:
        self._zero = zero
        self._names: dict[str, int] = {}

    def row(self, left: HookLeft) -> tuple[list[tuple[int, bytes]], tuple[Any, ...]]:
        """The texts that are new, each with its row of `names`, and the row: a value for each of the columns."""
        new: list[tuple[int, bytes]] = []
        row = (
            self._index(left.owner, new),
            self._index(left.hook, new),
            0 if left.branch is None else left.branch + 1,
            -1 if left.point is None else left.point,
            left.time - left.seconds - self._zero,
            left.seconds,
            -1 if left.error is None else self._index(left.error, new),
        )
        return new, row

    def _index(self, text: str, new: list[tuple[int, bytes]]) -> int:
        index = self._names.get(text)
        if index is None:
            index = self._names[text] = len(self._names)
            encoded = text.replace("\0", " ").encode("utf-8", "backslashreplace")
            new.append((index, encoded[:LONGEST].decode(errors="ignore").encode()))
        return index


class HookTable:
    """The growing table, in a group of its own. `zero`: as for `HookRows`."""

    def __init__(self, parent: Node, zero: float) -> None:
        self._rows = HookRows(zero)
        texts = np.dtype(f"S{LONGEST}")
        self._texts = Column("names", column(parent, "names", texts, rows=32).place(), texts)
        self._columns = [
            Column(name, column(parent, name, kind, rows=ROWS, unit=_unit(name)).place(), kind)
            for name, kind in KINDS.items()
        ]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns; the names come first, so that no row refers to one that is missing."""
        return (self._texts, *self._columns)

    def take(self, left: HookLeft) -> None:
        """Receive one call."""
        new, row = self._rows.row(left)
        for _, text in new:
            self._texts.take((text,))  # type: ignore[arg-type]
        for one, value in zip(self._columns, row, strict=True):
            one.take((value,))


def _unit(name: str) -> str | None:
    return "s" if name in ("start", "seconds") else None
