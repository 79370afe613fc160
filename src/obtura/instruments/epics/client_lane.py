"""Where a client's functions are called, one at a time.

A client may have locks written in Python and wait inside of them: a `KeyboardInterrupt` in the main thread could leave
such a lock held, and the next call would hang. So what the main thread wants is called on a lane, a thread of its own,
where nothing tears. While a scan runs the door is shut instead, and other threads, to which no Ctrl-C comes, call for
themselves: to hand over takes longer than to send.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from obtura.works.clock import clock
from obtura.works.interrupt import doors
from obtura.works.lanes import Call, ThreadLane

__all__ = ["ClientLane"]

R = TypeVar("R")


class ClientLane:
    """Calls functions one after the other, each of which must not wait for a server."""

    def __init__(self, name: str) -> None:
        self._lane = ThreadLane(name)
        self._turn = threading.Lock()

    def call(self, what: str, function: Callable[[], R]) -> R:
        """What `function` gives, or raises."""
        if not doors.guards:
            return self._on_lane(what, function)
        was = doors.shut()
        try:
            return self._in_turn(function)
        finally:
            doors.reopen(was)

    def _in_turn(self, function: Callable[[], R]) -> R:
        with self._turn:
            return function()

    def _on_lane(self, what: str, function: Callable[[], R]) -> R:
        results: list[R] = []
        call = Call(what, lambda: results.append(self._in_turn(function)))
        self._lane.submit(call)
        while not call.done.is_set:
            clock.wait(call.done, 1.0)
        if call.error is not None:
            raise call.error
        return results[0]

    def close(self) -> None:
        """No more calls."""
        self._lane.close()
