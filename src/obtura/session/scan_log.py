"""The scans in the log file: the rows of their tables, and what hooks, devices and callbacks print."""

from collections.abc import Sequence

from obtura.contracts.consumers import Consumer, Say
from obtura.display.page import ScanPage
from obtura.ground.events import Event, ScanBegan, ScanClosed, Text
from obtura.session.logfile import of_scans

__all__ = ["ScanLog"]


class ScanLog(Consumer):
    """Logs the table of a scan, a line per row, and printed text, a line per line.

    Of a long table every row is logged up to row 1,000, then every tenth, from row 10,000 on every hundredth, and so
    on; of a line that was overwritten (with "\\r") what it said last. It reads the record as every viewer does: on a
    thread of its own, in batches, and the scan does not wait for it. Text is there when it enters the record, which
    it does while a display is open.
    """

    name = "log file"
    takes_rows = True

    def open(self, began: ScanBegan, say: Say) -> None:
        """Note which scan it is."""
        self._scan = f"scan {began.number}"
        self._page = ScanPage(began, thinned=True)
        self._unfinished: dict[str, str] = {}

    def receive(self, events: Sequence[Event]) -> None:
        """Log what a batch of events completes, in order."""
        for event in events:
            if isinstance(event, Text):
                self._text(event)
                continue
            if isinstance(event, ScanClosed):
                self._finish()
            self._log("", self._page.take(event))

    def close(self) -> None:
        """Log what was said last."""
        self._finish()

    def _text(self, event: Text) -> None:
        *lines, rest = (self._unfinished.get(event.stream, "") + event.text).split("\n")
        self._log(f" {event.stream}", "\n".join(map(_seen, lines)))
        self._unfinished[event.stream] = _seen(rest) + ("\r" if rest.endswith("\r") else "")

    def _finish(self) -> None:
        for stream in list(self._unfinished):
            self._log(f" {stream}", _seen(self._unfinished.pop(stream)))

    def _log(self, stream: str, text: str) -> None:
        for line in text.split("\n"):
            if line.strip():
                of_scans.info("%s%s: %s", self._scan, stream, line.rstrip())


def _seen(line: str) -> str:
    """What is left to be seen of a line that was overwritten again and again."""
    return next((part for part in reversed(line.split("\r")) if part), "")
