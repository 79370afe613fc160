"""Moments of a night as they are written: `02:10`, `+1h30`, `20 min`."""

import math
import re
from datetime import datetime, timedelta

from obtura.ground.errors import UsageError

__all__ = ["clock_text", "moment", "span", "span_text", "start"]

START = "2026-01-01 20:00"
"""When a night begins that does not say so: always the same, so that two rehearsals are."""

_UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_LONG = "it is written 20 min, 1h30, 90 s or 1 h 30 min"


def start(text: str = START) -> datetime:
    """When the night begins: `2026-03-01 20:00`, or `20:00` of the day that rehearsals usually begin.

    Raises:
        UsageError: it is neither.
    """
    usual = datetime.fromisoformat(START)
    try:
        if _CLOCK.fullmatch(text):
            return datetime.combine(usual.date(), datetime.strptime(text.zfill(5), "%H:%M").time())
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise UsageError(f"{text!r} is no start: it is written 20:00 or 2026-03-01 20:00") from None


def span(text: str) -> float:
    """How long, in s: `20 min`, `1h30`, `1 h 30 min`, `90 s`.

    Raises:
        UsageError: it is no such thing.
    """
    rest = text.strip().lower()
    if minutes := re.fullmatch(r"(\d+)\s*h\s*(\d+)", rest):
        return 3600.0 * int(minutes[1]) + 60.0 * int(minutes[2])
    seconds = 0.0
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _UNITS:
            raise UsageError(f"{text!r} is no time span: {_LONG}")
        seconds += float(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    if not seconds:
        raise UsageError(f"{text!r} is no time span: {_LONG}")
    return seconds


def moment(text: str, begin: datetime, after: float = 0.0) -> float:
    """A moment in s since the night began: `+1h30` after its start, or `02:10`, the first such time from `after` on.

    Raises:
        UsageError: it is neither.
    """
    if text.strip().startswith("+"):
        return span(text.strip()[1:])
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no time: it is written 02:10, or +1h30 from the start on")
    hour, minute, second = (int(each or 0) for each in found.groups())
    if hour > 23 or minute > 59 or second > 59:
        raise UsageError(f"{text!r} is no time of day")
    from_ = begin + timedelta(seconds=after)
    there = from_.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if there < from_:
        there += timedelta(days=1)
    return (there - begin).total_seconds()


def clock_text(begin: datetime, seconds: float, after: float | None = None) -> str:
    """A moment of the night as it is read: 02:10:03; with its day if that is not the one of `after`."""
    moment = begin + timedelta(seconds=math.floor(seconds + 1e-6))
    other = after is not None and (begin + timedelta(seconds=after)).date() != moment.date()
    return moment.strftime("%Y-%m-%d %H:%M:%S" if other else "%H:%M:%S")


def span_text(seconds: float) -> str:
    """A time as it is read: 1 h 3 min, 20 min 3 s, 4.2 s."""
    if math.isinf(seconds):
        return "until somebody comes"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
