"""Consumers: savers and viewers. They read a scan's record and know nothing of the engine."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obtura.ground.events import Event, Position, ScanBegan

__all__ = ["Consumer", "Say", "Surroundings"]

Say = Callable[[str, str], None]
"""`say(stream, text)` writes text into the record; `stream` is "stdout" or "stderr"."""


class Consumer:
    """Reads a scan's record. Override `receive`, and `open` and `close` for what must be taken and given back.

    `essential`: a saver. The scan ends only when it has received everything, and fails when it fails. A viewer
    that fails is detached and the scan goes on.
    """

    name = "consumer"
    essential = False

    def open(self, began: ScanBegan, say: Say) -> None:
        """Get ready. Called once, on the thread that called `run()`, before any device or preset is touched.

        If it raises, the scan is refused.
        """

    def receive(self, events: Sequence[Event]) -> None:
        """Take the next events, in order; called on a thread of this consumer's own.

        The first is the `ScanBegan` that `open` was given, the last `ScanClosed`. After `ScanEnded` a saver must
        return with everything on disk. May block: acquisition does not wait for it.
        """

    def close(self) -> None:
        """Give back what was taken. Called exactly once if `open` was begun, after the last `receive`."""


class Surroundings:
    """What a scan needs to know of whoever started it. These defaults number, show and save nothing."""

    def number(self, name: str, save: bool, scan_saving: Any) -> int:
        """The next scan number."""
        return 1

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        """Who reads the record of this scan, in the order in which they are opened."""
        return []

    def scan_info(self, save: bool, scan_saving: Any) -> dict[str, Any]:
        """At least `session_name`, `user_name` and `filename` (None when nothing is saved)."""
        return {"session_name": "", "user_name": "", "filename": None}

    def positions(self) -> Mapping[str, Position]:
        """Where every axis of the session is."""
        return {}

    def finished(self, scan: Any) -> None:
        """A scan ended, however; called last, on the thread that called `run()`."""
