"""The record: what happened in a scan, in order, handed to whoever reads it.

Writers are the engine, on any thread. Each reader has a mailbox and a thread of its own, so that a slow terminal
or disk holds up nobody. Order is decided once, under the record's lock.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.gate import Gate, Terms
from obtura.works.interrupt import doors

__all__ = ["Reader", "Receiver", "Record"]

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)

PERIOD = 0.05
"""A reader looks into its mailbox this often (s) unless it is woken: a batch costs one wake-up, not each event."""


class Receiver(Protocol[E_contra]):
    """Whoever reads a record. One that has a method `idle()` is called by it when nothing came for a `PERIOD`."""

    name: str

    def receive(self, events: Sequence[E_contra]) -> None:
        """Take the next events, in order."""


class Reader(Generic[E]):
    """A receiver's mailbox and, once it is started, thread.

    `room`: how many bytes of heavy events may wait in it, 0: it takes none.
    """

    def __init__(
        self,
        receiver: Receiver[E],
        on_failure: Callable[[BaseException], None],
        *first: E,
        weigh: Callable[[E], int] = lambda event: 0,
    ) -> None:
        self.receiver = receiver
        self.room: float = 0
        self.error: BaseException | None = None
        self.mailbox: deque[E] = deque(first)
        self.received = 0  # events; changed by this reader's thread only
        self.look: Callable[[], object] | None = None  # called by its thread, now and then
        self.waiting: Sequence[object] = ()  # what is held back from it
        self._weigh = weigh
        self._posted = 0  # bytes; changed by writers only, under the record's lock
        self._received = 0  # changed by this reader's thread only
        self._on_failure = on_failure
        self._idly: Callable[[], None] | None = getattr(receiver, "idle", None)
        self._wake = threading.Lock()
        self._wake.acquire()
        self._idle = True
        self._closing = False
        self._ended = Flag()
        self._ended.set()  # nobody has to wait for it before it is started

    def start(self, room: float) -> None:
        """Hand over what has come, and what will."""
        self.room = room
        self._ended = Flag()
        companion(f"reader {self.receiver.name}", self._work).start()
        self.wake()

    @property
    def backlog(self) -> int:
        """How many events wait."""
        return len(self.mailbox)

    @property
    def busy(self) -> bool:
        """Whether events wait, are held back or are being received."""
        return bool(self.waiting or self.mailbox or not self._idle) and not self._ended.is_set

    @property
    def alive(self) -> bool:
        """Whether it receives what comes."""
        return self.error is None and not self._ended.is_set

    @property
    def load(self) -> int:
        """The bytes of heavy events that wait or are being received."""
        return self._posted - self._received

    def offer(self, event: E, weight: int) -> None:
        """Take a heavy event if there is room; one always has. The caller holds the record's lock."""
        if self.room and (self.load + weight <= self.room or not self.load):
            self._posted += weight
            self.mailbox.append(event)

    def hand(self, event: E, weight: int | None) -> None:
        """Take an event, a heavy one if there is room for its `weight`. The caller holds the record's lock."""
        if weight is None:
            self.mailbox.append(event)
        else:
            self.offer(event, weight)

    def wake(self) -> None:
        """Have the mailbox looked into at once."""
        try:
            self._wake.release()
        except RuntimeError:  # it is awake already
            return

    def drained(self, check: Callable[[], None]) -> None:
        """Wait, in a doorway, until everything written so far was received. `check` runs now and then."""
        pause = 0.0001
        while self.busy:
            self.wake()
            check()
            doors.call(self._ended.wait, pause)
            pause = min(2 * pause, 0.01)

    def give_up(self) -> None:
        """Do not wait for it any more: it is stuck, e.g. in a terminal that takes no more."""
        self._ended.set()
        self._looked()

    def close(self) -> None:
        """End the thread when the mailbox is empty."""
        self._closing = True
        self.wake()
        self._ended.wait(10.0)

    def _work(self) -> None:
        try:
            while not (self._closing and not self.mailbox):
                self._wake.acquire(True, PERIOD)
                self._idle = False
                batch = [self.mailbox.popleft() for _ in range(len(self.mailbox))]
                if batch and self.error is None:
                    self._guarded(self.receiver.receive, batch)
                elif self._idly is not None and not batch and self.error is None:
                    self._guarded(self._idly)
                if self.load:
                    self._received += sum(map(self._weigh, batch))
                self.received += len(batch)
                batch.clear()  # or heavy events would stay in memory until the next come
                self._looked()
                self._idle = True
        finally:
            self._ended.set()
            self._looked()

    def _looked(self) -> None:
        if self.look is not None:
            self.look()

    def _guarded(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except BaseException as error:  # noqa: BLE001 - a reader's thread has nobody above; the owner is told
            self.error = error
            self._on_failure(error)


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

    @property
    def read(self) -> bool:
        """Whether anybody reads."""
        return bool(self._mailboxes)

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

    def begin(self, reader: Reader[E], room: float = 0, witness: Callable[[E], bool] | None = None) -> None:
        """Hand over what was kept, and everything from now on.

        `witness(event)` is called with each event before anybody is handed it, on the thread that writes, under the
        lock; what it does not approve of is handed to nobody. Heavy events are not shown to it.

        `room`: the bytes of heavy events that may wait for it; 0: it gets none; infinite: it gets them all.
        """
        if witness is not None:
            self._witnesses.append(witness)
        reader.start(room)

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
