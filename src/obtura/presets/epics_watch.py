"""Watching a PV: the scan stands still while it is not as it should be."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from obtura.contracts.pretending import is_pretending
from obtura.devices.arguments import number, quantity
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.expression import Expression
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Link
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.listening import Listening
from obtura.instruments.epics.wires import Kind, Reading
from obtura.presets.anylevel import AnyLevelPreset, Say, Switch
from obtura.presets.holding import Look, hold_up
from obtura.works.clock import Flag, clock

__all__ = ["EpicsWatch"]

LONGEST = 1.0
"""Seconds after which one who waits looks whether there still is a server that would tell."""


class EpicsWatch(OfPVs, AnyLevelPreset):
    """Holds the scan up while a PV is not as it should be: `EpicsWatch("SR:current", "> 5")`.

    `condition`: what is good: text such as `> 5`, `value > 5 and value < 9`, or a function of the value; or say `above`
    and `below`; with none of them, that it is not 0. An enum is its number. Of a PV that is text, or of the name of an
    enum's state, say which are good: `one_of=["USER", "MDT"]`. A value that is not valid is not good, nor is a PV
    without a server.

    It waits before each point, after the step motors have moved, until the PV is good and has been for `settle` s. A
    point during which it was not is taken again. Without `every_point` it waits once only, before anything is prepared.
    With `patience`, the scan ends with an error when it had to wait for more than so many s. Nobody is asked: the PV's
    server tells of each change. Ctrl-C ends the wait. `timeout`: s that a server has to be found.

    In a session on simulated devices the PV is taken as good, which each scan says, and not looked for.

    Raises:
        UsageError: what can't be.
    """

    every_point = Switch()

    def __init__(
        self,
        pv: str,
        condition: str | Callable[[float], bool] | None = None,
        above: float | None = None,
        below: float | None = None,
        settle: NotNegative = 0.0,
        patience: Positive | None = None,
        every_point: bool = True,
        timeout: NotNegative = TIMEOUT,
        one_of: Sequence[str] | None = None,
    ) -> None:
        self.pv = pv
        self._kind = Kind.VALUE if one_of is None else Kind.TEXT
        self._is_good, self.wanted = _condition(condition, above, below) if one_of is None else _texts(one_of)
        if one_of is not None and (condition, above, below) != (None, None, None):
            raise UsageError("EpicsWatch: say either which texts are good (one_of), or what holds of a number")
        self.settle = number("EpicsWatch: settle", settle)
        self.patience = math.inf if patience is None else number("EpicsWatch: patience", patience)
        if self.settle < 0 or self.patience <= 0:
            raise UsageError(
                f"EpicsWatch: settle must be at least 0 s, patience more than 0 s; got {settle} and {patience}"
            )
        self.every_point = self.per_point = every_point
        self._watched = None if is_pretending() else Listening(Link("EpicsWatch", pv, timeout), self._kind)
        self._losses: int | None = None  # while a point is taken: how often the server had been lost before

    @property
    def links(self) -> Sequence[Link]:
        """Its PV; none in a session on simulated devices."""
        return [] if self._watched is None else [self._watched.link]

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from OfPVs.yaml_check(given)
        key = "condition"
        try:
            _condition(given.get("condition"), given.get("above"), given.get("below"))
            if given.get("one_of") is not None:
                key = "one_of"
                _texts(given["one_of"])
        except UsageError as error:
            yield key, str(error).removeprefix("EpicsWatch: ")

    def prepare(self, where: Any) -> None:
        """Say so when the PV is only taken as good."""
        if self._watched is None:
            where.say(f"{self.pv} is taken as good: devices are simulated")
        super().prepare(where)

    def set_up(self, say: Say) -> None:
        """Wait, unless that is done for each point."""
        if not self.per_point:
            self._wait(say)

    def begin(self, say: Say) -> None:
        """With `every_point`, wait: the motors have moved; and look on from now on."""
        if self.per_point:
            self._wait(say)
            if self._watched is not None:
                self._losses = self._watched.link.losses
                self._watched.collect()

    @property
    def retakes(self) -> bool:
        """With `every_point`."""
        return self.every_point

    def retake(self, acq_chain: Any) -> str | None:
        """Whether the PV was not as it should be during the point."""
        if self._watched is None:
            return None
        link = self._watched.link
        told = [link.understood("watch", self._kind, each) for each in self._watched.collected()]
        if link.losses != self._losses or not link.connected:
            return f"{self.pv} was lost, nobody knows whether it was {self.wanted}"
        found = [self._look_at(link, each) for each in told] or [self._look(self._watched)]
        return next((look.reads for look in found if not look.is_good), None)

    def put_back(self) -> None:
        """Look no longer."""
        if self._watched is not None:
            self._watched.collected()

    def resume(self, where: Any) -> None:
        """The scan goes on after a pause: wait as at its beginning."""
        if not self.per_point:
            self._wait(where.say)

    def _wait(self, say: Say) -> None:
        watched, news = self._watched, Flag()
        if watched is None:
            return

        def look() -> Look:
            nonlocal news
            watched.news = news = Flag()
            return self._look(watched)

        def rest(seconds: float) -> None:
            clock.wait(news, min(seconds, LONGEST))

        hold_up(say, look, rest, self.settle, (f"Waiting for {self.pv}", f"{self.pv} is good"), self.patience)

    def _look(self, watched: Listening) -> Look:
        link = watched.link
        try:
            link.require("watch")
            watched.begin()
            reading = watched.last("watch", clock.time() + link.timeout)
        except DeviceError as error:
            return Look(False, str(error), self.wanted)
        return self._look_at(link, reading)

    def _look_at(self, link: Link, reading: Reading) -> Look:
        if reading.invalid:
            return Look(False, f"{self.pv} is not valid ({reading.invalid})", self.wanted)
        value: Any = reading.value if self._kind is Kind.TEXT else link.number_of("watch", reading)
        said = repr(value) if self._kind is Kind.TEXT else quantity(value)
        return Look(bool(self._is_good(value)), f"{self.pv} reads {said}", self.wanted)


def _texts(good: Sequence[str]) -> tuple[Callable[[Any], bool], str]:
    if isinstance(good, str) or not good or not all(isinstance(each, str) for each in good):
        raise UsageError(f"EpicsWatch: one_of is a list of texts such as ['USER', 'MDT'], got {good!r}")
    return lambda text: text in good, " or ".join(repr(each) for each in good)


def _condition(
    condition: str | Callable[[float], bool] | None, above: float | None, below: float | None
) -> tuple[Callable[[Any], bool], str]:
    """What is good, as a function and in words."""
    limits = [(sign, limit) for sign, limit in ((">", above), ("<", below)) if limit is not None]
    if condition is not None and limits:
        raise UsageError("EpicsWatch: say either a condition, or above and below")
    if callable(condition):
        return condition, getattr(condition, "__name__", "as it should be")
    if condition is None:
        low = -math.inf if above is None else number("EpicsWatch: above", above)
        high = math.inf if below is None else number("EpicsWatch: below", below)
        if not low < high:
            raise UsageError(f"EpicsWatch: nothing is above {low:g} and below {high:g}")
        if not limits:
            return bool, "not 0"
        return lambda value: low < value < high, " and ".join(f"{sign} {limit:g}" for sign, limit in limits)
    if not isinstance(condition, str):
        raise UsageError(f"EpicsWatch: a condition is text such as '> 5', or a function; got {condition!r}")
    text = condition.strip()
    formula = Expression(f"value {text}" if text[:1] in ("<", ">", "=", "!") else text)
    formula.check_names(["value"])
    if "value" not in formula.names:
        raise UsageError(f"EpicsWatch: {condition!r} says nothing of the value: write '> 5', or 'value > 5'")
    return lambda value: bool(formula.evaluate({"value": value})), text
