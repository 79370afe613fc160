"""The lines above a table: which scan this is, and what is not shown."""

from collections.abc import Sequence
from datetime import datetime

from obtura.ground.events import ScanBegan

__all__ = ["english_date", "heading"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def english_date(moment: datetime) -> str:
    """`Wed Mar 13 11:06:11 2019`, whatever the locale; `strftime` would ask it."""
    return f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment:%d %H:%M:%S %Y}"


def heading(began: ScanBegan, not_shown: Sequence[str]) -> str:
    """The scan in two lines, then what is left out: the counters `not_shown`, further top-masters."""
    info = began.scan_info
    words = (
        f"Scan {began.number}",
        english_date(began.start_time),
        info.get("filename") or "<no saving>",
        info.get("session_name"),
        f"user = {info.get('user_name', '')}",
    )
    lines = ["", " ".join(str(word) for word in words if word), began.title]
    if not_shown:
        lines.append(f"Activated counters not shown: {', '.join(not_shown)}")
    if began.branches[1:]:
        lines.append(f"Top-masters not shown: {', '.join(began.branches[1:])} (shown: {began.branches[0]})")
    return "\n".join([*lines, ""])
