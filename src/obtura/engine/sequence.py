"""Sequences: scans that belong together, under one number and one entry that links to theirs.

A sequence is a scan of its own whose points are scans. It runs on a thread of its own while the caller's thread runs
the sub-scans, so that its record, its file and its display are open all the time; Ctrl-C reaches the sub-scan that
runs, and the sequence ends with it.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, ClassVar

import numpy.typing as npt

from obtura.contracts.acquisition import AcquisitionMaster, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import is_movable
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanSequenceError, ScanStateError, UsageError, one_line
from obtura.ground.events import SubScan
from obtura.works.clock import Flag
from obtura.works.interrupt import OPEN, doors

__all__ = ["Group", "ScanSequence", "SequenceContext", "SequenceOfScans"]

PATIENCE = 30.0
"""Seconds that a sub-scan on another thread has to end after Ctrl-C."""


class _Sequencer(AcquisitionMaster):
    """The top-master of a sequence: a point is a sub-scan, for as long as there are any."""

    role = "counter"

    def __init__(self) -> None:
        super().__init__(name="sequence", npoints=0, trigger_type=TriggerMode.HARDWARE)
        self.numbers = AcquisitionChannel("sequence:scans", int)
        self.channels.append(self.numbers)
        self._queue: SimpleQueue[int | BaseException | None] = SimpleQueue()
        self._over = False

    def add(self, number: int) -> None:
        """A sub-scan is done."""
        self._queue.put(number)

    def end(self, error: BaseException | None) -> None:
        """No more sub-scans; `error` is why, None when all is well."""
        self._queue.put(error)

    def __iter__(self) -> Iterator[object]:
        while not self._over:
            yield self

    def start(self) -> None:
        """Wait for the next sub-scan."""
        item = self._queue.get()
        if isinstance(item, int):
            self.numbers.emit(item)
            return
        self._over = True
        if item is not None:
            raise item

    def stop(self) -> None:
        """No more waiting."""
        self._queue.put(None)


class SequenceContext:
    """Inside of a sequence: what runs sub-scans and makes them part of it."""

    def __init__(self, sequence: "SequenceOfScans", note: Callable[[SubScan], None]) -> None:
        self.scans: list[Scan] = []
        """The sub-scans in the order in which they were added."""
        self._sequence = sequence
        self._note = note
        self._noted: list[Scan] = []

    def add(self, scan: Any) -> None:
        """Make a scan part of the sequence; run it yourself, also on another thread, before the sequence ends.

        Raises:
            UsageError: no scan, or it is part of it already.
        """
        scan = scan.scan if isinstance(scan, SequenceOfScans) else scan
        if not isinstance(scan, Scan) or scan is self._sequence.scan:
            raise UsageError(f"expected a scan, made with run=False, got {scan!r}")
        if any(scan is other for other in self.scans):
            raise UsageError(f"{scan.name} is part of the sequence already")
        scan.scan_info["sequence"] = self._sequence.scan.scan_number
        self.scans.append(scan)

    def add_and_run(self, scan: Any) -> Any:
        """Make a scan part of the sequence and run it here; returns it. Raises what the scan raises."""
        self.add(scan)
        self._sequence.scan.wait_resumed()
        try:
            scan.run()
        finally:
            self.note_finished()
        return scan

    def emit(self, channel: str, values: npt.ArrayLike) -> None:
        """Give new points to one of the sequence's own channels."""
        channels = self._sequence.custom_channels
        if channel not in channels:
            known = ", ".join(channels) or "none"
            raise UsageError(f"the sequence has no channel {channel!r}; it has {known}")
        channels[channel].emit(values)

    def wait_all_subscans(self, timeout: float | None = None) -> None:
        """Return when every sub-scan has ended.

        Raises:
            ScanSequenceError: one has not after `timeout` s.
        """
        for scan in self.scans:
            if not scan.wait_state(ScanState.DONE, timeout):
                raise ScanSequenceError(f"{scan.name} has not ended after {timeout:g} s")
        self.note_finished()

    def note_finished(self) -> None:
        """Write down the sub-scans that have ended meanwhile."""
        for scan in self.scans:
            if scan.state >= ScanState.DONE and scan.scan_number and all(scan is not other for other in self._noted):
                self._noted.append(scan)
                self._note(_sub_scan(scan))


