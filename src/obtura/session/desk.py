"""What a person at a terminal asks for now and then: date, clear."""

import sys
from datetime import datetime

from obtura.works.clock import clock

__all__ = ["clear", "date"]

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""Tells a terminal to go to its upper left corner, and to forget what it shows and what was above."""


def clear() -> None:
    """Clear the terminal; nothing happens where there is none."""
    if sys.stdout.isatty():
        sys.stdout.write(_CLEAR)
        sys.stdout.flush()


def date() -> None:
    """Print the date and the time, with its zone."""
    print(datetime.fromtimestamp(clock.epoch()).astimezone().strftime("%a %b %d %H:%M:%S %Y %Z"))
