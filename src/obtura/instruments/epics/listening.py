"""PVs that tell of each new value: what was told last, and what came during a point.

A server that hangs tells nothing, as one whose value does not change: that it is lost clients find out after 40 s. So
who has told nothing for a while is asked once, whether he is still there.
"""

import math
from collections.abc import Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

from obtura.contracts.partly import PartlyReadError
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError
from obtura.instruments.epics.link import GLANCE, Answer, Link, absent, begin_to_ask, not_found
from obtura.instruments.epics.wires import Kind, Reading
from obtura.works.clock import Flag, clock

if TYPE_CHECKING:
    from obtura.instruments.epics.counter import PVCounter

__all__ = ["STALE", "Listening", "PVHearing", "inquire"]

STALE = 5.0
"""Seconds after which what was told last is not believed any more, unless its server answers."""


class Listening:
    """What the server of one PV tells. It is told to when that is needed first. `news`: set when it tells something.

    `kind`: the value, or its text. `stale`: s after which it is asked, when it has told nothing.
    """

    def __init__(self, link: Link, kind: Kind = Kind.VALUE, stale: float = STALE) -> None:
        self.link = link
        self.kind = kind
        self.stale = stale
        self.question: Answer | None = None
        """What it was asked, since it has told nothing for so long."""
        self.news = Flag()
        self._begun = False
        self._last: Any = None
        self._last_of = -1  # how often the server had been lost when it was told
        self._heard = math.inf  # when it gave a sign of life
        self._collected: list[Any] = []
        self._collects = False

    def begin(self) -> None:
        """Have the server, which is connected, tell, if it does not yet."""
        if not self._begun:
            self.link.wire.listen(self.link.remote, self._told, self.kind)
            self._begun = True  # last: a Ctrl-C may come before, and to listen twice is no harm

    def last(self, operation: str, deadline: float) -> Reading:
        """What was told last; what is told first is waited for until `deadline` (clock).

        Raises:
            DeviceError: there is no connection, or nothing was told; or not for a while, and it does not answer.
        """
        while self._last is None or self._last_of != self.link.losses:
            if not self.link.connected:
                raise absent(self.link, operation)
            if clock.time() >= deadline:
                what = f"did not tell of its value within {self.link.timeout:g} s; does the IOC hang?"
                raise self.link.failure(operation, what, DeviceTimeoutError)
            clock.sleep(GLANCE)
        if self.question is None:
            inquire([self], operation)
        if self.question is not None:
            return self._answered(operation, self.question, deadline)
        reading: Reading = self.link.understood(operation, self.kind, self._last)
        return reading

    @property
    def is_stale(self) -> bool:
        """Whether it has told nothing for so long that it has to be asked."""
        return clock.time() - self._heard > self.stale and self.link.connected

    def _answered(self, operation: str, question: Answer, deadline: float) -> Reading:
        self.question = None
        try:
            reading: Reading = question.wait(deadline)
        except DeviceTimeoutError:
            silent, patience = clock.time() - self._heard, self.link.timeout
            what = f"has told nothing for {silent:.0f} s, and did not answer within {patience:g} s; does the IOC hang?"
            raise self.link.failure(operation, what, DeviceTimeoutError) from None
        self._heard = clock.time()
        return reading

    def collect(self) -> None:
        """Keep what comes from now on."""
        self._collected = []
        self._collects = True

    def collected(self) -> list[Any]:
        """What came since; from now on nothing is kept."""
        self._collects = False
        found, self._collected = self._collected, []
        return found

    def _told(self, response: Any) -> None:
        """Called on a thread of the client's."""
        self._last_of = self.link.losses
        self._last = response
        self._heard = clock.time()
        self.news.set()
        if self._collects:
            self._collected.append(response)


def inquire(listenings: Sequence[Listening], operation: str) -> None:
    """Ask those that have told nothing for too long, together; `last` waits for their answers."""
    stale = [each for each in listenings if each.is_stale]
    for kind in dict.fromkeys(each.kind for each in stale):
        alike = [each for each in stale if each.kind is kind]
        answers = begin_to_ask([each.link for each in alike], operation, kind)
        for each, answer in zip(alike, answers, strict=True):
            each.question = answer


class PVHearing:
    """What the PVs of some counters tell while a point is counted."""

    def __init__(self, lock: RLock, counters: "Sequence[PVCounter]") -> None:
        self._lock = lock
        self._losses = {counter: counter.link.losses for counter in counters}
        self._responses: dict[PVCounter, list[Any]] = {}
        for counter in counters:
            counter.listening.collect()

    @property
    def is_lost(self) -> bool:
        """Whether the server of one of them is gone."""
        return any([not counter.link.connected for counter in self._losses])

    def values(self, counters: "Sequence[PVCounter]") -> list[list[Any]]:
        """What came for each; the last one before when none came.

        What was lost meanwhile can't be counted. Asked once more, it is what came since it was back.
        """
        with self._lock:
            patience = max(counter.link.timeout for counter in counters)
            missing = not_found([one.link for one in counters], clock.time() + patience)
            inquire([counter.listening for counter in counters], "read")
            deadline = clock.time() + patience
            found = [self._heard(counter, counter.link in missing, deadline) for counter in counters]
        errors = [each for each in found if isinstance(each, DeviceError)]
        if errors:
            raise PartlyReadError(found) if len(found) > 1 else errors[0]
        return found

    def _heard(self, counter: "PVCounter", is_missing: bool, deadline: float) -> Any:
        link = counter.link
        try:
            if is_missing:
                raise absent(link, "read")
            if link.losses != self._losses[counter]:
                self._losses[counter] = link.losses
                counter.listening.collect()
                raise link.failure("read", f"was lost while it was counted, and is {link.state}", DeviceLostError)
            came = self._responses.setdefault(counter, counter.listening.collected())
            readings = [link.understood("read", counter.kind, response) for response in came]
            readings = readings or [counter.listening.last("read", deadline)]
            return [counter.convert(counter.value_of("read", reading)) for reading in readings]
        except DeviceError as error:
            return error
