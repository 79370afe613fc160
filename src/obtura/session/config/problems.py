"""What is wrong in the YAML, and where."""

import difflib
from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from obtura.ground.errors import UsageError

__all__ = ["ConfigError", "Place", "Problem", "meant", "misspelt"]


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


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known word of at least six letters of which this one is a letter short, long, wrong or swapped."""
    if not word.replace("_", "").isalpha():
        return None
    return next((each for each in known if len(each) >= 6 and _one_slip(word, each)), None)


def _one_slip(word: str, other: str) -> bool:
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))))
    mine, its = word[same:], other[same:]
    swapped = mine[:2] == its[:2][::-1] and mine[2:] == its[2:]
    return word != other and (swapped or mine[1:] in (its, its[1:]) or mine == its[1:])
