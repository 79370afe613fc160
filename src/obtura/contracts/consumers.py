"""Consumers: savers and viewers. They read a scan's record and know nothing of the engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from obtura.contracts.acquisition import MetaTiming
from obtura.ground.events import Event, Position, ScanBegan
from obtura.works.ledger import Ledger

__all__ = ["Consumer", "Facts", "FrameSource", "Say", "Surroundings", "guests", "reading_along"]

Say = Callable[[str, str], None]
"""`say(stream, text)` writes text into the record; `stream` is "stdout" or "stderr"."""


class FrameSource(Protocol):
    """Gives back the frames of one channel that a saver has put away.

    Of a channel whose detector writes a file itself (`ChannelInfo.inside`) it also has `path`: that file.
    """

    count: int
    """How many frames can be read, from the first on; it only grows. Only a number: it is asked often."""

    def read(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        """Frames `first` to `stop - 1`, shape (stop - first, height, width).

        Called on any thread, while the scan runs and long after.

        Raises:
            SavingError: they can't be read any more.
        """


class Consumer:
    """Reads a scan's record. Override `receive`, and `open` and `close` for what must be taken and given back.

    `essential`: a saver. The scan ends only when it has received everything, and fails when it fails. A viewer
    that fails is detached and the scan goes on.

    `takes_frames`: whether `receive` is handed the frames of cameras, too; looked at after `open`. A saver gets them
    all, and when it is far behind the scan waits; a viewer that is far behind misses some. When a saver's `receive`
    returns, the frames that it was handed are safe: only then are they, and their rows, handed to viewers.

    `takes_rows`: whether the numbers that a device gives at one moment come as one `Row`; else, as the `Points` of each
    channel. Also in `witness`.

    `witnesses`: whether `witness` is called; looked at after `open`. A saver makes points safe there.
    """

    name = "consumer"
    essential = False
    takes_frames = False
    takes_rows = False
    witnesses = False

    def open(self, began: ScanBegan, say: Say) -> None:
        """Get ready. Called once, on the thread that called `run()`, before any device or preset is touched.

        If it raises, the scan is refused.
        """

    def receive(self, events: Sequence[Event]) -> None:
        """Take the next events, in order; called on a thread of this consumer's own.

        The first is the `ScanBegan` that `open` was given, the last `ScanClosed`. After `ScanEnded` a saver must
        return with everything on disk. May block: acquisition does not wait for it.
        """

    def witness(self, event: Event) -> None:
        """Take an event down before anybody is handed it, frames excepted.

        Called on the thread that wrote it, under the record's lock: it must take microseconds, and emit nothing. If it
        raises, the scan fails, and points that it did not take down are handed to nobody.
        """

    def frames(self, channel: int) -> FrameSource | None:
        """Where the frames of a channel (its number in `ScanBegan.channels`) can be read again; None: not here.

        Called once for each channel of frames, after `open`. Frames that can be read again need not stay in memory.
        """
        return None

    def close(self) -> None:
        """Give back what was taken. Called exactly once if `open` was begun, after the last `receive`."""


_guests: ContextVar[tuple[Callable[[], Consumer], ...]] = ContextVar("who reads along here", default=())


@contextmanager
def reading_along(make: Callable[[], Consumer]) -> Iterator[None]:
    """Scans that run in the body, whoever starts them, are read by one more consumer each, which `make()` gives."""
    token = _guests.set((*_guests.get(), make))
    try:
        yield
    finally:
        _guests.reset(token)


def guests() -> list[Consumer]:
    """A new consumer of each sort that reads along here."""
    return [make() for make in _guests.get()]


Facts = Mapping[str, Mapping[str, Any]]
"""Names and values, per device or per category."""


class Surroundings:
    """What a scan needs to know of whoever started it. These defaults number, show and save nothing."""

    ledger: Ledger | None = None
    """Where is noted what a scan opens and has to close, for the case that this process dies; None: nowhere."""

    def number(self, name: str, save: bool, scan_saving: Any) -> int:
        """The next scan number."""
        return 1

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        """Who reads the record of this scan, in the order in which they are opened."""
        return []

    def scan_info(self, save: bool, scan_saving: Any) -> dict[str, Any]:
        """At least `session_name`, `user_name` and `filename` (None when nothing is saved)."""
        return {"session_name": "", "user_name": "", "filename": None}

    def metadata_timing(self) -> MetaTiming:
        """When `metadata` has anything to say."""
        return MetaTiming.START

    def metadata(self, timing: MetaTiming, scan: Any) -> tuple[Facts, Facts]:
        """Facts to be kept with the data: of devices that are not in the scan, and of the user by category."""
        return {}, {}

    def entries(self, number: int) -> tuple[str, tuple[str, ...]]:
        """The master file that the next scan goes to, and the entries that it has of scan `number`."""
        return "", ()

    def dead_time(self, devices: str) -> float:
        """Seconds that a point with these devices took, lately, beyond its motion, counting and waiting."""
        return 0.0

    def learn(self, devices: str, seconds: float) -> None:
        """A scan with these devices ended well and lost so many seconds at each point."""

    def positions(self) -> Mapping[str, Position]:
        """Where every axis of the session is."""
        return {}

    def configuration(self) -> tuple[tuple[str, str], ...]:
        """Name and text of each file of YAML that the session was made of, as they were read then."""
        return ()

    def default_counters(self) -> Sequence[Any]:
        """What a standard scan counts that names no counter."""
        return ()

    def channel_name(self, name: str) -> str:
        """What a channel is called in this scan: an axis or a counter may have an alias."""
        return name

    def tell(self, text: str) -> None:
        """Show a line to whoever gave a command; nothing where nobody looks."""

    def finished(self, scan: Any) -> None:
        """A scan ended, however; called last, on the thread that called `run()`."""
