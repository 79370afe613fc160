"""The table of a scan: a row per point, a column per scalar of the first top-master."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from obtura.display.words import cell
from obtura.ground.events import ChannelInfo, Points, Row

__all__ = ["Table", "display_names", "is_number"]

_NARROWEST = 12
"""Characters of a column, at least: the longest number that `%g` gives."""

_TEXT = 20
"""Characters of a column of texts, at least; longer texts are cut short."""

_GAP = 2

_ALL_SHOWN = 1_000
"""A power of ten: rows of which all are shown in a thinned table."""

_ORDER = {"timer": 0, "axis": 1, "counter": 2}
_NUMBERS = ("float", "int", "uint", "bool")


class Table:
    """Collects points and gives the rows that are complete.

    `width`: characters that fit on a line, 0: any number. A longer row goes on below, at a column, so that no
    number is broken; the first column holds the row's number only. `thinned`: from row 1,000 on only every tenth is
    shown, from row 10,000 on every hundredth, and so on; it is said where that begins.
    """

    def __init__(self, channels: Sequence[ChannelInfo], width: int = 0, thinned: bool = False) -> None:
        own = [number for number, info in enumerate(channels) if info.branch == 0]
        scalars = [number for number in own if not channels[number].shape and not _is_epoch(channels[number])]
        paced = [number for number in scalars if channels[number].per_point]
        # Who reads blocks at their own pace would hold up the rows; alone, they make the rows.
        shown = sorted(paced or scalars, key=lambda number: _rank(channels[number]))
        self.not_shown = display_names([channels[n] for n in own if n not in shown and not _is_epoch(channels[n])])
        self.rows = 0
        self._next = 0  # the next row that is shown
        self._thinned = thinned
        labels = _labels([channels[number] for number in shown])
        sizes = [_size(channels[number], label) for number, label in zip(shown, labels, strict=True)]
        self._waiting: dict[int, deque[Any]] = {
            number: _Texts(size) if channels[number].is_text else deque()
            for number, size in zip(shown, sizes, strict=True)
        }
        self._queues = tuple(self._waiting.values())
        # Spectra are part of the row: it is safe, and so shown, once they have come.
        own_arrays = [number for number in own if channels[number].shape and not channels[number].is_frame]
        self._unseen = {number: 0 for number in own_arrays if paced and channels[number].per_point}
        self._together: dict[tuple[int, ...], list[tuple[float, ...]]] = {}  # what came of several at once
        self._header, self._row = _templates([channels[number] for number in shown], labels, sizes, width)

    @property
    def header(self) -> str:
        """The names of the columns, as one line or more; empty when there is nothing to show."""
        return self._header if self._waiting else ""

    def take(self, points: Points | Row) -> str:
        """Note new points; returns the rows that are complete by them, each ending in a newline."""
        self.note(points)
        return self.lines()

    def note(self, points: Points | Row) -> None:
        """Keep new points until `lines` is asked for: together rows cost less than one by one."""
        if isinstance(points, Row):
            self._together.setdefault(points.channels, []).append(points.values)
        elif (waiting := self._waiting.get(points.channel)) is not None:
            self._spread()  # it may have come in a row before
            waiting.extend(points.values)
        elif points.channel in self._unseen:
            self._unseen[points.channel] = points.first + len(points.values)

    def rest(self) -> str:
        """The rows whose spectra will not come, each ending in a newline."""
        self._unseen.clear()
        return self.lines()

    def lines(self) -> str:
        """The rows that are complete by now, each ending in a newline."""
        self._spread()
        count = min(map(len, self._queues), default=0)
        if self._unseen:
            count = min(count, min(self._unseen.values()) - self.rows)
        if count < 1:
            return ""
        columns = [[queue.popleft() for _ in range(count)] for queue in self._queues]
        rows = zip(range(self.rows, self.rows + count), *columns, strict=True)
        self.rows += count
        return "".join(self._thin(rows) if self._thinned else map(self._row.__mod__, rows))

    def _spread(self) -> None:
        """What came of several channels at once, into the columns."""
        for channels, rows in self._together.items():
            for channel, values in zip(channels, zip(*rows, strict=True), strict=True):
                if (waiting := self._waiting.get(channel)) is not None:
                    waiting.extend(values)
        self._together.clear()

    def _thin(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
        """The lines of the rows that are shown, and a note where they become fewer."""
        for row in rows:
            if row[0] == self._next:
                yield self._row % row
                step = self._step
                if step > 1 and self._next == _ALL_SHOWN * step // 10:
                    yield f"{'...':>{_NARROWEST}}  from here on every {step:,}th row is shown\n"
                self._next += step

    @property
    def _step(self) -> int:
        """How many rows further the next one is shown."""
        step: int = 10 ** (len(str(self._next)) - len(str(_ALL_SHOWN)) + 1)
        return step if self._next >= _ALL_SHOWN else 1


class _Texts(deque[Any]):
    """Waiting texts, as cells of the table, of so many characters."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def extend(self, values: Iterable[Any]) -> None:
        super().extend([cell(text, self._size) for text in values])


def display_names(channels: Sequence[ChannelInfo]) -> list[str]:
    """Short names, or full ones where two are alike."""
    short = [info.short_name for info in channels]
    return [info.short_name if short.count(info.short_name) == 1 else info.name for info in channels]


def is_number(info: ChannelInfo) -> bool:
    """Whether the values of a channel can be written with `%g`."""
    return info.dtype.startswith(_NUMBERS)


def _is_epoch(info: ChannelInfo) -> bool:
    return info.role == "timer" and info.short_name == "epoch"


def _is_elapsed_time(info: ChannelInfo) -> bool:
    return info.role == "timer" and info.short_name == "elapsed_time"


def _rank(info: ChannelInfo) -> tuple[int, int]:
    return (0 if _is_elapsed_time(info) else 1, _ORDER.get(info.role, len(_ORDER)))


def _labels(channels: Sequence[ChannelInfo]) -> list[str]:
    """The heads of columns."""
    return [
        ("dt" if _is_elapsed_time(info) else name) + (f"[{info.unit}]" if info.unit else "")
        for info, name in zip(channels, display_names(channels), strict=True)
    ]


def _size(info: ChannelInfo, label: str) -> int:
    return max(len(label), _TEXT if info.is_text else _NARROWEST)


def _templates(
    channels: Sequence[ChannelInfo], labels: Sequence[str], sizes: Sequence[int], width: int
) -> tuple[str, str]:
    """The header, and the `%` template of a row."""
    header, row = "#".rjust(_NARROWEST), f"%{_NARROWEST}d"
    used = _NARROWEST
    for info, label, size in zip(channels, labels, sizes, strict=True):
        if width and used + _GAP + size > width and used > _NARROWEST:
            header += "\n" + " " * _NARROWEST
            row += "\n" + " " * _NARROWEST
            used = _NARROWEST
        header += " " * _GAP + label.rjust(size)
        row += " " * _GAP + ("%s" if info.is_text else f"%{size}{'g' if is_number(info) else 's'}")
        used += _GAP + size
    return header + "\n", row + "\n"
