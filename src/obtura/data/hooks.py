"""The table of hook calls in a scan's file: who was called when, for how long, and what it raised.

Texts repeat (`ShutterPreset`, `start`), a scan of a million points has millions of rows, and HDF5's
fixed-length texts take their full length in each: so the columns hold row numbers of `names`, where each text
stands once.

`owner`, `hook`, `error`: rows of `names`, -1 for no error. `branch`: 1 for entry 12.1, 0 outside of one.
`point`: -1 outside of one. `start`: s since start_time. `seconds`: how long it took.
"""

from typing import Any

import numpy as np
from h5py import h5g

from obtura.data.columns import Column
from obtura.data.tree import column
from obtura.ground.events import HookLeft

__all__ = ["HookTable"]

ROWS = 256
"""Rows of a chunk: most scans call a few hooks only."""

LONGEST = 200
"""Bytes of a text in `names`."""

_KINDS: dict[str, np.dtype[Any]] = {
    "owner": np.dtype(np.int32),
    "hook": np.dtype(np.int32),
    "branch": np.dtype(np.int16),
    "point": np.dtype(np.int64),
    "start": np.dtype(np.float64),
    "seconds": np.dtype(np.float64),
    "error": np.dtype(np.int32),
}


class HookTable:
    """The growing table, in a group of its own. `zero`: the clock's time (s) at the scan's start_time."""

    def __init__(self, parent: h5g.GroupID, zero: float) -> None:
        self._zero = zero
        self._names: dict[str, int] = {}
        texts = np.dtype(f"S{LONGEST}")
        self._texts = Column("names", column(parent, "names", texts, rows=32), texts)
        self._columns = {
            name: Column(name, column(parent, name, kind, rows=ROWS, unit=_unit(name)), kind)
            for name, kind in _KINDS.items()
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns; the names come first, so that no row refers to one that is missing."""
        return (self._texts, *self._columns.values())

    def take(self, left: HookLeft) -> None:
        """Receive one call."""
        row: dict[str, Any] = {
            "owner": self._index(left.owner),
            "hook": self._index(left.hook),
            "branch": 0 if left.branch is None else left.branch + 1,
            "point": -1 if left.point is None else left.point,
            "start": left.time - left.seconds - self._zero,
            "seconds": left.seconds,
            "error": -1 if left.error is None else self._index(left.error),
        }
        for name, value in row.items():
            self._columns[name].take((value,))

    def _index(self, text: str) -> int:
        index = self._names.setdefault(text, len(self._names))
        if index == self._texts.received:
            encoded = text.replace("\0", " ").encode("utf-8", "backslashreplace")
            self._texts.take((encoded[:LONGEST].decode(errors="ignore").encode(),))  # type: ignore[arg-type]
        return index


def _unit(name: str) -> str | None:
    return "s" if name in ("start", "seconds") else None
