"""What a rehearsal found, to be read by people and, as JSON, by programs."""

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from obtura.rehearsal.moments import clock_text, span_text
from obtura.rehearsal.timeline import HUNG, Moment, ScanSeen

__all__ = ["FAILED", "FileSeen", "Report"]

GOOD, FAILED, INTERRUPTED = 0, 1, 130


class FileSeen(NamedTuple):
    """A file of data. `meant`: where it would be written; `path`: where it is; `size`: bytes, with all it links to."""

    meant: str
    path: str
    entries: tuple[str, ...]
    size: int


class Report(NamedTuple):
    """A night that was rehearsed; times in s since its start.

    `waits`: by preset or device, how often it was waited for and how long in all. `simulated`: what stood in for a real
    device. `error`: what ended the script, in the words that a user reads, `traceback` where it was; None: it came to
    its end. `interrupted`: somebody pressed Ctrl-C.
    """

    session: str
    script: str
    start: datetime
    seconds: float
    timeline: tuple[Moment, ...]
    scans: tuple[ScanSeen, ...]
    waits: dict[str, tuple[int, float]]
    files: tuple[FileSeen, ...]
    data: Path
    simulated: tuple[str, ...] = ()
    error: str | None = None
    traceback: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """Of the command."""
        return INTERRUPTED if self.interrupted else GOOD if self.error is None else FAILED

    def as_json(self) -> dict[str, Any]:
        """All of it, of what JSON has; an infinite time is None."""
        return {
            "session": self.session,
            "script": self.script,
            "start": self.start.isoformat(),
            "end": (self.start + timedelta(seconds=self.seconds)).isoformat(),
            "seconds": self.seconds,
            "timeline": [moment._asdict() for moment in self.timeline],
            "scans": [scan._asdict() for scan in self.scans],
            "waits": {
                who: {"times": times, "seconds": None if math.isinf(seconds) else round(seconds, 3)}
                for who, (times, seconds) in self.waits.items()
            },
            "files": [file._asdict() for file in self.files],
            "data": str(self.data),
            "simulated": list(self.simulated),
            "error": self.error,
            "traceback": list(self.traceback),
            "interrupted": self.interrupted,
        }

    def __str__(self) -> str:
        end = self.start + timedelta(seconds=self.seconds)
        how = "was interrupted" if self.interrupted else "ends well" if self.error is None else "ends with an error"
        lines = [
            f"{self.script} in session {self.session}: {span_text(self.seconds)}, "
            f"from {self.start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S}; it {how}",
        ]
        if self.simulated:
            lines.append(f"simulated in place of real ones: {', '.join(self.simulated)}")
        lines += ["", *self._told_timeline()]
        lines += ["", *self._told_waits(), *self._told_files()]
        if self.error is not None:
            lines += ["", self.error]
        return "\n".join(lines)

    def _told_timeline(self) -> list[str]:
        """What is refused again and again, for the same reason, is told once."""
        refused: dict[str, list[float]] = {}
        for each in self.timeline:
            if each.kind == "refused":
                refused.setdefault(each.text, []).append(each.time)
        told = []
        day = self.start.date()
        for each in self.timeline:
            times = refused.get(each.text, [each.time])
            if each.time == times[0]:
                if (date := (self.start + timedelta(seconds=each.time)).date()) != day:
                    day = date
                    told.append(f"{day:%Y-%m-%d}")
                last = clock_text(self.start, times[-1], times[0])
                more = f" ({len(times)} times, the last at {last})" if len(times) > 1 else ""
                told.append(f"{clock_text(self.start, each.time)}  {each.text}{more}")
        return told

    def _told_waits(self) -> list[str]:
        counting = sum(scan.counting for scan in self.scans)
        hooks = sum(scan.hooks for scan in self.scans)
        waited = sum(scan.paused + scan.hung for scan in self.scans)
        rest = max(sum(scan.seconds for scan in self.scans) - counting - hooks - waited, 0.0)
        others = sum(seconds for who, (_, seconds) in self.waits.items() if who.endswith(HUNG))
        inside = sum(scan.hung for scan in self.scans)
        outside = max(self.seconds - counting - hooks - rest - waited - max(others - inside, 0.0), 0.0)
        rows = [("counting", counting), ("motors, and the rest of the scans", rest), ("between scans", outside)]
        told = [f"  {span_text(seconds):>12}  {what}" for what, seconds in rows if seconds >= 0.05]
        for who, (times, seconds) in sorted(self.waits.items(), key=lambda each: (-each[1][1], each[0])):
            if seconds >= 0.05:
                told.append(f"  {span_text(seconds):>12}  {who}, {times} time{'s' if times > 1 else ''}")
        return ["Where the time goes:", *told]

    def _told_files(self) -> list[str]:
        if not self.files:
            return ["", "No file would be written."]
        told = []
        for file in self.files:
            entries = f"{file.entries[0]} to {file.entries[-1]}" if len(file.entries) > 1 else "".join(file.entries)
            count = f"{len(file.entries)} {'entry' if len(file.entries) == 1 else 'entries'}"
            told.append(f"  {file.meant}: {count} ({entries}), {_bytes(file.size)}")
        return ["", f"What would be written (here below {self.data}):", *told]


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
