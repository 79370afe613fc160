"""Runs a world with one fault in it, and asks every invariant."""

import signal
import threading

from doubles import Around
from invariants import ByAHairError, Report, plain
from recording import FAULTS, Fault, World
from worlds import WORLDS

from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.testing import Leftovers


class Broken(AssertionError):
    """An invariant is broken; the message says how to run the very case again."""


def places(name):
    """Every call of a world, each told apart from its repetitions: where a fault can be."""
    world = World()
    WORLDS[name](world).scan().run()
    return sorted(world.keys())


CALLED_AS = {"metadata": "get_acquisition_metadata", "close": "get_iterator", "next": "", "trigger": "start"}


def outcome_of(scan):
    """What `run()` raised, or None."""
    try:
        scan.run()
    except BaseException as error:  # SystemExit and Ctrl-C are among what is tried
        return error
    return None


def insist(attempt, *arguments):
    """Try; a device that was stopped by a hair too early is tried again: it is chance once, not three times."""
    for last in (False, False, True):
        try:
            return attempt(*arguments)
        except ByAHairError as error:
            if last:
                raise Broken(str(error)) from error
    return None


def try_fault(name, number, key, kind):
    """One fault in one run; then another run with the same devices and presets, which must go well."""
    insist(_try_fault, name, number, key, kind)


def _try_fault(name, number, key, kind):
    fault = Fault(key, FAULTS[kind])
    world = World(fault)
    stage = WORLDS[name](world)
    left = Leftovers()
    try:
        around = Around(axes=[stage.axis])
        scan = stage.scan(around)
        report = Report(scan, world, outcome_of(scan), around)
        left.check()
        report = Report(scan, world, report.raised, around)
        assert fault.fired, "the call did not happen"
        expect(fault, report)
        report.check_all()
        goes_well_again(stage)
        left.check()
    except ByAHairError:
        raise
    except AssertionError as error:
        raise Broken(f"world={name} k={number} {key!r} kind={kind}: {error}") from error


def expect(fault, report):
    """What `run()` raises for this fault."""
    if fault.kind.ends_with_abort:
        assert isinstance(report.raised, ScanAbort), f"run() raised {report.raised!r}"
        return
    owner, _, call = fault.key.rpartition("#")[0].rpartition(".")
    beside = owner in report.devices and fault.kind.name.endswith("clean-up")  # others fail at the same time
    first = fault.error if beside and fault.error in report.scan.errors else report.raised
    assert first is fault.error, f"run() raised {report.raised!r} instead of {fault.error!r}"
    places = (call, CALLED_AS.get(call, call))
    first = next(iter(getattr(fault.error, "__notes__", [])), "")
    assert first.startswith(f"in {plain(owner)}."), f"no note says where: {first!r}"
    assert any(place in first for place in places), f"no note says where: {first!r}"


def goes_well_again(stage):
    """The next scan with the same devices and presets runs."""
    world = World()
    stage.set_world(world)
    scan = stage.scan(Around(watched=False), npoints=1, count_time=0.001)
    raised = outcome_of(scan)
    assert scan.state is ScanState.DONE, f"the next scan is {scan.state.name}: {raised!r}"
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
