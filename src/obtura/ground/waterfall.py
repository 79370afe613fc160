"""A waterfall in text: what took how long, a line each, with bars each of which begins where the one before ended."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from obtura.ground.timing import TimingRow

__all__ = ["ENGINE", "KINDS", "duration", "waterfall"]

SMALL = 0.005
"""Lines of less than this share of the whole are summed up in one."""

WIDEST_LABEL = 40

SHORTEST_BAR = 12

LONGEST_BAR = 40

FIRST_TO_GO = ("mean", "at point", "calls", "longest")
"""Columns that are left out, in this order, where there is no room for them and a bar."""

COUNTING, ENGINE = "counting", "engine"

LABELS: dict[str, Callable[[TimingRow], str]] = {
    COUNTING: lambda row: COUNTING,
    "motion": lambda row: f"motion: {row.owner}",
    "waiting": lambda row: f"settling, sleeping: {row.owner}",
    "device": lambda row: f"{row.owner}.{row.what}",
    "hook": lambda row: f"{row.owner}.{row.what}",
    "paused": lambda row: "paused",
    "branches": lambda row: "branches run",
    "hooks": lambda row: "waiting for hooks",
    "last step": lambda row: row.owner,
    "saver": lambda row: f"{row.owner}: {row.what}" if row.owner else "waiting for the saver",
    "viewer": lambda row: f"{row.owner}: {row.what}",
}
"""What the lines of each kind are called; the rest is the engine's."""

KINDS = (*LABELS, ENGINE)
"""The kinds in the order in which they are shown."""


class _Line(NamedTuple):
    label: str
    seconds: float
    calls: int
    longest: float
    point: int | None

    @property
    def mean(self) -> float:
        return self.seconds / self.calls if self.calls else 0.0

    def with_(self, other: "_Line") -> "_Line":
        """Both in one. Devices that count do so for the same points."""
        calls = max(self.calls, other.calls) if self.label == COUNTING else self.calls + other.calls
        longer = max(self, other, key=lambda line: line.longest)
        return _Line(self.label, self.seconds + other.seconds, calls, longer.longest, longer.point)

    def consistent(self) -> "_Line":
        """Of a point for which several count in turn, the longest is known of each alone: it's the mean at least."""
        return self._replace(longest=max(self.longest, self.mean))


def duration(seconds: float) -> str:
    """A time, readable: 15 us, 2.51 ms, 1.20 s, 12 min 05 s, 3 h 07 min."""
    if seconds >= 59.95:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
    for factor, unit in ((1e6, "us"), (1e3, "ms"), (1.0, "s")):
        value = seconds * factor
        if value < 999.5 or unit == "s":
            break
    places = 0 if unit == "us" or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{places}f} {unit}"


def waterfall(rows: Sequence[TimingRow], width: int, blocks: bool) -> str:
    """The rows of one thread, summed up in lines of at most `width` characters; `blocks`: bars of more than ASCII."""
    lines = _lines(rows)
    whole = sum(line.seconds for line in lines)
    shown = _with_small_ones_together(lines, whole)
    columns = _columns(shown, whole)
    labels = [_cut(each, WIDEST_LABEL) for each in ("", *(line.label for line in shown), "in all")]
    left = max(map(len, labels))
    room = 0
    for leave_out in (None, *FIRST_TO_GO):
        columns = {name: cells for name, cells in columns.items() if name != leave_out}
        room = width - left - sum(2 + max(map(len, cells)) for cells in columns.values()) - 2
        if room >= SHORTEST_BAR:
            break
    bars = ["", *_bars([line.seconds for line in shown], min(room, LONGEST_BAR), "█" if blocks else "#"), ""]
    texts = [f"{label:{left}}" for label in labels]
    for cells in columns.values():
        widest = max(map(len, cells))
        texts = [f"{text}  {cell:>{widest}}" for text, cell in zip(texts, cells, strict=True)]
    texts = [f"{text}  {bar}".rstrip()[:width] for text, bar in zip(texts, bars, strict=True)]
    return "\n".join([*texts, *_beside(rows, whole, width)])


def _lines(rows: Sequence[TimingRow]) -> list[_Line]:
    """One for each label, by kind, what took longest first."""
    found: dict[str, tuple[int, _Line]] = {}
    for row in rows:
        known = row.kind in LABELS
        label = LABELS[row.kind](row) if known else ENGINE
        line = _Line(label, row.seconds, row.calls if known else 0, row.longest, row.point)
        order = KINDS.index(row.kind if known else ENGINE)
        found[label] = order, found[label][1].with_(line) if label in found else line
    return [line.consistent() for _, line in sorted(found.values(), key=lambda pair: (pair[0], -pair[1].seconds))]


def _with_small_ones_together(lines: list[_Line], whole: float) -> list[_Line]:
    """Those worth a line, and one for the others, before the engine's."""
    small = [line for line in lines if line.seconds < SMALL * whole and line.label not in (COUNTING, ENGINE)]
    if len(small) < 2:
        return lines
    others = small[0]._replace(label=f"{len(small)} others")
    for line in small[1:]:
        others = others.with_(line)
    kept = [line for line in lines if line not in small]
    at = len(kept) - (kept[-1:] != [] and kept[-1].label == ENGINE)
    return [*kept[:at], others, *kept[at:]]


def _columns(lines: Sequence[_Line], whole: float) -> Mapping[str, list[str]]:
    """The cells of each column by its heading, that first; the last line is the sum."""
    cells: dict[str, list[str]] = {
        "took": [duration(line.seconds) for line in lines] + [duration(whole)],
        "share": [f"{100 * line.seconds / whole:.1f} %" if whole else "" for line in lines] + ["100 %"],
        "calls": [str(line.calls or "") for line in lines] + [""],
        "mean": [duration(line.mean) if line.calls else "" for line in lines] + [""],
        "longest": [duration(line.longest) if line.calls else "" for line in lines] + [""],
        "at point": [str(line.point) if line.calls and line.point is not None else "" for line in lines] + [""],
    }
    return {name: [name, *column] for name, column in cells.items()}


def _bars(seconds: Sequence[float], room: int, block: str) -> list[str]:
    """A bar for each line, which begins where the one before ended."""
    whole = sum(seconds)
    if room < SHORTEST_BAR or not whole:
        return [""] * len(seconds)
    bars, until = [], 0.0
    for each in seconds:
        start = min(int(until / whole * room), room - 1)
        until += each
        bars.append(" " * start + block * (max(1, round(until / whole * room) - start) if each else 0))
    return bars


def _beside(rows: Sequence[TimingRow], whole: float, width: int) -> list[str]:
    """Devices that were at work for longer than they were waited for, at the same time as others."""
    busy: dict[str, float] = {}
    waited: dict[str, float] = {}
    for row in rows:
        if row.kind in (COUNTING, "motion", "waiting", "device"):
            busy[row.owner] = busy.get(row.owner, 0.0) + row.busy
            waited[row.owner] = waited.get(row.owner, 0.0) + row.seconds
    found = sorted(busy, key=lambda owner: waited[owner] - busy[owner])
    told = [f"{owner} {duration(busy[owner])}" for owner in found if busy[owner] - waited[owner] > 0.01 * whole]
    return [_cut(f"at work in all, also beside others: {', '.join(told)}", width)] if told else []


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
