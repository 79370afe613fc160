"""Waiting for beam."""

import math
from typing import Any, Protocol

from obtura.devices.arguments import number, quantity
from obtura.ground.errors import UsageError, is_lost, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.presets.anylevel import AnyLevelPreset, Say, Switch, require
from obtura.presets.beam_watch import BeamWatch
from obtura.presets.holding import Look, hold_up
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

    With `every_point` it also looks on while each point is taken; a point during which the beam was lost is taken
    again, as soon as there is beam. `look_back`: by how many s the counter lags behind the beam; each point is waited
    for so much longer. A counter of the scan itself does: it is read between its own readings.

    Let `counter` see the beam before the shutter. One behind it needs it open: add this after a
    `ShutterPreset`, both with `per_point`.

    Once it has been read, a counter whose device is lost, as where an IOC is started anew, is as good as no beam: it is
    waited for, and a point meanwhile is taken again. One that can't be read at first fails the scan.
    """

    every_point = Switch()
    _was_read = False
    _watch: BeamWatch | None = None  # while a point is taken

    def __init__(
        self,
        counter: Readable,
        minimum: float,
        settle: NotNegative = 0.0,
        poll: Positive = 0.5,
        per_point: bool = False,
        every_point: bool = False,
        look_back: NotNegative = 0.0,
    ) -> None:
        require(self, "a counter", counter, "read")
        self.counter = counter
        self.minimum = _finite("minimum", minimum)
        self.settle = _finite("settle", settle)
        self.poll = _finite("poll", poll)
        if self.settle < 0 or self.poll <= 0:
            raise UsageError(f"WaitForBeam: settle must be at least 0 s, poll more than 0 s; got {settle} and {poll}")
        self.every_point = every_point
        self.per_point = per_point or every_point
        self.look_back = _finite("look_back", look_back)
        if self.look_back < 0 or (self.look_back and not every_point):
            raise UsageError(
                f"WaitForBeam: look_back must be at least 0 s, and goes with every_point=True; got {look_back}"
            )

    def set_up(self, say: Say) -> None:
        """Wait, unless that is done for each point."""
        if not self.per_point:
            self._wait(say)

    def begin(self, say: Say) -> None:
        """With `per_point`, wait: the motors have moved. With `every_point`, look on from now on."""
        if self.per_point:
            self._wait(say)
        if self.every_point:
            self._watch = BeamWatch(self._read, self.minimum, self.poll)

    @property
    def retakes(self) -> bool:
        """With `every_point`."""
        return self.every_point

    def retake(self, acq_chain: Any) -> str | None:
        """Whether the beam was lost during the point, as far as the counter tells `look_back` s later."""
        watch = self._watch
        if watch is None:
            return None
        if self.look_back:
            clock.sleep(self.look_back)
        watch.end()
        try:
            watch.look(self._read())
            if watch.error is not None:
                raise watch.error
        except Exception as error:
            if not is_lost(error):
                raise
            return f"nobody knows whether there was beam: {one_line(error)}"
        if watch.lost is None:
            return None
        return f"beam lost, {self._name} read {quantity(watch.lost)}, {quantity(self.minimum)} is wanted"

    def put_back(self) -> None:
        """Look no longer."""
        if self._watch is not None:
            self._watch.end()
            del self._watch

    def resume(self, where: Any) -> None:
        """The scan goes on after a pause: wait as at its beginning."""
        if not self.per_point:
            self._wait(where.say)

    def _wait(self, say: Say) -> None:
        def rest(seconds: float) -> None:
            clock.sleep(min(self.poll, seconds))

        hold_up(say, self._look, rest, self.settle, ("Waiting for beam", "Beam is back"))

    def _look(self) -> Look:
        try:
            value = self._read()
        except Exception as error:
            if not (self._was_read and is_lost(error)):
                raise
            return Look(False, one_line(error), quantity(self.minimum))
        return Look(value >= self.minimum, f"{self._name} reads {quantity(value)}", quantity(self.minimum))

    @property
    def _name(self) -> str:
        return getattr(self.counter, "name", None) or type(self.counter).__name__

    def _read(self) -> float:
        value = self.counter.read()
        try:
            read = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"WaitForBeam: {self._name} reads {value!r}, which is no number") from None
        self._was_read = True
        return read


def _finite(what: str, value: float) -> float:
    result = number(f"WaitForBeam: {what}", value)
    if math.isinf(result):
        raise UsageError(f"WaitForBeam: {what} must be finite, got {value}")
    return result
