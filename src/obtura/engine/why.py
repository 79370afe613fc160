"""What a running scan waits for, since when, and for whose sake: `scan.why()`."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from obtura.contracts.acquisition import AcquisitionObject
from obtura.engine.seat import Seat

__all__ = ["Waiting", "in_seats", "why"]


class Waiting(NamedTuple):
    """Something that is waited for. `since`: s, monotonic; None: nobody noted it. `sake`: in words, may be empty."""

    what: str
    since: float | None
    sake: str = ""

    def __str__(self) -> str:
        since = "" if self.since is None else f", for {time.monotonic() - self.since:.1f} s"
        return f"{self.what}{since}" + (f": {self.sake}" if self.sake else "")


def why(scan: Any, points: Sequence[str], waiting: Sequence[Waiting]) -> str:
    """The answer in words, a line for each thing. `points`: where each branch stands."""
    head = f"{scan.name}" + (f" (scan {scan.scan_number})" if scan.scan_number else "")
    where = "".join(points)
    if not waiting:
        return f"{head} is {scan.state.name}{where}; it waits for nothing at this moment"
    return "\n".join([f"{head} is {scan.state.name}{where}; it waits for", *(f"  {each}" for each in waiting)])


def in_seats(seats: Sequence[Seat], masters: dict[AcquisitionObject, str]) -> Iterator[Waiting]:
    """User code that is being called by the engine's own threads; `masters`: who triggers a device."""
    for seat in seats:
        if (doing := seat.turn.doing) is not None:
            what, owner, *_ = doing
            lasted = seat.turn.strand.lasted(what)
            since = None if lasted is None else time.monotonic() - lasted
            yield Waiting(what, since, masters.get(owner, "") if isinstance(owner, AcquisitionObject) else "")
