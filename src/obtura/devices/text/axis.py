"""A setpoint as an axis."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from obtura.contracts.connections import Exchange
from obtura.contracts.motion import MotionHook
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.axis_written import wrong_with_axis
from obtura.devices.text.answers import Question, compiled, question
from obtura.devices.text.instrument import TextInstrument
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative, Positive, Sign
from obtura.works.clock import clock

__all__ = ["TextAxis"]


class _Setpoint(AxisDriver):
    """Sets, and looks whether it is there. `tolerance` gives how near that is; the rest as for `TextAxis`."""

    def __init__(
        self,
        name: str,
        instrument: TextInstrument,
        orders: Mapping[str, str | None],
        readback: Question,
        done: Question | None,
        done_answer: str,
        tolerance: Callable[[], float],
        settle: float,
        patience: float,
        poll: float,
    ) -> None:
        self._name = name
        self._instrument = instrument
        self._orders = orders
        self._readback = readback
        self._done = done
        self._done_answer = done_answer
        self._tolerance = tolerance
        self._settle = settle
        self._patience = patience
        self._poll = poll
        self._target: float | None = None  # of the move under way
        self._arrived: float | None = None
        self._nearest, self._since = math.inf, 0.0

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        if self._orders["velocity"] is not None and math.isfinite(velocity):
            self._tell(self._orders["velocity"], velocity=velocity)
        self._arrived = None
        self._nearest, self._since = math.inf, clock.time()
        self._target = target
        self._tell(self._orders["set"], position=target)

    def stop(self) -> None:
        self._target = None
        if self._orders["stop"] is not None:
            self._tell(self._orders["stop"])
        else:
            self._tell(self._orders["set"], position=self.position())

    def position(self) -> float:
        ask = self._readback
        answer = self._instrument.query(ask.query, ask.timeout, who=self._name)
        return self._instrument.understood(self._name, ask.number, answer)

    def state(self) -> AxisState:
        """MOVING until it says that it is done; one that does not say: until it is there, or comes no nearer."""
        if self._done is not None:
            answer = self._instrument.query(self._done.query, self._done.timeout, who=self._name)
            text = self._instrument.understood(self._name, self._done.text, answer)
            return AxisState("READY" if re.fullmatch(self._done_answer, text) else "MOVING")
        target = self._target
        if target is None:
            return AxisState("READY")
        self._follow(target, self.position())
        return AxisState("READY" if self._target is None else "MOVING")

    def look_again_after(self) -> float:
        return self._poll

    def _follow(self, target: float, here: float) -> None:
        distance, now = abs(here - target), clock.time()
        if distance <= self._tolerance():
            if self._arrived is None:
                self._arrived = now
            if now - self._arrived >= self._settle:
                self._target = None
            return
        self._arrived = None
        if distance < self._nearest - self._tolerance() / 10:
            self._nearest, self._since = distance, now
        elif now - self._since >= self._patience:
            self.stop()  # it is not there, and `Axis` says so

    def _tell(self, order: str | None, **values: float) -> None:
        assert order is not None
        self._instrument.command(order.format(**values), who=self._name)


class TextAxis(Axis):
    """An axis that goes where it is told in text: a temperature, a voltage, a stage.

    `set`: the command, with `{position}` in it, or as Python formats it, `{position:.3f}`; `readback`: a query for
    where it is, or a `Question`. It has arrived when the answer to `done` is, as a whole, `done_answer`, a regular
    expression; without `done`, when it has been within `tolerance` of its target for `settle` s. It is given up, and
    stopped, when it comes no nearer for `patience` s. `stop`: the command that ends a move; without one it is set to
    where it is. `velocity_command`: said before each move, with `{velocity}` in it. `poll`: s between two looks.

    `velocity` (unit/s) also tells how long a move takes. Limits are dial positions; all else is as for `Axis`.

    Raises:
        UsageError: what can't be.
    """

    def __init__(
        self,
        name: str,
        instrument: TextInstrument,
        set: str,
        readback: str | Question,
        done: str | Question | None = None,
        done_answer: str = "1",
        stop: str | None = None,
        velocity_command: str | None = None,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        tolerance: Positive = 1e-3,
        settle: NotNegative = 0.0,
        patience: Positive = 10.0,
        poll: Positive = 0.05,
        velocity: Positive = math.inf,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float = 0.0,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.instrument = instrument
        for key, problem in wrong_with_orders({"set": set, "velocity_command": velocity_command or ""}):
            raise UsageError(f"{name}: {key}: {problem}")
        compiled(f"{name}: done_answer", done_answer)
        orders = {"set": set, "stop": stop, "velocity": velocity_command}
        asked = None if done is None else question(done)
        driver = _Setpoint(
            name,
            instrument,
            orders,
            question(readback),
            asked,
            done_answer,
            lambda: self.tolerance,
            settle,
            patience,
            poll,
        )
        super().__init__(
            name,
            driver,
            unit,
            limits,
            velocity,
            math.inf,
            tolerance,
            low_limit,
            high_limit,
            sign=sign,
            offset=offset,
            backlash=backlash,
            motion_hooks=motion_hooks,
        )

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_with_axis(given)
        yield from wrong_with_orders(given)

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, has no position, or moves. Touch nothing."""
        super().check()
        self._ask(self._driver.position)

    @property
    def connection(self) -> str:
        """To whom, whether and since when it is connected."""
        return self.instrument.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last over its line."""
        return self.instrument.trace


def wrong_with_orders(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which commands have not what is to be said in them, and why."""
    for key, value in {"set": "position", "velocity_command": "velocity"}.items():
        order = given.get(key)
        if not order:
            continue
        try:
            told = {order.format(**{value: number}) for number in (1.0, 2.0)}
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            yield key, f"{order!r} can't be filled in: {type(error).__name__} {error}; write {{{value}}} for the number"
            continue
        if len(told) == 1:
            yield key, f"{order!r} has no {{{value}}} in it"
