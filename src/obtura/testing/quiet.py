"""While faults are tried: virtual time, also for `time.sleep`, no log, and a Ctrl-C that comes late harms nobody."""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obtura.ground.errors import UsageError
from obtura.works.clock import Flag, VirtualTime, clock

__all__ = ["BoundedTime", "Endless", "quiet"]

LONGEST = 3600.0
"""Seconds of virtual time that a scan of a test may take: one that waits for what never comes is ended."""
ENOUGH = 8
"""A hook and what is called on its way out may each wait for too long; one that swallows it goes on and on."""


class Endless(AssertionError):
    """Somebody waits for what never comes."""

    def __str__(self) -> str:
        return "waits for what never comes; it was ended after an hour of virtual time"


class BoundedTime(VirtualTime):
    """Virtual time that comes to an end; `begin` starts anew."""

    until = LONGEST

    def __init__(self) -> None:
        super().__init__()
        self.overruns = 0
        """How often somebody has waited for too long in this scan."""
        self.blocked: dict[int, float] = {}
        """Seconds for which each thread blocked; `asyncio.sleep` blocks none."""

    def begin(self) -> None:
        """A scan begins."""
        self.until = self.time() + LONGEST
        self.overruns = 0

    @property
    def is_lost(self) -> bool:
        """Whether somebody goes on waiting, however often he is told that it is enough."""
        return self.overruns >= ENOUGH

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        """Move time on."""
        self._check()
        here = threading.get_ident()
        self.blocked[here] = self.blocked.get(here, 0.0) + max(seconds, 0.0)
        return super().wait(flag, seconds)

    def pass_by(self, seconds: float) -> None:
        """Move time on; no thread blocks."""
        self._check()
        super().wait(None, seconds)

    def _check(self) -> None:
        if self.time() > self.until:
            self.until = self.time() + LONGEST  # what is left of the scan has its time too
            self.overruns += 1
            raise Endless


@contextmanager
def quiet() -> Iterator[BoundedTime]:
    """Have the body run on virtual time, which is given to it, in the main thread.

    Raises:
        UsageError: this is another thread; only the main thread gets a Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("presets are tested in the main thread: only that one gets a Ctrl-C")
    log = logging.getLogger("obtura")
    level, handler, source = log.level, signal.getsignal(signal.SIGINT), clock.source
    sleeps: tuple[Any, Any] = time.sleep, asyncio.sleep
    virtual = BoundedTime()
    log.setLevel(logging.CRITICAL + 1)
    signal.signal(signal.SIGINT, lambda *_: None)
    clock.use(virtual)
    time.sleep, asyncio.sleep = _sleep(virtual, sleeps[0]), _async_sleep(virtual, sleeps[1])
    try:
        yield virtual
    finally:
        time.sleep, asyncio.sleep = sleeps
        clock.use(source)
        signal.signal(signal.SIGINT, handler)
        log.setLevel(level)


def _sleep(virtual: BoundedTime, real: Any) -> Any:
    def sleep(seconds: float) -> None:
        """Sleep on virtual time where the preset's hooks run; really in other threads."""
        if threading.current_thread() is threading.main_thread() or _in_a_loop():
            real(0)
            virtual.wait(None, seconds)
        else:
            real(seconds)

    return sleep


def _async_sleep(virtual: BoundedTime, real: Any) -> Any:
    async def sleep(delay: float, result: Any = None) -> Any:
        """Sleep on virtual time."""
        await real(1 if virtual.is_lost else 0)
        virtual.pass_by(delay)
        await real(0)
        return result

    return sleep


def _in_a_loop() -> bool:
    try:
        return asyncio.get_running_loop() is not None
    except RuntimeError:
        return False
