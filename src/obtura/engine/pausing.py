"""A pause: every branch stands between two of its points, presets have it safe meanwhile, and nothing else happens.

Asked for and ended from any thread. The branch that comes to stand last leads: it has the hooks called, on the thread
that called `run()`, and waits for the end; the others wait for it. Whatever ends the scan ends the wait, too.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from obtura.engine.branch import Branch
from obtura.engine.hooks import Circle, Hooks
from obtura.engine.outcome import Outcome
from obtura.engine.plan import paces
from obtura.engine.states import ScanState
from obtura.works.clock import Flag, clock
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE

__all__ = ["OnCaller", "Pausing", "Wish", "directly"]

OnCaller = Callable[..., None]
"""`on_caller(function, *args)`: call it on the thread that called `run()`, wait, raise what it raised."""


def directly(function: Callable[..., Any], *args: Any) -> None:
    """`on_caller` for a branch that runs on the caller's thread already."""
    function(*args)


class _Pause:
    """One pause: `resumed`: nobody wants it any more; `over`: the branches go on."""

    def __init__(self) -> None:
        self.resumed = Flag()
        self.over = Flag()
        self.standing = 0
        self.led = False


class Wish:
    """Whether a pause is wanted: said from any thread, before and while the scan runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.pause: _Pause | None = None

    def ask(self) -> bool:
        """A pause is wanted from now on; whether that is news."""
        with self._lock:
            news = self.pause is None
            self.pause = self.pause or _Pause()
        return news

    def withdraw(self) -> None:
        """No pause is wanted any more."""
        with self._lock:
            pause, self.pause = self.pause, None
            if pause is not None:
                pause.resumed.set()

    def wait(self, outcome: Outcome) -> None:
        """Return when no pause is wanted, or the scan ends."""
        while (pause := self.pause) is not None and not outcome.over:
            doors.call(pause.resumed.wait, SLICE)

    def stand(self, pause: _Pause, branches: Sequence[Branch]) -> bool:
        """Whether the branch that stands lets `pause` begin, as the last one of those that are not left."""
        with self._lock:
            lead = not pause.led and not pause.resumed.is_set
            lead = lead and pause.standing >= sum(not branch.is_left for branch in branches)
            pause.led = pause.led or lead
        return lead

    def count(self, pause: _Pause, more: int) -> None:
        """So many more branches stand."""
        with self._lock:
            pause.standing += more


class Pausing:
    """Pauses one run; `note` writes a line for the screen and the file. All of it happens on the caller's thread."""

    def __init__(
        self,
        wish: Wish,
        outcome: Outcome,
        hooks: Hooks,
        presets: Circle,
        branches: Sequence[Branch],
        set_state: Callable[[ScanState], None],
        note: Callable[[str], None],
    ) -> None:
        self._wish = wish
        self._outcome = outcome
        self._hooks = hooks
        self._presets = presets
        self._branches = branches
        self._set_state = set_state
        self._note = note
        self._began = 0.0
        self.seconds = 0.0
        """How long the scan has been paused so far."""

    def between_points(self, on_caller: OnCaller) -> None:
        """Called by a branch that stands between two points; returns when it is to go on."""
        while (pause := self._wish.pause) is not None and not self._outcome.over:
            self._wish.count(pause, 1)
            try:
                self._stand(pause, on_caller)
            finally:
                self._wish.count(pause, -1)

    def _stand(self, pause: _Pause, on_caller: OnCaller) -> None:
        while not self._ended(pause):
            self._outcome.check()
            if self._wish.stand(pause, self._branches):
                try:
                    self._lead(pause, on_caller)
                finally:
                    pause.over.set()
                return
            doors.call((pause.over if pause.led else pause.resumed).wait, SLICE)

    def _ended(self, pause: _Pause) -> bool:
        """It is over, or was withdrawn before it began, or the scan ends."""
        return pause.over.is_set or self._outcome.over or (pause.resumed.is_set and not pause.led)

    def _lead(self, pause: _Pause, on_caller: OnCaller) -> None:
        on_caller(self._begin)
        while not pause.resumed.is_set and not self._outcome.over:
            self._outcome.check()
            doors.call(pause.resumed.wait, SLICE)
        self._outcome.check()
        if not self._outcome.over:
            on_caller(self._end)

    def _begin(self) -> None:
        self._began = clock.time()
        for circle in reversed(self._circles()):
            self._hooks.pause(circle)
        self._set_state(ScanState.PAUSED)
        self._note("Paused; scan.resume() goes on, scan.stop() ends it well, Ctrl-C aborts it")

    def _end(self) -> None:
        for circle in self._circles():
            self._hooks.resume(circle)
        lasted = clock.time() - self._began
        self.seconds += lasted
        self._set_state(ScanState.RUNNING)
        self._note(f"Resumed after {lasted:.1f} s")

    def _circles(self) -> list[Circle]:
        """In the order in which they are entered; nothing of a branch that is left is entered any more."""
        return [self._presets, *(branch.chain for branch in self._branches)]

    def told(self) -> str:
        """When a pause that is asked for now begins, in words."""
        if any(max(paces(branch.master).values()) > 1 for branch in self._branches):
            return "Pause asked for: it begins at the end of this pass, within which there is none"
        return "Pause asked for: it begins after this point"
