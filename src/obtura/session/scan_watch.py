"""Functions that follow every scan of a session: called when one begins, at each of its points, when it ends."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from obtura.contracts.consumers import Consumer, Say
from obtura.engine.running import running
from obtura.ground.errors import UsageError
from obtura.ground.events import Event, Points, ScanBegan, ScanClosed

__all__ = ["ScanWatch"]

_Callback = Callable[..., Any]


class ScanWatch:
    """What `set_scan_watch_callbacks` of a session sets.

    `add` and `remove`: those of the session, for consumers of every scan.
    """

    def __init__(self, add: Callable[[Any], None], remove: Callable[[Any], None]) -> None:
        self._add = add
        self._remove = remove
        self._standing: Callable[[], Consumer] | None = None

    def set_scan_watch_callbacks(
        self,
        scan_new: _Callback | None = None,
        scan_data: _Callback | None = None,
        scan_end: _Callback | None = None,
    ) -> None:
        """Have functions called in every scan from now on, in the place of those set before; none: nobody is.

        `scan_new(scan, scan_info)` when it begins; `scan_data(scan_info, values)` at each point, with its numbers by
        full channel name, `{"axis:roby": 0.5}`; `scan_end(scan_info)` when it is over, however. They are called on a
        thread of their own, which acquisition does not wait for; when one raises, that scan is followed no further,
        with a line in the log.

        Raises:
            UsageError: no function; those set before stay.
        """
        callbacks = {"scan_new": scan_new, "scan_data": scan_data, "scan_end": scan_end}
        for name, callback in callbacks.items():
            if callback is not None and not callable(callback):
                raise UsageError(f"set_scan_watch_callbacks: {name} must be a function, got {callback!r}")
        if self._standing is not None:
            self._remove(self._standing)
            self._standing = None
        given = {name: callback for name, callback in callbacks.items() if callback is not None}
        if given:
            self._standing = partial(_Following, given)
            self._add(self._standing)


class _Following(Consumer):
    """Follows one scan."""

    name = "scan watch callbacks"

    def __init__(self, callbacks: Mapping[str, _Callback]) -> None:
        self._callbacks = callbacks
        self._scan: Any = None
        self._names: dict[int, str] = {}
        self._waiting: dict[int, deque[Any]] = {}

    def open(self, began: ScanBegan, say: Say) -> None:
        self._scan = running.on_thread(threading.get_ident())[-1]  # the newest: the one that opens this
        scalars = [number for number, one in enumerate(began.channels) if one.branch == 0 and not one.shape]
        paced = [number for number in scalars if began.channels[number].per_point]
        self._names = {number: began.channels[number].name for number in paced or scalars}
        self._waiting = {number: deque() for number in self._names}

    def receive(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case ScanBegan():
                    self._call("scan_new", self._scan, self._scan.scan_info)
                case Points() if event.channel in self._waiting:
                    self._waiting[event.channel].extend(event.values)
                    self._points()
                case ScanClosed():
                    self._call("scan_end", self._scan.scan_info)

    def _points(self) -> None:
        while all(self._waiting.values()):
            values = {self._names[number]: queue.popleft() for number, queue in self._waiting.items()}
            self._call("scan_data", self._scan.scan_info, values)

    def _call(self, which: str, *arguments: Any) -> None:
        if which in self._callbacks:
            self._callbacks[which](*arguments)
