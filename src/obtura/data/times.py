"""Where the time of a scan went, as a table in its file: a row for each sort of call; see `TimingRow`.

`branch`: 1 for entry 12.1, 0 on the thread that ran the scan. `point`: -1 at none. `seconds`, `busy`, `longest` in s.

The table is written as a whole when everything is left: what savers need after that is not in it. The file of a scan
that was killed has none.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import h5py
import numpy as np

from obtura.ground.timing import TimingRow
from obtura.ground.timings import Timings

__all__ = ["RAW", "TIMES", "time_rows", "timings_of"]

LONGEST = 80
"""Bytes of a name."""

_KILLED = "where its time went is not known: its process ended before the scan was left"

_OLDER = "where its time went is not known: its file was written without times"

_WHY_NOTHING = {
    "running": "where its time went is not in the file yet: it still runs; `scan.timing()` in its process says it",
    "spooled": "where its time went is still in the spool: `obtura recover` brings it into the file",
}
"""By the state of the scan."""

_NAME = h5py.string_dtype("utf-8", LONGEST)
_WORD = h5py.string_dtype("utf-8", 12)

TIMES = np.dtype(
    [
        ("phase", _WORD),
        ("kind", _WORD),
        ("owner", _NAME),
        ("what", _NAME),
        ("branch", np.int16),
        ("calls", np.int64),
        ("seconds", np.float64),
        ("busy", np.float64),
        ("longest", np.float64),
        ("point", np.int64),
    ]
)
"""A row of the table."""

RAW = np.dtype((np.void, TIMES.itemsize))
"""The bytes of a row; journals name the types of columns, and one of fields has no name."""


def time_rows(rows: Sequence[TimingRow]) -> list[np.void]:
    """Rows as they are in the table, their bytes."""
    values = [
        (
            *(_encoded(text) for text in row[:4]),
            0 if row.branch is None else row.branch + 1,
            *row[5:9],
            -1 if row.point is None else row.point,
        )
        for row in rows
    ]
    return list(np.array(values, TIMES).view(RAW))


@lru_cache(maxsize=1024)  # the same calls come in each scan
def _encoded(text: str) -> bytes:
    """As much of it as fits; HDF5 has no place for a NUL."""
    encoded = text.replace("\0", " ").encode("utf-8", "backslashreplace")
    return encoded[:LONGEST].decode(errors="ignore").encode()


def timings_of(entry: h5py.Group, title: str, state: str = "finished") -> Timings:
    """What an entry says of a scan in such a state; without rows where it says nothing, and in words why it doesn't."""
    table = entry.get("timing/table")
    if not isinstance(table, h5py.Dataset):
        return Timings(title, [], _OLDER)
    rows = [_row(each) for each in table[:].tolist()]
    return Timings(title, rows, "" if rows else _WHY_NOTHING.get(state, _KILLED))


def _row(values: tuple[Any, ...]) -> TimingRow:
    *texts, branch, calls, seconds, busy, longest, point = values
    phase, kind, owner, what = (text.decode(errors="replace") for text in texts)
    on_branch, at = branch - 1 if branch else None, point if point >= 0 else None
    return TimingRow(phase, kind, owner, what, on_branch, calls, seconds, busy, longest, at)
