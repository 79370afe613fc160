"""Where the user code of a scan is called, and who goes on when the thread there is stuck in it.

A thread can't be taken out of a call. So another one takes its seat: what is still to be left is left by that one, and
the stuck thread, should it ever come back, waits until all is done. What it was in the middle of then happened too
late, after its clean-up, and is cleaned up again.

A seat has one thread for each turn. All that a turn knows is in an object of its own, so that the thread which lost
its seat writes nothing into that of its substitute.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.errands import Timekeeper
from obtura.works.interrupt import AGAIN, BARRED, OPEN, SHUT, doors
from obtura.works.timekeeping import Strand

__all__ = ["NOBODY", "Doer", "Duty", "Seat", "Turn"]

R = TypeVar("R")


class Doer:
    """Who makes a call of user code; by default nothing has to be done when it hangs."""

    def given_up(self, facts: Any) -> None:
        """The call is given up, another thread goes on. `facts`: those of its duty."""

    def came_back(self, facts: Any) -> None:
        """It has returned after all, when everything had been left by another thread; called on its own thread."""


NOBODY = Doer()

Duty: TypeAlias = tuple[str, Any, float | None, Doer, Any]
"""A call that may be given up: what it is called in messages, e.g. `ShutterPreset.stop`; whose it is; since when, in s,
monotonic, None: it began while the scan went well, so its deadline counts from when it no longer did; who makes it;
what that one needs to know. A plain tuple: one is made for each hook.
"""


class Turn:
    """What one thread does on a seat; `strand`: where its time is charged. `settle`: see `Seat`."""

    __slots__ = ("_in_doubt", "_lock", "_settle", "doing", "lost", "strand", "thread")

    def __init__(self, strand: Strand, settle: Callable[[], None]) -> None:
        self.strand = strand
        self.doing: Duty | None = None
        self.lost = self._in_doubt = False
        self.thread: int | None = threading.get_ident()
        self._settle = settle
        self._lock = threading.Lock()

    def call(self, duty: Duty, door: int, function: Callable[[], R]) -> R:
        """Make a call that may be given up, and keep its time: on the thread that has this turn.

        `door`: `OPEN` on the way forward, `BARRED` on the way out, as `doors.call` and `doors.barred` would make the
        call; all in one frame, since of these calls a point is made. `SHUT`: it is code of the engine.

        Who gives it up casts doubt on it first and then looks whether it is still being made; who returns from it does
        it the other way round. So one of the two sees that the other was faster, and a call that nobody doubts needs
        no lock.
        """
        strand = self.strand
        strand.enter(duty[0], duty[1])
        outer, self.doing = self.doing, duty
        try:
            if self.thread != doors.main or doors.barred_at is not None:
                return function()
            try:
                try:
                    if door == BARRED:
                        doors.barred_at = doors.depth
                    doors.door = door
                    if doors.pending and door == OPEN:
                        doors.let_in()
                    return function()
                finally:
                    doors.door = SHUT
            except BaseException:
                doors.door = SHUT  # as in `doors.call`
                raise
            finally:
                doors.barred_at = None
        finally:
            strand.leave()
            self.doing = outer
            if self._in_doubt:
                self._came_back(duty)

    def _came_back(self, duty: Duty) -> None:
        with self._lock:  # the other one has made up its mind
            lost = self.lost
        if lost:
            self._settle()
            duty[3].came_back(duty[4])

    def lose(self, duty: Duty) -> bool:
        """Give the call up, and with it the seat; False: it has returned meanwhile."""
        with self._lock:
            self._in_doubt = True
            if self.doing is duty:
                self.lost = True
                self.thread = None
            self._in_doubt = self.lost
            return self.lost


class Seat:
    """`go_on`: does what is left to do, from wherever the thread before was stuck. `keeper`: keeps the time.

    `recall`: ends the call in which that thread is stuck, now and then until it comes back; None: it can't be ended.
    """

    def __init__(
        self, name: str, go_on: Callable[[], None], keeper: Timekeeper, recall: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self.turn = Turn(keeper.main, self.settle)
        self.first = self.turn
        self._go_on = go_on
        self.keeper = keeper
        self._recall = recall
        self._over = Flag()
        self._back = Flag()

    def take(self, strand: Strand) -> None:
        """This thread sits here from now on; `strand`: its own."""
        self.turn.thread = threading.get_ident()
        self.turn.strand = strand

    @property
    def is_mine(self) -> bool:
        """Whether this thread still has the seat."""
        return self.turn.thread == threading.get_ident()

    @property
    def is_first(self) -> bool:
        """Whether nobody had to take it so far."""
        return self.turn is self.first

    @property
    def is_lost(self) -> bool:
        """Whether the thread that began is still away, in a call that was given up."""
        return self.first.lost and self.first.doing is not None

    def settle(self) -> None:
        """Return at once if this thread still has the seat, else when its substitutes are done with everything."""
        if not self.is_mine:
            while not self._over.wait(0.2):
                pass
            self._back.set()
            doors.calm()

    def replace(self) -> None:
        """The turn is lost: have another thread go on."""
        self.turn = turn = Turn(self.turn.strand, self.settle)
        turn.thread = None
        companion(f"rescue {self.name}", self._rescue, turn).start()

    def _rescue(self, turn: Turn) -> None:
        turn.thread = threading.get_ident()
        turn.strand = self.keeper.rescue(turn.strand)
        self._go_on()
        if turn.lost:
            return
        self._over.set()
        while self._recall is not None and self.is_lost and not self._back.wait(AGAIN):
            self._recall()
