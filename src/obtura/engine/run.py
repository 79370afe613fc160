"""One run of a scan, to be read from top to bottom: open, forward, leave, close."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from obtura.contracts.acquisition import MetaTiming
from obtura.contracts.consumers import Facts, Surroundings, guests
from obtura.engine.apparatus import Apparatus
from obtura.engine.attempts import Attempts, judges
from obtura.engine.audience import Audience
from obtura.engine.beginning import beginning
from obtura.engine.branch import Branch
from obtura.engine.data import ScanData
from obtura.engine.datapath import DataPath
from obtura.engine.estimate import Estimate, devices_key, known
from obtura.engine.hooks import Circle, Hooks
from obtura.engine.last_steps import WayOut, take
from obtura.engine.metadata import later_timings
from obtura.engine.outcome import Outcome
from obtura.engine.pausing import OnCaller, Pausing, Wish, directly
from obtura.engine.plan import devices_of
from obtura.engine.plots import name_plots
from obtura.engine.present import entries_here
from obtura.engine.relay import Relay
from obtura.engine.running import running
from obtura.engine.safety import Safety
from obtura.engine.seat import NOBODY, Seat
from obtura.engine.states import ScanState
from obtura.engine.timing import PAUSED, timing_rows
from obtura.engine.vigil import Vigil
from obtura.engine.watchdog import Watchdog
from obtura.engine.why import Waiting, in_seats, why
from obtura.ground.errors import UsageError, one_line
from obtura.ground.events import Event, Failed, Metadata, Position, ScanClosed, ScanEnded, StateChanged, Text, Timed
from obtura.works.clock import clock
from obtura.works.errands import Timekeeper
from obtura.works.interrupt import SHUT, doors
from obtura.works.lanes import Loop
from obtura.works.record import Record
from obtura.works.timekeeping import NOWHERE

__all__ = ["Run"]

log = logging.getLogger(__name__)

EJECTION = 1.0
"""Seconds in which a call that was given up should end when it is interrupted."""

REASONS = {ScanState.DONE: "SUCCESS", ScanState.USER_ABORTED: "USER_ABORT", ScanState.KILLED: "FAILURE"}


class Run:
    """What exists only while a scan runs. `scan` is what hooks are given."""

    def __init__(
        self,
        scan: Any,
        presets: list[Any],
        way_out: list[WayOut],
        outcome: Outcome,
        wish: Wish,
        record: Record[Event],
        keeper: Timekeeper,
    ) -> None:
        self._scan = scan
        self._chain = scan.acq_chain
        self._surroundings: Surroundings = scan.surroundings
        self._outcome = outcome
        self._record = record
        self._loop = Loop()
        self.keeper = keeper
        self._seat = Seat(scan.name, self._take_over, keeper, lambda: doors.eject(outcome))
        self._relay: Relay | None = None
        self._vigil = Vigil(outcome, self._say, self._ahead, lambda: running.has_inner(scan))
        self._vigil.seats.append(self._seat)
        self._hooks = Hooks(record, outcome, self._loop, self._seat)
        self._hooks.safety = Safety(scan)
        self.data = DataPath(self._chain, record, outcome, keeper)
        self._audience = Audience(record, outcome, self.data, self._vigil, keeper)
        self._presets = Circle(presets, (scan,))
        self._wish = wish
        self._way_out = list(way_out)
        self._branches: list[Branch] = []
        self.pausing = Pausing(
            wish, outcome, self._hooks, self._presets, self._branches, self._set, self._write_comment
        )
        self._apparatus: list[Apparatus] = []
        self._attempts: dict[int, Attempts] = {}
        self.began = self.ended = self._bound = False
        self.state: ScanState | None = None
        """How the scan ended, once it has."""
        self._began_at = clock.time()
        self._positions: dict[str, Position] = {}
        self._last = deque([self.data.disconnect, self._ask_positions, self._ask_metadata, self._end])
        self._forward = 0.0
        self._outlook: Estimate | None = None
        self._later: tuple[MetaTiming, ...] = ()
        # Last: a signal may come at any line.
        outcome.tell = self._write_failed
        outcome.attend = self._vigil.start
        outcome.stuck = lambda: self.state is not None and self._seat.is_lost

    def why(self) -> str:
        """What it waits for at this moment, in words."""
        masters = {node: sake for apparatus in self._apparatus for node, sake in apparatus.patience.masters.items()}
        waiting = [
            *in_seats(self._vigil.seats, masters),
            *(each for apparatus in self._apparatus for each in apparatus.patience.waiting),
            *self._vigil.waiting,
        ]
        if self._scan.state is ScanState.PAUSED:
            waiting.append(Waiting("resume()", None, "it is paused"))
        return why(self._scan, [branch.where() for branch in self._branches][:1], waiting)

    def _expected(self, branch: Branch) -> Callable[[], float]:
        """How long a device may well take: as the longest point so far; before there is one, as the whole scan."""

        def seconds() -> float:
            told = self._outlook.total if self._outlook is not None else 0.0
            return 2 * branch.longest if branch.longest else (told if math.isfinite(told) else 0.0)

        return seconds

    def snapshot(self) -> ScanData:
        """The points so far."""
        return self.data.snapshot(lambda: [branch.moment for branch in self._branches])

    @property
    def in_iteration(self) -> bool:
        """Whether any branch is in the middle of a point."""
        return any(branch.in_iteration for branch in self._branches)

    # -- open: everything that can be refused is refused here; no device is touched --------------------------

    def open(self, save: bool, scan_saving: Any) -> None:
        """Validate, claim, number, open the consumers."""
        self._build()
        for apparatus in self._apparatus:
            apparatus.validate()
        for step in self._way_out:
            step.validate()
        scan, around = self._scan, self._surroundings
        scan.scan_info.update(around.scan_info(save, scan_saving))
        consumers = [*around.consumers(save, scan_saving), *guests()]
        scan.scan_number = around.number(scan.name, save, scan_saving)
        self.data.connect(around.channel_name, self._attempts)
        if plots := scan.scan_info.get("plots"):
            scan.scan_info["plots"] = name_plots(scan.name, plots, self.data.infos, around.channel_name)
        self._prospect(around)
        self._later = later_timings(self._chain.nodes_list, around.metadata_timing())
        metadata, categories = self._metadata(MetaTiming.START)
        if categories:
            scan.scan_info["scan_meta"] = categories
        later = [timing.name or "" for timing in self._later]
        began = beginning(scan, self._presets.presets, self.data.infos, metadata, later, self._attempts)
        scan.scan_info.update(scan_nb=began.number, start_time=began.start_time.isoformat())
        self._audience.open(consumers, began, self.write_text)
        if scan.watchdog is not None:
            watchdog = Watchdog(scan.watchdog, scan, self.data.infos, scan.end)
            self._audience.attach(self._record.attach(watchdog, self._outcome.fail, began))
        for comment in scan.comments:
            self.write(comment)

    def _prospect(self, around: Surroundings) -> None:
        """How long it will take, and how much disk: before anything moves."""
        self._outlook = estimate = known(self._chain, around.dead_time)
        if estimate is not None:
            self._scan.scan_info["estimation"] = {**estimate._asdict(), "total": estimate.total}

    def _build(self) -> None:
        tops = self._chain.top_masters
        if not tops:
            raise UsageError(f"{self._scan.name}: the acquisition chain is empty; add a master and slaves to it")
        self._chain.bind(self._scan.say)
        self._bound = True
        here = entries_here(self._scan.name, self._chain, self._presets.presets)
        everybody = [*self._presets.presets, *(entry.preset for entry in here)]
        devices = [device for node in self._chain.nodes_list for device in devices_of(node)]
        running.claim(self._scan, devices, everybody)
        for index, top in enumerate(tops):
            mine = [entry.preset for entry in here if (entry.master or tops[0]) is top]
            circle = Circle(mine, (self._chain,), index, top.iterations)
            if asking := judges(mine, top):
                self._attempts[index] = Attempts(index, asking, self._record, self._scan.say)
            attempts = self._attempts.get(index)
            branch = Branch(index, top, circle, self._outcome, self._record, attempts)
            self._branches.append(branch)
            if len(tops) == 1:
                self.keeper.main.place = branch.place
            apparatus = Apparatus(top, self._loop, self._outcome, branch.place, self._vigil, self._seat)
            apparatus.patience.expected = self._expected(branch)
            self._apparatus.append(apparatus)

    def _metadata(self, timing: MetaTiming) -> tuple[Facts, Facts]:
        devices, categories = self._surroundings.metadata(timing, self._scan)
        found = dict(devices)
        for apparatus in self._apparatus:
            found.update(apparatus.metadata(timing))
        return found, categories

    def _write_metadata(self, timing: MetaTiming) -> None:
        if timing in self._later:
            self.write(Metadata(timing.name or "", *self._metadata(timing)))

    # -- forward -----------------------------------------------------------------------------------------

    def forward(self) -> None:
        """The good scan, DESIGN 2.1: presets, first prepare of every branch, start, points."""
        self.keeper.turn("prepare")
        self.began = True
        self._forward = clock.time()
        self._hooks.prepare(self._presets)
        for branch, apparatus in zip(self._branches, self._apparatus, strict=True):
            branch.enter(apparatus, self._hooks)
        self._write_metadata(MetaTiming.PREPARED)
        self._set(ScanState.STARTING)
        self._hooks.start(self._presets)
        self._set(ScanState.RUNNING)
        self.keeper.turn("points")
        if len(self._branches) == 1:
            self._branches[0].run(self._hooks, self._boundary)
        else:
            self._relay = relay = Relay(self._branches, self._hooks, self._outcome, self._boundary, self._seat)
            self._vigil.seats += relay.seats
            for apparatus, seat in zip(self._apparatus, relay.seats, strict=True):
                apparatus.seat = seat
            relay.run()

    def _boundary(self, on_caller: OnCaller = directly) -> None:
        """Between two points the scan may wait for a saver that is behind, and may pause."""
        if self._record.read:
            self._audience.catch_up()
        if self._wish.pause is not None:
            with self.keeper.over(PAUSED):
                self.pausing.between_points(on_caller)

    def _write_failed(self, error: BaseException) -> None:
        place = next(iter(getattr(error, "__notes__", ())), "")
        points = tuple(branch.point for branch in self._branches)
        failed = Failed(one_line(error), place.removeprefix("in "), clock.time(), points)
        self._record.write(failed, at_once=True)

    def _set(self, state: ScanState) -> None:
        self._scan.states.set(state)
        self._record.write(StateChanged(state.name, clock.time()))

    def _write_comment(self, text: str) -> None:
        self._record.write(Text("stdout", text + "\n"), at_once=True)
        self._scan.add_comment(text)

    def write(self, event: Event) -> None:
        """Put an event into the record."""
        self._record.write(event)

    def write_text(self, stream: str, text: str) -> None:
        """Put text into the record. A flush ("") and a line that will be overwritten are shown at once."""
        self._record.write(Text(stream, text), at_once=not text or text.endswith("\r"))

    # -- leave: no door is open ----------------------------------------------------------------------------

    def finish(self) -> None:
        """Leave and close; then `state` says how the scan ended. Who takes over from a stuck thread goes on here."""
        self._seat.settle()
        self.keeper.turn("leave")
        self.keeper.here().place = NOWHERE
        self._leave()
        if not self._seat.is_first:
            self._call_back()
        self._close()
        if not self._seat.is_first:  # presses were acted upon on another thread, and come into no hook around this run
            doors.forget()

    def _take_over(self) -> None:
        """On another thread: the one that called `run()` is stuck in user code."""
        if self._relay is not None:
            self._outcome.attempt(self._relay.take_over)
        self.finish()

    def _leave(self) -> None:
        """The way out, DESIGN 2.2: branches, scan presets, then motors return."""
        if self._scan.state < ScanState.STOPPING:
            self._learn()
            self._set(ScanState.STOPPING)
        if self._outcome.bad:
            self._vigil.start()
        if self._outcome.cutting:
            for branch in self._branches:
                branch.cut()
        for branch in self._branches:
            branch.leave(self._hooks)
        self._hooks.leave(self._presets)
        while self._way_out:
            step = self._way_out.pop()
            if not self.began:
                continue  # a scan that was refused has moved nothing
            with self.keeper.over(step.name, step):
                taken = self._outcome.attempt(take, step, self._outcome, self._vigil)
            if not taken:
                self._outcome.miss(step.name)

    def _call_back(self) -> None:
        """Everything is left: end the call in which the thread that called `run()` is stuck."""
        if not self._seat.is_lost:  # it has come back, or this is it
            return
        what = (self._seat.first.doing or [""])[0]
        doors.eject(self._outcome)
        limit = time.monotonic() + EJECTION
        while self._seat.is_lost and time.monotonic() < limit:
            time.sleep(0.005)
        if self._seat.is_lost:
            self._say(
                f"{what} has still not returned; everything else is left, and run() returns when it does. "
                "SIGTERM ends the process"
            )

    def _ahead(self) -> list[str]:
        """What is still to be left, in order."""
        circles = [circle for branch in self._branches for circle in branch.circles]
        presets = [preset for circle in (*circles, self._presets) for preset in reversed(tuple(circle.entered))]
        return [*(f"{type(preset).__name__}.stop" for preset in presets), *(step.name for step in self._way_out[::-1])]

    def _say(self, line: str) -> None:
        """What is waited for: it is told before rows that wait for the same."""
        self._record.write(Text("stdout", line + "\n"), at_once=True, ahead=True)

    def _learn(self) -> None:
        """What a point took beyond the estimate: for the next estimates."""
        estimate = self._outlook
        if estimate is None or self._outcome.over or not estimate.points or self.data.points() < estimate.points:
            return
        hooks, paused = self.keeper.seconds("hook"), self.pausing.seconds
        told = estimate.motion + estimate.counting + estimate.waiting + hooks + paused
        lost = max(clock.time() - self._forward - told, 0.0)
        self._surroundings.learn(devices_key(self._chain), lost / estimate.points)

    def cut(self) -> None:
        """End the device calls in progress, from any thread: all that ends them where no signal does."""
        for branch in self._branches:
            branch.cut()

    # -- close -------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """End the record and everything that lived for this run only; each step once, whoever takes it."""
        attempt = self._outcome.attempt
        self.keeper.turn("close")
        while self._last:
            attempt(self._last.popleft())
        if self.state is not None:
            return
        self._vigil.end()  # all user code has been called, and the next event is the last
        state = self._outcome.close()
        self._outcome.tell = None  # what fails from now on comes after the last event
        errors = tuple(one_line(error) for error in self._outcome.failures.errors)
        self._record.write(ScanClosed(state.name, clock.time() - self._began_at, errors))
        self._audience.close()
        stuck = [pair for apparatus in self._apparatus for pair in apparatus.close()]
        self._loop.close()
        if self._bound:
            self._chain.unbind()
        self._apparatus.clear()  # a session keeps its last scans: not what was there to drive devices
        running.release(self._scan, stuck)
        self.state = self._outcome.close()
        self._scan.states.set(self.state)

    def _ask_positions(self) -> None:
        if self._audience:
            duty = "asking the axes where they are", self._scan, time.monotonic(), NOBODY, None
            self._seat.turn.call(duty, SHUT, lambda: self._positions.update(self._surroundings.positions()))

    def _ask_metadata(self) -> None:
        if self.began:
            self._write_metadata(MetaTiming.END)

    def _end(self) -> None:
        reason = REASONS[self._outcome.close()]
        first = self._outcome.failures.first
        message = "" if first is None else one_line(first)
        end_time = datetime.fromtimestamp(clock.epoch()).astimezone()
        self._scan.scan_info.update(end_time=end_time.isoformat(), end_reason=reason)
        cut = tuple(index for index, branch in enumerate(self._branches) if branch.moment % 2)
        stopped = {index: self._branches[index].point for index in cut if self._branches[index].is_stepwise}
        in_vain = isinstance(first, TimeoutError)
        ended = ScanEnded(end_time, reason, message, dict(self._positions), cut, self.data.points(), stopped, in_vain)
        self._record.write(Timed(tuple(timing_rows(self.keeper))))
        self._record.write(ended, at_once=True)
        self.ended = True
        self._audience.finish_saving()
