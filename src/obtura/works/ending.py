"""SIGTERM and SIGHUP outside of a scan: what moves is stopped, then the process ends as it would have at once.

Their default action ends the process between two instructions: no `except` runs, and a motor goes on. Here they raise
`SystemExit` where the main thread is, as Ctrl-C raises `KeyboardInterrupt`. Not for good: what was opened by hand is
closed by the guard only if the process really dies of the signal, so that is sent again when the way out is done.

What goes on while nobody waits for it, as an axis that jogs, is stopped by who said so with `ending_after`.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from obtura.works.interrupt import ENDING

__all__ = ["ending_after", "ending_at_once", "ending_in_order"]

log = logging.getLogger(__name__)

LAST = 10.0
"""Seconds that what has to be done before the end may take."""

_first: list[Callable[[], object]] = []


def ending_after(function: Callable[[], object]) -> None:
    """From now on, SIGTERM and SIGHUP end the process when `function()` has returned, or after LAST s.

    It is called on a thread of its own: the main one may be anywhere. Off the main thread, and where somebody handles
    or ignores a signal, nothing is touched.
    """
    if function not in _first:
        _first.append(function)
    _replace(signal.SIG_DFL, _end)


def ending_at_once(function: Callable[[], object]) -> None:
    """`function` need not be called any more."""
    if function in _first:
        _first.remove(function)
    if not _first:
        _replace(_end, signal.SIG_DFL)


def _replace(before: object, now: "signal.Handlers | Callable[[int, FrameType | None], None]") -> None:
    if threading.current_thread() is threading.main_thread():
        for signum in ENDING:
            if signal.getsignal(signum) is before:
                signal.signal(signum, now)


def _end(signum: int, frame: FrameType | None) -> None:
    for function in tuple(_first):
        doing = threading.Thread(target=function, name="before the end", daemon=True)
        doing.start()
        doing.join(LAST)
    signal.signal(signum, signal.SIG_DFL)
    signal.raise_signal(signum)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """While the body runs, SIGTERM and SIGHUP raise `SystemExit` there, once; when it has ended, so does the process.

    Off the main thread, and where somebody handles or ignores a signal, nothing is touched.
    """
    came: list[int] = []

    def end(signum: int, frame: FrameType | None) -> None:
        came.append(signum)
        if len(came) == 1:
            raise SystemExit(128 + signum)

    ours = [each for each in ENDING if signal.getsignal(each) in (signal.SIG_DFL, _end)]
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        for signum in ours:
            signal.signal(signum, end)
        yield
    finally:
        for signum in ours:
            signal.signal(signum, _end if _first else signal.SIG_DFL)
        if came:
            log.warning("ended by %s; what moved was stopped first", signal.Signals(came[0]).name)
            signal.raise_signal(came[0])
