"""The devices of one branch, and every call the engine makes to them.

Calls of one level are made together: in-memory devices inline, blocking ones each on its lane. A device is noted
as entered before the first call to it, as stopped before its `stop`; so each is stopped exactly once, by whomever.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, MetaTiming
from obtura.engine.metadata import Inquiry, answering
from obtura.engine.outcome import Leaving, Outcome
from obtura.engine.patience import Patience
from obtura.engine.plan import Plan, Step, Turn, devices_of, lane_of, overriding
from obtura.engine.seat import Duty, Seat
from obtura.engine.vigil import Vigil
from obtura.ground.errors import DeviceError, ScanAbort, locate, one_line
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Batch, Call, Loop

__all__ = ["Apparatus"]

log = logging.getLogger(__name__)


class Apparatus:
    """The devices below one top-master; `where()` says which point is being taken, for error messages.

    `seat`: of the thread that takes the points; inline calls are made there.
    """

    def __init__(
        self,
        master: AcquisitionMaster,
        loop: Loop,
        outcome: Outcome,
        where: Callable[[], str],
        vigil: Vigil,
        seat: Seat,
    ) -> None:
        self.seat = seat
        self._plan = Plan(master, lambda node: lane_of(node, loop), self._check_cut)
        self.patience = Patience(self._plan, outcome, where, vigil)
        self._turns: list[Turn] | None = None
        self._master = master
        self._outcome = outcome
        self._where = where
        self._vigil = vigil
        self._lock = threading.Lock()
        self._cutting = threading.Lock()
        self._calling: list[AcquisitionObject] = []
        self._entered: set[AcquisitionObject] = set()
        self._stopped: set[AcquisitionObject] = set()
        self._cut = False
        self._triggered: dict[AcquisitionObject, Batch] = {}
        self._readings: dict[AcquisitionObject, Call] = {}
        self._last: dict[AcquisitionObject, Call] = {}  # the last call that was handed to a lane
        self._abandoned: list[Call] = []
        self._given_up: list[tuple[AcquisitionObject, Call]] = []  # what a device does until it may be used again
        for level in self._plan.levels:
            for node in level:
                node.crew = self

    # -- forward ------------------------------------------------------------------------------------------

    def validate(self) -> None:
        """Have every device check the whole scan; nothing is touched."""
        for level in self._plan.levels:
            for node in level:
                if isinstance(node, AcquisitionMaster):
                    node.check_attached()
            nodes = overriding(level, "validate")
            self._together(
                [Step(node, f"{node.name}.validate", node.validate, self._plan.lanes[node]) for node in nodes]
            )

    def metadata(self, timing: MetaTiming = MetaTiming.START) -> dict[str, Mapping[str, Any]]:
        """What the devices say of themselves; later than START what one raises stands in the place of its facts."""
        inquiry = Inquiry(timing)
        for level in self._plan.levels:
            steps = [
                Step(node, f"{node.name}.get_acquisition_metadata", partial(inquiry.ask, node), self._plan.lanes[node])
                for node in answering(level, timing)
            ]
            if timing is MetaTiming.END:
                self._at_the_end(steps)
            else:
                self._together(steps)
        return inquiry.found

    def advance(self) -> bool:
        """Let the master, and whoever else iterates, set up the next iteration; False when the master is done."""
        if self._turns is None:
            self._turns = [Turn(node, self._plan.lanes[node]) for node in self._plan.iterating]
        for turn in tuple(self._turns):
            self._together([turn.step])
            if turn.ended:
                if turn.step.device is self._master:
                    return False
                self._turns.remove(turn)
        return True

    def prepare(self, first: bool) -> None:
        """Prepare the devices of the next iteration, deepest level first."""
        if not first:
            for steps in self._plan.prepare_next:
                self._together(steps)
            return
        upwards = zip(self._plan.levels[::-1], self._plan.parameters, self._plan.prepare_first, strict=True)
        for level, parameters, steps in upwards:
            self._together(parameters, entering=True)
            self._together(steps, entering=True)
            self._entered.update(level)

    def start(self, first: bool) -> None:
        """Start them, slaves before masters; the top-master's `start` is the iteration."""
        for steps in self._plan.start_first if first else self._plan.start_next:
            self._together(steps)
            for step in steps:
                if step.device in self._plan.wired:
                    self._read(step.device)

    def finish(self) -> None:
        """Wait until what was started in this iteration is ready and its data are emitted."""
        if self._triggered:
            self.wait(list(self._triggered))
        for node in self._plan.wired:
            if not node.start_once or self._readings[node].done.is_set:
                self._follow(node)
        for steps in self._plan.ready:
            self._together(steps)

    def finish_all(self) -> None:
        """The master has come to its end: wait for the slaves that read at their own pace."""
        for node in self._readings:
            self._follow(node)

    def _read(self, node: AcquisitionObject) -> None:
        lane = self._plan.lanes[node]
        call = Call(f"{node.name}.reading", partial(self._forward, node.reading))  # type: ignore[attr-defined]
        if lane is not None:
            with self._lock:
                self._outcome.check()
                node.is_awaited = False
                self._last[node] = self._readings[node] = call
                lane.submit(call)

    def _follow(self, node: AcquisitionObject) -> None:
        call = self._readings[node]
        node.is_awaited = True
        while not call.done.is_set:
            self.patience.check()
            doors.call(call.done.wait, SLICE)
        self._raise(call)

    def _together(self, steps: Sequence[Step], entering: bool = False) -> None:
        """Make the calls of one level together, and wait for all; the first error ends the wait."""
        batch = self._begin(steps, entering)
        if batch is not None:
            self._await(batch)

    def _begin(self, steps: Sequence[Step], entering: bool = False) -> Batch | None:
        batch: Batch | None = None
        for step in steps:
            if step.lane is not None:
                batch = batch or Batch()
                with self._lock:
                    self._admit(step, entering)
                    self._last[step.device] = batch.add(step.lane, step.what, partial(self._forward, step.function))
        for step in steps:
            if step.lane is None:
                self._inline(step, entering)
        return batch

    def _inline(self, step: Step, entering: bool) -> None:
        with self._lock:
            self._admit(step, entering)
            self._calling.append(step.device)
        turn = self.seat.turn if self.seat.is_mine else None  # a blocking master calls its slaves on its lane
        if turn is not None:
            outer, turn.doing = turn.doing, step  # and another from within its own call
        try:
            doors.call(step.function)
        except (Leaving, ScanAbort):
            raise  # the call is cut off in its middle: the device counts as in progress
        except BaseException as error:
            self._calling.remove(step.device)
            self._blame(error, step.what)
            raise
        finally:
            if turn is not None:
                turn.doing = outer
                if turn.lost:
                    self._came_back(step)
        self._calling.remove(step.device)

    def _came_back(self, step: Step) -> None:
        """An inline call that was given up has ended after all; what it did after the device's `stop` is undone."""
        self.seat.settle()
        self._stop_again(step.device, step.what)

    def _stop_again(self, node: AcquisitionObject, what: str) -> None:
        if node not in self._entered:
            return
        log.warning("%s came back after it was given up: stop is called again", what)
        again = Call(f"{node.name}.stop", node.stop)
        doors.barred(again.run)
        if again.error is not None:
            log.error("%s, called again: %s", again.what, one_line(again.error), exc_info=again.error)

    def _admit(self, step: Step, entering: bool) -> None:
        self._outcome.check()  # also after a Ctrl-C that a device swallowed
        if entering:
            self._entered.add(step.device)

    def _forward(self, function: Callable[[], Any]) -> Any:
        """On a lane: make a call, unless the scan was cut while it was queued."""
        self._check_cut()
        return function()

    def _check_cut(self) -> None:
        if self._cut:
            raise Leaving

    def _await(self, batch: Batch) -> None:
        try:
            batch.wait(self.patience.check)
        except (Leaving, ScanAbort):
            raise
        except BaseException as error:
            self._blame(error, next((call.what for call in batch.calls if call.error is error), ""))
            raise

    def _raise(self, call: Call | None) -> None:
        if call is not None and call.error is not None:
            self._blame(call.error, call.what)
            raise call.error

    def _blame(self, error: BaseException, what: str) -> None:
        locate(error, f"in {what}{self._where()}")

    # -- what masters ask for (contracts.acquisition.Crew) -------------------------------------------------

    def trigger(self, slaves: Sequence[AcquisitionObject]) -> None:
        """Trigger slaves together. Engine code, called by a master: the door is shut."""
        was = doors.shut()
        try:
            self._check_ready(slaves)
            for slave in slaves:
                if slave in self._triggered:  # before, and the master did not wait for it
                    self._raise(self._last.get(slave))
            batch = self._begin([self._plan.triggers[slave] for slave in slaves])
            if batch is not None:
                self._triggered.update((slave, batch) for slave in slaves if self._plan.lanes[slave] is not None)
        finally:
            doors.reopen(was)

    def _check_ready(self, slaves: Sequence[AcquisitionObject]) -> None:
        lanes, asked = self._plan.lanes, self._plan.asked
        ready = {slave: (lane := lanes[slave]) is None or lane.busy is None for slave in slaves}

        def ask(slave: AcquisitionObject) -> None:
            ready[slave] = slave.trigger_ready()

        if asked:
            idle = [slave for slave in slaves if slave in asked and ready[slave]]
            self._together([Step(one, f"{one.name}.trigger_ready", partial(ask, one), lanes[one]) for one in idle])
        late = [slave.name for slave in slaves if not ready[slave]]
        if late:
            raise DeviceError(
                f"Aborted due to bad triggering on slaves: {', '.join(late)} not ready for the next trigger; "
                "leave more time between triggers"
            )

    def wait(self, slaves: Sequence[AcquisitionObject]) -> None:
        """Wait until what was triggered is done."""
        if not self._triggered:
            return
        was = doors.shut()
        try:
            for batch in {self._triggered.pop(slave) for slave in slaves if slave in self._triggered}:
                self._await(batch)
        finally:
            doors.reopen(was)

    # -- the way out: no door is open here -----------------------------------------------------------------

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

    def _at_the_end(self, steps: Sequence[Step]) -> None:
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
        duty = Duty(call.what, node, lambda: self._given_up.append((node, call)))
        turn = seat.begin(duty)
        doors.barred(call.run)
        if not turn.end(duty):
            seat.settle()

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
            if call not in self._abandoned and not self._returned(node, call, words, began):
                self._abandoned.append(call)
                self._give_up(node, call, since)

    def _returned(self, node: AcquisitionObject, call: Call, words: str, began: float) -> bool:
        deadline = self._outcome.deadlines.of_device(node)

        def is_late() -> bool:
            return self._outcome.is_late(began, deadline)

        if call.done.wait(0.0 if is_late() else SLICE):
            return True
        with self._vigil.over(words, deadline, matters_when_well=True):
            while not is_late():
                if call.done.wait(min(SLICE, deadline)):
                    return True
        return call.done.is_set

    def _give_up(self, node: AcquisitionObject, call: Call, since: str) -> None:
        """Not waited for any longer; a forward call that comes back late is undone on its lane."""
        self._outcome.miss(call.what)
        deadline = self._outcome.deadlines.of_device(node)
        self._outcome.fail(
            DeviceError(
                f"{call.what} has not returned {deadline:g} s {since}; it is given up, "
                "and its device takes no call before it returns"
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
