"""While the scan goes well: which devices are waited for, and which of them take much longer than they should."""

import time
from collections.abc import Callable

from obtura.contracts.acquisition import AcquisitionObject
from obtura.engine.outcome import Outcome
from obtura.engine.plan import Plan
from obtura.engine.vigil import Vigil
from obtura.engine.why import Waiting
from obtura.works.lanes import Call, ThreadLane

__all__ = ["SILENCE", "Patience"]

SILENCE = 10.0
"""Seconds that a device may take beyond what is expected before it is named."""


class Patience:
    """The devices of one branch, as far as they are waited for; `where()`: at which point."""

    def __init__(self, plan: Plan, outcome: Outcome, where: Callable[[], str], vigil: Vigil) -> None:
        self.expected: Callable[[], float] = lambda: 0.0
        """How long a device may well take for what it is doing, in s."""
        self._plan = plan
        self._outcome = outcome
        self._where = where
        self._vigil = vigil
        self._named: dict[AcquisitionObject, Call] = {}

    @property
    def masters(self) -> dict[AcquisitionObject, str]:
        """For whose sake each device is called, in words."""
        top, *_ = self._plan.levels[0]
        nodes = (node for level in self._plan.levels for node in level)
        found = {slave: f"for {node.name}{self._where()}" for node in nodes for slave in getattr(node, "slaves", ())}
        return {**found, top: f"the top-master{self._where()}"}

    @property
    def waiting(self) -> list[Waiting]:
        """The calls in progress on lanes."""
        masters = self.masters
        return [Waiting(call.what, call.began, masters[node]) for node, call in self._busy()]

    def check(self) -> None:
        """Raise when the scan is to be left; name a device that has taken much longer than expected, once."""
        self._outcome.check()
        now, limit = time.monotonic(), self.expected() + SILENCE
        for node, call in self._busy():
            if call.began is None or now - call.began < limit or call is self._named.get(node):
                continue
            self._named[node] = call
            patience = self._outcome.deadlines.of_device(node)
            self._vigil.say(
                f"{call.what} has not returned for {now - call.began:.0f} s{self._where()}; {self._before(node)}. "
                f"Ctrl-C ends the scan: {node.name}.stop is called, and what does not return within {patience:g} s is "
                "given up"
            )

    def _busy(self) -> list[tuple[AcquisitionObject, Call]]:
        calls = [(node, lane.busy) for node, lane in self._plan.lanes.items() if lane is not None]
        return [(node, call) for node, call in calls if call is not None]

    def _before(self, node: AcquisitionObject) -> str:
        lane = self._plan.lanes[node]
        done = lane.last if isinstance(lane, ThreadLane) else None
        return "it is the first thing this device does" if done is None else f"before, it had returned from {done}"