class SequenceOfScans:
    """Several scans under one number: `with sequence.sequence_context() as context: context.add_and_run(scan)`.

    Its entry has the numbers of the sub-scans (0: one that was not saved), channels of its own (`add_custom_channel`)
    and links to the entries of the sub-scans. `state` is DONE when they all are; USER_ABORTED or KILLED as soon as one
    of them is.
    """

    Scan: ClassVar[type[Scan]] = Scan
    """The class of its own scan; a bench has a subclass of its own."""

    def __init__(
        self,
        scan_info: Mapping[str, Any] | None = None,
        title: str = "sequence_of_scans",
        name: str = "sequence",
        save: bool = True,
        scan_saving: Any = None,
    ) -> None:
        self._sequencer = _Sequencer()
        self.custom_channels: dict[str, AcquisitionChannel] = {}
        chain = AcquisitionChain()
        chain.add(self._sequencer)
        info = {**(scan_info or {}), "type": "sequence", "title": title}
        self.scan = self.Scan(chain, name, info, save, scan_saving)
        self._error: BaseException | None = None
        self._pressed = False
        self._ended = Flag()

    @property
    def state(self) -> ScanState:
        """The state of the whole."""
        return self.scan.state

    @property
    def scan_info(self) -> Any:
        """The facts kept with the sequence's own data."""
        return self.scan.scan_info

    def add_custom_channel(self, channel: AcquisitionChannel) -> None:
        """Give the sequence a channel of its own; emit into it inside of the context, as often as you like.

        Raises:
            UsageError: no channel, or its name is taken.
            ScanStateError: the sequence runs or ran already.
        """
        if not isinstance(channel, AcquisitionChannel):
            raise UsageError(f"expected an AcquisitionChannel, got {channel!r}")
        if self.state is not ScanState.IDLE:
            raise ScanStateError(f"add_custom_channel: the sequence is {self.state.name}; add channels before it runs")
        if any(channel.short_name in (other.name, other.short_name) for other in self._sequencer.channels):
            raise UsageError(f"the sequence has a channel {channel.short_name!r} already")
        self.custom_channels[channel.name] = channel
        self._sequencer.channels.append(channel)

    def pause(self) -> None:
        """Ask it to pause before its next sub-scan, until `resume()`; to pause the one that runs, use its `pause()`."""
        self.scan.pause()

    def resume(self) -> None:
        """Go on after `pause()`."""
        self.scan.resume()

    @contextmanager
    def sequence_context(self) -> Iterator[SequenceContext]:
        """Open the sequence, run what is inside, end it when every sub-scan has ended.

        Raises:
            ScanSequenceError: a sub-scan was added but has not ended.
            ScanStateError: the sequence runs or ran already.
            Whatever the body, or the sequence's own saver, raises.
        """
        if self.state is not ScanState.IDLE:
            raise ScanStateError(f"{self.scan.name} is {self.state.name}: a sequence runs once; make a new one")
        context = SequenceContext(self, self._note)
        with doors.watch(self):  # or a Ctrl-C could land between two lines of the end
            threading.Thread(target=self._run, name=f"sequence {self.scan.name}", daemon=True).start()
            try:
                while self.scan.state is not ScanState.RUNNING and not self._ended.is_set:
                    self._ended.wait(0.005)
                if not self._ended.is_set:
                    doors.reopen(OPEN)  # the body is the user's: there Ctrl-C comes in at once
                    yield context
                    doors.shut()
            except BaseException as error:
                doors.shut()
                self._end(context, error)
                raise
            self._end(context, None)
        if self._pressed:
            raise KeyboardInterrupt  # pressed when the sequence had ended already

    def on_interrupt(self) -> None:
        """Ctrl-C was pressed. Called in the signal handler: only noted."""
        self._pressed = True

    def on_press(self, why: str) -> None:
        """Ctrl-C was pressed, or a signal came. Called in the signal handler: only noted."""
        self._pressed = True

    @property
    def is_stuck(self) -> bool:
        """Its sub-scans say so themselves."""
        return False

    def attend(self) -> None:
        """The sub-scan that runs has somebody who watches."""

    def _run(self) -> None:
        try:
            self.scan.run()
        except BaseException as error:  # noqa: BLE001 - it is raised on the caller's thread
            self._error = error
        finally:
            self._ended.set()

    def _note(self, sub: SubScan) -> None:
        self.scan.note(sub)
        strange = self.scan_info.get("filename") and not sub.entries  # in the file its number is that of another
        self._sequencer.add(0 if strange else sub.number)

    def _end(self, context: SequenceContext, error: BaseException | None) -> None:
        """End the sequence as its sub-scans, or `error` that came out of the body, say."""
        if self._pressed or isinstance(error, KeyboardInterrupt):
            _abort([scan for scan in context.scans if ScanState.IDLE < scan.state < ScanState.DONE])
        context.note_finished()
        verdict = None if isinstance(error, KeyboardInterrupt) else error or _verdict(context.scans)
        aborted = any(scan.state is ScanState.USER_ABORTED for scan in context.scans)
        if aborted or self._pressed or isinstance(error, KeyboardInterrupt):
            self.scan.abort()
        self._sequencer.end(verdict)
        self.scan.resume()  # nothing is left that could wait
        while not self._ended.wait(0.2):
            if self._pressed:
                self.scan.abort()
        own = self._error
        if error is None and own is not None and (own is not verdict or _unfinished(context.scans)):
            if isinstance(own, KeyboardInterrupt) and aborted and not self._pressed:
                return  # a sub-scan was aborted, and the body did not mind
            raise own


