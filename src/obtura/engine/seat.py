"""Where the user code of a scan is called, and who goes on when the thread there is stuck in it.

A thread can't be taken out of a call. So another one takes its seat: what is still to be left is left by that one, and
the stuck thread, should it ever come back, waits until all is done. What it was in the middle of then happened too
late, after its clean-up, and is cleaned up again.

A seat has one thread for each turn. All that a turn knows is in an object of its own, so that the thread which lost
its seat writes nothing into that of its substitute.
"""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.errands import Timekeeper
from obtura.works.interrupt import AGAIN, doors
from obtura.works.timekeeping import Strand

__all__ = ["Doing", "Duty", "Seat", "Turn"]


class Doing(Protocol):
    """A call of user code: a `Duty`, or a step of a plan while all goes well."""

    @property
    def what(self) -> str:
        """What it is called in messages, e.g. `ShutterPreset.stop`."""


class Duty:
    """A call that may be given up; the call is made in a `with` of it. `what`: as it is called in messages.

    `owner`: whose call it is. `given_up(duty)` is called when it is; `facts`: what that needs to know. `late`,
    afterwards: it has returned, but too late, when everything had been left by another thread. A plain class: one made
    by `contextmanager` would write on errors that pass, and some can't be written on.
    """

    __slots__ = ("_seat", "_turn", "began", "facts", "given_up", "late", "named", "owner", "what")

    def __init__(
        self,
        seat: "Seat",
        what: str,
        owner: Any,
        given_up: "Callable[[Duty], None]" = lambda duty: None,
        facts: Any = None,
    ) -> None:
        self.what = what
        self.owner = owner
        self.given_up = given_up
        self.facts = facts
        self.late = self.named = False
        self.began = monotonic()
        self._seat = seat
        self._turn = seat.turn

    def __enter__(self) -> "Duty":
        self._turn.doing = self
        self._turn.strand.enter(self.what, self.owner)
        return self

    def __exit__(self, *error: object) -> None:
        turn = self._turn
        turn.strand.leave()
        turn.lock.acquire()  # as does who gives the call up; no door is open, and `with` would cost three times that
        if turn.doing is self:
            turn.doing = None
        turn.lock.release()
        if turn.lost:
            self.late = True
            self._seat.settle()


class Turn:
    """What one thread does on a seat; `strand`: where its time is charged."""

    __slots__ = ("doing", "lock", "lost", "strand", "thread")

    def __init__(self, strand: Strand) -> None:
        self.strand = strand
        self.doing: Any = None
        self.lost = False
        self.thread: int | None = threading.get_ident()
        self.lock = threading.Lock()

    def lose(self, doing: Doing) -> bool:
        """Give the call up; False: it has returned meanwhile."""
        with self.lock:
            self.lost = self.doing is doing
            return self.lost


class Seat:
    """`go_on`: does what is left to do, from wherever the thread before was stuck. `keeper`: keeps the time.

    `recall`: ends the call in which that thread is stuck, now and then until it comes back; None: it can't be ended.
    """

    def __init__(
        self, name: str, go_on: Callable[[], None], keeper: Timekeeper, recall: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self.turn = Turn(keeper.main)
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
        self.turn = turn = Turn(self.turn.strand)
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
