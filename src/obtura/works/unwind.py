"""Errors on the way out: the first one wins, the later ones are kept with it, all are logged."""

import logging
import threading
from collections.abc import Callable

from obtura.ground.errors import annotate, locate, one_line

__all__ = ["Failures"]

log = logging.getLogger(__name__)


class Failures:
    """The errors of one scan, in the order in which they happened."""

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self.errors: list[BaseException] = []
        self._on_failure = on_failure
        self._lock = threading.Lock()

    @property
    def first(self) -> BaseException | None:
        """The error that `run()` raises, or None."""
        return self.errors[0] if self.errors else None

    def add(self, error: BaseException, place: str = "") -> None:
        """Keep an error, once; log it with its traceback."""
        with self._lock:
            if any(error is known for known in self.errors):
                return
            if place:
                locate(error, place)
            self.errors.append(error)
        self._on_failure(error)
        log.error("%s", one_line(error), exc_info=error)

    def summed_up(self, summary: str) -> BaseException | None:
        """The first error with the later ones, and a summary, attached as notes; None when there is none."""
        first = self.first
        if first is not None:
            for later in self.errors[1:]:
                notes = getattr(later, "__notes__", [])
                annotate(first, f"then {one_line(later)}" + (f" ({notes[0]})" if notes else ""))
            annotate(first, summary)
        return first
