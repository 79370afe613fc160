"""Texts of devices as a terminal shows them: in one line, without control characters, which it would obey."""

from unicodedata import combining, east_asian_width

__all__ = ["cell", "one_line"]


def one_line(text: str) -> str:
    """A text with a blank for each sign that can't be printed; an empty one as two quotes."""
    return "".join(sign if sign.isprintable() else " " for sign in text) or '""'


def cell(text: str, width: int) -> str:
    """The same, set right in a cell of so many columns; what is longer is cut short with an ellipsis."""
    if text.isascii() and len(text) <= width and text.isprintable():
        return text.rjust(width) if text else '""'.rjust(width)
    shown = one_line(text)
    if _columns(shown) > width:
        shown = shown[:width]
        while _columns(shown) >= width:
            shown = shown[:-1]
        shown += "…"
    return " " * (width - _columns(shown)) + shown


def _columns(text: str) -> int:
    """How many columns of a terminal it takes."""
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)
