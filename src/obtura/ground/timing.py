"""What the time of a scan was spent for: one row of the table."""

from typing import NamedTuple

__all__ = ["PHASES", "TimingRow"]

PHASES = ("open", "prepare", "points", "leave", "close")
"""Of a scan, in order."""


class TimingRow(NamedTuple):
    """All calls of one sort in one phase of a scan.

    `kind`: counting, motion, waiting (on purpose), device, hook, saver, viewer, paused, branches (they run, on threads
    of their own), hooks (a branch waits for its own), last step, engine. `owner` and `what`: whose call, and which;
    `calls`: how many.
    `branch`: None on the thread that ran the scan, else the top-master, from 0, on whose own thread.

    `seconds`: so long the thread was in them, or waited for them; those of one thread sum to the whole time. `busy`:
    how long they took, wherever they ran, which may have been at the same time as others. Times in calls within a call
    are not in its own. `longest`: the longest call, in s, at `point`; None: at none. A call that is in
    part counting, say, has a row for each part, and `longest` is that of the part. A call under way counts.
    """

    phase: str
    kind: str
    owner: str
    what: str
    branch: int | None
    calls: int
    seconds: float
    busy: float
    longest: float
    point: int | None
