"""The record: what happened in a scan, in order, handed to whoever reads it.

Writers are the engine, on any thread. Each reader has a mailbox and a thread of its own, so that a slow terminal
or disk holds up nobody. Order is decided once, under the record's lock.
"""

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from obtura.works.gate import Gate, Terms
from obtura.works.interrupt import doors
from obtura.works.reader import Reader, Receiver

__all__ = ["Record"]

E = TypeVar("E")


class Record(Generic[E]):
    """Hands events to readers in the order in which they were written.

    `weigh(event)` gives the bytes of a heavy event, 0 for all others. Heavy events must not pile up: a reader takes
    them only if it has room (`attach`); one with limited room loses those that find none.
    """

    def __init__(self, weigh: Callable[[E], int] = lambda event: 0) -> None:
        # Re-entrant: a signal handler or a finalizer that prints may come in the middle of a write.
        self.lock = threading.RLock()
        self._weigh = weigh
        self._readers: list[Reader[E]] = []
        self._witnesses: list[Callable[[E], bool]] = []
        self._followers: list[Reader[E]] = []
        self._mailboxes: list[deque[E]] = []  # of those who do not follow, once there is a gate
        self._gate: Gate[E] | None = None
        self.read = False
        """Whether anybody reads."""

    @property
    def load(self) -> int:
        """The most bytes of heavy events that wait for one of those readers that get them all."""
        return max((reader.load for reader in self._readers if reader.room == math.inf), default=0)

    def attach(
        self, receiver: Receiver[E], on_failure: Callable[[BaseException], None], *first: E, room: float = 0
    ) -> Reader[E]:
        """Hand `first` and everything from now on to `receiver`, on a thread of its own; `room`: see `begin`."""
        reader = self.enlist(receiver, on_failure, *first)
        self.begin(reader, room)
        return reader

    def enlist(
        self, receiver: Receiver[E], on_failure: Callable[[BaseException], None], *first: E, follows: bool = False
    ) -> Reader[E]:
        """Keep `first` and everything from now on, but for heavy events, until `begin` hands it over.

        `follows`: it is handed nothing that must be safe first; see `guard`.
        """
        reader = Reader(receiver, on_failure, *first, weigh=self._weigh)
        with self.lock:
            self._readers.append(reader)
            if follows:
                self._followers.append(reader)
            if follows and self._gate is not None:
                self._put_behind(self._gate, reader)
            else:
                self._mailboxes.append(reader.mailbox)
                self.read = True
        return reader

    def guard(self, saver: Reader[E], terms: Terms[E]) -> None:
        """From now on those who follow are handed what must be safe, and what comes after, once `saver` has it.

        It was not begun yet. `terms`: of the first saver they hold for all.
        """
        with self.lock:
            if self._gate is None:
                self._gate = Gate(terms)
                behind = [reader.mailbox for reader in self._followers]
                self._mailboxes = [box for box in self._mailboxes if not any(box is one for one in behind)]
                self.read = bool(self._mailboxes)
                for reader in self._followers:
                    self._put_behind(self._gate, reader)
            self._gate.add(saver)
            saver.look = self._locked(self._gate.release)

    def _put_behind(self, gate: Gate[E], reader: Reader[E]) -> None:
        gate.followers.append(reader)
        reader.waiting = gate.held
        reader.look = self._locked(gate.look)

    def _locked(self, function: Callable[[], None]) -> Callable[[], None]:
        def locked() -> None:
            with self.lock:
                function()

        return locked

    def begin(
        self,
        reader: Reader[E],
        room: float = 0,
        witness: Callable[[E], bool] | None = None,
        at_once: bool = True,
    ) -> None:
        """Hand over what was kept, and everything from now on; `at_once`: it is not waited for more.

        `witness(event)` is called with each event before anybody is handed it, on the thread that writes, under the
        lock; what it does not approve of is handed to nobody. Heavy events are not shown to it.

        `room`: the bytes of heavy events that may wait for it; 0: it gets none; infinite: it gets them all.
        """
        if witness is not None:
            self._witnesses.append(witness)
        reader.start(room, at_once)

    def write(self, event: E, at_once: bool = False, ahead: bool = False) -> None:
        """Append an event. `at_once`: readers look at it now, not within their period.

        `ahead`: a word of why others are held back, which is not.
        """
        if not self._mailboxes:
            return
        was = doors.shut()
        with self.lock:
            self.post(event, ahead)
        if at_once:
            for reader in self._readers:
                reader.wake()
        doors.reopen(was)

    def post(self, event: E, ahead: bool = False) -> None:
        """Append an event; the caller holds `lock` and has shut the door."""
        for witness in self._witnesses:
            if not witness(event):
                return
        for mailbox in self._mailboxes:
            mailbox.append(event)
        if self._gate is not None:
            self._gate.append(event, ahead=ahead)

    def post_heavy(self, event: E) -> None:
        """Append a heavy event where there is room for it; the caller holds `lock` and has shut the door."""
        weight = self._weigh(event)
        for reader in self._readers:
            if self._gate is None or reader not in self._gate.followers:
                reader.offer(event, weight)
        if self._gate is not None:
            self._gate.append(event, weight)

    def close(self) -> None:
        """Let every reader finish its mailbox and end."""
        for reader in self._readers:
            reader.close()
