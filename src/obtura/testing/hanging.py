"""A preset under test that never returns from a hook: which one, and where."""

import os
from types import FrameType

from obtura.engine.whereabouts import Whereabouts, whereabouts
from obtura.ground.errors import UsageError
from obtura.ground.seconds import is_time
from obtura.testing.quiet import BoundedTime
from obtura.works.leash import Leash

__all__ = ["Hanging"]


class Hanging:
    """In a `with` of it, each scan has `limit` s of the machine's time from its `begin()` on.

    `found`: the hook that did not return, None: all have. `str()` of this is what a user reads.

    Raises:
        UsageError: `limit` is no time.
    """

    def __init__(self, limit: float, time: BoundedTime) -> None:
        if not is_time(limit):
            raise UsageError(f"limit must be a number of seconds above 0, got {limit!r}")
        self.found: Whereabouts | None = None
        self._limit = limit
        self._why = ""
        self._time = time
        self._leash = Leash(limit, self._stuck, self._end, lost=lambda: time.is_lost)

    def __enter__(self) -> "Hanging":
        self._leash.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._leash.__exit__(*error)

    def begin(self) -> None:
        """A scan begins."""
        self._time.begin()
        self._leash.begin()

    def _stuck(self, frame: FrameType) -> FrameType | None:
        where = whereabouts(frame)
        if self.found is None and where is not None:
            self.found = where
            self._why = (
                "it swallows what ends its wait" if self._time.is_lost else f"it was ended after {self._limit:g} s"
            )
        self._time.overruns = 0
        return None if where is None else where.frame

    def _end(self) -> None:
        """It can't be got out of its call: in a test nothing comes after it."""
        os.write(2, f"\n{self}\nNo error could be raised in it, so this process ends.\n".encode())
        os._exit(1)

    def __str__(self) -> str:
        if self.found is None:
            return "nothing hangs"
        return f"{self.found.what or 'a call'} hangs; {self._why}: {self.found.place}"
