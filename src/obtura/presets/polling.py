"""Looks at something beside the scan, again and again, on a thread of its own."""

from collections.abc import Callable
from typing import Any

from obtura.works.clock import Flag
from obtura.works.companion import companion

__all__ = ["Polling"]


class Polling:
    """From now on `look()` is called every `poll` s until `end`, or until it raises."""

    def __init__(self, name: str, look: Callable[[], Any], poll: float) -> None:
        self._look = look
        self._poll = poll
        self._ended = Flag()
        companion(name, self._watch).start()

    def end(self) -> None:
        """Look no longer; a look that is going on is not waited for, lest it hold up a shutter."""
        self._ended.set()

    def _watch(self) -> None:
        # Real time, also where the clock is virtual: there a point takes none.
        while not self._ended.wait(self._poll):
            self._look()
