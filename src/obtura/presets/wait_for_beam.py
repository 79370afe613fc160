"""Waiting for beam."""

import math
from typing import Any, Protocol

from obtura.devices.arguments import number, quantity
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.presets.anylevel import AnyLevelPreset, Say, require
from obtura.works.clock import clock

__all__ = ["Readable", "WaitForBeam"]


class Readable(Protocol):
    """A counter, or anything else that can be asked for its value."""

    name: str

    def read(self) -> Any:
        """The present value, a number."""


class WaitForBeam(AnyLevelPreset):
    """Holds the scan up while `counter` reads less than `minimum`.

    It waits before anything is prepared; with `per_point` before each point, after the step motors have
    moved, so that the point is taken with beam. The counter is read every `poll` s. Once it was too low, the
    beam has to be there for `settle` s without a break. No number (NaN) is no beam. Ctrl-C ends the wait.

    Let `counter` see the beam before the shutter. One behind it needs it open: add this after a
    `ShutterPreset`, both with `per_point`.
    """

    def __init__(
        self,
        counter: Readable,
        minimum: float,
        settle: NotNegative = 0.0,
        poll: Positive = 0.5,
        per_point: bool = False,
    ) -> None:
        require(self, "a counter", counter, "read")
        self.counter = counter
        self.minimum = _finite("minimum", minimum)
        self.settle = _finite("settle", settle)
        self.poll = _finite("poll", poll)
        if self.settle < 0 or self.poll <= 0:
            raise UsageError(f"WaitForBeam: settle must be at least 0 s, poll more than 0 s; got {settle} and {poll}")
        self.per_point = per_point

    def set_up(self, say: Say) -> None:
        """Wait, unless that is done for each point."""
        if not self.per_point:
            self._wait(say)

    def begin(self, say: Say) -> None:
        """With `per_point`, wait: the motors have moved."""
        if self.per_point:
            self._wait(say)

    def resume(self, where: Any) -> None:
        """The scan goes on after a pause: wait as at its beginning."""
        if not self.per_point:
            self._wait(where.say)

    def _wait(self, say: Say) -> None:
        value = self._read()
        if value >= self.minimum:
            return
        began = clock.time()
        settled = math.inf  # when the beam will have been there for long enough
        longest = 0  # a line takes the place of the one before: blanks cover what is left of it
        while (now := clock.time()) < (settled := self._settled(value, now, settled)):
            reads = f"{self._name} reads {quantity(value)}"
            if math.isinf(settled):
                line = f"Waiting for beam: {reads}, {quantity(self.minimum)} is wanted"
            else:
                line = f"Beam is back: {reads}, {settled - now:.1f} s more to settle"
            longest = max(longest, len(line))
            say(line.ljust(longest), end="\r")
            clock.sleep(min(self.poll, settled - now))
            value = self._read()
        say(f"Beam is back: {self._name} reads {quantity(value)} after {now - began:.1f} s".ljust(longest))

    def _settled(self, value: float, now: float, before: float) -> float:
        return min(before, now + self.settle) if value >= self.minimum else math.inf

    @property
    def _name(self) -> str:
        return getattr(self.counter, "name", None) or type(self.counter).__name__

    def _read(self) -> float:
        value = self.counter.read()
        try:
            return float(value)
        except (TypeError, ValueError):
            raise UsageError(f"WaitForBeam: {self._name} reads {value!r}, which is no number") from None


def _finite(what: str, value: float) -> float:
    result = number(f"WaitForBeam: {what}", value)
    if math.isinf(result):
        raise UsageError(f"WaitForBeam: {what} must be finite, got {value}")
    return result
