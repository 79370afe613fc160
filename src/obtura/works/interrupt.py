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

SIGTERM and SIGHUP take the same way; when the outermost run has been left, the process ends as it would have at
once. While the main thread sits in C code no handler runs, but the run learns of the signal all the same: see
`signals`. A call that was given up is ended by `eject`, also one on the way out.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from types import FrameType
from typing import Any, ParamSpec, Protocol, TypeVar, TypeVarTuple

from obtura.ground.errors import ScanAbort
from obtura.works.signals import Watcher

__all__ = ["AGAIN", "BARRED", "BY_CTRL_C", "OPEN", "SHUT", "Doors", "Ejected", "Interruptible", "doors"]

BY_CTRL_C = "interrupted by Ctrl-C"

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals after which the process ends."""

SHUT, OPEN, BARRED = range(3)
"""Engine code; user code where Ctrl-C may come in; user code of the way out, which only `eject` ends."""

A = TypeVarTuple("A")
P = ParamSpec("P")
R = TypeVar("R")

AGAIN = 2.0
"""Seconds before a further Ctrl-C is delivered into the same doorway, so that a hook's own clean-up is not torn."""


class Ejected(BaseException):
    """A call was ended that had been given up; that is known already.

    No KeyboardInterrupt: whoever swallows those in a loop must get out of it, too.
    """


class Interruptible(Protocol):
    """A run that wants to know of Ctrl-C."""

    @property
    def is_stuck(self) -> bool:
        """Whether everything of it is left and closed, and only a call that was given up has not come back."""

    def on_interrupt(self) -> None:
        """Note that it is to end. May be called inside a signal handler: only note it."""

    def on_press(self, why: str) -> None:
        """Note that Ctrl-C was pressed, or what `why` says. Called inside a signal handler: only note it."""

    def attend(self) -> None:
        """Ctrl-C was pressed a moment ago. Called on another thread, maybe while the main one sits in C code."""