class ScanSequence(SequenceOfScans):
    """A sequence as a function: `ScanSequence(runner).run()` calls `runner(context)` inside of the sequence.

    `channels`: its own; `context.emit(name, values)` gives them points.
    """

    def __init__(
        self,
        runner: Callable[[SequenceContext], object],
        name: str = "sequence",
        title: str | None = None,
        save: bool = True,
        scan_info: Mapping[str, Any] | None = None,
        channels: Sequence[AcquisitionChannel] = (),
    ) -> None:
        if not callable(runner):
            raise UsageError(f"ScanSequence(runner): expected a function of the context, got {runner!r}")
        super().__init__(scan_info, title or name, name, save)
        self._runner = runner
        for channel in channels or ():
            self.add_custom_channel(channel)

    def run(self) -> None:
        """Run it; returns when everything has ended. Raises what the runner raises."""
        with self.sequence_context() as context:
            self._runner(context)


class Group(SequenceOfScans):
    """Scans of before under one number: `Group(scan, 12, 13)`, scans that have ended, or their numbers.

    Raises:
        UsageError: nothing to group, a scan that has not ended or was not saved, a number that is not in the file.
    """

    def __init__(
        self, *scans: Any, title: str = "group_of_scans", scan_info: Mapping[str, Any] | None = None, save: bool = True
    ) -> None:
        super().__init__(scan_info, title, "group", save)
        members = [self._member(each) for each in scans]
        if not members:
            raise UsageError("Group(scan, 12, 13): name the scans")
        with self.sequence_context():
            for member in members:
                self._note(member)

    def _member(self, scan: Any) -> SubScan:
        scan = scan.scan if isinstance(scan, SequenceOfScans) else scan
        if isinstance(scan, Scan):
            if scan.state < ScanState.DONE or not scan.scan_number:
                raise UsageError(f"Group: {scan.name} is {scan.state.name}; only scans that have run can be grouped")
            if self.scan.scan_info["save"] and not scan.scan_info["save"]:
                raise UsageError(
                    f"Group: {_called(scan)} was not saved, so that the group's entry can't link to it; "
                    "Group(..., save=False) goes without an entry"
                )
            return _sub_scan(scan)
        if isinstance(scan, bool) or not isinstance(scan, int):
            hint = "; axes are moved together with obtura.devices.Group" if is_movable(scan) else ""
            raise UsageError(f"Group: expected scans or their numbers, got {scan!r}{hint}")
        filename, entries = self.scan.surroundings.entries(scan)
        if not entries:
            raise UsageError(f"Group: there is no scan {scan} in {filename or 'the data'}")
        return SubScan(scan, str(scan), filename, entries)


def _sub_scan(scan: Scan) -> SubScan:
    filename = scan.scan_info.get("filename")
    entries = [f"{scan.scan_number}.{branch + 1}" for branch in range(len(scan.acq_chain.top_masters))]
    return SubScan(scan.scan_number, scan.name, filename, tuple(entries) if filename else ())


def _unfinished(scans: Sequence[Scan]) -> list[str]:
    return [f"{scan.name} ({scan.state.name})" for scan in scans if scan.state < ScanState.DONE]


def _verdict(scans: Sequence[Scan]) -> BaseException | None:
    if unfinished := _unfinished(scans):
        return ScanSequenceError(
            f"not ended when the sequence did: {', '.join(unfinished)}; run them with add_and_run, "
            "or wait for them with wait_all_subscans"
        )
    for scan in scans:
        if scan.state is ScanState.KILLED:
            failed = ScanSequenceError(f"sub-scan {_called(scan)} failed: {_why(scan)}")
            failed.__cause__ = scan.errors[0] if scan.errors else None
            return failed
    return None


def _called(scan: Scan) -> str:
    return f"{scan.scan_number} ({scan.name})" if scan.scan_number else scan.name


def _why(scan: Scan) -> str:
    return one_line(scan.errors[0]) if scan.errors else "for reasons unknown"


def _abort(scans: Sequence[Scan]) -> None:
    for scan in scans:
        scan.abort()
    for scan in scans:
        scan.wait_state(ScanState.DONE, PATIENCE)
