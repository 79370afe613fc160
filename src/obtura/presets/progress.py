"""What a preset waits for, said while it waits."""

import sys

from obtura.presets.anylevel import Say
from obtura.works.clock import clock

__all__ = ["Progress"]

FIRST = 60.0
"""Seconds until the second line where each is kept; then twice as long, and so on: a night's wait has ten lines."""


class Progress:
    """On a terminal each line takes the place of the one before; in a pipe or a file few lines are written."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._replaces = sys.stdout is not None and sys.stdout.isatty()
        self._longest = 0  # blanks cover what is left of the line before
        self._due = clock.time()
        self._wait = FIRST

    def show(self, line: str) -> None:
        """How it stands."""
        if self._replaces:
            self._longest = max(self._longest, len(line))
            self._say(line.ljust(self._longest), end="\r")
        elif clock.time() >= self._due:
            self._due = clock.time() + self._wait
            self._wait *= 2
            self._say(line)

    def end(self, line: str) -> None:
        """How it ended."""
        self._say(line.ljust(self._longest))
