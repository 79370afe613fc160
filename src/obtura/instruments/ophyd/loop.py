"""The event loop on which the devices of ophyd-async live.

Such a device belongs to the loop on which it was connected: its locks, its subscriptions, its moves. So there is one
loop for all of them, as long as the process lives. Where bluesky has one already, since there is a RunEngine, it is
that one, and the same objects serve both worlds. Otherwise it is obtura's, and bluesky is told of it, so that
`init_devices` finds it. A RunEngine that is made later has another: make it first.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bluesky.run_engine import get_bluesky_event_loop, set_bluesky_event_loop

from obtura.ground.errors import DeviceError
from obtura.works.lanes import SLICE, Call, Loop

__all__ = ["on_loop", "the_loop"]

R = TypeVar("R")

PATIENCE = 2.0
"""Seconds that what is interrupted has to come to its end."""

_lock = threading.Lock()
_ours: list[Loop] = []


def the_loop() -> Loop:
    """The loop for a device that is made now."""
    with _lock:
        theirs = get_bluesky_event_loop()
        if theirs is not None and theirs.is_running():
            return Loop(theirs)
        if not _ours:
            _ours.append(Loop())
            on_loop(_ours[0], "begin", _tell_bluesky, None)
        return _ours[0]


async def _tell_bluesky() -> None:
    set_bluesky_event_loop(asyncio.get_running_loop())


def on_loop(loop: Loop, what: str, function: Callable[[], Awaitable[R]], timeout: float | None) -> R:
    """Call `function` on the loop, await what it gives, and wait for that here; interrupted, it is cancelled.

    Raises:
        TimeoutError: it took longer than `timeout` s.
        DeviceError: this is the loop's own thread.
        Whatever it raises.
    """
    if loop.is_here:
        raise DeviceError(
            f"{what}: it can't be waited for on the event loop that it needs; call it from another thread"
        )
    given: list[Any] = []

    async def work() -> None:
        given.append(await asyncio.wait_for(function(), timeout))

    call = Call(what, lambda: None)
    cancel = loop.submit(call, work)
    try:
        while not call.done.stand_by(SLICE):
            continue
    except BaseException:
        cancel()
        call.done.wait(PATIENCE)
        raise
    if call.error is not None:
        raise call.error
    result: R = given[0]
    return result
