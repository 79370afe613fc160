"""What is said to one instrument: questions, and commands that are seen to be followed."""

import dataclasses
import re
from typing import NamedTuple

from obtura.contracts.looking import is_looking
from obtura.devices.text.answers import compiled
from obtura.devices.text.talk import Talk
from obtura.devices.text.transport import shown
from obtura.ground.errors import DeviceError

__all__ = ["Identity", "Manners", "Speech"]

MOST_ERRORS = 20
"""So many entries of an error queue are read after a command."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who it must be: the answer to `query` has something in it that `pattern`, a regular expression, matches."""

    pattern: str
    query: str = "*IDN?"

    def __post_init__(self) -> None:
        compiled("pattern", self.pattern)


class Manners(NamedTuple):
    """How an instrument wants to be spoken to: see `TextInstrument`."""

    timeout: float
    answer: str | None
    acknowledge: str | None
    complete: str | None
    errors: str | None
    no_error: str
    read_only: bool

    def core_of(self, answer: str) -> str:
        """What matters of an answer."""
        match = re.search(self.answer, answer) if self.answer is not None else None
        return answer.strip() if match is None else (match[match.re.groups] or "").strip()


class Speech:
    """An instrument as it is to who has it to himself: see `TextInstrument.together`, which hands it out."""

    def __init__(self, talk: Talk, manners: Manners) -> None:
        self._talk = talk
        self._manners = manners

    def query(self, text: str, timeout: float | None = None) -> str:
        """Ask, and give back what matters of the answer.

        Raises:
            DeviceError: it does not answer.
        """
        return self._manners.core_of(self._talk.query(text, timeout or self._manners.timeout))

    def command(self, text: str) -> None:
        """Have it do something, and see that it does, in the ways that the instrument was described with.

        Raises:
            DeviceError: it does not answer, refuses, or is read-only.
        """
        how, address = self._manners, self._talk.transport.address
        if how.read_only or is_looking():
            raise DeviceError(f"{address} is read-only here: it is asked, and told nothing")
        if how.acknowledge is None:
            self._talk.write(text)
        elif not re.search(how.acknowledge, answer := self._talk.query(text, how.timeout)):
            raise DeviceError(f"{address} refuses {shown(text)}: it answers {shown(answer)}, not {how.acknowledge!r}")
        if how.complete is not None:
            self._talk.query(how.complete, how.timeout)
        if refusals := self._errors():
            raise DeviceError(f"{address} refuses {shown(text)}: {'; '.join(refusals)}")

    def _errors(self) -> list[str]:
        how, found = self._manners, list[str]()
        while how.errors is not None and len(found) < MOST_ERRORS:
            answer = self.query(how.errors)
            if re.match(how.no_error, answer):
                break
            found.append(answer)
        return found
