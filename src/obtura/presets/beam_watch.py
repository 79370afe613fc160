"""Looks at the beam beside a point, on a thread of its own: whether it was lost meanwhile."""

from collections.abc import Callable

from obtura.presets.polling import Polling

__all__ = ["BeamWatch"]


class BeamWatch:
    """From now on `read` is called every `poll` s until `end`; `lost`: the first value below `minimum`, if any."""

    def __init__(self, read: Callable[[], float], minimum: float, poll: float) -> None:
        self.lost: float | None = None
        self.error: BaseException | None = None
        self._read = read
        self._minimum = minimum
        # On virtual time a point takes none, and is looked at when it is over.
        self._polling = Polling("beam watch", self._watch, poll)

    def look(self, value: float) -> None:
        """Take a value into account."""
        if self.lost is None and not value >= self._minimum:  # NaN is no beam
            self.lost = value

    def end(self) -> None:
        """Look no longer; a reading that is going on is not waited for, lest it hold up a shutter."""
        self._polling.end()

    def _watch(self) -> None:
        try:
            self.look(self._read())
        except BaseException as error:  # noqa: BLE001 - raised on the scan's thread, when it asks
            self.error = error
            self._polling.end()
