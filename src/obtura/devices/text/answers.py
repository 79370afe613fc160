"""What an answer means: the number or the word in it."""

import dataclasses
import re
from collections.abc import Mapping

from obtura.devices.text.transport import shown
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import Positive

__all__ = ["AnswerError", "Question", "compiled", "question", "wrong_pattern"]


class AnswerError(DeviceError):
    """There was an answer, but not one that means anything."""


def compiled(what: str, pattern: str) -> re.Pattern[str]:
    """A regular expression.

    Raises:
        UsageError: it is none.
    """
    if why := wrong_pattern(pattern):
        raise UsageError(f"{what}: {why}")
    return re.compile(pattern)


def wrong_pattern(pattern: str) -> str:
    """Why it is no regular expression; empty when it is one."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}"
    return ""


@dataclasses.dataclass(frozen=True)
class Question:
    """A query, and what in its answer matters: all of it, unless something else is said.

    `pattern`: a regular expression that is searched for; what matters is its group, or all that it matches. `split`,
    `index`: the item of this number (from 0; -1 the last) when the answer is split at this; blanks, when only `index`
    is given. `words`: numbers that words stand for, as {ON: 1, OFF: 0}. `timeout`: s that the answer has, the line's
    own if None.

    Raises:
        UsageError: the pattern is no regular expression, or has several groups.
    """

    query: str
    pattern: str | None = None
    split: str | None = None
    index: int | None = None
    words: Mapping[str, float] | None = None
    timeout: Positive | None = None

    def __post_init__(self) -> None:
        if self.pattern is not None and compiled("pattern", self.pattern).groups > 1:
            raise UsageError(f"pattern: {self.pattern!r} has several groups; write (?:...) for those that don't matter")
        if self.split is not None and self.index is None:
            raise UsageError("split: say which item, by index: 0 is the first one")

    def text(self, answer: str) -> str:
        """What matters in an answer.

        Raises:
            AnswerError: it is not in it.
        """
        found = answer
        if self.pattern is not None:
            match = re.search(self.pattern, found)
            if match is None:
                raise self._senseless(answer, f"does not match {self.pattern!r}")
            found = match[match.re.groups] or ""
        if self.index is not None:
            items = found.split(self.split)
            try:
                found = items[self.index]
            except IndexError:
                raise self._senseless(answer, f"has no item {self.index}: it has {len(items)}") from None
        return found.strip()

    def number(self, answer: str) -> float:
        """The number that matters in an answer.

        Raises:
            AnswerError: there is none.
        """
        text = self.text(answer)
        if self.words is not None and text in self.words:
            return float(self.words[text])
        try:
            return float(text)
        except ValueError:
            part = "" if text == answer.strip() else f" ({shown(text)})"
            known = f" nor one of {', '.join(self.words)}" if self.words else ""
            hint = "; as_text takes it as it stands" if self.words is None else ""
            raise self._senseless(answer, f"is no number{known}{part}{hint}") from None

    def _senseless(self, answer: str, why: str) -> AnswerError:
        return AnswerError(f"the answer to {self.query!r}, {shown(answer)}, {why}")


def question(query: str | Question) -> Question:
    """A question, of which a query alone is the shortest."""
    return Question(query) if isinstance(query, str) else query
