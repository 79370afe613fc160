"""Two commands and a question as a shutter."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from obtura.contracts.safety import SafeAction
from obtura.contracts.twins import Twin
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterState
from obtura.devices.text.answers import Question, compiled, question, wrong_pattern
from obtura.devices.text.instrument import TextInstrument
from obtura.devices.text.safe import told_from_elsewhere
from obtura.devices.text.spoken import Spoken
from obtura.devices.unconfirmed import Unconfirmed
from obtura.ground.errors import DeviceError
from obtura.ground.ranges import Positive
from obtura.works.clock import clock

__all__ = ["TextShutter"]


class _TwoCommands(ShutterDriver):
    """Says one of two commands, and asks where it is; the rest as for `TextShutter`."""

    def __init__(
        self,
        name: str,
        instrument: TextInstrument,
        orders: Mapping[str, str],
        status: Question | None,
        answers: Mapping[ShutterState, str],
        timeout: float,
    ) -> None:
        self._name = name
        self._instrument = instrument
        self._orders = orders
        self._status = status
        self._answers = answers
        self._timeout = timeout
        self._sent = ShutterState.UNKNOWN
        self._until = clock.time()  # so long it may be under way

    def open(self) -> None:
        self._send("open", ShutterState.OPEN)

    def close(self) -> None:
        self._send("close", ShutterState.CLOSED)

    def state(self) -> ShutterState:
        if self._status is None:
            return self._sent
        who = f"{self._name}.state"
        answer = self._instrument.query(self._status.query, self._status.timeout, who=who)
        text = self._instrument.understood(who, self._status.text, answer)
        for state, pattern in self._answers.items():
            if re.fullmatch(pattern, text):
                return state
        return ShutterState.MOVING if clock.time() < self._until else ShutterState.UNKNOWN

    def action_of(self, method: str) -> SafeAction:
        """By the same command, over a line of its own."""
        closed = self._answers[ShutterState.OPEN if method == "open" else ShutterState.CLOSED]
        return told_from_elsewhere(self._instrument, self._orders[method], self._status, closed)

    def _send(self, method: str, wanted: ShutterState) -> None:
        self._until = clock.time() + self._timeout
        self._instrument.command(self._orders[method], who=f"{self._name}.{method} failed")
        self._sent = wanted


class TextShutter(Unconfirmed, Spoken, Shutter):
    """A shutter, a valve or an output, that is opened and closed by a command each.

    `status`: a query for where it is, or a `Question`; `open_answer`, `closed_answer`, `fault_answer`: regular
    expressions for what its answers are as a whole. Without `status` it is where it was sent last. `timeout`: s that it
    has to open or close.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "shutter"

    def __init__(
        self,
        name: str,
        instrument: TextInstrument,
        open: str,
        close: str,
        status: str | Question | None = None,
        open_answer: str = "1",
        closed_answer: str = "0",
        fault_answer: str | None = None,
        timeout: Positive = 5.0,
    ) -> None:
        self.instrument = instrument
        told = {ShutterState.OPEN: open_answer, ShutterState.CLOSED: closed_answer, ShutterState.FAULT: fault_answer}
        answers = {state: pattern for state, pattern in told.items() if pattern is not None}
        for pattern in answers.values():
            compiled(name, pattern)
        asked = None if status is None else question(status)
        self._asks = asked is not None
        orders = {"open": open, "close": close}
        super().__init__(name, _TwoCommands(name, instrument, orders, asked, answers, timeout), timeout)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        for key in ("open_answer", "closed_answer", "fault_answer"):
            if why := wrong_pattern(given.get(key, "")):
                yield key, why
        if given.get("open") == given.get("close"):
            yield "close", "is the same command as open"

    @property
    def connection(self) -> str:
        """How it is connected; first of all, whether nobody knows where it is."""
        return self.doubted(super().connection)

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN."""
        state = super().state
        return self.seen(state) if self._asks else state

    def open(self, timeout: float | None = None) -> None:
        """Open it; returns when it is open, or with `timeout=0` at once."""
        with self.telling("open"):
            super().open(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Close it; returns when it is closed, or with `timeout=0` at once."""
        with self.telling("close"):
            super().close(timeout)

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, or has a fault; touch nothing."""
        super().check()
        self.instrument.reach(self.name)
        if self._asks and self.state is ShutterState.FAULT:
            raise DeviceError(f"{self.name}: it says FAULT")

    def __info__(self) -> str:
        """Its state, and how it is connected."""
        return f"{super().__info__()}\n  {self.connection}"
