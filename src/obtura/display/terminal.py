"""The display of a scan in a terminal or a pipe: its rows and what is printed meanwhile, in true order."""

import sys
from collections.abc import Sequence
from typing import Any

from obtura.contracts.consumers import Consumer, Say
from obtura.display.capture import Capture, Captured, Mark
from obtura.display.counts import Counts
from obtura.display.notebook import context_of, is_cell
from obtura.display.page import ScanPage
from obtura.display.progress import Progress
from obtura.display.screen import Screen, width_of
from obtura.ground.events import Event, IterationDone, Points, Row, ScanBegan, ScanClosed, Text

__all__ = ["TerminalDisplay"]


class TerminalDisplay(Consumer):
    """Prints the table of a scan, or the counts of a `ct`, and what hooks and devices print.

    `stream`: a text stream; None: `sys.stdout` as it is when the scan begins. `columns`: the characters that
    fit on a line; None: those of the terminal or notebook, any number in a pipe. In a notebook everything appears in
    the cell that began the scan, and a long table is thinned out: notebooks keep what they show.

    While it is open, `sys.stdout` and `sys.stderr` write into the scan's record. Text on stdout is shown on
    `stream`, text on stderr where stderr was before.
    """

    name = "table"
    takes_rows = True

    def __init__(self, stream: Any = None, columns: int | None = None) -> None:
        self._stream = stream
        self._columns = columns
        self._capture: Capture | None = None

    def open(self, began: ScanBegan, say: Say) -> None:
        """Capture what is printed from now on."""
        out = _outside(sys.stdout if self._stream is None else self._stream, say)
        err = _outside(sys.stderr, say)
        self._context = context_of(out, err)
        self._screen = Screen(out, err)
        self._page: Counts | ScanPage
        if began.scan_info.get("type") == "ct":
            self._page = Counts(began.channels, began.scan_info.get("count_time"))
        else:
            columns = width_of(out) if self._columns is None else self._columns
            self._page = ScanPage(began, columns, thinned=is_cell(out))
        self._progress = Progress()
        self._capture = Capture(say)
        self._capture.install()

    def receive(self, events: Sequence[Event]) -> None:
        """Show a batch of events, with one write for what goes to the same stream.

        Raises:
            OSError: the stream takes no more, e.g. the disk is full. What is printed then goes its usual way.
        """
        if self._capture is None:  # given up by Ctrl-C, and closed meanwhile
            return
        marks: list[Mark] = []
        try:
            for event in events:
                if type(event) is Row or type(event) is Points:  # nearly all of them
                    self._page.note(event)
                elif isinstance(event, Text):
                    self._show(self._page.lines())
                    self._screen.text(event.stream, event.text)
                    if isinstance(event.text, Mark):
                        marks.append(event.text)
                else:
                    self._progress.take(event)
                    if type(event) is not IterationDone:  # which says nothing that is shown
                        self._show(self._page.lines())
                    self._show(self._page.take(event))
            self._show(self._page.lines())
            self._screen.status(self._progress.line)
            self._context.run(self._screen.flush)
        except BaseException:
            self._release()
            raise
        finally:
            for mark in marks:
                mark.reached.set()
        last = next((event for event in reversed(events) if not isinstance(event, Text)), None)
        if isinstance(last, ScanClosed):
            self._release()  # text that was said meanwhile is in the record and will still be received

    def _show(self, lines: str) -> None:
        if lines:
            self._screen.lines(lines)

    def close(self) -> None:
        """Put `sys.stdout` and `sys.stderr` back."""
        if self._capture is not None:
            self._capture.remove()
            self._capture = None

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()


def _outside(stream: Any, say: Say) -> Any:
    """The first stream, from this one downwards, that does not write into this very scan's record again."""
    while isinstance(stream, Captured) and stream.say == say:
        stream = stream.beneath
    return stream
