"""Directories in which this process knows that no crash has left anything.

Who has put a scan away, and was the only one who wrote there, need not look through 10^4 names before the next scan: a
directory tells by its time when a file has come or gone.
"""

import os
from pathlib import Path

__all__ = ["is_in_order", "note_order"]

MOST = 16
"""Directories that are remembered."""

_times: dict[Path, tuple[int, int]] = {}


def note_order(directory: Path) -> None:
    """There is nothing left to recover. The caller still has the lock that keeps others from writing there."""
    _times.pop(directory, None)
    _times[directory] = _time(directory)
    while len(_times) > MOST:
        _times.pop(next(iter(_times)), None)


def is_in_order(directory: Path) -> bool:
    """Whether nothing has come into it, or gone, since that was noted."""
    return directory in _times and _times[directory] == _time(directory)


def _time(directory: Path) -> tuple[int, int]:
    try:
        facts = os.stat(directory)
    except OSError:  # it is gone: the next one is another
        return 0, 0
    return facts.st_ino, facts.st_mtime_ns
