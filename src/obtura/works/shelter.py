"""Ctrl-C and context managers: what `__enter__` and `__exit__` do must not be torn in two.

The problem. With Python's own handler a Ctrl-C raises between any two bytecodes: also at the first one of an
`__exit__`, and then nothing is put back at all; or in the middle of it, and then half of it is.

What does not work: `try/finally` and `ExitStack`, for the same reason; a handler that is put up by `__exit__`,
for the Ctrl-C may land just before that.

The solution. A handler is put up by `__enter__` already. Python hands it the frame in which the signal landed: in
the body it passes it on to the handler before, as if it were not there. Within `__enter__` and `__exit__`, from
their first bytecode on and in everything they call, it keeps the press, which is delivered when they are done. Who
presses again means it: that ends the step which is under way, and the others are still made.

One gap is left, a few bytecodes wide: a Ctrl-C while `__enter__` returns is delivered when the body has ended.
"""

import signal
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from obtura.ground.errors import annotate

__all__ = ["Shelter"]


class Shelter:
    """Keeps Ctrl-C out of some methods of `owner`, given by their code objects.

    Used by the main thread only; elsewhere, and where SIGINT is ignored, it does nothing: no Ctrl-C comes there.
    `on_kept` is called at the first press that is kept, in the signal handler.
    """

    def __init__(self, owner: object, methods: tuple[CodeType, ...], on_kept: Callable[[], None]) -> None:
        self._owner = owner
        self._methods = methods
        self._on_kept = on_kept
        self._before: Any = None
        self._in_step = False
        self.presses = 0

    def put_up(self) -> None:
        """Keep Ctrl-C out from now on."""
        self.presses = 0
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._before = before
            signal.signal(signal.SIGINT, self._on_sigint)

    def take_down(self) -> None:
        """Put the handler before back."""
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._on_sigint:
            signal.signal(signal.SIGINT, self._before)

    def deliver(self, error: BaseException | None) -> None:
        """Give a press that was kept to the handler before; where `error` is to be raised, it becomes a note of it."""
        if not self.presses:
            return
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if error is None:
                raise
            if not isinstance(error, KeyboardInterrupt):
                annotate(error, "then interrupted by Ctrl-C")

    def step(self, function: Callable[[], object]) -> BaseException | None:
        """Call `function` and return what it raised; from the second press on, that may be KeyboardInterrupt."""
        try:
            try:
                self._in_step = True
                function()
            finally:
                self._in_step = False
        except BaseException as error:  # noqa: BLE001 - the next step must be made
            self._in_step = False  # the press may have landed on the line above; it can do so once
            return error
        return None

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        if not self._covers(frame):
            self._before(signum, frame)
            return
        self.presses += 1
        if self.presses == 1:
            self._on_kept()
        elif self._in_step:
            self._in_step = False
            raise KeyboardInterrupt("interrupted by Ctrl-C")

    def _covers(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code in self._methods and frame.f_locals.get("self") is self._owner:
                return True
            frame = frame.f_back
        return False
