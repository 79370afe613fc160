"""The local spool: where scans go on whose own disk is full or gone, and what is known of those that are there.

<spool>/1f0a9c3e-scan0012.journal      what came since then, by the hash of the scan's path
"""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import platformdirs

from obtura.data.journal import read_journal
from obtura.data.layout import journal_file, master_of

__all__ = ["InSpool", "default_spool", "in_spool", "masters_in", "scan_of", "spooled"]


class InSpool(NamedTuple):
    """A scan whose data are in the spool, in the file `path`, until `obtura recover` moves them home.

    `end_reason`, `end_time`: empty when its process ended before the scan did. `points`: complete ones, of each
    top-master; empty when that can't be read.
    """

    path: Path
    end_reason: str
    end_time: str
    points: tuple[int, ...]


def default_spool() -> Path:
    """The directory for scans whose own is full or gone: $OBTURA_SPOOL, else one in the account's state directory."""
    given = os.environ.get("OBTURA_SPOOL")
    return Path(given) if given else platformdirs.user_state_path("obtura") / "spool"


def spooled(spool: Path) -> list[Path]:
    """The journals in a spool."""
    return sorted(spool.glob("*.journal")) if spool.is_dir() else []


def scan_of(journal: Path) -> Path | None:
    """The file of the scan that a journal is about; None when it has no beginning, or one of another version."""
    try:
        first = next(read_journal(journal), None)
    except ValueError:
        return None
    return None if first is None else Path(first.content[0].scan)


def masters_in(spool: Path) -> list[Path]:
    """The masters of the scans in a spool, one for each scan."""
    return [master_of(scan) for journal in spooled(spool) if (scan := scan_of(journal)) is not None]


def in_spool(scan: Path) -> InSpool | None:
    """What the spool has of a scan, by the scan's file, which need not be there; None: nothing."""
    own = os.path.realpath(scan)
    for journal in spooled(default_spool()):
        about = scan_of(journal)
        if about is not None and os.path.realpath(about) == own:
            return _known(scan, journal)
    return None


def _known(scan: Path, journal: Path) -> InSpool:
    seen = _Seen()
    with suppress(OSError):  # the disk of the first part is gone
        seen.look_into(journal_file(scan))
    seen.look_into(journal)
    return InSpool(journal, seen.end["end_reason"], seen.end["end_time"], seen.points)


class _Seen:
    """What the journals of a scan say, without the data. `end`: how it ended."""

    def __init__(self) -> None:
        self.end = {"end_reason": "", "end_time": ""}
        self._steps: Sequence[Sequence[int]] = ()
        self._counts: Counter[int] = Counter()

    def look_into(self, journal: Path) -> None:
        rows: Sequence[Sequence[int]] = ()
        for kind, content in read_journal(journal, frames=False):
            if kind == "H":
                self._steps, rows = content[0].steps, content[0].rows
            elif kind == "R":
                branch, index, _ = content
                for column in rows[branch]:
                    self._counts[column] = index + 1
            elif kind == "B":
                column, first, points = content
                self._counts[column] = max(self._counts[column], first + len(points))
            elif kind == "J" and content["what"] == "end":
                self.end = content

    @property
    def points(self) -> tuple[int, ...]:
        return tuple(min((self._counts[column] for column in step), default=0) for step in self._steps)
