"""Holding a scan up until something is good, and has been so for a while."""

import math
from collections.abc import Callable
from typing import NamedTuple

from obtura.engine.running import running
from obtura.ground.errors import DeviceTimeoutError
from obtura.presets.anylevel import Say
from obtura.presets.progress import Progress
from obtura.works.clock import clock

__all__ = ["Look", "hold_up"]


class Look(NamedTuple):
    """How it is: whether it is good, what it reads, and what is wanted."""

    is_good: bool
    reads: str
    wanted: str


def hold_up(
    say: Say,
    look: Callable[[], Look],
    rest: Callable[[float], object],
    settle: float,
    words: tuple[str, str],
    limit: float = math.inf,
) -> None:
    """Return when `look()` has been good for `settle` s without a break; at once, if it is good at first.

    `rest(seconds)`: what is done between two looks, at most for so many s. `words`: what is waited for, and that it is
    good again: "Waiting for beam", "Beam is back".

    Raises:
        DeviceTimeoutError: that took more than `limit` s.
        ScanAbort: the scan in whose hook this thread is was aborted.
    """
    seen = look()
    if seen.is_good:
        return
    waiting, good_again = words
    check = running.watched_here()
    began = clock.time()
    settled = math.inf  # when it will have been good for long enough
    progress = Progress(say)
    while (now := clock.time()) < (settled := min(settled, now + settle) if seen.is_good else math.inf):
        if now - began >= limit:
            raise DeviceTimeoutError(f"{waiting}: {seen.reads} for {limit:g} s, {seen.wanted} is wanted")
        if seen.is_good:
            progress.show(f"{good_again}: {seen.reads}, {settled - now:.1f} s more to settle")
        else:
            progress.show(f"{waiting}: {seen.reads}, {seen.wanted} is wanted")
        rest(min(settled - now, began + limit - now))
        check()
        seen = look()
    progress.end(f"{good_again}: {seen.reads} after {now - began:.1f} s")
