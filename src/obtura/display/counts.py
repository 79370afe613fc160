"""What a `ct` shows: a line per counter, `diode = 4 (40/s)`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from obtura.display.table import display_names, is_number
from obtura.display.words import one_line
from obtura.ground.events import ChannelInfo, Event, Points, Row, ScanEnded, unfolded

__all__ = ["Counts"]

_TIMES = ("ns", "us", "µs", "ms", "s", "min", "h", "d")
"""Units of what has no rate: seconds per second say nothing."""


_LONGEST = 400
"""Characters of a text that are shown; longer ones are cut short, a terminal would scroll for a while."""


class Counts:
    """Collects one value per counter, a spectrum as its sum, no images and no lists; `count_time` in s, None: no rates.

    What is a time itself, as the live time of an analyser, has no rate.
    """

    def __init__(self, channels: Sequence[ChannelInfo], count_time: float | None) -> None:
        self._channels = channels
        self._count_time = count_time
        self._values: dict[int, Any] = {}
        counters = [number for number, info in enumerate(channels) if info.role == "counter"]
        self._missing = {number for number in counters if not _is_left_out(channels[number])}
        self._not_shown = display_names([channels[number] for number in counters if _is_left_out(channels[number])])
        self._is_shown = False
        self._complete = ""

    def take(self, event: Event) -> str:
        """Note the next event; returns the lines once the last counter has come, or none will come."""
        match event:
            case Points():
                return self._points(event)
            case ScanEnded():
                return "" if self._is_shown else self._lines()
        return ""

    def note(self, points: Points | Row) -> None:
        """Keep points until `lines` is asked for."""
        self._complete += "".join([self.take(each) for each in unfolded((points,))])

    def lines(self) -> str:
        """All of them, once the last counter has come."""
        lines, self._complete = self._complete, ""
        return lines

    def _points(self, points: Points) -> str:
        if points.channel not in self._missing or not len(points.values):
            return ""
        self._missing.remove(points.channel)
        value = points.values[-1]
        self._values[points.channel] = _sum(value) if _is_summed(self._channels[points.channel]) else value
        return "" if self._missing else self._lines()

    def _lines(self) -> str:
        self._is_shown = True
        not_shown = f"Activated counters not shown: {', '.join(self._not_shown)}\n" if self._not_shown else ""
        return self._value_lines() + not_shown

    def _value_lines(self) -> str:
        values = [(self._channels[number], self._values[number]) for number in sorted(self._values)]
        names = display_names([info for info, _ in values])
        numbers = [_written(info, value) for info, value in values]
        widest = _widest([number for number, (info, _) in zip(numbers, values, strict=True) if not info.is_text])
        units = [info.unit or "" for info, _ in values]
        rates = [self._rate(info, value) for info, value in values]
        return "".join(
            f"{name:>{_widest(names)}} = {number:>{0 if info.is_text else widest}}"
            + _padded(unit, _widest(units) if rate else 0)
            + (f" ({rate:>{_widest(rates)}}{_padded(unit)}/s)" if rate else "")
            + (f" sum of {' x '.join(map(str, info.shape))}" if _is_summed(info) else "")
            + "\n"
            for name, number, unit, rate, (info, _) in zip(names, numbers, units, rates, values, strict=True)
        )

    def _rate(self, info: ChannelInfo, value: Any) -> str:
        is_counted = is_number(info) and info.unit not in _TIMES
        return _written(info, value / self._count_time) if self._count_time and is_counted else ""


def _is_left_out(info: ChannelInfo) -> bool:
    return info.is_frame or info.is_ragged


def _sum(value: Any) -> Any:
    """Without what is not there: a row of readings may end in NaN."""
    return np.nansum(value) if np.asarray(value).dtype.kind == "f" else np.sum(value)


def _padded(unit: str, width: int = 0) -> str:
    return f" {unit:<{width}}" if unit or width else ""


def _is_summed(info: ChannelInfo) -> bool:
    return bool(info.shape) and is_number(info)


def _written(info: ChannelInfo, value: Any) -> str:
    if info.is_text:
        return one_line(value[:_LONGEST]) + ("…" if len(value) > _LONGEST else "")
    return "%g" % value if is_number(info) else str(value)  # noqa: UP031 - f-strings refuse numpy's bool


def _widest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)
