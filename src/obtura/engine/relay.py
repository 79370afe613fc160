"""Several branches: each drives its devices on a thread of its own and hands every hook to the caller's thread."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from obtura.engine.branch import Branch, OnCaller
from obtura.engine.outcome import Leaving, Outcome
from obtura.ground.errors import ScanAbort
from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Call

__all__ = ["Relay"]


class Relay:
    """Runs branches side by side until the last one is left.

    The caller's thread sleeps on a lock and takes requests from a deque: a Ctrl-C can lose a wake-up, which the
    timeout makes good, but never a request.
    """

    def __init__(self, branches: Sequence[Branch], outcome: Outcome, boundary: Callable[[OnCaller], None]) -> None:
        self._branches = branches
        self._outcome = outcome
        self._boundary = boundary
        self._requests: deque[Call] = deque()
        self._wake = threading.Lock()
        self._wake.acquire()

    def run(self) -> None:
        """Start the threads, serve their hooks; returns when every branch is left."""
        ended = [Flag() for _ in self._branches]
        threads = [
            companion(f"branch {branch.master.name}", self._go, branch, flag)
            for branch, flag in zip(self._branches, ended, strict=True)
        ]
        for thread in threads:
            thread.start()
        cut = False
        while not all(flag.is_set for flag in ended):
            self._serve()
            if self._outcome.cutting and not cut:
                cut = True
                for branch in self._branches:
                    branch.cut()
        for thread in threads:
            thread.join()

    def _serve(self) -> None:
        while self._requests:
            request = self._requests.popleft()
            request.run()
            if request.error is not None:  # noted here and now: it may be the first error of the scan
                self._outcome.fail(request.error)
        try:
            doors.call(self._wake.acquire, True, SLICE)
        except ScanAbort as abort:
            self._outcome.fail(abort)

    def _go(self, branch: Branch, ended: Flag) -> None:
        try:
            self._outcome.attempt(branch.run, self._on_caller, self._boundary)
            if branch.master.terminator:
                self._outcome.cut()
            self._rouse()  # for the others are cut at once, if there was an error too
            branch.leave(self._on_caller)
        finally:
            ended.set()
            self._rouse()

    def _on_caller(self, function: Callable[..., Any], *args: Any) -> None:
        request = Call(function.__name__, lambda: function(*args))
        self._requests.append(request)
        self._rouse()
        while not request.done.wait(SLICE):
            self._rouse()
        if request.error is not None:
            raise Leaving

    def _rouse(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:  # it is awake already
            return
