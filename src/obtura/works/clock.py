"""Time. Everything that waits or stamps asks this one clock, so tests and rehearsals can run on virtual time."""

import math
import threading
import time as _time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

__all__ = ["Clock", "Flag", "RealTime", "TimeSource", "Turn", "VirtualTime", "clock", "virtual_time"]


class Flag:
    """A one-shot event that can be waited for from the main thread.

    `threading.Event` is written in Python: a Ctrl-C inside it can leave its lock in a wrong state. Here a wait
    is one call into C.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.is_set = False

    def set(self) -> None:
        """Wake everybody who waits, now and later."""
        self.is_set = True
        try:
            self._lock.release()
        except RuntimeError:  # set before, or a waiter holds it for an instant
            return

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; True when the flag is set."""
        if self.is_set or timeout <= 0:
            return self.is_set
        if self._lock.acquire(True, min(timeout, threading.TIMEOUT_MAX)):
            self._lock.release()
        return self.is_set

    def stand_by(self, timeout: float, patience: float = math.inf) -> bool:
        """As `wait`, for what another thread of the scan is to set: on ordered virtual time that one goes on meanwhile.

        `patience`: s of such a time after which nobody waits any longer; `timeout` is in s of the machine's time.
        """
        if not clock.is_ordered:
            return self.wait(timeout)
        clock.standby(self._is_set, patience, self.wait, timeout)
        return self.is_set

    def _is_set(self) -> bool:
        return self.is_set


class Turn:
    """A thread was announced that is about to do something; on real time nothing has to be done about it."""

    def begin(self) -> None:
        """On that thread, first."""

    def end(self) -> None:
        """On that thread, last."""


class TimeSource(Protocol):
    """What time is made of: a monotonic clock in seconds, the epoch, and waiting.

    `is_ordered`: threads run in turns, and say when they wait for one another; if not, `standby` need not be called,
    nor `expect`.
    """

    is_ordered: bool

    def time(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""

    def epoch(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        """Let `seconds` pass, or less when the flag is set meanwhile; True when it is."""

    def standby(self, ready: Callable[[], bool], patience: float, wait: Callable[..., object], *args: Any) -> None:
        """Wait for another thread by `wait(*args)`, a call into C that ends soon; not needed once `ready()`.

        `patience`: how much of an ordered time may pass meanwhile, in s.
        """

    def expect(self, ready: Callable[[], bool] | None = None) -> Turn:
        """Announce that a thread is about to do something, now or as soon as `ready()`."""

    def has_passed(self, since: float, seconds: float) -> bool:
        """Whether so much of an ordered time has passed since it was `since`; deadlines count in no other."""


_NO_TURN = Turn()


class _Unordered:
    """Threads run when they like to."""

    is_ordered = False

    def standby(self, ready: Callable[[], bool], patience: float, wait: Callable[..., object], *args: Any) -> None:
        """Wait."""
        wait(*args)

    def has_passed(self, since: float, seconds: float) -> bool:
        """Deadlines count in the machine's time."""
        return False

    def expect(self, ready: Callable[[], bool] | None = None) -> Turn:
        """Nobody has to know."""
        return _NO_TURN


class RealTime(_Unordered):
    """The time of the machine."""

    time = staticmethod(_time.perf_counter)
    epoch = staticmethod(_time.time)

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        """Sleep, or wait for the flag."""
        if flag is not None:
            return flag.wait(seconds)
        _time.sleep(max(seconds, 0.0))
        return False


class VirtualTime(_Unordered):
    """Time that passes only when somebody waits, and then at once.

    Threads share it; each wait moves it on. A scan whose devices are called inline is deterministic on it; for others
    see `OrderedTime`.
    """

    def __init__(self, epoch: float = 1_552_475_171.0) -> None:
        self._lock = threading.Lock()
        self._now = 0.0
        self._epoch = epoch

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._now

    def epoch(self) -> float:
        """The epoch given at the start plus the virtual seconds."""
        return self._epoch + self._now

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        """Move time on by `seconds` unless the flag is set."""
        if flag is not None and flag.is_set:
            return True
        with self._lock:
            self._now += max(seconds, 0.0)
        return flag is not None and flag.is_set


class Clock:
    """The one clock: `clock.time()`, `clock.sleep(s)`, `clock.wait(flag, s)`, `clock.epoch()`."""

    def __init__(self) -> None:
        self.use(RealTime())

    def use(self, source: TimeSource) -> None:
        """Take time from another source."""
        self.source = source
        self.is_ordered = source.is_ordered
        self.time = source.time
        self.epoch = source.epoch
        self.wait = source.wait
        self.standby = source.standby
        self.expect = source.expect
        self.has_passed = source.has_passed

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.wait(None, seconds)


clock = Clock()


@contextmanager
def virtual_time(epoch: float = 1_552_475_171.0) -> Iterator[VirtualTime]:
    """Run the body on virtual time that starts at `epoch`."""
    before = clock.source
    source = VirtualTime(epoch)
    clock.use(source)
    try:
        yield source
    finally:
        clock.use(before)
