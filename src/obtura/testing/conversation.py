"""A line for the tests of instruments that are spoken to in text: what is said, and answered, is known before."""

from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

from obtura.devices.text.line import Line, end_of
from obtura.devices.text.transport import Transport

__all__ = ["SILENCE", "Conversation"]

SILENCE = object()
"""An answer that does not come."""

_Answer: TypeAlias = str | OSError | object | None


class _Script(Transport):
    """Expects what is to be said, and answers."""

    address = "conversation"

    def __init__(self, expected: list[tuple[str, _Answer]], always: Mapping[str, _Answer], end: str) -> None:
        self.expected = deque(expected)
        self.always = always
        self.wrong = ""
        self.opened = 0
        self._end = end
        self._answers = b""
        self._loss: OSError | None = None

    def open(self, timeout: float) -> None:
        self.opened += 1
        self._answers, self._loss = b"", None

    def close(self) -> None:
        self._answers = b""

    def send(self, data: bytes, timeout: float) -> None:
        said = data.decode()
        text = said.removesuffix(self._end)
        if text == said:
            raise self._refused(f"{said!r} was said, which does not end with {self._end!r}")
        if self.expected and self.expected[0][0] == text:
            _, answer = self.expected.popleft()
        elif text in self.always:
            answer = self.always[text]
        else:
            wanted = repr(self.expected[0][0]) if self.expected else "nothing more"
            raise self._refused(f"{text!r} was said where {wanted} was expected")
        if isinstance(answer, OSError):
            self._loss = answer
        elif isinstance(answer, str):
            self._answers += (answer + self._end).encode()

    def receive(self, timeout: float) -> bytes:
        answers, self._answers = self._answers, b""
        if self._loss is not None and not answers:
            loss, self._loss = self._loss, None
            raise loss
        return answers

    def _refused(self, why: str) -> AssertionError:
        self.wrong = self.wrong or why
        return AssertionError(why)


class Conversation(Line):
    """A line on which just this is said, in this order, and answered so:

        line = Conversation(("*IDN?", "ACME,1"), ("OUTP 1", None), ("MEAS?", "1.5"), always={"SYST:ERR?": "0"})
        with line:
            ...  # an instrument that has line=line

    An answer of None is none; SILENCE is one that does not come, which takes no time; an OSError is the loss of the
    connection. What is in `always` may be said at any time, any number of times. Whatever else is said raises an
    AssertionError at once, and again at the end of the `with`, and so does what was not said until then. `end`: as for
    `Line`.
    """

    def __init__(
        self, *expected: tuple[str, _Answer], always: Mapping[str, _Answer] | None = None, end: str = "LF", **form: Any
    ) -> None:
        self._script = _Script(list(expected), always or {}, end_of(end))
        super().__init__(self._script, end, **form)

    @property
    def connected(self) -> int:
        """How often it was connected."""
        return self._script.opened

    def finish(self) -> None:
        """Raise an AssertionError when something else was said, or not all; the `with` does so at its end."""
        self.close()
        if self._script.wrong:
            raise AssertionError(self._script.wrong)
        if self._script.expected:
            left = ", ".join(repr(text) for text, _ in self._script.expected)
            raise AssertionError(f"not said: {left}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.close()
