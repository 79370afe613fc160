"""Ctrl-C from another process at any moment of a sequence: all of it ends, nothing is left behind."""

import random
import signal
import threading

import pytest
from doubles import diode, make_bench

from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("presses"),
]


@pytest.mark.parametrize("seed", range(12))
def test_a_press_at_any_moment_ends_the_sequence_and_leaves_nothing(sender, left, presses, seed):
    bench, handler = make_bench(), signal.getsignal(signal.SIGINT)
    before = threading.enumerate()  # a driver of another test may still be stuck
    counter = diode()
    sequence = bench.Sequence(save=False)
    scans = [bench.loopscan(2, 0.005, counter, run=False) for _ in range(3)]
    sender.press(random.Random(seed).uniform(0, 0.06))
    raised = None
    try:
        with sequence.sequence_context() as context:
            for scan in scans:
                context.add_and_run(scan)
    except KeyboardInterrupt as error:  # a plain one: pressed when a sub-scan, or the sequence, had ended already
        raised = error
    sender.settle()
    possible = {ScanAbort: {ScanState.USER_ABORTED}, type(None): {ScanState.DONE}}
    assert sequence.state in possible.get(type(raised), {ScanState.USER_ABORTED, ScanState.DONE})
    assert raised or len(presses) == 1
    assert all(scan.state >= ScanState.DONE or scan.state is ScanState.IDLE for scan in scans)
    assert signal.getsignal(signal.SIGINT) is handler
    mine = [one for one in threading.enumerate() if one not in before]
    assert not [one for one in mine if one.name.startswith(("sequence", "lane", "reader"))]
    assert bench.ct(0, counter).state is ScanState.DONE


def test_a_press_in_the_users_own_lines_comes_in_at_once(sender, left):
    sequence = make_bench().Sequence(save=False)
    with pytest.raises(ScanAbort, match="interrupted by Ctrl-C"), sequence.sequence_context():
        sender.press(0.02)
        threading.Event().wait(60)
    sender.settle()
    assert sequence.state is ScanState.USER_ABORTED


def test_a_press_that_the_body_swallows_still_ends_the_sequence(sender, left):
    sequence = make_bench().Sequence(save=False)
    with pytest.raises(ScanAbort), sequence.sequence_context():
        sender.press(0.02)
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(60)
    sender.settle()
    assert sequence.state is ScanState.USER_ABORTED
