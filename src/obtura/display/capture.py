"""What hooks, devices and callbacks print goes into the record, so that it is shown in order with rows.

While a display is open, `sys.stdout` and `sys.stderr` are `Captured` streams: they write into the scan's
record, and the display writes to the streams beneath. Four things make this more than a `write`:

- Captures lie on each other: a scan started in a hook, two scans in two threads. Each leaves by itself, in
  any order; one that left lets text through for whoever still holds it (a logging handler made in a hook).
- Whoever asks for the descriptor (`input()`, pdb, `subprocess.run(stdout=sys.stdout)`) is about to write to
  it past the record, so what was printed before is brought to the screen first.
- In a notebook a scan may go on in a thread of its own while another cell runs; what that cell prints is its own.
- Text must not be lost: not between the last event and the end of the capture, and not in a forked child,
  where nobody reads the record.
"""

import os
import sys
import threading
from collections.abc import Iterable
from typing import Any

from obtura.contracts.consumers import Say
from obtura.works.clock import Flag
from obtura.works.interrupt import doors

__all__ = ["Capture", "Captured", "Mark"]

_SETTLE = 1.0
"""Seconds that whoever asks for the descriptor waits, at most, for the screen."""

_switching = threading.Lock()


class Mark(str):
    """An empty text; `reached` is set by the display once everything before it is on the screen."""

    reached: Flag

    def __new__(cls) -> "Mark":
        """A new mark, not reached yet."""
        mark = super().__new__(cls, "")
        mark.reached = Flag()
        return mark


class Captured:
    """A text stream that writes into a record; in everything else it is the stream `beneath`.

    `name` is "stdout" or "stderr". A capture belongs to the thread that made it, the one that runs the scan.
    """

    def __init__(self, name: str, beneath: Any, say: Say) -> None:
        self.beneath = beneath
        self.say = say
        self.installed = True
        self._name = name
        self._thread = threading.get_ident()
        self._process = os.getpid()
        self._cell = getattr(beneath, "parent_header", None)  # of a notebook
        self._live = True
        # Re-entrant: a signal handler or a finalizer may print in the middle of a write.
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Captured({self._name!r}, {self.beneath!r})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # e.g. asked of a half-made copy, which has no `beneath`
            raise AttributeError(name)
        return getattr(self.beneath, name)

    @property
    def live(self) -> bool:
        """Whether text goes into the record; otherwise it goes straight to the stream beneath."""
        return self._live and os.getpid() == self._process

    def write(self, text: str) -> int:
        """Put `text` into the record of this thread's scan, else of the scan that was captured for last."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._owner()._put(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`, nothing added."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Have what was written shown at once; does not wait for it."""
        owner = self._owner()
        if owner.live:
            owner._put("")
        else:
            owner._let_through(owner.beneath.flush)

    def fileno(self) -> int:
        """The descriptor beneath, once what was written so far is on the screen (or 1 s has passed)."""
        self._settle()
        return int(self.beneath.fileno())

    @property
    def buffer(self) -> Any:
        """The binary stream beneath, once what was written so far is on the screen (or 1 s has passed)."""
        self._settle()
        return self.beneath.buffer

    def release(self) -> None:
        """Let text through to the stream beneath from now on; what was said before is in the record."""
        with self._lock:
            self._live = False

    def _owner(self) -> "Captured":
        here = threading.get_ident()
        stream: Any = self
        while isinstance(stream, Captured):
            if stream._thread == here and stream.live:
                return stream
            stream = stream.beneath
        return self

    @property
    def _in_another_cell(self) -> bool:
        """Whether this thread runs a cell while the scan, begun in an earlier one, goes on in a thread of its own."""
        here = threading.get_ident()
        if self._cell is None or here == self._thread or here != threading.main_thread().ident:
            return False
        return bool(self.beneath.parent_header != self._cell)

    def _put(self, text: str) -> None:
        if self.live and not self._in_another_cell:
            was = doors.shut()
            try:
                with self._lock:
                    if self._live:
                        self.say(self._name, text)
                        return
            finally:
                doors.reopen(was)
        self._let_through(self.beneath.write, text)

    def _let_through(self, function: Any, *args: str) -> None:
        try:
            function(*args)
        except OSError:
            # The screen broke, which ended the display. A hook must not fail because nobody can read it.
            if not self.installed:
                raise

    def _settle(self) -> None:
        owner = self._owner()
        if owner.live:
            mark = Mark()
            owner._put(mark)
            mark.reached.wait(_SETTLE)


class Capture:
    """`sys.stdout` and `sys.stderr` while a display is open."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._streams: dict[str, Captured] = {}

    def install(self) -> None:
        """Put captured streams in the place of those that are there; a process may have none."""
        with _switching:
            for name in ("stdout", "stderr"):
                beneath = getattr(sys, name)
                if beneath is not None:
                    self._streams[name] = Captured(name, beneath, self._say)
                    setattr(sys, name, self._streams[name])

    def release(self) -> None:
        """Let text through, while the captured streams stay where they are."""
        for captured in self._streams.values():
            captured.release()

    def remove(self) -> None:
        """Put back what was there, unless somebody else has put theirs there meanwhile."""
        self.release()
        with _switching:
            for name, captured in self._streams.items():
                captured.installed = False
                if getattr(sys, name) is captured:
                    setattr(sys, name, _in_use(captured))


def _in_use(stream: Any) -> Any:
    """The first stream, from this one downwards, that is no capture which was removed."""
    while isinstance(stream, Captured) and not stream.installed:
        stream = stream.beneath
    return stream
