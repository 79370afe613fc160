"""Whatever hooks and devices raise: the way out is taken all the same."""

import time

import pytest
from doubles import Around
from harness import outcome_of
from hostile import ERRORS, Frozen, Raising, RaisingSlave, Stubborn, scan_of

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.ground.events import Failed, ScanEnded
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.mark.parametrize("make", ERRORS)
@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_whatever_a_hook_raises_is_raised_by_run_and_everybody_is_left(make, hook):
    around = Around()
    scan = scan_of(around=around)
    first, bad, last = Raising(), Raising(**{hook: make}), Raising()
    for preset in (first, bad, last):
        scan.add_preset(preset)
    raised = outcome_of(scan)
    assert type(raised) is type(make())
    assert scan.state is ScanState.KILLED
    assert first.log[-1] == bad.log[-1] == "stop"
    assert last.log[-1:] == ([] if hook == "prepare" else ["stop"])
    assert around.saver.of(ScanEnded)[0].end_reason == "FAILURE"
    assert around.viewer.closed == around.saver.closed == 1
    outcome_of(scan_of())


@pytest.mark.parametrize("make", ERRORS)
@pytest.mark.parametrize("method", ["prepare", "trigger", "stop"])
@pytest.mark.parametrize("blocking", [False, True])
def test_whatever_a_device_raises_is_raised_by_run_and_everybody_is_left(make, method, blocking):
    slave = RaisingSlave(blocking, **{method: make})
    scan = scan_of(slave)
    scan.add_preset(preset := Raising())
    raised = outcome_of(scan)
    assert type(raised) is type(make())
    assert slave.log.count("stop") == 1
    assert preset.log[-1] == "stop"
    assert scan.state is ScanState.KILLED


@pytest.mark.parametrize("later", ERRORS)
def test_all_clean_up_steps_are_taken_whatever_each_of_them_raises(later):
    slave = RaisingSlave(True, trigger=lambda: ValueError("first"), stop=later)
    scan = scan_of(slave)
    presets = [Raising(stop=later) for _ in range(3)]
    for preset in presets:
        scan.add_preset(preset)
    raised = outcome_of(scan)
    assert str(raised) == "first"
    assert [preset.log[-1] for preset in presets] == ["stop"] * 3
    assert len(scan.errors) == 5
    assert sum(note.startswith("then ") for note in raised.__notes__) == 4


@pytest.mark.parametrize("make", [Frozen, Stubborn])
def test_an_error_that_refuses_attributes_says_where_it_happened_all_the_same(make):
    scan = scan_of()
    scan.add_preset(Raising(start=make))
    assert outcome_of(scan).__notes__[0] == "in Raising.start"


def test_the_cause_of_an_error_is_kept():
    def make():
        error = ValueError("no answer")
        error.__cause__ = OSError("cable")
        return error

    for blocking in (False, True):
        raised = outcome_of(scan_of(RaisingSlave(blocking, trigger=make)))
        assert str(raised.__cause__) == "cable"


@pytest.mark.parametrize("where", ["hook", "inline", "lane"])
def test_a_keyboard_interrupt_that_user_code_raises_is_a_ctrl_c(where):
    if where == "hook":
        scan = scan_of()
        scan.add_preset(Raising(start=KeyboardInterrupt))
    else:
        scan = scan_of(RaisingSlave(where == "lane", trigger=KeyboardInterrupt))
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort)
    assert isinstance(raised.__cause__, KeyboardInterrupt)
    assert scan.state is ScanState.USER_ABORTED


def test_every_error_is_in_the_record_with_its_place():
    around = Around()
    slave = RaisingSlave(True, trigger=lambda: ValueError("no answer"), stop=lambda: OSError("cable"))
    scan = scan_of(slave, around=around)
    scan.add_preset(Raising(stop=lambda: KeyError("shutter")))
    outcome_of(scan)
    assert [(one.message, one.place) for one in around.viewer.of(Failed)] == [
        ("ValueError: no answer", "device.trigger, point 0 of 2"),
        ("OSError: cable", "device.stop, point 0 of 2"),
        ("KeyError: 'shutter'", "Raising.stop"),
    ]


def test_devices_that_fail_together_are_all_named():
    """Two on lanes; a third, called inline, keeps the engine from looking until both have failed."""
    slaves = []
    for number in range(2):
        slaves.append(RaisingSlave(True, prepare=lambda number=number: ValueError(f"device {number}")))
        slaves[-1].name = f"device{number}"
    waiting = AcquisitionSlave(name="waiting")
    waiting.blocking = False
    scan = scan_of(*slaves, waiting)

    def wait():
        until = time.monotonic() + 60
        while not all(slave.log for slave in slaves):
            assert time.monotonic() < until
        time.sleep(0.01)

    waiting.prepare = wait
    raised = outcome_of(scan)
    assert raised is scan.errors[0]
    assert sorted(map(str, scan.errors)) == ["device 0", "device 1"]
    assert sorted(error.__notes__[0] for error in scan.errors) == [
        "in device0.prepare, point 0 of 2",
        "in device1.prepare, point 0 of 2",
    ]
