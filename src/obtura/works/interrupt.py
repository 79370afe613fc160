"""Ctrl-C: where it may come in, and where it has to wait.

The problem. Python raises `KeyboardInterrupt` in the main thread between any two bytecodes. An engine that
lives with this can't promise that what was entered is left: the interrupt lands between "opened" and "noted
that it is open", or in the middle of closing.

What does not work: `try/finally` and `ExitStack` (the interrupt lands in the `finally`), masking while
cleaning up (it lands between the end of the body and the mask), asyncio or trio (the same, one floor up).

The solution. For the time of a run the engine handles SIGINT itself. The handler raises only while a **door**
is open, and the engine opens a door only around user code and around waits: a hook, a device call, a wait for
a lane. Everywhere else the press is noted and acted upon at the next step. Engine code reached from user code
(`channel.emit`, captured print, `scan.stop`) shuts the door on entry and delivers what came meanwhile on exit.
On the way out no door is opened at all.

The handler is installed in the main thread only; a run elsewhere has no doors and is ended by `abort()`.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ParamSpec, Protocol, TypeVar

from obtura.ground.errors import ScanAbort

__all__ = ["AGAIN", "BY_CTRL_C", "Doors", "Interruptible", "doors"]

BY_CTRL_C = "interrupted by Ctrl-C"

P = ParamSpec("P")
R = TypeVar("R")

AGAIN = 2.0
"""Seconds before a further Ctrl-C is delivered into the same doorway, so that a hook's own clean-up is not torn."""


class Interruptible(Protocol):
    """A run that wants to know of Ctrl-C."""

    def on_interrupt(self) -> None:
        """Note that Ctrl-C was pressed. Called inside a signal handler: only note it."""


class Doors:
    """The doors of the process; one object, `doors`, since SIGINT belongs to the process.

    The open flag is touched by the main thread only. The handler runs on that thread too, between bytecodes.
    """

    def __init__(self) -> None:
        self._runs: list[Interruptible] = []
        self._before: Any = None
        self._main = -1
        self._open = False
        self._pending = False
        self._missed = False  # a press while no run was there to be told
        self._delivered = -AGAIN
        self._barred: int | None = None
        self._lock = threading.RLock()  # `press` may come in another signal's handler

    # -- installing ---------------------------------------------------------------------------------------

    @contextmanager
    def watch(self, run: Interruptible) -> Iterator[None]:
        """Handle SIGINT while the body runs; runs may be nested (a scan started in a hook).

        Off the main thread, and where SIGINT is ignored, nothing is touched.
        """
        here = threading.current_thread() is threading.main_thread()
        if not here or (not self._runs and signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)):
            yield
            return
        was = self.shut()  # a nested run comes from a hook, whose door is open
        if not self._runs:
            self._install()
        self._runs.append(run)
        if self._missed:
            self._missed = False
            run.on_interrupt()
        try:
            yield
        finally:
            self._runs.remove(run)
            if not self._runs:
                self._uninstall()
            self.reopen(was)

    def _install(self) -> None:
        self._open = self._pending = self._missed = False
        self._delivered = -AGAIN
        self._before = signal.signal(signal.SIGINT, self._on_sigint)
        self._main = threading.get_ident()  # last: a Ctrl-C just before is still the former handler's

    def _uninstall(self) -> None:
        with self._lock:  # no `press` may arrive once the handler before is back
            self._main = -1
            signal.signal(signal.SIGINT, self._before)
        if self._missed:
            signal.raise_signal(signal.SIGINT)

    def press(self, run: Interruptible) -> bool:
        """Do as if Ctrl-C had been pressed for `run`, from any thread; False: it has no doors, it is told only.

        A run in the main thread is interrupted by a real signal, for only that ends a `time.sleep`.
        """
        here = threading.get_ident()
        with self._lock:
            watched = self._main != -1 and run in self._runs
            if not watched:
                run.on_interrupt()
            elif here != self._main:
                signal.pthread_kill(self._main, signal.SIGINT)
        if watched and here == self._main:
            self._on_sigint(signal.SIGINT, None)
        return watched

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        for run in self._runs[: self._barred]:
            run.on_interrupt()
        self._missed = not self._runs
        self._pending = True
        if self._open:
            self._let_in()

    def _let_in(self) -> None:
        if time.monotonic() - self._delivered >= AGAIN:
            self._pending = False
            self._delivered = time.monotonic()
            raise ScanAbort(BY_CTRL_C)

    # -- doors --------------------------------------------------------------------------------------------

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call user code or wait, with the door open. The engine does nothing else in a doorway."""
        if threading.get_ident() != self._main or self._barred is not None:
            return function(*args, **kwargs)
        try:
            try:
                self._open = True
                if self._pending:
                    self._let_in()
                return function(*args, **kwargs)
            finally:
                self._open = False
        except BaseException:
            # A signal may have landed on the line above. It can do so once: the next is delivered AGAIN later.
            self._open = False
            raise

    def shut(self) -> bool:
        """Shut the door on entry from user code; give what is returned to `reopen` on exit."""
        if threading.get_ident() != self._main:
            return False
        was = self._open
        self._open = False
        return was

    def reopen(self, was: bool) -> None:
        """Go back into user code: open the door if it `was`, and let in what waits."""
        if was and self._main != -1:
            self._open = True
            if self._pending:
                self._let_in()

    def barred(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a hook of the way out: no door opens in it, not even in a scan that it starts.

        A press is noted for the runs that are being left; one that was started in the hook is not told, for it
        would end with an error in the middle of the hook.
        """
        if threading.get_ident() != self._main or self._barred is not None:
            return function(*args, **kwargs)
        self._barred = len(self._runs)
        try:
            return function(*args, **kwargs)
        finally:
            self._barred = None

    def forget(self) -> None:
        """Presses so far were acted upon: a door opened from now on lets in newer ones only."""
        if threading.get_ident() == self._main:
            self._pending = False
            self._delivered = -AGAIN  # what follows is a doorway of its own


def _after_fork() -> None:
    doors.__init__()  # type: ignore[misc]


doors = Doors()
os.register_at_fork(after_in_child=_after_fork)
