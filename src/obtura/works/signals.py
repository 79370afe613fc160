"""Signals that are seen while the main thread sits in C code.

Python runs a signal handler in the main thread, between two bytecodes: not before a driver written in C gives the
interpreter back. But the interpreter writes the number of each signal into a descriptor at once
(`signal.set_wakeup_fd`), and a thread can read it there.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable

from obtura.works.clock import Flag

__all__ = ["GRACE", "Watcher"]

log = logging.getLogger(__name__)

GRACE = 0.1
"""Seconds that Python's own handler has to come first."""


class Watcher:
    """Calls `seen(numbers)` with the signals that came, `GRACE` later, on a thread of its own.

    Started and ended in the main thread. Who had the descriptor before, e.g. an event loop, still gets every number.
    """

    def __init__(self, seen: Callable[[bytes], None]) -> None:
        self._seen = seen
        self._before = -1
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._ended = Flag()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch; without threads or descriptors to be had, only Python's handlers see signals."""
        self._ended = Flag()
        try:
            reading, writing = self._ends = socket.socketpair()
            writing.setblocking(False)
            self._thread = threading.Thread(target=self._watch, args=(reading,), name="signals", daemon=True)
            self._thread.start()
        except (OSError, RuntimeError) as error:
            log.warning("signals are not seen while the main thread sits in C code: %s", error)
            self._thread = None
            self._close()
            return
        self._before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def end(self) -> None:
        """Watch no more; returns when the thread has ended."""
        if self._ends is None or self._thread is None:
            return
        signal.set_wakeup_fd(self._before)
        self._ended.set()
        self._ends[1].shutdown(socket.SHUT_WR)
        self._thread.join()
        self._close()

    def _close(self) -> None:
        for end in self._ends or ():
            end.close()
        self._ends = None

    def _watch(self, reading: socket.socket) -> None:
        while numbers := reading.recv(64):
            if self._before != -1:
                self._pass_on(numbers)
            if not self._ended.wait(GRACE):
                self._seen(numbers)

    def _pass_on(self, numbers: bytes) -> None:
        try:
            os.write(self._before, numbers)
        except OSError as error:  # full, or gone: as for the interpreter itself
            log.debug("a signal was not passed on: %s", error)
