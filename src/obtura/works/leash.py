"""User code in the main thread that never returns: it is found out, told, and got out of its call.

The problem. A hook that waits for a lock which nobody gives back, or that swallows every error in a loop, keeps the
main thread for ever, and with it a test or a rehearsal. A thread can't be taken out of a call from outside, and an
exception that is raised in a loop which swallows it ends nothing.

The solution. Another thread looks on. When the time is up, it has a signal of its own interrupt the main thread: that
ends a wait for a lock. The handler raises `Stuck`, and has the next line of user code raise it too, the first one at
the first attempt, the second one at the next: sooner or later that is a line of the handler of the errors, or of the
loop, where nothing swallows it. Nothing is raised at a line of the engine, nor of the standard library, whose locks
would be torn on the way out, and that error told instead. Code in C that no signal reaches can't be
ended by anything but the end of the process: then it is at least told why.
"""

import gc
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from obtura.works.interrupt import doors

__all__ = ["Leash", "Stuck"]

SIGNAL = getattr(signal, "SIGUSR2", None)
"""Nobody else uses it; None where a thread can't be sent a signal."""

TICK = 0.05
"""The other thread looks on this often (s)."""
NEXT = 1.0
"""Seconds for what follows on user code that was got out of its call; the same code may hang there again."""
ATTEMPTS = 1600
"""After so many it is hopeless: some 40 s, for an async hook has 30 s to end."""
LINES = 16
"""How many lines of user code it may still execute, at most."""
OURS = ("obtura.works", "obtura.engine", "obtura.testing", "obtura.rehearsal")
DEBUGGERS = ("bdb", "pdb", "pydevd", "_pydevd_bundle.pydevd")


class Stuck(BaseException):
    """Raised in user code that did not return in time."""


class Leash:
    """In a `with` of it, user code of the main thread has `seconds` from each `begin()` on, of the machine's time.

    `stuck(frame)` is told, with the innermost frame of the main thread, where it is; it returns the frame of the call
    that is to be ended, or None: let it be. `hopeless()`: it can't be ended. Both are called on another thread.

    `moved()`: as long as that changes, it has `seconds` again. `lost()`: whether it is known before that it never
    returns. `may_raise()`: whether the main thread is where an exception tears nothing.
    """

    def __init__(
        self,
        seconds: float,
        stuck: Callable[[FrameType], FrameType | None],
        hopeless: Callable[[], None],
        moved: Callable[[], object] = lambda: None,
        lost: Callable[[], bool] = lambda: False,
        may_raise: Callable[[], bool] = lambda: True,
    ) -> None:
        self._allowed = self._seconds = seconds
        self._stuck = stuck
        self._hopeless = hopeless
        self._moved = moved
        self._lost = lost
        self._may_raise = may_raise
        self._since = time.monotonic()
        self._culprit: FrameType | None = None
        self._lines = 0
        self._main = threading.main_thread().ident or 0
        self._over = threading.Event()
        self._before: tuple[Any, Any] = (None, None)
        self._thread = threading.Thread(target=self._look_on, name="leash", daemon=True)

    def begin(self) -> None:
        """The time begins anew."""
        self._seconds = self._allowed
        self._since = time.monotonic()

    def __enter__(self) -> "Leash":
        if SIGNAL is not None:
            self._before = signal.signal(SIGNAL, self._on_signal), sys.gettrace()
            self.begin()
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if SIGNAL is not None:
            self._over.set()
            self._thread.join()
            handler, trace = self._before
            signal.signal(SIGNAL, handler)
            if sys.gettrace() is not trace:
                sys.settrace(trace)

    # -- the other thread -----------------------------------------------------------------------------------

    def _look_on(self) -> None:
        moved = self._moved()
        while not self._over.wait(TICK):
            if (now := self._moved()) != moved:
                moved, self._since = now, time.monotonic()
            taken = time.monotonic() - self._since
            if taken > self._seconds / 2 and self._is_debugged():
                self._since = time.monotonic()
            elif taken > self._seconds or self._lost():
                self._pull()
                self._seconds, self._since = NEXT, time.monotonic()

    def _is_debugged(self) -> bool:
        """Somebody sits in a debugger: that may take its time."""
        return any(frame.f_globals.get("__name__") in DEBUGGERS for frame in _frames(self._innermost()))

    def _pull(self) -> None:
        frame = self._innermost()
        culprit = None if frame is None else self._stuck(frame)
        if culprit is None:
            return
        self._culprit = culprit
        for attempt in itertools.count():
            if self._over.is_set() or culprit not in _frames(self._innermost()):
                break
            if attempt == ATTEMPTS:
                self._hopeless()
            self._lines = attempt % LINES
            assert SIGNAL is not None
            signal.pthread_kill(self._main, SIGNAL)
            self._over.wait(TICK / 2)
        self._culprit = None

    def _innermost(self) -> FrameType | None:
        # Before CPython 3.11.9 a collection of garbage in the middle of this stops all threads for ever:
        # https://github.com/python/cpython/issues/106883. And who walks along the frames of a thread that runs may end
        # the process by it, once in many thousand times: it is looked at only when it seems to be stuck.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames().get(self._main)
        finally:
            if collecting:
                gc.enable()

    # -- the main thread ------------------------------------------------------------------------------------

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        chain = _frames(frame)
        if self._culprit not in chain:
            return  # it has returned
        for each in chain[: chain.index(self._culprit) + 1]:
            name = each.f_globals.get("__name__", "")
            if not name.startswith(OURS) and name.partition(".")[0] not in sys.stdlib_module_names:
                each.f_trace = self._on_line
        sys.settrace(_no_call)
        self._raise()

    def _on_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self._culprit is None:
            return None
        if event == "line":
            self._lines -= 1
            if self._lines < 0:
                self._raise()
        return self._on_line

    def _raise(self) -> None:
        if not doors.is_shut and self._may_raise():
            raise Stuck("it did not return, and was ended")


def _no_call(frame: FrameType, event: str, arg: Any) -> None:
    """Calls that user code makes are not looked at."""


def _frames(frame: FrameType | None) -> list[FrameType]:
    """From the innermost one outwards."""
    found = []
    while isinstance(frame, FrameType):  # CPython 3.11 may give a function that another thread is calling
        found.append(frame)
        frame = frame.f_back
    return found
