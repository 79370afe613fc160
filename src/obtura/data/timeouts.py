"""Rows at which a counter that may fail was waited for in vain; with any other the scan ends.

valid           NXcollection
    timeouts    numbers of rows, as it happens; there only where a counter may fail

Which counter it was, the data say: it is NaN in that row. The rows get their bit when the scan ends, or is recovered.
"""

from collections.abc import Iterable

import numpy as np

from obtura.data.columns import Column
from obtura.data.sketch import Node
from obtura.data.tree import column
from obtura.data.validity import Flags, Validity
from obtura.ground.events import WaitedInVain

__all__ = ["Timeouts", "mark_timeouts", "timeout_rows", "timeouts_key"]

_ROW = np.dtype(np.int64)
_FEW = 16
"""Rows of a chunk."""


class Timeouts:
    """Those of one top-master, beside the flags of its rows in the group `valid`."""

    def __init__(self, valid: Node, branch: int) -> None:
        self.column = Column("timeouts", column(valid, "timeouts", _ROW, rows=_FEW).place(), _ROW)
        self.by_name = {timeouts_key(branch): self.column}
        self._rows: set[int] = set()

    def take(self, event: WaitedInVain) -> None:
        """Receive some; nothing is written yet."""
        rows = timeout_rows(event)
        self._rows.update(rows)
        self.column.take(rows)

    def mark(self, flags: Flags) -> None:
        """Mark the rows."""
        mark_timeouts(flags, sorted(self._rows))


def timeouts_key(branch: int) -> str:
    """What the column of a branch is called among those of a file."""
    return f"timeouts {branch}"


def timeout_rows(event: WaitedInVain) -> list[int]:
    """The rows of an event."""
    return list(range(event.first, event.first + event.points))


def mark_timeouts(flags: Flags, rows: Iterable[int]) -> None:
    """Mark rows, as far as they are there and lack something: a point that was taken again may lack nothing."""
    for row in rows:
        flags.mark(int(row), int(row) + 1, Validity.TIMEOUT, among=Validity.NOT_READ)
