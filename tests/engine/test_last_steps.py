"""What comes after the hooks: viewers, savers, positions, the return of motors."""

import signal

import pytest
from doubles import Around, MemoryAxis, diode, make_bench
from harness import noted_presses, outcome_of
from hostile import (
    Raising,
    scan_of,
)

from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.ground.events import ScanEnded
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


# -- surroundings -------------------------------------------------------------------------------------------------


def test_a_viewer_that_fails_is_detached_and_the_scan_goes_on():
    around = Around()
    around.viewer.receive = lambda events: 1 / 0
    scan = scan_of(around=around)
    scan.run()
    assert scan.state is ScanState.DONE
    assert around.viewer.closed == 1
    assert around.saver.of(ScanEnded)


@pytest.mark.parametrize("kind", [OSError, SystemExit])
def test_a_saver_that_fails_is_an_error_of_the_scan(kind):
    around = Around()

    def receive(events):
        raise kind("disk full")

    around.saver.receive = receive
    scan = scan_of(around=around, npoints=0)
    scan.add_preset(preset := Raising())
    raised = outcome_of(scan)
    assert type(raised) is kind
    assert raised.__notes__[0] == "in saver"
    assert preset.log[-1] == "stop"
    assert scan.state is ScanState.KILLED
    assert around.viewer.of(ScanEnded)[0].end_reason == "FAILURE"


@pytest.mark.parametrize("kind", [OSError, SystemExit])
def test_a_consumer_whose_close_fails_does_not_keep_the_others_open(kind):
    around = Around()

    def close():
        raise kind("no")

    around.saver.close = close
    scan = scan_of(around=around)
    assert type(outcome_of(scan)) is kind
    assert around.viewer.closed == 1


def test_positions_that_can_not_be_read_at_the_end_do_not_keep_the_end_from_the_saver():
    around = Around()
    around.asked = 0

    def positions():
        around.asked += 1
        if around.asked > 1:
            raise OSError("not connected")
        return {}

    around.positions = positions
    scan = scan_of(around=around)
    assert isinstance(outcome_of(scan), OSError)
    [ended] = around.saver.of(ScanEnded)
    assert (ended.end_reason, ended.positioners) == ("FAILURE", {})


def test_an_error_after_the_end_is_told_and_hides_no_earlier_one():
    for hook, first in (("start", ZeroDivisionError), (None, OSError)):
        around = Around()

        def finished(scan):
            raise OSError("no list of scans")

        around.finished = finished
        scan = scan_of(around=around)
        if hook:
            scan.add_preset(Raising(start=lambda: 1 / 0))
        assert type(outcome_of(scan)) is first


# -- the last steps -----------------------------------------------------------------------------------------------


class Step:
    """A last step of the way out."""

    name = "return of roby"

    def __init__(self, log, fails=()):
        self.log = log
        self.fails = fails

    def at(self, method):
        self.log.append(method)
        if method in self.fails:
            raise OSError(f"{method} fails")

    def validate(self):
        """Nothing to check."""

    def estimate(self):
        self.at("estimate")
        return 0.0

    def run(self):
        self.at("run")

    def stop(self):
        self.at("stop")
        return "it stands"


@pytest.mark.parametrize("fails", [(), ("estimate",), ("run",), ("estimate", "run")])
@pytest.mark.parametrize("hook", [None, "prepare", "stop"])
def test_a_last_step_is_taken_after_every_hook_however_the_scan_ends(fails, hook):
    log = []
    scan = scan_of()
    scan.on_way_out(Step(log, fails))
    scan.on_way_out(Step(other := []))
    scan.add_preset(preset := Raising(**({hook: ValueError} if hook else {})))
    raised = outcome_of(scan)
    assert log == ["estimate", "run"]
    assert other == ["estimate", "run"]
    assert preset.log[-1] == "stop"
    expected = ValueError if hook else OSError if fails else type(None)
    assert type(raised) is expected
    assert len(scan.errors) == len(fails) + bool(hook)


def test_a_scan_that_was_refused_takes_no_last_step_for_it_has_moved_nothing():
    axis = MemoryAxis()
    with pytest.raises(ValueError, match="outside"):
        make_bench().dscan(axis, 0, 1000, 2, 0, diode())
    assert axis.touched == []


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_a_relative_scan_returns_whatever_happens(hook):
    axis = MemoryAxis()
    axis.move(3.0)
    scan = make_bench().dscan(axis, 0, 10, 2, 0, diode(), run=False)
    scan.add_preset(Raising(**{hook: ZeroDivisionError}))
    outcome_of(scan)
    assert axis.position == 3.0
    assert not axis.is_moving


def test_a_ctrl_c_and_an_error_on_the_way_out_are_both_told():
    _, before = noted_presses()
    try:
        scan = scan_of()
        scan.add_preset(Raising(start=lambda: signal.raise_signal(signal.SIGINT), stop=lambda: OSError("stuck")))
        raised = outcome_of(scan)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(raised, ScanAbort)
    assert "then OSError: stuck (in Raising.stop)" in raised.__notes__
    assert scan.state is ScanState.USER_ABORTED
