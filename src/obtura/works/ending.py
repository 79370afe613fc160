"""SIGTERM and SIGHUP outside of a scan: what moves is stopped, then the process ends as it would have at once.

Their default action ends the process between two instructions: no `except` runs, and a motor goes on. Here they raise
`SystemExit` where the main thread is, as Ctrl-C raises `KeyboardInterrupt`. Not for good: what was opened by hand is
closed by the guard only if the process really dies of the signal, so that is sent again when the way out is done.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from obtura.works.interrupt import ENDING

__all__ = ["ending_in_order"]

log = logging.getLogger(__name__)


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

    ours = [each for each in ENDING if signal.getsignal(each) is signal.SIG_DFL]
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        for signum in ours:
            signal.signal(signum, end)
        yield
    finally:
        for signum in ours:
            signal.signal(signum, signal.SIG_DFL)
        if came:
            log.warning("ended by %s; what moved was stopped first", signal.Signals(came[0]).name)
            signal.raise_signal(came[0])
