"""Several branches: each drives its devices on a thread of its own and hands every hook to the caller's thread."""

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from obtura.engine.branch import Branch
from obtura.engine.hooks import Hooks
from obtura.engine.outcome import Leaving, Outcome
from obtura.engine.pausing import OnCaller
from obtura.engine.seat import Seat
from obtura.engine.timing import BRANCHES, FOR_HOOKS
from obtura.ground.errors import ScanAbort
from obtura.works.clock import Flag, Turn, clock
from obtura.works.companion import companion
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Call

__all__ = ["Relay"]

RESUMED = ("before_stop", "leave")
"""Requests that, made once more, go on where they were."""


class _FromAfar:
    """`hooks` for a branch on a thread of its own: each method of theirs is called on the caller's thread."""

    def __init__(self, hooks: Hooks, on_caller: OnCaller) -> None:
        self._hooks = hooks
        self._on_caller = on_caller

    def __getattr__(self, name: str) -> Callable[..., None]:
        return partial(self._on_caller, getattr(self._hooks, name))


class Relay:
    """Runs branches side by side until the last one is left.

    The caller's thread sleeps on a lock and takes requests from a deque: a Ctrl-C can lose a wake-up, which the
    timeout makes good, but never a request.
    """

    def __init__(
        self,
        branches: Sequence[Branch],
        hooks: Hooks,
        outcome: Outcome,
        boundary: Callable[[OnCaller], None],
        seat: Seat,
    ) -> None:
        self._keeper = seat.keeper
        self._branches = branches
        self._seat = seat
        self._present: Call | None = None
        self._ended = [Flag() for _ in branches]
        self.seats = [
            Seat(f"branch {branch.master.name}", partial(self._leave, branch, flag), seat.keeper)
            for branch, flag in zip(branches, self._ended, strict=True)
        ]
        self._outcome = outcome
        self._hooks = cast(Hooks, _FromAfar(hooks, self._on_caller))
        self._boundary = partial(boundary, self._on_caller)
        self._requests: deque[Call] = deque()
        self._wake = threading.Lock()
        self._wake.acquire()

    def run(self) -> None:
        """Start the threads, serve their hooks; returns when every branch is left."""
        threads = [
            companion(seat.name, self._go, clock.expect(), number, branch, seat, flag)
            for number, (branch, seat, flag) in enumerate(zip(self._branches, self.seats, self._ended, strict=True), 1)
        ]
        for thread in threads:
            thread.start()
        self._serve_all()
        for thread, seat in zip(threads, self.seats, strict=True):
            if not seat.is_lost:
                thread.join()

    def take_over(self) -> None:
        """Go on serving, on a thread that took the seat of one that is stuck in a request.

        What is left of a way out comes first: a branch goes on when its `before_stop` are done.
        """
        stuck = self._present
        if stuck is not None:
            if stuck.what in RESUMED:
                self._outcome.attempt(stuck.function)
                self._seat.settle()
            stuck.finish(Leaving())
        self._serve_all()

    def _serve_all(self) -> None:
        cut = False
        while not self._is_over:
            self._serve()
            if self._outcome.cutting and not cut:
                cut = True
                for branch in self._branches:
                    branch.cut()

    @property
    def _is_over(self) -> bool:
        return all(flag.is_set for flag in self._ended)

    def _serve(self) -> None:
        while self._requests:
            self._present = request = self._requests.popleft()
            request.run()
            self._seat.settle()
            if request.error is not None:  # noted here and now: it may be the first error of the scan
                self._outcome.fail(request.error)
        if self._is_over:  # as after a request that another thread finished: a press from then has nothing to end
            return
        try:
            with self._keeper.over(BRANCHES):
                doors.call(clock.standby, self._is_called, math.inf, self._wake.acquire, True, SLICE)
        except ScanAbort as abort:
            self._outcome.fail(abort)

    def _is_called(self) -> bool:
        return bool(self._requests) or all(flag.is_set for flag in self._ended)

    def _go(self, turn: Turn, number: int, branch: Branch, seat: Seat, ended: Flag) -> None:
        turn.begin()
        strand = self._keeper.whole(number, seat.name)
        strand.place = branch.place
        try:
            seat.take(strand)
            self._outcome.attempt(branch.run, self._hooks, self._boundary)
            seat.settle()
            self._leave(branch, ended)
        finally:
            strand.stop(strand.now)
            turn.end()

    def _leave(self, branch: Branch, ended: Flag) -> None:
        try:
            if branch.master.terminator:
                self._outcome.cut()
            self._rouse()  # for the others are cut at once, if there was an error too
            branch.leave(self._hooks)
        finally:
            ended.set()
            self._rouse()

    def _on_caller(self, function: Callable[..., Any], *args: Any) -> None:
        request = Call(function.__name__, lambda: function(*args))
        self._requests.append(request)
        self._rouse()
        with self._keeper.over(FOR_HOOKS):
            while not request.done.stand_by(SLICE):
                if self._is_over:  # a thread that comes back late: everything is left, and nobody serves any more
                    raise Leaving
                self._rouse()
        if request.error is not None:
            raise Leaving

    def _rouse(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:  # it is awake already
            return