class Doors:
    """The doors of the process; one object, `doors`, since SIGINT belongs to the process.

    The open flag is touched by the main thread only. The handler runs on that thread too, between bytecodes.
    """

    def __init__(self) -> None:
        self._runs: list[Interruptible] = []
        self.depth = 0
        """How many runs are watched, one in the hook of another."""
        self._before: dict[int, Any] = {}
        self.main = -1
        """The thread that has doors, while a run is watched there."""
        self.door = SHUT
        self.pending = False
        """Whether a press waits for a door."""
        self._missed = False  # a press while no run was there to be told
        self._delivered = -AGAIN
        self.barred_at: int | None = None
        """In a hook of the way out, how many runs there were when it was called."""
        self._ejecting = False
        self._nudged = False  # the next SIGINT is the one of `eject`
        self._ending: int | None = None
        self._handled = 0  # signals that Python's handler got to
        self._known = 0
        self._told = False  # the handler has still to come, but the runs know
        self._lock = threading.RLock()  # `press` may come in another signal's handler
        self._watcher = Watcher(self._seen)

    # -- installing ---------------------------------------------------------------------------------------

    @contextmanager
    def watch(self, run: Interruptible) -> Iterator[None]:
        """Handle signals while the body runs; runs may be nested (a scan started in a hook).

        Off the main thread nothing is touched, nor is a signal that is ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        was = self.shut()  # a nested run comes from a hook, whose door is open
        if not self._runs:
            self._install()
        self._runs.append(run)
        self.depth += 1
        if self._missed:
            self._missed = False
            run.on_interrupt()
        try:
            yield
        finally:
            self._runs.remove(run)
            self.depth -= 1
            if not self._runs:
                self._uninstall()
            self.reopen(was)

    def _install(self) -> None:
        self.door = SHUT
        self.pending = self._missed = self._ejecting = self._nudged = self._told = False
        self._ending = None
        self._delivered = -AGAIN
        self._known = self._handled
        for signum in (signal.SIGINT, *ENDING):
            before = signal.getsignal(signum)
            if before not in (signal.SIG_IGN, None):
                signal.signal(signum, self._on_signal)
                self._before[signum] = before
        self.main = get_ident()  # last: a Ctrl-C just before is still the former handler's
        self._watcher.start()

    def _uninstall(self) -> None:
        self._watcher.end()
        with self._lock:  # no `press` may arrive once the handler before is back
            self.main = -1
            for signum in tuple(self._before):
                signal.signal(signum, self._before.pop(signum))
        if self._ending is not None:
            if signal.getsignal(self._ending) is not signal.SIG_DFL:
                signal.raise_signal(self._ending)
            # and not the signal itself: what is open around the run is closed
            raise SystemExit(128 + self._ending) from sys.exception() or ScanAbort(_why(self._ending))
        if self._missed:
            signal.raise_signal(signal.SIGINT)

    def press(self, run: Interruptible) -> bool:
        """Do as if Ctrl-C had been pressed for `run`, from any thread; False: it has no doors, it is told only.

        A run in the main thread is interrupted by a real signal, for only that ends a `time.sleep`.
        """
        here = get_ident()
        with self._lock:
            watched = self.main != -1 and run in self._runs and signal.SIGINT in self._before
            if not watched:
                run.on_interrupt()
            elif here != self.main:
                signal.pthread_kill(self.main, signal.SIGINT)
        if watched and here == self.main:
            self._interrupt(BY_CTRL_C)
        return watched

    def eject(self, run: Interruptible) -> None:
        """End the call of user code that the main thread is in, wherever; it was given up. From another thread.

        If nothing is left to be done, and SIGTERM or SIGHUP came on the way, the process ends with it.
        """
        if self._ending is not None:
            self._end_if_stuck(self._ending)
        with self._lock:
            if self.main != -1 and run in self._runs and signal.SIGINT in self._before:
                self._ejecting = self._nudged = True
                signal.pthread_kill(self.main, signal.SIGINT)

    def calm(self) -> None:
        """The call that was to be ended by `eject` has ended; on the thread that made it."""
        if get_ident() == self.main:
            self._ejecting = False

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._handled += 1
        if self._nudged and signum == signal.SIGINT:
            self._nudged = False
            self._throw_out()
            return
        if signum in ENDING:
            self._end_if_stuck(signum)
            self._ending = signum
        self._interrupt(_why(signum))

    @property
    def _is_stuck(self) -> bool:
        return bool(self._runs) and all(run.is_stuck for run in self._runs)

    def _end_if_stuck(self, signum: int) -> None:
        """Nothing is left to be done, and somebody's hook would keep the process for ever: end it as it stands."""
        if self._is_stuck:
            os._exit(128 + signum)

    def _interrupt(self, why: str) -> None:
        told, self._told = self._told, False
        if not told:
            self._tell(why)
        self._missed = not self._runs
        self.pending = True
        if self._is_stuck:
            self._ejecting = True
            self._throw_out()
        if self.door == OPEN:
            self.let_in()

    def _tell(self, why: str) -> None:
        for run in self._runs[: self.barred_at]:
            run.on_press(why)

    def _seen(self, numbers: bytes) -> None:
        """On the watcher's thread: see to it that somebody acts, even if the main thread can't."""
        ours = [number for number in numbers if number in self._before]
        for number in ours:
            if number in ENDING:  # its handler may not have come so far: what another signal raised in it ends it
                self._end_if_stuck(number)
                self._ending = number
        if self._handled == self._known:  # no handler has run: the main thread sits in C code
            for number in ours:
                self._told = True
                self._tell(_why(number))
        self._known = self._handled
        if ours:
            for run in tuple(self._runs):
                run.attend()

    def let_in(self) -> None:
        """The door is open and a press is pending: raise it, unless the one before came a moment ago."""
        if time.monotonic() - self._delivered >= AGAIN:
            self.pending = False
            self._delivered = time.monotonic()
            raise ScanAbort(BY_CTRL_C)

    def _throw_out(self) -> None:
        if not self._ejecting or self.door == SHUT:
            return
        inner = self._runs[self.barred_at :] if self.barred_at is not None else []
        if inner:  # a scan that was started in the hook has a way out of its own
            for run in inner:
                run.on_interrupt()
            return
        self._ejecting = False
        raise Ejected("given up, since it did not return")

    # -- doors --------------------------------------------------------------------------------------------

    @property
    def is_shut(self) -> bool:
        """Whether this is the main thread, in code of the engine: what is raised here would tear it."""
        return self.door == SHUT and threading.get_ident() == self.main

    @property
    def guards(self) -> bool:
        """Whether a Ctrl-C comes into code of this thread where a door lets it only, between `shut` and `reopen`.

        Not in the main thread outside of a run; to other threads none comes.
        """
        here = get_ident()
        return here == self.main or here != threading.main_thread().ident

    @property
    def is_barred(self) -> bool:
        """Whether this is the main thread, in user code of the way out."""
        return self.barred_at is not None and get_ident() == self.main

    def call(self, function: Callable[[*A], R], *args: *A) -> R:
        """Call user code or wait, with the door open. The engine does nothing else in a doorway."""
        if get_ident() != self.main or self.barred_at is not None:
            return function(*args)
        try:
            try:
                self.door = OPEN
                if self.pending:
                    self.let_in()
                return function(*args)
            finally:
                self.door = SHUT
        except BaseException:
            # A signal may have landed on the line above. It can do so once: the next is delivered AGAIN later.
            self.door = SHUT
            raise

    def shut(self) -> int:
        """Shut the door on entry from user code; give what is returned to `reopen` on exit."""
        if get_ident() != self.main:
            return SHUT
        was = self.door
        self.door = SHUT
        return was

    def shut_forward(self) -> int | None:
        """As `shut`, in the main thread while a run goes forward: `call` there is a doorway. None: it is not so."""
        if get_ident() != self.main or self.barred_at is not None:
            return None
        was = self.door
        self.door = SHUT
        return was

    def reopen(self, was: int) -> None:
        """Go back into user code: open the door if it `was`, and let in what waits."""
        if was and self.main != -1:
            self.door = was
            if self._ejecting:
                self._throw_out()
            if self.pending and was == OPEN:
                self.let_in()

    def barred(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a hook of the way out: no door opens in it, not even in a scan that it starts.

        A press is noted for the runs that are being left; one that was started in the hook is not told, for it
        would end with an error in the middle of the hook.
        """
        if get_ident() != self.main or self.barred_at is not None:
            return function(*args, **kwargs)
        self.barred_at = self.depth
        try:
            try:
                self.door = BARRED
                return function(*args, **kwargs)
            finally:
                self.door = SHUT
        except BaseException:
            self.door = SHUT  # as in `call`
            raise
        finally:
            self.barred_at = None

    def forget(self) -> None:
        """Presses so far were acted upon: a door opened from now on lets in newer ones only."""
        if get_ident() == self.main:
            self.pending = False
            self._delivered = -AGAIN  # what follows is a doorway of its own


def _why(signum: int) -> str:
    return BY_CTRL_C if signum == signal.SIGINT else f"ended by {signal.Signals(signum).name}"


def _after_fork() -> None:
    """A child is no scan: signals do there what they did before."""
    before = doors._before
    doors.__init__()  # type: ignore[misc]
    if before and threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)
        for signum, handler in before.items():
            signal.signal(signum, handler)


doors = Doors()
os.register_at_fork(after_in_child=_after_fork)
