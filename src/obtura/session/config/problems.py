"""What is wrong in the YAML, and where."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from obtura.ground.errors import UsageError

__all__ = ["ConfigError", "Place", "Problem", "meant"]


class Place(NamedTuple):
    """A place in a file; lines and columns count from 1. As text, what editors and terminals understand."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """Without the column, for sentences."""
        return f"{self.file}:{self.line}"


class Problem(NamedTuple):
    """One thing that is wrong."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ConfigError(UsageError):
    """The YAML of a beamline has errors: `problems` holds all of them. Nothing was made."""

    def __init__(self, directory: object, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        number = len(self.problems)
        heading = f"{number} problem{'' if number == 1 else 's'} in {directory}"
        super().__init__("\n".join([heading, *map(str, self.problems)]))


def meant(word: str, known: Iterable[str]) -> str:
    """A question that names the known word that was probably meant, or nothing."""
    lowered = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), lowered, n=1)
    return f": did you mean {lowered[close[0]]!r}?" if close else ""
