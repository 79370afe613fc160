"""How a scan is going to end: written from any thread, read by the loop at every step."""

import math
import time
from collections.abc import Callable
from typing import ParamSpec

from obtura.engine.deadlines import Deadlines
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort, locate
from obtura.works.interrupt import AGAIN, BY_CTRL_C, Ejected
from obtura.works.unwind import Failures

__all__ = ["Leaving", "Outcome"]

P = ParamSpec("P")


class Leaving(Exception):
    """The scan is being left, for a reason that is noted in its outcome already."""


class Outcome:
    """Good until `fail`, `stop`, `cut` or a Ctrl-C say otherwise.

    `over`: no new iteration. `cutting`: also end the iterations that run. `aborted`: Ctrl-C or `abort()`; `why`
    is what the ScanAbort says. `not_left`: steps of the way out that failed. `tell` is called with each error.
    `closed`: it is decided how the scan ended; a later Ctrl-C changes nothing.

    `bad_since`: when it turned bad; `pressed_again`: when Ctrl-C was pressed after that; `hurried`: when it was pressed
    once more within `AGAIN`; all in s, monotonic. `stuck` says whether all is closed, but a call that was given up has
    not come back. `attend` is called when something went wrong, not in a handler.
    """

    def __init__(self) -> None:
        self.deadlines = Deadlines()
        self.bad_since = math.inf
        self.pressed_again = self.hurried = -math.inf
        self.attend: Callable[[], None] = lambda: None
        self.stuck: Callable[[], bool] = lambda: False
        self.over = False
        self.cutting = False
        self.aborted = False
        self.closed = False
        self.why = BY_CTRL_C
        self.not_left: list[str] = []
        self.tell: Callable[[BaseException], None] | None = None
        self.failures = Failures(self._on_failure)

    @property
    def is_stuck(self) -> bool:
        """Whether all is closed, but a call that was given up has not come back."""
        return self.stuck()

    @property
    def bad(self) -> bool:
        """Whether the scan failed or was aborted."""
        return self.aborted or bool(self.failures.errors)

    def stop(self) -> None:
        """Begin no new iteration; the scan ends well."""
        self.over = True

    def cut(self) -> None:
        """A terminator ended: end the iterations of the others too; the scan ends well."""
        self.over = self.cutting = True

    def on_interrupt(self) -> None:
        """Ctrl-C or `scan.abort()`. Called in the signal handler: only note it."""
        self.bad_since = min(self.bad_since, time.monotonic())
        self.over = self.cutting = self.aborted = True

    def is_late(self, began: float, deadline: float) -> bool:
        """Whether a step that began at `began` (s, monotonic) has had its time."""
        return time.monotonic() - max(began, self.bad_since) > self.allowed(began, deadline)

    def allowed(self, began: float, deadline: float) -> float:
        """The seconds that a step has which began at `began` (s, monotonic): fewer after a third Ctrl-C."""
        hurried = self.hurried > max(began, self.bad_since)
        return min(deadline, self.deadlines.hurried) if hurried else deadline

    def miss(self, step: str) -> None:
        """A step of the way out failed, or never returned."""
        if step not in self.not_left:
            self.not_left.append(step)

    def on_press(self, why: str) -> None:
        """Ctrl-C, or a signal as `why` says; the second and third mean more. Called in the signal handler."""
        if self.bad:
            now = time.monotonic()
            if now - self.pressed_again < AGAIN:
                self.hurried = now
            self.pressed_again = now
        elif why != BY_CTRL_C:
            self.why = why
        self.on_interrupt()

    def fail(self, error: BaseException, place: str = "") -> None:
        """Note an error; the first one is what `run()` raises.

        A Ctrl-C that a hook turned into another error stays a Ctrl-C, and so does a bare KeyboardInterrupt.
        """
        if isinstance(error, Leaving | Ejected):
            return
        if isinstance(error, ScanAbort) and error.args == (BY_CTRL_C,):
            error.args = (self.why,)
        if not self.failures.errors and not isinstance(error, ScanAbort):
            if self.aborted and not self.closed:
                self.failures.add(ScanAbort(self.why))
            elif isinstance(error, KeyboardInterrupt):
                abort = ScanAbort("KeyboardInterrupt")
                abort.__cause__ = error
                for note in getattr(error, "__notes__", [place] if place else []):
                    locate(abort, note)
                error = abort
        self.failures.add(error, place)

    def attempt(self, step: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Take a step; what it raises is noted and keeps no other step from running. Whether it went well."""
        try:
            step(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit from a driver must not skip a shutter
            self.fail(error)
            return False
        return True

    def check(self) -> None:
        """Raise when the scan is to be left now."""
        if self.cutting:  # every error says so, too
            if self.aborted and not self.failures.errors:
                raise ScanAbort(self.why)
            raise Leaving

    def close(self) -> ScanState:
        """The state in which the scan ends; a Ctrl-C that was only remembered so far counts now."""
        if self.aborted and not self.closed and not self.failures.errors:
            self.failures.add(ScanAbort(self.why))
        self.closed = True
        first = self.failures.first
        if first is None:
            return ScanState.DONE
        return ScanState.USER_ABORTED if isinstance(first, ScanAbort) else ScanState.KILLED

    def _on_failure(self, error: BaseException) -> None:
        self.bad_since = min(self.bad_since, time.monotonic())
        self.over = self.cutting = True
        self.attend()
        if self.tell is not None:
            self.tell(error)
