"""Virtual time for several threads: one of them runs at a time, and time moves on only when all of them wait.

The problem. Plain virtual time is moved on by each wait. Two threads that wait for 1 s each, side by side, then let 2 s
pass, and which of them sees which moment is up to the machine.

The solution. The threads that take part hand on a turn. Who waits, be it for time or for another thread, gives the turn
away. It goes to the first in the queue whose wait is over; if there is none, time moves to the earliest moment that
somebody waits for. So the same program sees the same moments in the same order, each time.

The thread that makes the clock takes part; lanes and branches do, since whoever makes them announces them (`expect`).
Any other thread may wait for the time, too, but when it is woken nobody waits for it in turn.
"""

import heapq
import itertools
import math
import signal
import threading
from collections.abc import Callable
from typing import Any

from obtura.works.clock import Flag, Turn, VirtualTime
from obtura.works.interrupt import doors

__all__ = ["OrderedTime"]

SLICE = 0.005
"""Who waits looks this often (s, real) whether it should stop waiting for a reason that is not in the queue."""
STANDBY = 0.2
"""Who waits for another thread has a look round this often (s, real)."""
GRACE = 0.3
"""A thread that takes no part moves time on when nobody else has for so long (s, real)."""


class _Waiter(Turn):
    """Somebody in the queue. `due`: the moment it waits for; `ready`: whether its wait is over before."""

    def __init__(self, time: "OrderedTime", due: float, ready: Callable[[], bool] | None, takes_part: bool) -> None:
        self.due = due
        self.ready = ready
        self.takes_part = takes_part
        self.is_main = False
        self.granted = False
        self.gate = threading.Lock()
        self.gate.acquire()
        self._time = time

    def begin(self) -> None:
        """On the thread that was announced: wait for the turn."""
        self.gate.acquire()
        self._time.joined()

    def end(self) -> None:
        """This thread takes no part any more, or not until it is announced again."""
        self._time.left()


class OrderedTime(VirtualTime):
    """Such a time; made on the main thread, where it is used first.

    `at(moment, action)` has something happen at a moment, while everybody waits; the action must not wait. `press()`,
    in an action, presses Ctrl-C.
    """

    is_ordered = True

    def __init__(self, epoch: float) -> None:
        super().__init__(epoch)
        self._lock = threading.RLock()  # type: ignore[assignment]  # actions may plan others
        self._queue: list[_Waiter] = []
        self._running = 1
        self._main = threading.get_ident()
        self._parts = {self._main}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._pressed = False
        self.inside = False
        """Whether the main thread is in the middle of something here that a signal must not tear."""
        self.held_back = False
        """A signal came in meanwhile."""
        self.ended = False

    # -- what is to happen ----------------------------------------------------------------------------------

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Have `action()` called at a moment of this time."""
        with self._lock:
            heapq.heappush(self._agenda, (moment, next(self._numbers), action))

    def press(self) -> None:
        """Press Ctrl-C; for actions. The main thread is the next to run."""
        self._pressed = True

    def end(self) -> None:
        """No wait takes time any more: threads that were left in the middle of one go on, and end."""
        self.ended = True
        with self._lock:
            for waiter in self._queue:
                waiter.granted = True
                waiter.gate.release()
            self._queue.clear()

    # -- who waits ------------------------------------------------------------------------------------------

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        """Let others run, until `seconds` are over or the flag is set."""
        if (flag is not None and flag.is_set) or self.ended:
            return flag is not None and flag.is_set
        ready = None if flag is None else lambda: flag.is_set
        due = self._now + max(seconds, 0.0)
        while not self._queued(due, ready):  # woken for a Ctrl-C that is not to come in here
            pass
        return flag is not None and flag.is_set

    def standby(self, ready: Callable[[], bool], patience: float, wait: Callable[..., object], *args: Any) -> None:
        """Let others run until one of them made `ready()` true, for `patience` s at most, or for a while."""
        if not ready() and not self.ended:
            self._queued(self._now + patience, ready, at_most=STANDBY)

    def has_passed(self, since: float, seconds: float) -> bool:
        """Whether that was so long ago."""
        return self._now >= since + seconds

    def expect(self, ready: Callable[[], bool] | None = None) -> Turn:
        """A thread is about to begin something: it takes part from its `begin()` to its `end()`, once `ready()`."""
        waiter = _Waiter(self, -math.inf if ready is None else math.inf, ready, takes_part=True)
        with self._lock:
            self._queue.append(waiter)
            if self.ended:
                self._queue.remove(waiter)
                waiter.gate.release()
        return waiter

    def takes_part(self, thread: int) -> bool:
        """Whether a thread does, by its identifier."""
        return thread in self._parts

    def joined(self) -> None:
        """This thread has the turn."""
        self._parts.add(threading.get_ident())

    def left(self) -> None:
        """This thread gives the turn away for good."""
        with self._lock:
            self._parts.discard(threading.get_ident())
            self._running -= 1
            self._hand_on()

    def _queued(self, due: float, ready: Callable[[], bool] | None, at_most: float = math.inf) -> bool:
        """Wait in the queue; whether the wait is over. `at_most`: seconds, real."""
        here = threading.get_ident()
        waiter = _Waiter(self, due, ready, here in self._parts)
        if here != self._main:
            self._await(waiter, at_most)
        else:
            waiter.is_main = True
            was = doors.shut()
            self.inside = True
            try:
                self._await(waiter, at_most, was)
            finally:
                self.inside = False
                doors.reopen(was)
            if self._pressed or self.held_back:
                self._pressed = self.held_back = False
                signal.raise_signal(signal.SIGINT)
        return self.ended or self._now >= due or (ready is not None and ready())

    def _await(self, waiter: _Waiter, at_most: float, door: int = 0) -> None:
        with self._lock:
            self._queue.append(waiter)
            self._running -= waiter.takes_part
            self._hand_on()
        waited = 0.0
        try:
            while not waiter.granted and waited < at_most and not (waiter.is_main and self.held_back):
                try:
                    doors.reopen(door)
                    waiter.gate.acquire(True, SLICE)
                finally:
                    doors.shut()
                waited += SLICE
                with self._lock:  # somebody who takes no part may have ended a wait
                    self._hand_on(forced=not waiter.takes_part and waited % GRACE < SLICE)
        finally:
            with self._lock:
                if not waiter.granted:
                    self._queue.remove(waiter)
                    self._running += waiter.takes_part

    # -- who is next; the lock is held ------------------------------------------------------------------------

    def _hand_on(self, forced: bool = False) -> None:
        while self._running <= 0 or forced:
            forced = False
            waiter = self._next()
            if waiter is None:
                return
            self._queue.remove(waiter)
            self._running += waiter.takes_part
            waiter.granted = True
            waiter.gate.release()

    def _next(self) -> _Waiter | None:
        while True:
            if self._pressed:
                main = next((waiter for waiter in self._queue if waiter.is_main), None)
                if main is not None:
                    return main
            for waiter in self._queue:
                if waiter.due <= self._now or (waiter.ready is not None and waiter.ready()):
                    return waiter
            earliest = min(self._queue, key=lambda waiter: waiter.due, default=None)
            due = math.inf if earliest is None else earliest.due
            if self._agenda and self._agenda[0][0] <= due and self._queue:
                moment, _, action = heapq.heappop(self._agenda)
                self._now = max(self._now, moment)
                action()
                continue
            if math.isinf(due):
                return None
            self._now = due
