"""Calls on other threads, for which somebody waits, and the strands of all threads of a scan. See `timekeeping`."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

from obtura.works.timekeeping import Account, Place, Sort, Strand

__all__ = ["IDLE", "Errand", "Over", "Timekeeper"]

IDLE = "idle"
"""The kind of what is between the calls of a thread that only does what others hand to it."""


class Timekeeper:
    """The strands of one scan, made on the thread that runs it.

    `sort_of(what, owner)`: of what sort a call is; `base`: the kind of what comes between calls; `phase`: the first.
    """

    def __init__(self, sort_of: Callable[[str, Any], Sort], base: str, phase: str) -> None:
        self.phase = phase
        self.strands: list[Strand] = []
        self.wholes: dict[int, list[Strand]] = {}
        """Strands whose parts are a whole, by number: 0 of the thread that runs the scan, 1 and so on of the branches
        that have one. Several when one thread went on for another."""
        self._sort_of = sort_of
        self._base = base
        self._here = threading.local()
        self._apart: dict[int, Strand] = {}
        self.main = self.whole(0, "scan")

    def whole(self, number: int, name: str) -> Strand:
        """A strand of this thread whose parts are a whole."""
        strand = self._here.strand = self._made(name, self._base)
        self.wholes[number] = [strand]
        return strand

    def rescue(self, lost: Strand) -> Strand:
        """The thread of a strand is away; this one does from now on what it did."""
        now = lost.now
        lost.stop(now)
        strand = self._here.strand = self._made(f"{lost.name}, rescue", self._base)
        strand.go_on(now)
        strand.place = lost.place
        for whole in self.wholes.values():
            if lost in whole:
                whole.append(strand)
        return strand

    def here(self) -> Strand:
        """The strand of this thread."""
        strand: Strand | None = getattr(self._here, "strand", None)
        if strand is None:
            strand = self._here.strand = self._made(threading.current_thread().name, IDLE)
        return strand

    def apart(self, owner: Any, name: str) -> Strand:
        """The strand of a device that shares its thread with others, on an event loop."""
        strand = self._apart.get(id(owner))
        if strand is None:
            strand = self._apart[id(owner)] = self._made(name, IDLE)
        return strand

    def over(self, what: str, owner: Any = None) -> "Over":
        """The body is a call on this thread: `with keeper.over("diode.stop", diode):`."""
        return Over(self.here(), what, owner)

    def _made(self, name: str, base: str) -> Strand:
        strand = Strand(name, base, self._sort_of, self.phase)
        self.strands.append(strand)
        return strand

    def turn(self, phase: str) -> None:
        """The next phase begins, on this thread; elsewhere with the next errand."""
        self.phase = phase
        self.here().turn(phase)

    def seconds(self, kind: str) -> float:
        """What was spent so far for calls of a kind, their own time alone."""
        return sum(
            account.seconds for strand in self.strands for account in strand.accounts if account.sort.kind == kind
        )

    def end(self) -> None:
        """All is done."""
        for strand in self.strands:
            strand.stop(strand.now)


class Over:
    """A plain class: one made by `contextmanager` would write on errors that pass, and some can't be written on."""

    __slots__ = ("_owner", "_strand", "_what")

    def __init__(self, strand: Strand, what: str, owner: Any) -> None:
        self._strand = strand
        self._what = what
        self._owner = owner

    def __enter__(self) -> None:
        self._strand.enter(self._what, self._owner)

    def __exit__(self, *error: object) -> None:
        self._strand.leave()


class Errand:
    """A call on another thread, and what it spends its time for; `check` is called first, and may raise."""

    __slots__ = ("_check", "_ended", "_function", "_keeper", "_owner", "_place", "_spent", "_strand", "_what")

    def __init__(
        self,
        keeper: Timekeeper,
        what: str,
        owner: Any,
        function: Callable[[], Any],
        check: Callable[[], None],
        place: Place,
    ) -> None:
        self._keeper = keeper
        self._what = what
        self._owner = owner
        self._function = function
        self._check = check
        self._place = place
        self._strand: Strand | None = None
        self._ended: float | None = None
        self._spent: dict[Account, float] = {}

    def __call__(self) -> Any:
        """Make the call; of an async one what is to be awaited."""
        self._check()
        if inspect.iscoroutinefunction(self._function):
            return self._awaited()
        strand = self._begin(self._keeper.here())
        try:
            return self._function()
        finally:
            self._end(strand)

    async def _awaited(self) -> Any:
        strand = self._begin(self._keeper.apart(self._owner, self._what.partition(".")[0]))
        try:
            return await self._function()
        finally:
            self._end(strand)

    def _begin(self, strand: Strand) -> Strand:
        if strand.phase != self._keeper.phase:
            strand.turn(self._keeper.phase)
        strand.place = self._place
        strand.begin()
        strand.enter(self._what, self._owner)
        self._strand = strand
        return strand

    def _end(self, strand: Strand) -> None:
        strand.leave()
        self._spent = strand.spent()
        self._ended = strand.now

    def ended(self, now: float) -> float:
        """When it ended; of one that has not, `now`, later than any other."""
        return now if self._ended is None else self._ended

    def spent(self) -> dict[Account, float]:
        """What its time was spent for, so far."""
        return self._spent if self._ended is not None or self._strand is None else self._strand.spent()
