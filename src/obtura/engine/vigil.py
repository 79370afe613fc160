"""On the way out: what keeps the scan from ending is named, so that nobody sits before a silent prompt."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

from obtura.engine.outcome import Outcome
from obtura.works.clock import Flag

__all__ = ["PATIENCE", "Over", "Vigil"]

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a step out may take before it is named."""

Over: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""`over(what)`: the body is a step of this name."""


class _Step:
    """A plain class: one made by `contextmanager` would write on errors that pass, and some can't be written on."""

    def __init__(self, steps: "dict[int, _Step]", what: str, given_up_after: float, matters_when_well: bool) -> None:
        self.what = what
        self.began = time.monotonic()
        self.given_up_after = given_up_after
        self.matters_when_well = matters_when_well
        self.named = False
        self._steps = steps

    def __enter__(self) -> None:
        self._steps[id(self)] = self

    def __exit__(self, *error: object) -> None:
        del self._steps[id(self)]


class Vigil:
    """Watches the steps of a way out, from a thread of its own, made for the first; `say` shows a line."""

    def __init__(self, outcome: Outcome, say: Callable[[str], object]) -> None:
        self._outcome = outcome
        self._say = say
        self._steps: dict[int, _Step] = {}
        self._ended = Flag()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def over(
        self, what: str, given_up_after: float = 0.0, matters_when_well: bool = False
    ) -> AbstractContextManager[None]:
        """The body is a step, which is named when it takes long; while the scan goes well only if that matters then.

        `given_up_after`: its deadline, in s, 0 for none; it counts from an error or Ctrl-C on.
        """
        self._start()
        return _Step(self._steps, what, given_up_after, matters_when_well)

    def end(self) -> None:
        """The way out is over."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            self._thread = thread = threading.Thread(target=self._watch, name="vigil", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # there are too many: the way out must not depend on this one
                log.warning("nobody says what the scan waits for: %s", error)
                self._thread = None

    def _watch(self) -> None:
        while not self._ended.wait(PATIENCE / 4):
            for step in tuple(self._steps.values()):
                late = time.monotonic() - step.began > PATIENCE
                if late and not step.named and (step.matters_when_well or self._outcome.bad):
                    step.named = True
                    self._say(self._line(step))

    def _line(self, step: _Step) -> str:
        if step.given_up_after and self._outcome.bad:
            return f"Waiting for {step.what}; it is given up after {step.given_up_after:g} s"
        return f"Waiting for {step.what}"
