"""An instrument that is spoken to in text."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from obtura.contracts.connections import Exchange
from obtura.contracts.counters import SamplingCounterController
from obtura.contracts.looking import is_looking
from obtura.contracts.twins import Twin
from obtura.devices.text.answers import compiled, wrong_pattern
from obtura.devices.text.line import TIMEOUT, Line, encoding_of, end_of, line_to
from obtura.devices.text.serial_port import SerialSettings
from obtura.devices.text.speech import Identity, Manners, Speech
from obtura.devices.text.talk import SilenceError, Talk
from obtura.devices.text.transport import host_and_port, shown
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import NotNegative, Positive

__all__ = ["TextInstrument"]

R = TypeVar("R")


class TextInstrument(SamplingCounterController):
    """An instrument that is asked and told in text: SCPI, or a language of its own.

    Its counters, axes, shutters and multiplexers are listed with it. One that needs code derives from this, and uses
    `query`, `command` and `together`.

    It is reached by one of `tcp` (host:port), `serial` (a port, or its settings), `visa` (a resource) and `line` (one
    that it shares with others); `end`, `answer_end`, `encoding`, `rest`, `timeout`: see `Line`. Nothing is sent before
    it is needed; each time it has been connected `identify` is asked, then the `initial` commands are sent.

    `answer`: a regular expression, whose group is what matters of any answer; for who repeats the question in it.
    After each command: one that is answered has an answer that `acknowledge`, a regular expression, is found in;
    `complete`, as `*OPC?`, is asked, and answered once it is done; `errors`, as `SYST:ERR?`, is asked until the answer
    begins with what `no_error`, a regular expression, matches.
    `read_only`: it is asked and never told anything, not even the `initial` commands, for a look from elsewhere.
    `max_sampling_frequency`: readings of its counters per second, None for as often as it answers.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "controller"
    is_interruptible = True

    yaml_members: Mapping[str, tuple[str, str | None]] = {
        "counters": ("controller", "TextCounter"),
        "axes": ("instrument", "TextAxis"),
        "shutters": ("instrument", "TextShutter"),
        "multiplexers": ("instrument", "TextMultiplexer"),
    }
    yaml_one_of: Mapping[str, str] = {"tcp": "host:port", "serial": "PORT", "visa": "RESOURCE", "line": "$line"}

    def __init__(
        self,
        name: str,
        tcp: str | None = None,
        serial: str | SerialSettings | None = None,
        visa: str | None = None,
        line: Line | None = None,
        end: str = "LF",
        answer_end: str | None = None,
        encoding: str = "utf-8",
        rest: NotNegative = 0.0,
        timeout: Positive = TIMEOUT,
        identify: str | Identity | None = None,
        initial: Sequence[str] = (),
        answer: str | None = None,
        acknowledge: str | None = None,
        complete: str | None = None,
        errors: str | None = None,
        no_error: str = r"[+-]?0\b",
        read_only: bool = False,
        max_sampling_frequency: Positive | None = None,
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        if line is None:
            form: dict[str, Any] = {"end": end, "answer_end": answer_end, "timeout": timeout}
            line = line_to(tcp, serial, visa, **form, encoding=encoding, rest=rest)
        elif tcp is not None or serial is not None or visa is not None:
            raise UsageError(f"{name}: it has a line, so leave tcp, serial and visa out")
        for what, pattern in {"answer": answer, "acknowledge": acknowledge, "no_error": no_error}.items():
            if pattern is not None:
                compiled(f"{name}: {what}", pattern)
        self.line = line
        self.timeout = timeout
        self.identity = Identity(identify) if isinstance(identify, str) else identify
        self.initial = tuple(initial)
        self.manners = Manners(timeout, answer, acknowledge, complete, errors, no_error, read_only)
        self.said_to_be = ""
        """What it answered when it was asked who it is."""
        self._met = (0, 0)
        self._last_error = ""

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        ways = [key for key in ("tcp", "serial", "visa") if key in given]
        if len(ways) > 1:
            yield ways[1], f"it is reached by {ways[0]} already"
        for key in ("answer", "acknowledge", "no_error"):
            if why := wrong_pattern(given.get(key, "")):
                yield key, why
        if isinstance(identify := given.get("identify"), str) and (why := wrong_pattern(identify)):
            yield "identify", why
        checks = {"tcp": host_and_port, "end": end_of, "answer_end": end_of, "encoding": encoding_of}
        for key in checks.keys() & given.keys():
            try:
                checks[key](given[key])
            except UsageError as error:
                yield key, str(error)

    # -- what may be said -----------------------------------------------------------------------------------

    def query(self, text: str, timeout: float | None = None, who: str = "") -> str:
        """Ask, and give back what matters of the answer. `who` asks, for messages.

        Raises:
            DeviceError: no answer within `timeout` s (the instrument's, if None).
        """
        try:
            return self._asked(text, timeout)
        except DeviceError as error:
            raise self._told_of(error, who) from error

    def command(self, text: str, who: str = "") -> None:
        """Have it do something, and see that it does, in the ways that it was described with.

        Raises:
            DeviceError: it does not answer, or refuses.
        """
        self.together(lambda speech: speech.command(text), who, text)

    def together(self, function: Callable[[Speech], R], who: str = "", what: str = "several messages") -> R:
        """Call `function(speech)` with the instrument to itself: nobody's messages come between those of its own.

        It may be called on another thread, and must not use the instrument but by `speech`.

        Raises:
            DeviceError: it can't be reached, or is not who it should be; and whatever `function` raises.
        """

        def speak(talk: Talk) -> R:
            self._greet(talk)
            return function(Speech(talk, self.manners))

        try:
            return self.line.together(speak, what)
        except DeviceError as error:
            raise self._told_of(error, who) from error

    def _asked(self, text: str, timeout: float | None) -> str:
        """What matters of the answer to a question."""
        timeout = timeout or self.timeout
        answer = self.line.exchange(text, timeout, self._met)
        if answer is None:  # it has to be connected first, or greeted; or this is no place to ask in
            answer = self.line.together(partial(self._asked_after_greeting, text, timeout), text)
        return answer.strip() if self.manners.answer is None else self.manners.core_of(answer)

    def _asked_after_greeting(self, text: str, timeout: float, talk: Talk) -> str:
        self._greet(talk)
        return talk.query(text, timeout)

    def _told_of(self, error: DeviceError, who: str) -> DeviceError:
        """The error with whose it is; the last one is kept."""
        self._last_error = f"{error}, at {time.strftime('%H:%M:%S')}"
        return type(error)(f"{who or self.name}: {error}")

    # -- who it is ------------------------------------------------------------------------------------------

    def _greet(self, talk: Talk) -> None:
        restarts, doubts = self._met
        if (talk.restarts, talk.doubts) == self._met:
            return
        if self.identity is not None:
            self._identify(talk, self.identity, patient=talk.doubts != doubts)
        if talk.restarts != restarts and not self.is_read_only:
            speech = Speech(talk, self.manners)
            for text in self.initial:
                speech.command(text)
        self._met = (talk.restarts, talk.doubts)

    def _identify(self, talk: Talk, identity: Identity, patient: bool) -> None:
        """Ask who it is; when old answers may still be on their way, the right one is waited for."""
        limit = time.monotonic() + self.timeout
        answer = talk.query(identity.query, self.timeout)
        while not re.search(identity.pattern, answer):
            try:
                answer = talk.read(max(limit - time.monotonic(), 0.0) if patient else 0.0)
            except SilenceError:
                says = f"says it is {shown(answer)}" if answer else f"answers {identity.query!r} with an empty line"
                raise DeviceError(
                    f"{self.line.address} {says}, which does not match {identity.pattern!r}: "
                    "is it the right instrument?"
                ) from None
        self.said_to_be = answer

    # -- as a controller of counters ------------------------------------------------------------------------

    def check_may_be_told(self) -> None:
        """Raise `DeviceError` when it is read-only."""
        if self.is_read_only:
            raise DeviceError(f"{self.line.address} is read-only here: it is asked, and told nothing")

    @property
    def is_read_only(self) -> bool:
        """Whether it is told nothing: it was described so, or the session is for a look only."""
        return self.manners.read_only or is_looking()

    def reach(self, who: str = "") -> None:
        """Raise `DeviceError` unless it is connected, and who it should be."""
        self.together(lambda speech: None, who, "check")

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected and, asked once more, who it should be.

        What its counters ask is not asked: one that it does not know would take all others away.
        """

        def ask(talk: Talk) -> None:
            met = self._met
            self._greet(talk)
            if self._met == met and self.identity is not None:
                self._identify(talk, self.identity, patient=False)

        try:
            self.line.together(ask, "check")
        except DeviceError as error:
            raise self._told_of(error, "") from error

    def check_counters(self, *counters: Any) -> None:
        """Raise `DeviceError` when one of these has no value; not asked of those that a scan goes on without."""
        self.read_all(*(counter for counter in counters if not counter.may_fail))

    def read_all(self, *counters: Any) -> Sequence[float | str]:
        """The present values; counters with the same question are had by asking it once."""
        answers: dict[tuple[str, float | None], str] = {}
        values: list[float | str] = []
        for counter in counters:
            key = counter.asks
            try:
                if key not in answers:
                    answers[key] = self._asked(*key)
                values.append(counter.value_in(answers[key]))
            except DeviceError as error:
                raise self._told_of(error, counter.fullname) from error
        return values

    def understood(self, who: str, read: Callable[[str], R], answer: str) -> R:
        """What `read` makes of an answer; what it does not understand is `who`'s error."""
        try:
            return read(answer)
        except DeviceError as error:
            raise self._told_of(error, who) from error

    # -- how it is ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Disconnect. When it is used again, it connects again."""
        self.line.close()

    @property
    def connection(self) -> str:
        """Who it is, where, whether and since when it is connected."""
        return self.line.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last over its line, the oldest first."""
        return self.line.trace

    def __info__(self) -> str:
        """Who it is, whether it is connected, its counters. One that was not used yet is asked who it is."""
        if self._met == (0, 0) and not self._last_error:
            try:
                self.reach()
            except DeviceError:
                return self._told()
        return self._told()

    def _told(self) -> str:
        _, *counters = super().__info__().splitlines()
        who = [f"  it is: {self.said_to_be}"] if self.said_to_be else []
        wrong = [f"  last error: {self._last_error}"] if self._last_error else []
        may = ", read-only" if self.is_read_only else ""
        return "\n".join([f"{type(self).__name__} {self.name}: {self.connection}{may}", *who, *wrong, *counters])
