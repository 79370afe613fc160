"""Runs a world with one fault in it, or two, and asks every invariant."""

import re
import signal
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

from doubles import Around, Watcher
from hanging import Hung, impatient
from invariants import ByAHairError, Report, plain
from kinds import KINDS, check_outcome, takes_time
from recording import Fault, World
from scenes import EVERY_WORLD
from worlds import outcome_of

from obtura.engine.states import ScanState
from obtura.ground.events import Points
from obtura.testing import Leftovers
from obtura.testing.faults import press

__all__ = ["Broken", "goes_well_again", "insist", "noted_presses", "outcome_of", "places", "try_faults"]


class Broken(AssertionError):
    """An invariant is broken; the message says how to run the very case again."""


def places(name):
    """Every call of a world, each told apart from its repetitions: where a fault can be."""
    world = World()
    EVERY_WORLD[name](world).play(Faulty())
    return sorted(world.keys())


class FaultyWatcher(Watcher):
    """Raises on what it is handed, or can't take down what it witnesses, once somebody says so."""

    fails = disk_full = None
    failed = witnesses = presses = False

    def __init__(self, name, essential=False):
        super().__init__(name, essential)
        self.taken = []

    def open(self, began, say):
        super().open(began, say)
        if self.fails is not None:
            raise self.fails

    def receive(self, events):
        if self.fails is not None:
            self.failed = True
            raise self.fails
        super().receive(events)

    def witness(self, event):
        if self.disk_full is not None:
            raise self.disk_full
        if self.presses and isinstance(event, Points):
            self.presses = False
            press()
            time.sleep(0)
        self.taken.append(event)


class Faulty(Around):
    """A viewer and a saver that may fail; the saver takes each event down before anybody is handed it."""

    def __init__(self, *extra, **options):
        super().__init__(*extra, **options)
        self.viewer = FaultyWatcher("viewer")
        self.saver = FaultyWatcher("saver", essential=True)
        self.saver.witnesses = True

    def check_readers(self):
        """Announced is on disk; who failed was closed all the same. From here on only the reader that is whole."""
        taken = [event for event in self.saver.taken if isinstance(event, Points)]
        shown = self.viewer.of(Points)
        assert shown == taken[: len(shown)], f"announced before it was on disk: {shown}, on disk {taken}"
        for reader in (self.viewer, self.saver):
            assert reader.opened == reader.closed, f"{reader.name} opened {reader.opened}, closed {reader.closed}"
        if self.viewer.fails is not None:
            self.viewer = self.saver
        if self.saver.fails is not None:
            self.saver = self.viewer


def insist(attempt, *arguments):
    """Try; a device that was stopped by a hair too early is tried again: it is chance once, not three times."""
    for last in (False, False, True):
        try:
            return attempt(*arguments)
        except ByAHairError as error:
            if last:
                raise Broken(str(error)) from error
    return None


def try_faults(name, faults, again=True):
    """Faults `[(key, kind)]` in one run; then, with `again`, another run with the same devices, which must go well.

    Returns the calls that were made, and which of the faults happened.

    Raises:
        Broken: an invariant is.
    """
    return insist(_try_faults, name, faults, again)


def _try_faults(name, pairs, again):
    faults = [Fault(key, KINDS[kind]) for key, kind in pairs]
    world = World(*faults)
    stage = EVERY_WORLD[name](world)
    left = Leftovers()
    hung = Hung([fault for fault in faults if takes_time(fault.kind)])
    try:
        with impatient() if hung.faults else noted_presses_only():
            played = stage.play(Faulty(axes=stage.axes))
            hung.release()
            left.check()
        assert any(fault.fired for fault in faults), "the call did not happen"
        hung.check(world.log, played)
        for scan in played:
            judge(scan, world, hung.cleaned(world, played), faults, hung)
        expect(faults, played[-1])
        if again:
            goes_well_again(stage)
            left.check()
    except AssertionError as error:
        case = "; then ".join(f"world={name} key={key} kind={kind}" for key, kind in pairs)
        kind = ByAHairError if isinstance(error, ByAHairError) else Broken
        raise kind(f'python tests/engine/replay.py "{case}": {error}') from error
    return world.keys(), [fault.fired for fault in faults]


@contextmanager
def noted_presses_only():
    """As it is."""
    yield


def judge(played, world, log, faults, hung):
    """Every invariant, for one of the scans that were played."""
    around = played.around
    if isinstance(around, Faulty):
        around.check_readers()
    mine = [entry for entry in log if _is_of(entry.name, played.owners)]
    provoked = {id(fault.error) for fault in faults if fault.error is not None}
    mine = [entry._replace(error=None) if id(entry.error) in provoked else entry for entry in mine]
    view = SimpleNamespace(log=mine, caller=world.caller, emitted=world.emitted, emitting=world.emitting)
    if not played.owners or any(fault.fired and fault.kind.name.startswith("disk-full") for fault in faults):
        view.emitted = None  # not all of it could be announced
    report = Report(played.scan, view, played.first, around)
    report.came_out = played.first is played.raised
    report.given_up = {fault.key.rpartition("#")[0] for fault in hung.faults if fault.fired}
    report.check_all()


def _is_of(name, owners):
    owner = name.rpartition(".")[0]
    return owner in owners or re.sub(r"I\d*$", "", owner) in owners


def expect(faults, played):
    """What `run()` raises, for the first fault that struck; every error that was raised is told."""
    fired = sorted((fault for fault in faults if fault.fired), key=lambda fault: fault.number)
    errors, devices = played.scan.errors, {node.name for node in played.scan.acq_chain.nodes_list}
    fault = fired[0]
    check_outcome(fault, played.raised, errors, len(fired) == 1, devices)
    if played.raised is fault.error is not None and hasattr(fault.error, "__notes__") and not was_refused(played):
        owner = fault.key.rpartition("#")[0].rpartition(".")[0]
        first = fault.error.__notes__[0]
        assert first.startswith((f"in {plain(owner)}.", "in saver", "in viewer")), f"no note says where: {first!r}"


def was_refused(played):
    """Whether nothing was entered: then the note says so."""
    return any("no preset was entered" in note for note in getattr(played.raised, "__notes__", ()))


def goes_well_again(stage):
    """The next scan with the same devices and presets runs."""
    world = World()
    stage.set_world(world)
    for played in stage.play(Around(watched=False), npoints=1, count_time=0.001):
        state = played.scan.state
        assert state is ScanState.DONE, f"the next scan is {state.name}: {played.raised!r}"
    entered, left = (
        {name.rpartition(".")[0] for name in world.names() if name.endswith(f".{hook}")} for hook in ("prepare", "stop")
    )
    assert entered == left, f"the next scan entered {entered} and left {left}"


def noted_presses():
    """A SIGINT handler that only counts: a press that comes when no scan runs harms nobody."""
    presses = []
    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda *_: presses.append(1))
    return presses, before
