"""What a setpoint is told and asked."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.text.answers import Question
from obtura.devices.text.instrument import TextInstrument
from obtura.works.clock import clock

__all__ = ["Manner", "Setpoint", "wrong_with_orders"]


class Manner(NamedTuple):
    """How it is told and asked: see `TextAxis`."""

    set: str
    stop: str | None
    velocity: str | None
    readback: Question
    done: Question | None
    done_answer: str
    lag: float
    settle: float
    patience: float
    poll: float


class Setpoint(AxisDriver):
    """Sets, and looks whether it is there. `tolerance` gives how near that is."""

    def __init__(self, name: str, instrument: TextInstrument, manner: Manner, tolerance: Callable[[], float]) -> None:
        self._name = name
        self._instrument = instrument
        self._manner = manner
        self._tolerance = tolerance
        self._target: float | None = None  # of the move under way
        self._arrived: float | None = None
        self._nearest, self._since = math.inf, 0.0

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        if self._manner.velocity is not None and math.isfinite(velocity):
            self._tell(self._manner.velocity, velocity=velocity)
        self._arrived = None
        self._nearest, self._since = math.inf, clock.time()
        self._target = target
        self._tell(self._manner.set, position=target)

    def stop(self) -> None:
        self._target = None
        if self._manner.stop is not None:
            self._tell(self._manner.stop)
        else:
            self._tell(self._manner.set, position=self.position())

    def position(self) -> float:
        ask = self._manner.readback
        answer = self._instrument.query(ask.query, ask.timeout, who=self._name)
        return self._instrument.understood(self._name, ask.number, answer)

    def state(self) -> AxisState:
        """MOVING until it says that it is done; one that does not say: until it is there, or comes no nearer."""
        done = self._manner.done
        if done is not None:
            answer = self._instrument.query(done.query, done.timeout, who=self._name)
            text = self._instrument.understood(self._name, done.text, answer)
            is_done = bool(re.fullmatch(self._manner.done_answer, text))
            return AxisState("READY" if self._believed(is_done) else "MOVING")
        target = self._target
        if target is None:
            return AxisState("READY")
        self._follow(target, self.position())
        return AxisState("READY" if self._target is None else "MOVING")

    def look_again_after(self) -> float:
        return self._manner.poll

    def _believed(self, is_done: bool) -> bool:
        """Whether it is done. One that has just been told to move may say so because it has not noticed yet."""
        target = self._target
        if target is None or not is_done:
            self._target = None  # of this move it is believed from now on
            return is_done
        if clock.time() - self._since < self._manner.lag and abs(self.position() - target) > self._tolerance():
            return False
        self._target = None
        return True

    def _follow(self, target: float, here: float) -> None:
        distance, now = abs(here - target), clock.time()
        if distance <= self._tolerance():
            if self._arrived is None:
                self._arrived = now
            if now - self._arrived >= self._manner.settle:
                self._target = None
            return
        self._arrived = None
        if distance < self._nearest - self._tolerance() / 10:
            self._nearest, self._since = distance, now
        elif now - self._since >= self._manner.patience:
            self.stop()  # it is not there, and `Axis` says so

    def _tell(self, order: str, **values: float) -> None:
        self._instrument.command(order.format(**values), who=self._name)


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
