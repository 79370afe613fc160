"""The lines above a table: which scan this is, and what is not shown."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from obtura.ground.events import ScanBegan

__all__ = ["english_date", "heading"]

LONG = 10.0
"""Seconds from which on a scan says how long it will take."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def english_date(moment: datetime) -> str:
    """`Wed Mar 13 11:06:11 2019`, whatever the locale; `strftime` would ask it."""
    return f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment:%d %H:%M:%S %Y}"


def _outlook(estimation: Mapping[str, Any] | None) -> str:
    """`Total 21 points, 0:01:12 (motion: 0:00:02, count: 0:01:10)`, of a scan that takes a while."""
    if not estimation or not estimation["points"] or not LONG <= estimation["total"] < math.inf:
        return ""
    parts = {"motion": "motion", "counting": "count", "waiting": "wait"}
    told = [f"{word}: {_told(estimation[part])}" for part, word in parts.items() if estimation[part] >= 0.5]
    return f"Total {estimation['points']} points, {_told(estimation['total'])} ({', '.join(told)})"


def _told(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def heading(began: ScanBegan, not_shown: Sequence[str]) -> str:
    """The scan in two lines, then what is left out: the counters `not_shown`, further top-masters."""
    info = began.scan_info
    words = (
        f"Scan {began.number}",
        english_date(began.start_time),
        info.get("filename") or "<no saving>",
        info.get("session_name"),
        f"user = {info.get('user_name', '')}",
        str(info.get("manner", "")).upper(),
    )
    lines = ["", " ".join(str(word) for word in words if word), began.title]
    if outlook := _outlook(info.get("estimation")):
        lines.append(outlook)
    if not_shown:
        lines.append(f"Activated counters not shown: {', '.join(not_shown)}")
    if began.branches[1:]:
        lines.append(f"Top-masters not shown: {', '.join(began.branches[1:])} (shown: {began.branches[0]})")
    return "\n".join([*lines, ""])
