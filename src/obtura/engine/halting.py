"""How the devices of one branch are stopped, each exactly once, by whichever thread comes to it; no door is open here.

A device is noted as stopped before its `stop`. One that hangs is given up after its deadline.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from obtura.contracts.acquisition import AcquisitionObject
from obtura.engine.outcome import Leaving, Outcome
from obtura.engine.plan import Plan, Step, devices_of
from obtura.engine.seat import Doer, Seat
from obtura.engine.vigil import Vigil
from obtura.ground.errors import DeviceError, one_line
from obtura.works.clock import clock
from obtura.works.interrupt import BARRED, doors
from obtura.works.lanes import SLICE, Call

__all__ = ["Halting"]

log = logging.getLogger(__name__)


class _Stopping(Doer):
    """Makes a call of the way out; `given_up`: the devices that are in one that hangs."""

    def __init__(self, given_up: list[tuple[AcquisitionObject, Call]]) -> None:
        self._given_up = given_up

    def given_up(self, facts: tuple[AcquisitionObject, Call]) -> None:
        self._given_up.append(facts)


class Halting:
    """Which devices are entered, in the middle of a call, stopped, given up; and the calls that stop them."""

    _cut = False

    def __init__(self, plan: Plan, outcome: Outcome, where: Callable[[], str], vigil: Vigil, seat: Seat) -> None:
        self.seat = seat
        self._keeper = seat.keeper
        self._plan = plan
        self._outcome = outcome
        self._where = where
        self._vigil = vigil
        self._lock = threading.Lock()
        self._cutting = threading.Lock()
        self._calling: list[AcquisitionObject] = []
        self._entered: set[AcquisitionObject] = set()
        self._stopped: set[AcquisitionObject] = set()
        self._last: dict[AcquisitionObject, Call] = {}  # the last call that was handed to a lane
        self._abandoned: list[Call] = []
        self._given_up: list[tuple[AcquisitionObject, Call]] = []  # what a device does until it may be used again

    def cut(self) -> None:
        """Stop the devices with a call in progress at once, from any thread; no new call is made forward."""
        limit = time.monotonic() + self._outcome.deadlines.device
        while not (
            first := self._cutting.acquire(timeout=SLICE)
        ):  # who comes second returns when they are stopped, too
            if self.seat.is_lost or time.monotonic() > limit:  # unless the first is stuck there
                break
        try:
            self._cut_off()
        finally:
            if first:
                self._cutting.release()

    def _cut_off(self) -> None:
        with self._lock:
            self._cut = True
            busy = [node for node in self._plan.lanes if self._in_progress(node)]
        for call in tuple(self._last.values()):
            if call.error is not None:  # of several that failed at once one was raised so far
                self._outcome.fail(call.error, f"in {call.what}{self._where()}")
        self._stop(busy)

    def _in_progress(self, node: AcquisitionObject) -> bool:
        lane = self._plan.lanes[node]
        called = node in self._calling or (lane is not None and lane.busy is not None)
        return called and node in self._entered and node not in self._stopped

    def stop(self) -> None:
        """Stop the others, masters first, then wait for what any of them was in the middle of."""
        for level in self._plan.levels:
            self._stop(level)
        self._wait(
            (node, call, f"{call.what} to return, {node.name} was stopped", f"after {node.name} was stopped")
            for node, lane in self._plan.lanes.items()
            if lane is not None and (call := lane.busy) is not None
        )
        for call in self._last.values():
            if call.error is not None:
                self._late(call)

    def ask_at_the_end(self, steps: Sequence[Step]) -> None:
        """Make calls when everything is stopped; a device that is stuck is left out."""
        calls = {step.device: Call(step.what, step.function) for step in steps}
        for step in steps:
            if step.lane is not None and step.lane.busy is None:
                step.lane.submit(calls[step.device])
        for step in steps:
            if step.lane is None:
                self._call_inline(step.device, calls[step.device])
        self._wait(
            (step.device, call, call.what, "after it was called")
            for step in steps
            if (call := calls[step.device]).done.is_set or (step.lane is not None and step.lane.busy is call)
        )

    def _call_inline(self, node: AcquisitionObject, call: Call) -> None:
        """On the way out; when it does not return, another thread goes on."""
        seat = next((seat for seat in self._vigil.seats if seat.is_mine), None)
        if seat is None:  # `abort()` on a thread of its own
            call.run()
            return
        duty = call.what, node, time.monotonic(), _Stopping(self._given_up), (node, call)
        seat.turn.call(duty, BARRED, call.run)

    def _stop(self, nodes: Iterable[AcquisitionObject]) -> None:
        """Call the `stop` of those that are entered and not stopped yet, together.

        Blocking ones on their lane or, while it is busy, beside it. Each is noted as stopped before its call.
        """
        calls: dict[AcquisitionObject, Call] = {}
        nodes = list(nodes)
        for node in sorted(nodes, key=lambda node: self._plan.lanes[node] is None):  # an inline one may block
            with self._lock:
                if node not in self._entered or node in self._stopped:
                    continue
                self._stopped.add(node)
            call = calls[node] = Call(f"{node.name}.stop", node.stop)
            lane = self._plan.lanes[node]
            if lane is None:
                self._call_inline(node, call)
            elif lane.busy is None:
                lane.submit(call)
            else:
                lane.beside(call)
        self._wait((node, call, call.what, "after it was called") for node, call in calls.items())
        for call in calls.values():
            if call.done.is_set and call.error is not None:
                self._outcome.miss(call.what)
                self._outcome.fail(call.error, f"in {call.what}{self._where()}")

    def _wait(self, calls: Iterable[tuple[AcquisitionObject, Call, str, str]]) -> None:
        """Wait for calls, all of them at once: while the scan goes well as long as it takes.

        With each call: its device, what is waited for, and since when it counts, in words.
        """
        began = time.monotonic()
        for node, call, words, since in list(calls):
            if call in self._abandoned:
                continue
            with self._keeper.over(call.what, node):
                returned = self._returned(node, call, words, began)
            if not returned:
                self._abandoned.append(call)
                allowed = self._outcome.allowed(began, self._outcome.deadlines.of_device(node))
                self._give_up(node, call, f"{allowed:g} s {since}")

    def _returned(self, node: AcquisitionObject, call: Call, words: str, began: float) -> bool:
        deadline = self._outcome.deadlines.of_device(node)
        since = clock.time()

        def is_late() -> bool:
            return self._outcome.is_late(began, deadline) or (self._outcome.bad and clock.has_passed(since, deadline))

        if call.done.stand_by(0.0 if is_late() else SLICE, deadline if self._outcome.bad else math.inf):
            return True
        with self._vigil.over(words, deadline, matters_when_well=True):
            while not is_late():
                left = since + deadline - clock.time() if self._outcome.bad else math.inf
                if call.done.stand_by(min(SLICE, deadline), left):
                    return True
        return call.done.is_set

    def _give_up(self, node: AcquisitionObject, call: Call, since: str) -> None:
        """Not waited for any longer; a forward call that comes back late is undone on its lane."""
        self._outcome.miss(call.what)
        self._outcome.fail(
            DeviceError(
                f"{call.what} has not returned {since}; it is given up, and its device takes no call before it returns"
            )
        )
        lane = self._plan.lanes[node]
        if lane is not None and lane.busy is call and call is self._last.get(node):
            undone = Call(call.what, lambda: self._stop_again(node, call.what))
            lane.submit(undone)
            self._given_up.append((node, undone))
        else:
            self._given_up.append((node, call))

    def _late(self, call: Call) -> None:
        """A call may end with an error when its device was stopped under it: worth a line in the log."""
        if self._cut:
            log.info("%s ended with %r after its device was stopped", call.what, call.error)
        elif call.error is not None:
            self._outcome.fail(call.error, f"in {call.what}")

    def close(self) -> list[tuple[tuple[Any, ...], Call]]:
        """End the lanes; returns the calls that were given up, each with the devices behind it."""
        for node, lane in self._plan.lanes.items():
            node.crew = None
            if lane is not None:
                if (call := lane.busy) is not None and not any(node is other for other, _ in self._given_up):
                    self._given_up.append((node, call))  # e.g. cut off while it was asked for its limits
                lane.close()
        return [(devices_of(node), call) for node, call in self._given_up]

    def _stop_again(self, node: AcquisitionObject, what: str) -> None:
        if node not in self._entered:
            return
        log.warning("%s came back after it was given up: stop is called again", what)
        again = Call(f"{node.name}.stop", node.stop)
        doors.barred(again.run)
        if again.error is not None:
            log.error("%s, called again: %s", again.what, one_line(again.error), exc_info=again.error)

    def _check_cut(self) -> None:
        if self._cut:
            raise Leaving
