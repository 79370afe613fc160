"""Who surrounds a scan in a test: a viewer and a saver that keep what they are handed, and what must not be left."""

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from obtura.contracts.consumers import Consumer, Say, Surroundings
from obtura.ground.events import Event, HookEntered, Position, ScanBegan

__all__ = ["Around", "Leftovers", "Watcher"]

E = TypeVar("E", bound=Event)

PATIENCE = 2.0
"""Seconds that threads have to end."""


class Watcher(Consumer):
    """Keeps every event; `essential`, it stands for a saver."""

    def __init__(self, name: str = "watcher", essential: bool = False) -> None:
        self.name = name
        self.essential = essential
        self.events: list[Event] = []
        self.opened = self.closed = 0

    def open(self, began: ScanBegan, say: Say) -> None:
        self.opened += 1

    def receive(self, events: Sequence[Event]) -> None:
        self.events += events

    def close(self) -> None:
        self.closed += 1

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if type(event) is kind]

    def hooks(self) -> list[str]:
        """The hooks that were entered, in order: `Owner.hook`."""
        return [f"{event.owner}.{event.hook}" for event in self.of(HookEntered)]


class Around(Surroundings):
    """A `viewer` and a `saver` read each scan, and so do `extra` consumers; scans are numbered from 1.

    `axes`: whose positions the scans are told. Not `watched`: nobody reads them. `ended`: the scans that ended.
    """

    def __init__(self, *extra: Consumer, axes: Sequence[Any] = (), watched: bool = True) -> None:
        self.watched = watched
        self.viewer = Watcher("viewer")
        self.saver = Watcher("saver", essential=True)
        self.extra = extra
        self.axes = axes
        self.count = 0
        self.ended: list[Any] = []

    def number(self, name: str, save: bool, scan_saving: Any) -> int:
        self.count += 1
        return self.count

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        return [self.viewer, self.saver, *self.extra] if self.watched else []

    def positions(self) -> Mapping[str, Position]:
        return {axis.name: Position(axis.position, axis.unit) for axis in self.axes}

    def finished(self, scan: Any) -> None:
        self.ended.append(scan)


class Leftovers:
    """Nothing is left in the process that was not there when this was made: no thread, descriptor, handler."""

    def __init__(self) -> None:
        self.threads = set(threading.enumerate())
        self.descriptors = _open_descriptors()
        self.handlers = _handlers()

    def check(self) -> None:
        """Raise AssertionError when something was left; threads have an instant to end."""
        for name, handler in _handlers().items():
            assert handler == self.handlers[name], f"the {name} handler was not restored"
        until = time.monotonic() + PATIENCE
        while (left := set(threading.enumerate()) - self.threads) and time.monotonic() < until:
            threading.Event().wait(0.001)
        assert not left, f"threads were left: {', '.join(sorted(thread.name for thread in left))}"
        assert _open_descriptors() <= self.descriptors, "descriptors were left open"


def _handlers() -> dict[str, Any]:
    """The handlers of the signals that a scan handles."""
    names = (name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
    return {name: signal.getsignal(getattr(signal, name)) for name in names}


def _open_descriptors() -> int:
    """How many descriptors this process has open; 0 where that can't be known."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
