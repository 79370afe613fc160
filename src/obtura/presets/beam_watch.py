"""Looks at the beam beside a point, on a thread of its own: whether it was lost meanwhile."""

from collections.abc import Callable

from obtura.works.clock import Flag
from obtura.works.companion import companion

__all__ = ["BeamWatch"]


class BeamWatch:
    """From now on `read` is called every `poll` s until `end`; `lost`: the first value below `minimum`, if any."""

    def __init__(self, read: Callable[[], float], minimum: float, poll: float) -> None:
        self.lost: float | None = None
        self.error: BaseException | None = None
        self._read = read
        self._minimum = minimum
        self._poll = poll
        self._ended = Flag()
        companion("beam watch", self._watch).start()

    def look(self, value: float) -> None:
        """Take a value into account."""
        if self.lost is None and not value >= self._minimum:  # NaN is no beam
            self.lost = value

    def end(self) -> None:
        """Look no longer; a reading that is going on is not waited for, lest it hold up a shutter."""
        self._ended.set()

    def _watch(self) -> None:
        # Real time, also where the clock is virtual: there a point takes none, and is looked at when it is over.
        while not self._ended.wait(self._poll):
            try:
                self.look(self._read())
            except BaseException as error:  # noqa: BLE001 - raised on the scan's thread, when it asks
                self.error = error
                return
