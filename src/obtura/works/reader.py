"""A reader of the record: a mailbox, and a thread that hands over what is in it."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.interrupt import doors

__all__ = ["Reader", "Receiver"]

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
        self.unfold: Callable[[Sequence[E]], Sequence[E]] | None = None  # into what it is handed
        self._weigh = weigh
        self._posted = 0  # bytes; changed by writers only, under the record's lock
        self._received = 0  # changed by this reader's thread only
        self._on_failure = on_failure
        self._idly: Callable[[], None] | None = getattr(receiver, "idle", None)
        self._wake = threading.Lock()
        self._wake.acquire()
        self._idle = True
        self._closing = False
        self.given_up = False
        self._ending = threading.Lock()
        self._last: Callable[[], None] | None = None
        self._rest = Flag()  # set when nothing waits; whoever wants to know puts a new one
        self._ended = Flag()
        self._ended.set()  # nobody has to wait for it before it is started

    def start(self, room: float, at_once: bool = True) -> None:
        """Hand over what has come, now or within a `PERIOD`, and what will."""
        self.room = room
        self._ended = Flag()
        companion(f"reader {self.receiver.name}", self._work).start()
        if at_once:
            self.wake()

    @property
    def backlog(self) -> int:
        """How many events wait."""
        return len(self.mailbox)

    @property
    def busy(self) -> bool:
        """Whether events wait, are held back or are being received."""
        return bool(self.waiting or self.mailbox or not self._idle) and not self._is_over

    @property
    def alive(self) -> bool:
        """Whether it receives what comes."""
        return self.error is None and not self._is_over

    @property
    def _is_over(self) -> bool:
        return self.given_up or self._ended.is_set

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
            self._rest = rest = Flag()
            self.wake()
            check()
            if self.busy:  # still, after `rest` is there to be set: or nobody would
                doors.call(rest.wait, pause if self.waiting else 0.01)
            pause = min(2 * pause, 0.01)

    def give_up(self) -> None:
        """Do not wait for it any more: it is stuck, e.g. in a terminal that takes no more."""
        self.given_up = True
        self._looked()

    def at_end(self, last: Callable[[], None]) -> None:
        """Have `last` called when it is done: by its thread, or now."""
        with self._ending:
            done = self._ended.is_set
            self._last = None if done else last
        if done:
            last()

    def close(self) -> None:
        """End the thread when the mailbox is empty, and nothing is held back that would come into it."""
        self._closing = True
        self.wake()
        if not self.given_up:
            self._ended.wait(10.0)

    def _work(self) -> None:
        try:
            while not self._closing or self.waiting or self.mailbox:  # in this order: from the one into the other
                self._wake.acquire(True, PERIOD)
                self._idle = False
                batch = [self.mailbox.popleft() for _ in range(len(self.mailbox))]
                self._idle = not batch  # nobody waits for what it does when nothing comes
                if batch and self.error is None:
                    self._guarded(self.receiver.receive, batch if self.unfold is None else self.unfold(batch))
                elif self._idly is not None and not batch and self.error is None:
                    self._guarded(self._idly)
                if self.load:
                    self._received += sum(map(self._weigh, batch))
                self.received += len(batch)
                batch.clear()  # or heavy events would stay in memory until the next come
                self._looked()
                self._idle = True
                if not (self.waiting or self.mailbox):
                    self._rest.set()
        finally:
            with self._ending:
                self._ended.set()
            self._rest.set()
            self._looked()
            if self._last is not None:
                self._last()

    def _looked(self) -> None:
        if self.look is not None:
            self.look()

    def _guarded(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except BaseException as error:  # noqa: BLE001 - a reader's thread has nobody above; the owner is told
            self.error = error
            self._on_failure(error)
