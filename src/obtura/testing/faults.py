"""What can go wrong with a call, and in which moment of it.

A `Kind` says what happens, a `Fault` to which call. A `Recording` has them happen: it is asked before, in the middle
of and after every call that is made through it, the one seam of all tests with faults.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = [
    "AFTER",
    "BEFORE",
    "CLEAN_UP",
    "DURING",
    "Abort",
    "CtrlC",
    "Fault",
    "Hang",
    "Kind",
    "Provoked",
    "Raise",
    "is_clean_up",
    "press",
]

BEFORE, DURING, AFTER = "before", "during", "after"

CLEAN_UP = ("stop", "before_stop", "close")
"""The calls of the way out."""

LATER = 0.2
"""Seconds after which a call ends that was given up last, with nothing left to do."""
LATEST = 1.0
"""Seconds after which a call on another thread ends, whether or not its device was stopped."""


class Provoked(RuntimeError):
    """What a fault raises."""


def press() -> None:
    """Press Ctrl-C, as a terminal does: a real signal."""
    os.kill(os.getpid(), signal.SIGINT)


def _press_and_let_in() -> None:
    """Press Ctrl-C and give it the time to arrive here."""
    press()
    time.sleep(0)


def is_clean_up(key: str) -> bool:
    """Whether a call is one of the way out."""
    return key.rpartition("#")[0].rpartition(".")[2] in CLEAN_UP


class Kind:
    """Something that can go wrong; derive a class of your own to try something else.

    `name`: what it is called in reports. `moment`: `BEFORE` the effect of the call, `DURING` it, as a device or hook
    that waits, or `AFTER`.
    """

    ends_with_abort = False
    """Whether the scan is expected to end with `ScanAbort`."""
    deadline = 0.0
    """Seconds that a call has on the way out, 0: as usual."""

    def __init__(self, name: str, moment: str = BEFORE) -> None:
        self.name = name
        self.moment = moment

    def strike(self, fault: "Fault", key: str, recording: Any) -> None:
        """Do it. Called once, in the call `key`, on the thread that makes the call; what it raises, the call raises.

        With the moment `DURING` the call lingers afterwards, until what makes it is stopped.
        """
        raise NotImplementedError

    def later(self, fault: "Fault", key: str, moment: str) -> None:
        """A later moment of whatever call of the recording: something may go wrong again."""

    def result(self, fault: "Fault", result: Any) -> Any:
        """What the call that was struck returns in place of `result`."""
        return result

    def failed(self, fault: "Fault") -> None:
        """The call that was struck has just ended with an error."""

    def __str__(self) -> str:
        return self.name


class Fault:
    """One thing that goes wrong in one call. `key`: the call, as in `Recording.keys()`."""

    def __init__(self, key: str, kind: Kind) -> None:
        self.key = key
        self.kind = kind
        self.fired = False
        self.number = 0
        """Where in the log of the recording it struck."""
        self.again = False
        """Whether it went wrong a second time."""
        self.error: BaseException | None = None
        """What it raised first."""
        self.over = threading.Event()
        """Set when a call that hangs need not do so any longer."""
        self.thread = 0
        """On which one it hangs."""

    @property
    def is_hook(self) -> bool:
        """Whether it hangs on the thread of the hooks."""
        return self.thread == threading.main_thread().ident

    def __str__(self) -> str:
        return f"{self.key!r} kind={self.kind}"


class Raise(Kind):
    """The call raises what `error(text)` makes; with `everywhere` each clean-up that comes later does so, too."""

    def __init__(
        self,
        name: str,
        moment: str = BEFORE,
        error: Callable[[str], BaseException] = Provoked,
        everywhere: bool = False,
    ) -> None:
        super().__init__(name, moment)
        self._make = error
        self._everywhere = everywhere

    def strike(self, fault: Fault, key: str, recording: Any) -> None:
        """Raise."""
        fault.error = self._make(f"provoked in {key}")
        raise fault.error

    def later(self, fault: Fault, key: str, moment: str) -> None:
        """Raise again, at the end of a clean-up."""
        if self._everywhere and moment == AFTER and is_clean_up(key):
            fault.again = True
            raise self._make(f"provoked in {key}, too")


class CtrlC(Kind):
    """Ctrl-C is pressed.

    `again`: and pressed once more, at the next "call", the next "clean-up", in the call's "own" clean-up, or at every
    later call, "always".

    `caught`: the call does not let it through; it goes on, or raises what `caught(text)` makes.
    """

    ends_with_abort = True

    def __init__(
        self,
        name: str,
        moment: str = BEFORE,
        again: str = "",
        caught: Callable[[str], BaseException | None] | None = None,
    ) -> None:
        super().__init__(name, moment)
        self._again = again
        self._caught = caught

    def strike(self, fault: Fault, key: str, recording: Any) -> None:
        """Press."""
        if self._caught is None:
            press()
            return
        try:
            _press_and_let_in()
        except KeyboardInterrupt:
            error = self._caught(f"provoked in {key}")
            if error is not None:
                raise error from None

    def later(self, fault: Fault, key: str, moment: str) -> None:
        """Press again."""
        if moment != BEFORE or not self._again or (fault.again and self._again != "always"):
            return
        if self._again in ("call", "always") or (self._again == "clean-up" and is_clean_up(key)):
            fault.again = True
            _press_and_let_in()

    def failed(self, fault: Fault) -> None:
        """Press in the call's own clean-up."""
        if self._again == "own":
            fault.again = True
            _press_and_let_in()


class Abort(Kind):
    """Another thread calls `scan.abort()`; the recording must know its `scan`."""

    ends_with_abort = True

    def strike(self, fault: Fault, key: str, recording: Any) -> None:
        """Abort."""
        thread = threading.Thread(target=recording.scan.abort, name="abort", daemon=True)
        thread.start()
        thread.join(5.0)


class Hang(Kind):
    """The call does not return, and somebody presses Ctrl-C.

    One that Ctrl-C does not reach, as on the way out, ends with an error when it was given up.
    """

    ends_with_abort = True

    def __init__(self, name: str, moment: str = BEFORE, deadline: float = 0.2) -> None:
        super().__init__(name, moment)
        self.deadline = deadline

    def patient(self) -> "Hang":
        """The same with a deadline that also a busy machine keeps."""
        return Hang(self.name, self.moment, 5 * self.deadline)

    def strike(self, fault: Fault, key: str, recording: Any) -> None:
        """Hang."""
        fault.error = Provoked(f"{key} hung")
        fault.thread = threading.get_ident()
        fault.over.clear()
        press()
        until = time.monotonic() + (self.deadline + LATER if fault.is_hook else LATEST)
        while not fault.over.wait(0.002) and time.monotonic() < until:
            pass
        raise fault.error

    def later(self, fault: Fault, key: str, moment: str) -> None:
        """The device that hangs is stopped; or another thread leaves what is left: a hook's call was given up."""
        own = key.startswith(fault.key.rpartition("#")[0].rpartition(".")[0] + ".")
        if is_clean_up(key) and (own or fault.is_hook) and threading.get_ident() != fault.thread:
            fault.over.set()
