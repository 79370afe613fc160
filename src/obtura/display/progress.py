"""How far a scan is, and how long it will still take: the line below the table."""

from datetime import timedelta

from msgspec.structs import replace

from obtura.ground.events import Event, IterationDone, ScanBegan, ScanEnded, StateChanged

__all__ = ["Progress"]

_WORTH_TELLING = 2.0
"""Seconds that must be left for the line to be shown: shorter scans need none."""


class Progress:
    """Watches the points of the first top-master; the time left is told from how long those before took."""

    def __init__(self) -> None:
        self._npoints = 0
        self._first: IterationDone | None = None
        self._last: IterationDone | None = None
        self._ended = False
        self._paused: float | None = None  # since when

    def take(self, event: Event) -> None:
        """Note the next event."""
        match event:
            case IterationDone() if event.branch == 0:
                self._first = self._first or event
                self._last = event
            case ScanBegan():
                self._npoints = event.scan_info.get("npoints") or 0
            case StateChanged():
                self._ended = event.state == "STOPPING"
                self._pause(event)
            case ScanEnded():
                self._ended = True

    def _pause(self, event: StateChanged) -> None:
        """A pause does not count: it is as if the first point had come so much later."""
        if self._paused is not None and self._first is not None:
            self._first = replace(self._first, time=self._first.time + event.time - self._paused)
        self._paused = event.time if event.state == "PAUSED" else None

    @property
    def line(self) -> str:
        """`point 12 of 100, 0:01:28 left`; empty when there is nothing worth telling."""
        if self._ended or self._paused is not None or self._first is None or self._last is None:
            return ""
        done = self._last.point + 1
        between = self._last.point - self._first.point
        if not between or done >= self._npoints:
            return ""
        left = (self._last.time - self._first.time) / between * (self._npoints - done)
        if left < _WORTH_TELLING:
            return ""
        return f"point {done} of {self._npoints}, {timedelta(seconds=round(left))} left"
