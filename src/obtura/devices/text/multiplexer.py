"""Commands and a question for each output as a multiplexer."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from obtura.contracts.twins import Twin
from obtura.devices.followed_switch import FollowedSwitch
from obtura.devices.multiplexer import Multiplexer
from obtura.devices.text.answers import Question, compiled, question
from obtura.devices.text.instrument import TextInstrument
from obtura.devices.text.spoken import Spoken
from obtura.devices.text.transport import shown
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import Positive

__all__ = ["Output", "TextMultiplexer"]


@dataclasses.dataclass(frozen=True)
class Output:
    """An output. `inputs`: the command that connects it to each. `status`: a query for what it is connected to, or a
    `Question`; `answers`: a regular expression for each input, its own name where there is none, for the answer as a
    whole. Without `status` it is connected to what it was connected to last.
    """

    inputs: Mapping[str, str]
    status: str | Question | None = None
    answers: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for input, pattern in (self.answers or {}).items():
            if input not in self.inputs:
                raise UsageError(f"answers: there is no input {input!r} (there are: {', '.join(self.inputs)})")
            compiled(f"answers: {input}", pattern)

    def input_of(self, answer: str) -> str | None:
        """The input that an answer stands for."""
        patterns = {input: re.escape(input) for input in self.inputs} | dict(self.answers or {})
        return next((input for input, pattern in patterns.items() if re.fullmatch(pattern, answer)), None)


class _Commands(FollowedSwitch):
    """Says commands to an instrument."""

    def __init__(self, name: str, instrument: TextInstrument, outputs: Mapping[str, Output], timeout: float) -> None:
        super().__init__(name, outputs, timeout)
        self._instrument = instrument
        self._outputs = outputs

    def _order(self, output: str, input: str) -> None:
        self._instrument.command(self._outputs[output].inputs[input], who=f"{self._name}.switch failed")

    def _now(self, output: str) -> str:
        it = self._outputs[output]
        if it.status is None:
            return self._last_order(output)
        ask, who = question(it.status), f"{self._name}.{output}"
        text = self._instrument.understood(who, ask.text, self._instrument.query(ask.query, ask.timeout, who=who))
        found = it.input_of(text)
        if found is None:
            raise DeviceError(f"{who}: the answer to {ask.query!r}, {shown(text)}, is none of {', '.join(it.inputs)}")
        return found


class TextMultiplexer(Spoken, Multiplexer):
    """A multiplexer, or a setting with names, that is switched by commands. `outputs`: each by its name, see `Output`.

    `timeout`: s after which an output must say that it is connected as it was told to.
    """

    twin: ClassVar[Twin] = "multiplexer"

    def __init__(
        self, name: str, instrument: TextInstrument, outputs: Mapping[str, Output], timeout: Positive = 2.0
    ) -> None:
        self.instrument = instrument
        inputs = {output: tuple(each.inputs) for output, each in outputs.items()}
        super().__init__(name, _Commands(name, instrument, outputs, timeout), inputs)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        if not given.get("outputs", True):
            yield "outputs", "there is none"

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached; touch nothing."""
        self.instrument.reach(self.name)

    def __info__(self) -> str:
        """How it is connected, both ways."""
        return f"{super().__info__()}\n  {self.connection}"
