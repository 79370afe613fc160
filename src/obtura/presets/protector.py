"""Who acts when something gets dangerous: at once, on a thread of its own, and once for each time it does.

Whoever sees a value only puts it into a queue, which is one call into C: no Ctrl-C and no slow shutter can come between
what was seen and what is done about it. Before the preset is left, all that was seen has been acted upon.
"""

import logging
import queue
import time
from collections.abc import Callable
from typing import NamedTuple

from obtura.works.clock import Flag
from obtura.works.companion import companion
from obtura.works.lanes import SLICE

__all__ = ["AGAIN", "IN_VAIN", "Protector"]

log = logging.getLogger(__name__)

AGAIN = 0.1
"""Seconds between two looks, while it stays dangerous, whether it has to be acted again."""

IN_VAIN = "in vain"
"""What an action returns that has failed the scan."""


class _Seen(NamedTuple):
    """`danger`: in words; empty: it is none. `when`: s, monotonic."""

    danger: str
    when: float


class Protector:
    """Calls `act(danger)` each time it gets dangerous; while it stays so, again when `is_undone()`.

    `act` must not raise. Once it has returned `IN_VAIN`, it is not called any more: the scan has failed.
    """

    def __init__(self, act: Callable[[str], object], is_undone: Callable[[], bool]) -> None:
        self._act = act
        self._is_undone = is_undone
        self._in_danger = False  # as seen last, by whoever sees
        self._seen: queue.SimpleQueue[_Seen | Flag | None] = queue.SimpleQueue()
        self._thread = companion("protection", self._work)
        self._thread.start()

    def see(self, danger: str) -> None:
        """It is dangerous, in words, or (empty) it is not. From any thread; returns at once."""
        if danger or self._in_danger:
            self._seen.put(_Seen(danger, time.monotonic()))
        self._in_danger = bool(danger)

    def rearm(self) -> None:
        """What is dangerous from now on is acted upon, also when it was before."""
        self._seen.put(_Seen("", 0.0))

    def settle(self) -> None:
        """Return when everything that was seen until now has been acted upon."""
        settled = Flag()
        self._seen.put(settled)
        while not settled.wait(SLICE):
            continue

    def end(self) -> None:
        """Return when everything that was seen has been acted upon."""
        self._seen.put(None)
        self._thread.join()

    def _work(self) -> None:
        armed, in_vain, looked, acted = True, False, 0.0, 0.0
        while (seen := self._seen.get()) is not None:
            if isinstance(seen, Flag):
                seen.set()
                continue
            if not seen.danger:
                armed = True
                continue
            now = time.monotonic()
            if not armed and now - looked >= AGAIN and seen.when > acted:
                looked = now
                armed = self._undone()
            if armed and not in_vain:
                in_vain = self._act(seen.danger) is IN_VAIN
                armed = False
                looked = acted = time.monotonic()  # what was seen meanwhile is no news

    def _undone(self) -> bool:
        try:
            return self._is_undone()
        except Exception:
            log.warning("whether a protection still holds can't be told", exc_info=True)
            return True  # then it is done once more
