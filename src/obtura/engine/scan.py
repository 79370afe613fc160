"""The scan: a chain, its presets, and one run."""

import os
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, TextIO

from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.claims import working_for
from obtura.contracts.consumers import Surroundings
from obtura.contracts.presets import DataCallback, ScanPreset, check_preset
from obtura.contracts.watchdog import WatchdogCallback
from obtura.engine.data import ScanData
from obtura.engine.deadlines import Deadlines
from obtura.engine.estimate import Estimate, estimated
from obtura.engine.explain import explained
from obtura.engine.frames import weight
from obtura.engine.last_steps import WayOut
from obtura.engine.outcome import Outcome
from obtura.engine.pausing import Wish
from obtura.engine.run import Run
from obtura.engine.running import running
from obtura.engine.scan_info import ScanInfo
from obtura.engine.states import ScanState, StateFlags
from obtura.engine.timing import new_timekeeper, timing_rows
from obtura.engine.watchdog import check_watchdog
from obtura.ground.errors import SavingError, ScanAbort, ScanStateError, UsageError
from obtura.ground.events import Comment, Event
from obtura.ground.timings import Timings
from obtura.works.clock import clock
from obtura.works.errands import Timekeeper
from obtura.works.interrupt import doors
from obtura.works.process import is_forked
from obtura.works.record import Record
from obtura.works.trace import trace_file, write_trace

__all__ = ["Scan"]


