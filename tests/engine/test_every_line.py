"""Ctrl-C at every line of the engine: between any two statements of its own code, not only in hooks and devices."""

import logging
import random
import signal
import sys
from pathlib import Path

import pytest
from campaign import WHOLE
from doubles import Around
from harness import Broken, goes_well_again, insist, noted_presses, outcome_of
from invariants import ByAHairError, Report
from recording import World
from worlds import small, two_branches

import obtura
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.testing import Leftovers
from obtura.works.clock import virtual_time

PACKAGE = str(Path(obtura.__file__).parent)
# A signal's handler runs after a call or at the end of a loop; this tracer runs it at any bytecode, also between the
# body of a `with lock:` and its end, where no signal gets in. That matters only where the door is open.
NOT_TRACED = "/works/clock.py"


@pytest.fixture(autouse=True)
def quiet():
    log = logging.getLogger("obtura")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    presses, before = noted_presses()
    with virtual_time():
        yield presses
    signal.signal(signal.SIGINT, before)
    log.setLevel(level)


class Tracer:
    """Follows the main thread through obtura's own code; at step number `target` it presses Ctrl-C."""

    def __init__(self, target=-1, event="line"):
        self.target = target
        self.event = event
        self.places = []

    def __enter__(self):
        self.before = sys.gettrace()
        sys._getframe().f_trace_opcodes = self.event == "opcode"  # before `settrace`, for Python 3.12
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def _enter(self, frame, event, arg):
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) or file.endswith(NOT_TRACED):
            return None
        frame.f_trace = self._step  # before the next line, or Python 3.12 and later do not tell of bytecodes
        frame.f_trace_opcodes = self.event == "opcode"
        return self._step

    def _step(self, frame, event, arg):
        if event == self.event:
            code = frame.f_code
            self.places.append((code.co_filename.removeprefix(PACKAGE), code.co_name, frame.f_lineno, frame.f_lasti))
            if len(self.places) - 1 == self.target:
                signal.raise_signal(signal.SIGINT)
        return self._step


def places_of(world_of, event="line"):
    """Where the main thread comes along in a run, in order."""
    scan = world_of(World()).scan(npoints=1)
    with Tracer(event=event) as tracer:
        scan.run()
    return tracer.places


def press_at(world_of, target, presses, event="line"):
    """Run, press Ctrl-C at one step, and ask every invariant."""
    insist(_press_at, world_of, target, presses, event)


def _press_at(world_of, target, presses, event):
    world = World()
    stage = world_of(world)
    left = Leftovers()
    around = Around(axes=[stage.axis])
    scan = stage.scan(around, npoints=1)
    presses.clear()
    with Tracer(target, event) as tracer:
        raised = outcome_of(scan)
    place = tracer.places[target] if target < len(tracer.places) else "nowhere"
    try:
        left.check()
        if raised is None:
            assert scan.state is ScanState.DONE
            assert presses or place == "nowhere", "the press was lost"
        elif not isinstance(raised, ScanAbort):
            assert type(raised) is KeyboardInterrupt, f"run() raised {raised!r}"
            assert scan.state is ScanState.DONE, "only when all is over a Ctrl-C does not change how the scan ended"
            raised = None
        Report(scan, world, raised, around).check_all()
        goes_well_again(stage)
    except ByAHairError:
        raise
    except AssertionError as error:
        raise Broken(f"world={world_of.__name__} {event}={target} {place}: {error}") from error


def one_visit_each(places):
    """For each line one of the times when it is come along, chosen at random."""
    visits = {}
    for number, (file, _, line, _) in enumerate(places):
        visits.setdefault((file, line), []).append(number)
    rng = random.Random(1)
    return sorted(rng.choice(numbers) for numbers in visits.values())


CHUNKS = 3
SHARE = 1 if WHOLE else 2
"""At every so manieth line; `make fault-test` presses at each."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_ctrl_c_at_any_line_of_the_engine_leaves_what_was_entered(chunk, quiet):
    targets = one_visit_each(places_of(small))
    assert len(targets) > 500, "the tracer sees nothing of the engine"
    for target in targets[chunk :: CHUNKS * SHARE]:
        press_at(small, target, quiet)


@pytest.mark.parametrize("seed", [2])
def test_ctrl_c_at_any_bytecode_of_the_engine_leaves_what_was_entered(seed, quiet):
    count = len(places_of(small, "opcode"))
    for target in random.Random(seed).sample(range(count), 100):
        press_at(small, target, quiet, "opcode")


@pytest.mark.parametrize("seed", [3])
def test_ctrl_c_at_any_line_of_the_engine_leaves_both_branches(seed, quiet):
    count = len(places_of(two_branches))
    for target in random.Random(seed).sample(range(count), 120):
        press_at(two_branches, target, quiet)
