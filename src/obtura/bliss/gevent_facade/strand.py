"""Waiting so that somebody else can end it: the one place in which code written for gevent waits.

gevent has one thread and many greenlets, and can raise an error in any of them while it waits. Here each greenlet is
a thread, and a thread can't be made to raise from outside. So each thread has a `Strand`: all waits of the facade
go through `Strand.wait`, and there errors meant for the thread are raised.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from obtura.works.clock import Flag, clock

__all__ = ["Deadline", "Strand", "Waiters", "here"]

LONG = 3600.0
"""Seconds of a wait without an end; it goes on after that."""


class Waiters:
    """Those who wait for something to change; `others` wait for this and more.

    Sets and lists are atomic in CPython: there is no lock, which a Ctrl-C could leave shut.
    """

    def __init__(self) -> None:
        self._flags: set[Flag] = set()
        self.others: list[Waiters] = []

    def add(self, flag: Flag) -> None:
        """Have `flag` set at the next change."""
        self._flags.add(flag)

    def discard(self, flag: Flag) -> None:
        """No more of it."""
        self._flags.discard(flag)

    def wake(self) -> None:
        """Something has changed: have everybody look."""
        for flag in list(self._flags):
            flag.set()
        for other in list(self.others):
            other.wake()


class Deadline:
    """A moment at which a wait ends with an error. `at`: by the clock, in s."""

    at = 0.0

    def expire(self) -> None:
        """Called by the wait, on its thread, at or after that moment; raises, or lets it go on."""


class Strand:
    """A thread, as far as it can be reached while it waits here. `value` is whatever runs on it."""

    def __init__(self, value: Any = None) -> None:
        self.value = value
        self.ident = threading.get_ident()
        self.deadlines: list[Deadline] = []
        self._errors: deque[BaseException] = deque()
        self._wake: Flag | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it waits here just now."""
        return self._wake is not None

    def throw(self, error: BaseException) -> None:
        """Have `error` raised in the wait that this thread is in, or else in its next one. From any thread."""
        self._errors.append(error)
        wake = self._wake
        if wake is not None:
            wake.set()

    def deliver(self) -> None:
        """Raise what was thrown, and what is due; on the strand's own thread."""
        if self._errors:
            raise self._errors.popleft()
        now = clock.time()
        for deadline in sorted(self.deadlines, key=lambda each: each.at):
            if deadline.at <= now:
                deadline.expire()

    def wait(self, seconds: float | None, attempt: Callable[[], bool] | None = None, on: Waiters | None = None) -> bool:
        """Wait `seconds`, None for as long as it takes, until `attempt` succeeds; it is made at each change of `on`.

        Returns whether it succeeded. A try is made in any case, before anything that is due is raised.
        """
        end = None if seconds is None else clock.time() + max(seconds, 0.0)
        while True:
            wake = Flag()
            try:
                self._wake = wake
                if on is not None:
                    on.add(wake)
                if attempt is not None and not self._errors and attempt():
                    return True
                self.deliver()
                left = LONG if end is None else end - clock.time()
                if left <= 0:
                    time.sleep(0)  # let others run, as gevent does
                    return False
                due = [deadline.at - clock.time() for deadline in self.deadlines]
                clock.wait(wake, max(min([left, *(each for each in due if each > 0)]), 0.0))
            finally:
                self._wake = None
                if on is not None:
                    on.discard(wake)


_strands = threading.local()


def here() -> Strand:
    """The strand of this thread."""
    strand: Strand | None = getattr(_strands, "strand", None)
    if strand is None:
        strand = _strands.strand = Strand()
    return strand