class Scan:
    """Moves and measures, once: `scan.run()`.

    `chain` says what triggers what; `scan_info` is kept with the data; with `save`, data go where `scan_saving`
    says (None: where the session says).
    """

    surroundings: ClassVar[Surroundings] = Surroundings()
    """Who numbers, saves and shows scans of this class; a session has a subclass of its own."""
    deadlines: Deadlines = Deadlines()
    """How long hooks and devices may take once a scan is being left for an error or Ctrl-C: of the class for all scans
    that are made from then on, of a scan for that one.
    """

    def __init__(
        self,
        chain: AcquisitionChain,
        name: str = "scan",
        scan_info: Mapping[str, Any] | None = None,
        save: bool = True,
        scan_saving: Any = None,
        watchdog_callback: WatchdogCallback | None = None,
        save_images: bool = True,
    ) -> None:
        if not isinstance(chain, AcquisitionChain):
            raise UsageError(f"Scan(chain, ...): expected an AcquisitionChain, got {chain!r}")
        self.acq_chain = chain
        self.name = name
        self.scan_number = 0
        self.scan_info = ScanInfo(name=name, npoints=0, count_time=None, save=save, save_images=save_images)
        self.scan_info.update(scan_info or {})
        self.comments: list[Comment] = []
        self.watchdog = None if watchdog_callback is None else check_watchdog(watchdog_callback)
        self.states = StateFlags()
        self._save = save
        self._scan_saving = scan_saving
        self._presets: list[ScanPreset] = []
        self._standing: list[ScanPreset] = []
        self._way_out: list[WayOut] = []
        self.deadlines = replace(self.deadlines)
        self._outcome = Outcome()
        self._wish = Wish()
        self._run: Run | None = None
        self._keeper: Timekeeper | None = None

    # -- before ---------------------------------------------------------------------------------------------

    def add_preset(self, preset: ScanPreset, standing: bool = False) -> None:
        """Hook a preset around this scan; presets are entered in the order in which they were added.

        `standing` marks a preset that stands on every scan: a scan started in a hook leaves it out when it is
        entered already.

        Raises:
            UsageError (a ValueError): not a ScanPreset, one that overrides no hook, or added twice.
            ScanStateError: the scan runs or ran already.
        """
        warning = check_preset(preset, ScanPreset)
        preset.check_scan_level()
        if self.state is not ScanState.IDLE:
            raise ScanStateError(f"add_preset: {self.name} is {self.state.name}; add presets before run()")
        if any(preset is other for other in self._presets):
            raise UsageError(f"add_preset: this {type(preset).__name__} is on the scan already")
        if warning:
            warnings.warn(warning, stacklevel=2)
        self._presets.append(preset)
        if standing:
            self._standing.append(preset)

    def on_way_out(self, step: WayOut) -> None:
        """Register a last step, taken after every hook however the scan ends, e.g. the return of motors."""
        self._way_out.append(step)

    def set_watchdog_callback(self, callback: WatchdogCallback) -> None:
        """Have `callback` told of this scan's data, of a lack of them, and of its end.

        Raises:
            UsageError: no WatchdogCallback.
            ScanStateError: the scan runs or ran already.
        """
        if self.state is not ScanState.IDLE:
            raise ScanStateError(f"set_watchdog_callback: {self.name} is {self.state.name}; set it before run()")
        self.watchdog = check_watchdog(callback)

    def add_comment(self, text: str) -> None:
        """Keep words about the scan with its data, with the time; before `run()` or while it runs, from any thread.

        Raises:
            UsageError: no text.
            ScanStateError: the scan has ended: its file is closed.
        """
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"add_comment: expected some text, got {text!r}")
        if self.state >= ScanState.DONE or (self._run is not None and self._run.ended):
            raise ScanStateError(f"add_comment: {self.name} has ended, its file is closed; nothing was added")
        comment = Comment(datetime.fromtimestamp(clock.epoch()).astimezone(), text)
        self.comments.append(comment)
        self.note(comment)

    def note(self, event: Event) -> None:
        """Put an event into the record of the run, for whoever reads it; nothing happens while it does not run."""
        if self._run is not None and self._run.began:
            self._run.write(event)

    def estimate(self) -> Estimate:
        """How long the scan takes from here and how much disk it needs; nothing is touched."""
        if not self.acq_chain.top_masters:
            raise UsageError(f"{self.name}: the acquisition chain is empty")
        return estimated(self.acq_chain, self.surroundings.dead_time)

    def explain(self, file: TextIO | None = None) -> None:
        """Print the order of hooks and device calls of this scan, without running any of them."""
        text = explained(self, self._presets)
        (file or sys.stdout).write(text + "\n")

    # -- run ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the scan; returns when everything is left and the data are safe.

        Raises:
            ScanAbort: Ctrl-C or `abort()`; a KeyboardInterrupt for whoever catches that.
            ScanStateError: the scan ran already.
            Whatever failed first, in a hook, a device or a saver; later errors are its notes, all are in `errors`.
        """
        if self.state is not ScanState.IDLE:
            raise ScanStateError(f"{self.name} is {self.state.name}: a scan runs once; make a new one")
        if is_forked():
            raise ScanStateError(
                f"{self.name}: this process was forked from the one that has the devices, whose connections and locks "
                "can't be shared; start it with the method 'spawn', or with subprocess"
            )
        outcome = self._outcome
        keeper = self._keeper = new_timekeeper()
        try:
            with doors.watch(outcome), working_for(self):
                self.states.set(ScanState.PREPARING)
                outcome.deadlines = self.deadlines
                self._run = run = Run(self, self._present(), self._way_out, outcome, self._wish, Record(weight), keeper)
                if not outcome.bad:  # it may have been aborted before
                    outcome.attempt(run.open, self._save, self._scan_saving)
                if not outcome.bad:
                    outcome.attempt(self._begins)
                if not outcome.bad:
                    outcome.attempt(run.forward)
                run.finish()
                outcome.attempt(self._ends)
            keeper.end()
        except SystemExit as ended:  # SIGTERM or SIGHUP: now the process may end
            raise ended from outcome.failures.summed_up(self._summary())
        # Out here: a context manager writes on errors that pass it, and some can't be written on.
        if (first := outcome.failures.summed_up(self._summary())) is not None:
            raise first
        if outcome.aborted:
            raise KeyboardInterrupt  # pressed when the scan had ended already

    def _begins(self) -> None:
        """It was not refused, and nothing has moved yet: for subclasses."""

    def _ends(self) -> None:
        """It ended, however, refused or not; what is below is told."""
        self.surroundings.finished(self)

    def _present(self) -> list[ScanPreset]:
        """The presets but the standing ones that the scan in whose hook we are has entered."""
        entered = [preset for preset in self._standing if running.entered_here(preset)]
        return [preset for preset in self._presets if not any(preset is other for other in entered)]

    def _summary(self) -> str:
        if self._run is None or not self._run.began:
            how = "ended before it began" if isinstance(self._outcome.failures.first, ScanAbort) else "was refused"
            return f"{self.name} {how}: nothing was moved, no preset was entered"
        left = "everything was stopped"
        if self._outcome.not_left:
            left = f"NOT in order, look at it: {', '.join(self._outcome.not_left)}"
        return f"{self.name} (scan {self.scan_number}): {left}; {self._kept(self._run.data.points())}"

    def _kept(self, points: int) -> str:
        if not points:
            return "no point was taken"
        filename = self.scan_info.get("filename")
        number = "1 point" if points == 1 else f"{points} points"
        if any(isinstance(error, SavingError) for error in self.errors):
            return f"{number} {'was' if points == 1 else 'were'} taken, not all of them may be in {filename}"
        where = f"in {filename}, {self.scan_number}.1" if filename else "not saved"
        return f"{number} {'is' if points == 1 else 'are'} {where}"

    def stop(self) -> None:
        """End the scan well after the iteration that runs; returns at once, from any thread."""
        was = doors.shut()
        self._outcome.stop()
        doors.reopen(was)

    def end(self, error: BaseException | None = None) -> None:
        """End the scan now, the point under way is cut off: well, or, with an `error`, failed; from any thread."""
        was = doors.shut()
        try:
            if self.state >= ScanState.DONE:
                return
            if error is None:
                self._outcome.cut()
            else:
                self._outcome.fail(error)
            if self._run is not None:
                self._run.cut()
        finally:
            doors.reopen(was)

    def pause(self) -> None:
        """Ask the scan to pause when every branch stands between two points; returns at once, from any thread.

        Then presets' `pause` is called, in reverse of the order in which they were entered (a shutter closes), and the
        state is PAUSED until `resume()`, which has their `resume` called. `stop()`, `abort()` and Ctrl-C end a pause,
        too, and the scan with it. Within a pass of a continuous scan there is no pause, it begins at its end.
        """
        was = doors.shut()
        if self.state < ScanState.STOPPING and self._wish.ask() and self._run is not None:
            self.say(self._run.pausing.told())
        doors.reopen(was)

    def resume(self) -> None:
        """Go on after `pause()`; returns at once, from any thread. Before the pause has begun: there will be none."""
        was = doors.shut()
        self._wish.withdraw()
        doors.reopen(was)

    def wait_resumed(self) -> None:
        """Return when no pause is wanted, or the scan ends; for whoever works beside it, as a sequence does."""
        was = doors.shut()
        try:
            self._wish.wait(self._outcome)
        finally:
            doors.reopen(was)

    def abort(self) -> None:
        """End the scan as Ctrl-C does; returns at once, from any thread. Before `run()`: it will end at once."""
        if self.state >= ScanState.DONE:
            return
        if not self._outcome.bad:
            self._outcome.why = "aborted by scan.abort()"
        if self.state is ScanState.IDLE:
            self._outcome.on_interrupt()
        elif not doors.press(self._outcome) and self._run is not None:
            threading.Thread(target=self._run.cut, name=f"abort {self.name}", daemon=True).start()
            self._outcome.attend()

    def check_goes_on(self) -> None:
        """Raise when it is to be left now, for an error or `abort()`; for a hook that waits off the main thread."""
        self._outcome.check()

    # -- what is known ----------------------------------------------------------------------------------------

    @property
    def state(self) -> ScanState:
        """IDLE, PREPARING, STARTING, RUNNING and PAUSED in turn, STOPPING, then DONE, USER_ABORTED or KILLED."""
        return self.states.state

    def why(self) -> str:
        """What the scan waits for at this moment, since when and for whose sake, in words; from any thread."""
        if self._run is None or self.state >= ScanState.DONE:
            return f"{self.name} is {self.state.name}; it waits for nothing"
        return self._run.why()

    @property
    def timings(self) -> Timings:
        """Where the time went, so far when it still runs; from any thread.

        Raises:
            ScanStateError: it has not run yet.
        """
        if self._keeper is None:
            raise ScanStateError(f"{self.name} is {self.state.name}: it has spent no time yet")
        title = f"{self.scan_info.get('title') or self.name} (scan {self.scan_number})"
        return Timings(title, timing_rows(self._keeper), "" if self.state >= ScanState.DONE else "so far")

    def timing(self, export: str | os.PathLike[str] | None = None, file: TextIO | None = None) -> None:
        """Print where the time went: a waterfall of counting, motion, each hook and device, savers, and the engine.

        `export`: write a trace of single calls, too, for https://ui.perfetto.dev: the first and last
        thousands of each thread. While the scan runs: of what was so far. `scan.timings` has the numbers.

        Raises:
            ScanStateError: it has not run yet.
            UsageError: `export` is not the name of a file that can be written.
            SavingError: the disk is full.
        """
        trace = None if export is None else trace_file(export)
        out = file or sys.stdout
        out.write(self.timings.on(out) + "\n")
        if trace is not None and self._keeper is not None:
            write_trace(trace, self._keeper, self.timings.title)
            out.write(f"trace: {trace}\n")

    def wait_state(self, state: ScanState | str, timeout: float | None = None) -> bool:
        """Wait until the scan is in `state` or a later one; False when `timeout` (s) passed before.

        Raises:
            UsageError: there is no such state.
        """
        if not isinstance(state, ScanState) and state not in ScanState.__members__:
            raise UsageError(f"wait_state: there is no state {state!r}; there are {', '.join(ScanState.__members__)}")
        return self.states.wait(ScanState[state] if isinstance(state, str) else state, timeout)

    @property
    def errors(self) -> list[BaseException]:
        """Every error of the run in order; the first is what `run()` raised."""
        return list(self._outcome.failures.errors)

    @property
    def save_images(self) -> bool:
        """Whether the frames of cameras are saved with the rest."""
        return bool(self.scan_info["save"] and self.scan_info["save_images"])

    @property
    def in_iteration(self) -> bool:
        """Whether a point is being taken."""
        return self._run is not None and self._run.in_iteration

    def get_data(self, key: Any = None) -> Any:
        """The points so far, also while the scan runs: a `ScanData` mapping, or the array of one `key`."""
        data = self._run.snapshot() if self._run is not None else ScanData((), [], {})
        return data if key is None else data[key]

    def say(self, text: str, end: str = "\n") -> None:
        """Show a line where the scan is shown, in true order with its rows; nothing where nobody looks."""
        if self._run is not None:
            self._run.write_text("stdout", text + end)

    def connect_data(self, preset: object, counters: Sequence[object], callback: DataCallback) -> None:
        """See `ScanPreset.connect_data_channels`."""
        if self._run is not None:
            self._run.data.listen(preset, counters, callback)

    def disconnect_data(self, preset: object) -> None:
        """No further call of the callbacks of `preset`."""
        if self._run is not None:
            self._run.data.unlisten(preset)

    def __repr__(self) -> str:
        number = f"number={self.scan_number}, " if self.scan_number else ""
        path = self.scan_info.get("filename") or "not saved"
        return f"Scan({number}name={self.name}, path={path}, {self.state.name})"
