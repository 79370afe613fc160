"""Where the time of a scan went: a table of what it was spent for."""

import shutil
import sys
from collections.abc import Iterable
from typing import Any

from obtura.ground.timing import TimingRow
from obtura.ground.waterfall import ENGINE, KINDS, duration, waterfall

__all__ = ["Timings"]


class Timings:
    """Where the time of a scan went. `rows`: every sort of call. Printed, it is a waterfall.

    `partial`: in words why it is not all of it, or nothing; empty when it is all.
    """

    def __init__(self, title: str, rows: Iterable[TimingRow], partial: str = "") -> None:
        self.title = title
        self.rows = tuple(rows)
        self.partial = partial

    @property
    def branches(self) -> list[int]:
        """The top-masters that had threads of their own."""
        return sorted({row.branch for row in self.rows if row.branch is not None})

    def of(self, branch: int | None = None) -> tuple[TimingRow, ...]:
        """The rows of the thread that ran the scan, or of that of a branch."""
        return tuple(row for row in self.rows if row.branch == branch)

    def seconds(self, kind: str | None = None, branch: int | None = None) -> float:
        """How long it took, or what of it was of one kind, in s."""
        return sum(row.seconds for row in self.of(branch) if kind in (None, row.kind))

    @property
    def summary(self) -> str:
        """In a line: `1.33 s: counting 19 %, motion 73 %, device 1 %, engine 7 %`; empty when nothing is known."""
        whole = self.seconds()
        if not whole:
            return ""
        shares = dict.fromkeys(KINDS, 0.0)
        for row in self.of():
            shares[row.kind if row.kind in shares else ENGINE] += row.seconds / whole
        told = [f"{kind} {100 * share:.0f} %" for kind, share in shares.items() if share >= 0.005]
        return f"{duration(whole)}: {', '.join(told)}"

    def text(self, width: int, blocks: bool = True) -> str:
        """The waterfall in lines of at most `width` characters; `blocks`: bars of more than ASCII."""
        head = f"{self.title}: {self.partial}" if self.partial else self.title
        if self.partial and not self.rows:
            return head
        parts = [f"{head}\n{waterfall(self.of(), width, blocks)}"]
        parts += [f"branch {branch + 1}\n{waterfall(self.of(branch), width, blocks)}" for branch in self.branches]
        return "\n\n".join(parts)

    def on(self, stream: Any) -> str:
        """The waterfall as it fits a stream: its width, and whether it knows more than ASCII."""
        try:
            "█".encode(getattr(stream, "encoding", None) or "ascii")
        except (UnicodeEncodeError, LookupError):
            return self.text(_width(), blocks=False)
        return self.text(_width())

    def __str__(self) -> str:
        return self.on(sys.stdout)

    __repr__ = __str__

    def __info__(self) -> str:
        return str(self)


def _width() -> int:
    """Not into the last column of a terminal: some wrap there."""
    return shutil.get_terminal_size((100, 24)).columns - 1
