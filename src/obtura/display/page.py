"""What is printed of a scan: heading, rows, and how it ended."""

from obtura.display.heading import heading
from obtura.display.table import Table
from obtura.display.times import Times
from obtura.ground.events import Event, HookLeft, IterationDone, Points, Row, ScanBegan, ScanClosed, ScanEnded

__all__ = ["ScanPage"]

_ENDED = {"USER_ABORTED": "Aborted", "KILLED": "Failed"}


class ScanPage:
    """Turns the events of a scan into lines.

    `width`: characters that fit on one, 0: any number; `thinned`: of a long table not every row is shown.
    """

    def __init__(self, began: ScanBegan, width: int = 0, thinned: bool = False) -> None:
        self._npoints = began.scan_info.get("npoints") or 0
        # A sequence's rows are its scans, each with a table of its own.
        self._table = Table(() if began.scan_info.get("type") == "sequence" else began.channels, width, thinned)
        self._times = Times()
        self._kept: int | None = None

    def take(self, event: Event) -> str:
        """Note the next event; returns the lines that are complete by it, each ending in a newline."""
        match event:
            case IterationDone():  # first what comes at each point
                self._times.counted(event)
            case Points() | Row():
                return self._table.take(event)
            case HookLeft():
                self._times.left(event)
            case ScanBegan():
                header = self._table.header
                return heading(event, self._table.not_shown) + (f"\n{header}" if header else "")
            case ScanEnded():
                self._kept = event.points
                return "" if 0 in event.cut else self._table.rest()
            case ScanClosed():
                return f"\n{self._how_it_ended(event.state)}{self._times.took(event.seconds)}\n"
        return ""

    def note(self, points: Points | Row) -> None:
        """Keep points until `lines` is asked for, which costs less than a `take` of each."""
        self._table.note(points)

    def lines(self) -> str:
        """The rows that are complete by what was noted."""
        return self._table.lines()

    def _how_it_ended(self, state: str) -> str:
        """Why the table is shorter than asked for. What went wrong is said by whoever called `run()`."""
        if state not in _ENDED:
            return ""
        if not self._table.header:
            return f"{_ENDED[state]}\n"
        rows = self._table.rows
        of_all = f" of {self._npoints}" if self._npoints else ""
        if self._kept == rows - 1:  # its numbers have come, an image has not
            return f"{_ENDED[state]} after {rows - 1}{of_all} points; row {rows - 1} was cut off and is not kept\n"
        return f"{_ENDED[state]} after {rows}{of_all} points\n"
