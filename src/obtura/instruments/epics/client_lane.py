"""The one thread on which a client's functions are called.

A client may have locks written in Python and wait inside of them: a `KeyboardInterrupt` in the main thread, where the
hooks of presets run, could leave such a lock held, and the next call would hang. On a lane of its own nothing tears.
"""

from collections.abc import Callable
from typing import TypeVar

from obtura.works.clock import clock
from obtura.works.lanes import Call, ThreadLane

__all__ = ["ClientLane"]

R = TypeVar("R")


class ClientLane:
    """Calls functions one after the other, each of which must not wait for a server."""

    def __init__(self, name: str) -> None:
        self._lane = ThreadLane(name)

    def call(self, what: str, function: Callable[[], R]) -> R:
        """What `function` gives, or raises, on the lane."""
        results: list[R] = []
        call = Call(what, lambda: results.append(function()))
        self._lane.submit(call)
        while not call.done.is_set:
            clock.wait(call.done, 1.0)
        if call.error is not None:
            raise call.error
        return results[0]

    def close(self) -> None:
        """No more calls."""
        self._lane.close()
