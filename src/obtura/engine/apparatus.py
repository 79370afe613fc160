"""The devices of one branch, and every call the engine makes to them while the scan goes forward.

Calls of one level are made together: in-memory devices inline, blocking ones each on its lane. A device is noted
as entered before the first call to it; how it is stopped, see `halting`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import get_ident
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, MetaTiming
from obtura.engine.halting import Halting
from obtura.engine.hooks import Circle
from obtura.engine.metadata import Inquiry, answering
from obtura.engine.outcome import Leaving, Outcome
from obtura.engine.patience import Patience
from obtura.engine.plan import (
    LaneOf,
    Level,
    Phase,
    Plan,
    Step,
    Turn,
    lane_of,
    levels_below,
    may_be_called_here,
    needs_lane,
    overriding,
)
from obtura.engine.seat import Doer, Duty, Seat
from obtura.engine.timing import HAND_OVER
from obtura.engine.vigil import Vigil
from obtura.ground.errors import DeviceError, ScanAbort, locate
from obtura.works.clock import Flag, clock
from obtura.works.errands import Errand
from obtura.works.interrupt import OPEN, doors
from obtura.works.lanes import SLICE, Batch, Call, Loop

__all__ = ["Apparatus"]


class Apparatus(Halting, Doer):
    """The devices below one top-master; `place` knows which point is being taken.

    `seat`: of the thread that takes the points; inline calls are made there.
    """

    def __init__(
        self,
        master: AcquisitionMaster,
        loop: Loop,
        outcome: Outcome,
        place: Circle,
        vigil: Vigil,
        seat: Seat,
    ) -> None:
        plan = Plan(master, _lanes(master, loop), self._check_cut)
        super().__init__(plan, outcome, place.where, vigil, seat)
        self._place = place
        self.patience = Patience(plan, outcome, place.where, vigil)
        self._turns: list[Turn] | None = None
        self._plain: list[Iterator[object]] = []  # all that iterate, where none of them runs code of a device
        self._master = master
        self.triggered: dict[AcquisitionObject, Batch] = {}
        self._readings: dict[AcquisitionObject, Call] = {}
        for level in plan.levels:
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
            lanes = self._plan.lanes
            self._together(Level(Step(node, f"{node.name}.validate", node.validate, lanes[node]) for node in nodes))

    def metadata(self, timing: MetaTiming = MetaTiming.START) -> dict[str, Mapping[str, Any]]:
        """What the devices say of themselves; later than START what one raises stands in the place of its facts."""
        inquiry = Inquiry(timing)
        for level in self._plan.levels:
            steps = [
                Step(node, f"{node.name}.get_acquisition_metadata", partial(inquiry.ask, node), self._plan.lanes[node])
                for node in answering(level, timing)
            ]
            if timing is MetaTiming.END:
                self.ask_at_the_end(steps)
            else:
                self._together(Level(steps))
        return inquiry.found

    def advance(self) -> bool:
        """Let the master, and whoever else iterates, set up the next iteration; False when the master is done."""
        if self._plain:
            reached: object = Turn.END
            for iterator in self._plain:  # one of a slave that has ended may be asked again: it stays at its end
                reached = next(iterator, Turn.END)
            return reached is not Turn.END  # by the master, which is the last
        if self._turns is None:
            self._turns = [Turn(node, self._plan.lanes[node]) for node in self._plan.iterating]
        for turn in self._turns:
            if turn.is_plain:
                turn.take()
            elif turn.step.lane is None:
                self._inline(turn.step)
            else:
                self._together(turn.level)
            if turn.ended:
                if turn.node is self._master:
                    return False
                self._turns = [other for other in self._turns if other is not turn]
        if self._turns[-1].is_plain and all([turn.is_plain for turn in self._turns]):
            self._plain = [turn.iterator for turn in self._turns if turn.iterator is not None]
        return True

    def prepare(self, first: bool) -> None:
        """Prepare the devices of the next iteration, deepest level first."""
        if not first:
            phase = self._plan.prepare_next
            if phase.straight is None:
                self._go(phase)
            else:  # here and in `start` what `_go` does: they are called at each point
                for step in phase.straight:
                    self._inline(step)
            return
        upwards = zip(self._plan.levels[::-1], self._plan.parameters, self._plan.prepare_first, strict=True)
        for nodes, parameters, preparing in upwards:
            self._together(parameters, entering=True)
            self._together(preparing, entering=True)
            self._entered.update(nodes)

    def start(self, first: bool) -> None:
        """Start them, slaves before masters; the top-master's `start` is the iteration. Wait until all is emitted."""
        plan = self._plan
        if first:
            plan.guard_heard()
        phase = plan.start_first if first else plan.start_next
        if phase.straight is None:
            self._go(phase)
        else:
            for step in phase.straight:
                self._inline(step)
        if self.triggered:
            self.wait(list(self.triggered))
        if plan.wired:
            self._follow_wired()
        if plan.ready.levels:
            self._go(plan.ready)

    def _follow_wired(self) -> None:
        for node in self._plan.wired:
            if not node.start_once or self._readings[node].done.is_set:
                self._follow(node)

    def finish_all(self) -> None:
        """The master has come to its end: wait for the slaves that read at their own pace."""
        for node in self._readings:
            self._follow(node)

    def _read(self, node: AcquisitionObject) -> None:
        lane = self._plan.lanes[node]
        what = f"{node.name}.reading"
        call = Call(what, self._errand(what, node, node.reading))  # type: ignore[attr-defined]
        if lane is not None:
            with self._lock:
                self._outcome.check()
                node.is_awaited = False
                self._last[node] = self._readings[node] = call
                lane.submit(call)

    def _follow(self, node: AcquisitionObject) -> None:
        call = self._readings[node]
        node.is_awaited = True
        strand = self._keeper.here()
        strand.wait_for(HAND_OVER, _errands([call]))
        try:
            while not call.done.is_set:
                self.patience.check()
                doors.call(call.done.stand_by, SLICE)
        finally:
            strand.waited()
        self._raise(call)

    def _go(self, phase: Phase) -> None:
        """Make the calls of a phase, level by level."""
        if phase.straight is not None:
            for step in phase.straight:
                self._inline(step)
            return
        for level in phase.levels:
            self._together(level)
            for node in level.wired:
                self._read(node)

    def _together(self, level: Level, entering: bool = False, here: bool = True) -> None:
        """Make the calls of one level together, and wait for all; the first error ends the wait.

        `here`: as `_inline` has it.
        """
        batch = self._hand_out(level, entering) if level.on_lanes else None
        for step in level.inline:
            if entering:
                self._enter(step)
            self._inline(step, here)
        if batch is not None:
            self._await(batch)

    def _hand_out(self, level: Level, entering: bool = False) -> Batch:
        """Have the calls on lanes begin."""
        batch = Batch()
        for step, lane in level.on_lanes:
            with self._lock:
                self._outcome.check()
                if entering:
                    self._entered.add(step.device)
                errand = self._errand(step.what, step.device, step.function)
                self._last[step.device] = batch.add(lane, step.what, errand)
        return batch

    def _enter(self, step: Step) -> None:
        with self._lock:
            self._outcome.check()
            self._entered.add(step.device)

    def _inline(self, step: Step, here: bool = True) -> None:
        """Make one call on this thread: every call of a device in memory begins and ends here.

        `here`: it is the thread of the seat; a blocking master calls its slaves on its lane.

        It is noted as in progress before it is looked whether the scan is cut, and who cuts does it the other way
        round: so either the call is not made, or its device is stopped.
        """
        self._calling.append(step.device)
        if self._outcome.cutting:  # also after a Ctrl-C that a device swallowed
            self._calling.remove(step.device)
            self._outcome.check()
        turn = self.seat.first
        try:
            if step.is_transparent:
                step.function()
            elif here:
                turn.call(step.duty or self._duty(step), OPEN, step.function)
            else:
                with self._keeper.over(step.what, step.device):
                    doors.call(step.function)
        except (Leaving, ScanAbort):
            raise  # the call is cut off in its middle: the device counts as in progress
        except BaseException as error:
            self._calling.remove(step.device)
            self._blame(error, step.what)
            raise
        self._calling.remove(step.device)
        if turn.lost:  # whoever triggered it must not go on: all has been left
            raise Leaving

    def _duty(self, step: Step) -> Duty:
        step.duty = step.what, step.device, None, self, step
        return step.duty

    def came_back(self, facts: Step) -> None:
        """An inline call that was given up has ended after all; what it did after the device's `stop` is undone."""
        self._stop_again(facts.device, facts.what)

    def _errand(self, what: str, node: AcquisitionObject, function: Callable[[], Any]) -> Errand:
        """For a lane: the call, unless the scan was cut while it was queued."""
        return Errand(self._keeper, what, node, function, self._check_cut, self._place)

    def _await(self, batch: Batch) -> None:
        strand = self._keeper.here()
        strand.wait_for(HAND_OVER, _errands(batch.calls))
        try:
            batch.wait(self.patience.check)
        except (Leaving, ScanAbort):
            raise
        except BaseException as error:
            self._blame(error, next((call.what for call in batch.calls if call.error is error), ""))
            raise
        finally:
            strand.waited()

    def _raise(self, call: Call | None) -> None:
        if call is not None and call.error is not None:
            self._blame(call.error, call.what)
            raise call.error

    def _blame(self, error: BaseException, what: str) -> None:
        locate(error, f"in {what}{self._where()}")

    # -- what masters ask for (contracts.acquisition.Crew) -------------------------------------------------

    def trigger(self, master: AcquisitionObject) -> None:
        """Trigger the slaves of a master together. Engine code, called by a master: the door is shut."""
        was = doors.door and doors.shut()  # a transparent one has opened none
        try:
            level = self._plan.below[master]
            here = self.seat.first.thread == get_ident()
            if level.on_lanes or self._plan.asked:
                self._check_ready(level, here)
            if level.on_lanes:
                self._trigger_lanes(level)
            for step in level.inline:
                self._inline(step, here)
        finally:
            if was:
                doors.reopen(was)

    def _trigger_lanes(self, level: Level) -> None:
        slaves = [step.device for step, _ in level.on_lanes]
        for slave in slaves:
            if slave in self.triggered:  # before, and the master did not wait for it
                self._raise(self._last.get(slave))
        batch = self._hand_out(level)
        self.triggered.update((slave, batch) for slave in slaves)

    def _check_ready(self, level: Level, here: bool) -> None:
        lanes, asked = self._plan.lanes, self._plan.asked
        ready = {step.device: step.lane is None or step.lane.busy is None for step in level.steps}

        def ask(slave: AcquisitionObject) -> None:
            ready[slave] = slave.trigger_ready()

        if asked:
            idle = [slave for slave in ready if slave in asked and ready[slave]]
            steps = (Step(one, f"{one.name}.trigger_ready", partial(ask, one), lanes[one]) for one in idle)
            self._together(Level(steps), here=here)
        late = [slave.name for slave in ready if not ready[slave]]
        if late:
            raise DeviceError(
                f"Aborted due to bad triggering on slaves: {', '.join(late)} not ready for the next trigger; "
                "leave more time between triggers"
            )

    def pause(self, master: AcquisitionObject, ended: Flag, seconds: float) -> None:
        """Let time pass: a call of the master that is guarded, as it may last."""
        was = doors.shut()
        try:
            waiting = Step(master, f"{master.name}.trigger", partial(clock.wait, ended, seconds), None)
            self._inline(waiting, self.seat.first.thread == get_ident())
        finally:
            doors.reopen(was)

    def wait(self, slaves: Sequence[AcquisitionObject]) -> None:
        """Wait until what was triggered is done."""
        was = doors.shut()
        try:
            for batch in {self.triggered.pop(slave) for slave in slaves if slave in self.triggered}:
                self._await(batch)
        finally:
            doors.reopen(was)


def _lanes(master: AcquisitionMaster, loop: Loop) -> LaneOf:
    """A lane for each device that blocks; one that may be called here needs none, if it is the only one."""
    waiting = [node for level in levels_below(master) for node in level if needs_lane(node)]
    alone = waiting[0] if len(waiting) == 1 and may_be_called_here(waiting[0]) else None
    return lambda node: None if node is alone else lane_of(node, loop)


def _errands(calls: Sequence[Call]) -> list[Errand]:
    return [call.function for call in calls if isinstance(call.function, Errand)]
