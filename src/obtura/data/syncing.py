"""Has a file that grows put on the disk itself, beside the thread that writes it.

`fsync` takes as long as the disk needs for all that was written since the last one: seconds for a fast camera. Who
writes must not stand still for that time, for frames would pile up.
"""

import os
from collections.abc import Callable

from obtura.works.clock import Flag
from obtura.works.companion import companion

__all__ = ["Syncing"]


class Syncing:
    """One `fsync` at a time, on a thread of its own. `fsync`: the system's."""

    def __init__(self, fsync: Callable[[int], None] = os.fsync) -> None:
        self._fsync = fsync
        self._error: OSError | None = None
        self._ended = Flag()
        self._ended.set()

    def begin(self, descriptor: int) -> bool:
        """Begin one, if none is under way; returns whether it did. `descriptor` may be closed meanwhile.

        Raises:
            OSError: the last one failed.
        """
        if not self._ended.is_set:
            return False
        error, self._error = self._error, None
        if error is not None:
            raise error
        own = os.dup(descriptor)
        self._ended = Flag()
        companion("sync", self._work, own).start()
        return True

    def wait(self, seconds: float) -> None:
        """Wait for the one under way."""
        self._ended.wait(seconds)

    def _work(self, descriptor: int) -> None:
        try:
            self._fsync(descriptor)
        except OSError as error:
            self._error = error
        finally:
            os.close(descriptor)
            self._ended.set()
