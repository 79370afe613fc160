"""On the way out nothing is waited for without end: what hangs is given up, and everything else is left."""

import re
import threading
import time

import pytest
from cast import Repeating
from doubles import Around, make_scan
from harness import outcome_of
from pressing import press, press_until

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, HookError, ScanAbort, UsageError
from obtura.ground.events import HookLeft, Text


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=1.5, device=1.5, hurried=0.2))


class Log(list):
    def __call__(self, what):
        self.append(what)


class Hook(ScanPreset):
    """Notes its hooks; the ones named in `hangs` wait for `released`."""

    def __init__(self, name, log, hangs=(), fails=()):
        self.name, self.log, self.hangs, self.fails = name, log, hangs, fails
        self.released = threading.Event()
        self.threads = {}

    def at(self, hook):
        self.log(f"{self.name}.{hook}")
        self.threads[hook] = threading.current_thread()
        if hook in self.fails:
            raise ArithmeticError(f"{self.name}.{hook}")
        if hook in self.hangs:
            try:
                self.hang()
            finally:
                self.log(f"{self.name}.{hook} ended")

    def hang(self):
        while not self.released.wait(0.01):
            pass

    def prepare(self, scan):
        self.at("prepare")

    def start(self, scan):
        self.at("start")

    def stop(self, scan):
        self.at("stop")


class Chained(ChainPreset):
    def __init__(self, name, log, hangs=()):
        self.name, self.log, self.hangs = name, log, hangs
        self.released = threading.Event()

    at, hang, fails, threads = Hook.at, Hook.hang, (), {}

    def prepare(self, chain):
        self.at("prepare")

    def before_stop(self, chain):
        self.at("before_stop")

    def stop(self, chain):
        self.at("stop")

    def get_iterator(self, chain):
        try:
            while True:
                yield Each(self)
        finally:
            self.at("closing")


class Each(ChainIterationPreset):
    def __init__(self, chained):
        self.at = chained.at

    def prepare(self):
        self.at("I.prepare")

    def stop(self):
        self.at("I.stop")


class Inline(AcquisitionSlave):
    """A device that is called inline, though one of its methods hangs."""

    blocking = False

    def __init__(self, log, hangs=()):
        super().__init__(name="inline")
        self.log, self.hangs, self.fails, self.threads = log, hangs, (), {}
        self.released = threading.Event()

    at, hang = Hook.at, Hook.hang

    def prepare(self):
        self.at("prepare")

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


def scan_of(*presets, slaves=(), around=None, tops=1):
    chain = AcquisitionChain()
    for number in range(tops):
        top = Repeating(f"timer{number or ''}", 2)
        top.terminator = False
        chain.add(top)
        for slave in slaves if not number else ():
            chain.add(top, slave)
    scan = make_scan(chain, around or Around())
    for preset in presets:
        (scan if isinstance(preset, ScanPreset) else chain).add_preset(preset)
    return scan


def once(condition, then):
    """Call `then` on a thread as soon as the condition holds."""

    def watch():
        while not condition():
            time.sleep(0.002)
        then()

    threading.Thread(target=watch, daemon=True).start()


def abort_at(scan, log, what):
    """Abort from a thread, once something is in the log."""
    once(lambda: what in log, scan.abort)


LEFT = ["C.before_stop", "C.closing", "C.stop", "S1.stop"]


@pytest.mark.parametrize("tops", [1, 2])
@pytest.mark.parametrize("hangs", ["I.stop", "before_stop", "closing", "stop"])
def test_a_hook_of_the_way_out_that_hangs_is_given_up_and_the_rest_is_left_in_order(hangs, tops):
    log = Log()
    first, chained, failing = Hook("S1", log), Chained("C", log, [hangs]), Hook("S2", log, fails=["start"])
    scan = scan_of(first, failing, chained, tops=tops)
    raised = outcome_of(scan)
    assert isinstance(raised, ArithmeticError)
    out = [each for each in log if each.endswith("stop") or each.endswith("closing")]
    assert out == ["C.before_stop", "C.I.stop", "C.closing", "C.stop", "S2.stop", "S1.stop"]
    assert scan.state is ScanState.KILLED
    assert any(isinstance(error, HookError) and "it is given up" in str(error) for error in scan.errors)
    assert "NOT in order" in raised.__notes__[-1]


def test_a_hook_that_hangs_is_ended_when_the_rest_is_left():
    log = Log()
    scan = scan_of(Hook("S1", log), Hook("S2", log, hangs=["stop"]), Hook("S3", log, fails=["start"]))
    outcome_of(scan)
    assert log[-3:] == ["S2.stop", "S1.stop", "S2.stop ended"]
    assert [event.error for event in scan.surroundings.viewer.of(HookLeft) if event.hook == "stop"] == [
        None,
        "given up",
        None,
    ]


def test_while_the_scan_goes_well_a_hook_takes_its_time_and_from_ctrl_c_on_it_has_a_deadline():
    log = Log()
    slow = Hook("S1", log, hangs=["stop"])
    threading.Timer(2.0, slow.released.set).start()
    scan_of(slow).run()
    assert log == ["S1.prepare", "S1.start", "S1.stop", "S1.stop ended"]
    log.clear()
    scan = scan_of(Hook("S0", log), Hook("S1", log, hangs=["stop"]))
    abort_at(scan, log, "S1.stop")
    assert isinstance(outcome_of(scan), ScanAbort)
    assert log[-3:] == ["S1.stop", "S0.stop", "S1.stop ended"]


class Swallowing(Hook):
    """No Ctrl-C ends it, nor anything else."""

    def hang(self):
        while not self.released.is_set():
            try:
                time.sleep(0.01)
            except BaseException:
                self.log("swallowed")


@pytest.mark.parametrize("hook", ["prepare", "start"])
def test_a_forward_hook_that_does_not_end_after_ctrl_c_is_given_up_and_undone_when_it_does(hook):
    log = Log()
    stuck = Swallowing("S2", log, hangs=[hook])
    scan = scan_of(Hook("S1", log), stuck)
    abort_at(scan, log, f"S2.{hook}")
    said = lambda: [event.text for event in scan.surroundings.viewer.of(Text)]  # noqa: E731
    complaint = f"Swallowing.{hook} has still not returned; everything else is left"
    once(lambda: any(complaint in text for text in said()) and log.count("swallowed") >= 2, stuck.released.set)
    assert isinstance(outcome_of(scan), ScanAbort)
    kept = [each for each in log if each != "swallowed"]
    assert kept[-4:] == ["S2.stop", "S1.stop", f"S2.{hook} ended", "S2.stop"]
    assert log.count("swallowed") >= 2, "Ctrl-C, and again when everything else was left"
    assert any(complaint in text for text in said())


def test_a_hook_that_swallows_ctrl_c_in_a_loop_is_ended_all_the_same():
    class Waiting(Hook):
        def hang(self):
            while True:
                try:
                    time.sleep(0.01)
                except KeyboardInterrupt:
                    self.log("swallowed")

    log = Log()
    scan = scan_of(Hook("S1", log), Waiting("S2", log, hangs=["prepare"]))
    abort_at(scan, log, "S2.prepare")
    assert isinstance(outcome_of(scan), ScanAbort)
    assert log[-4:] == ["S2.stop", "S1.stop", "S2.prepare ended", "S2.stop"]


@pytest.mark.parametrize("deadline", ["x", None, float("nan"), -1, 0, True])
def test_what_is_no_deadline_is_refused(deadline):
    preset = Hook("S1", Log())
    preset.deadline = deadline
    with pytest.raises(UsageError, match="Hook.deadline must be a number of seconds above 0"):
        scan_of(preset)
    with pytest.raises(UsageError, match="deadlines.hook must be a number of seconds above 0"):
        Deadlines(hook=deadline)
    with pytest.raises(UsageError, match="there is no deadline 'hok'"):
        Deadlines().hok = 3


def test_a_deadline_that_became_nonsense_is_the_one_of_all_others():
    log = Log()
    preset = Hook("S1", log, hangs=["stop"])
    scan = scan_of(preset, Hook("S2", log, fails=["start"]))
    preset.deadline = "x"
    outcome_of(scan)
    assert any("Hook.stop has not returned" in str(error) for error in scan.errors)


def test_several_hooks_that_hang_are_given_up_one_after_the_other():
    log = Log()
    presets = [Hook(f"S{number}", log, hangs=["stop"]) for number in range(4)]
    began = time.monotonic()
    scan = scan_of(*presets, Hook("S4", log, fails=["start"]))
    outcome_of(scan)
    assert time.monotonic() - began < 60
    assert [each for each in log if each.endswith("stop")] == [f"S{number}.stop" for number in (4, 3, 2, 1, 0)]
    for preset in presets:
        preset.released.set()
    assert sum("given up" in str(error) for error in scan.errors) == 4


@pytest.mark.parametrize("tops", [1, 2])
@pytest.mark.parametrize("hangs", ["prepare", "trigger", "stop"])
def test_a_device_called_inline_that_hangs_is_given_up(hangs, tops):
    log = Log()
    device = Inline(log, [hangs])
    scan = scan_of(Hook("S1", log), slaves=[device], tops=tops)
    if hangs != "stop":
        device.hang = lambda: Swallowing.hang(device)
        once(lambda: "S1.stop" in log, device.released.set)
    abort_at(scan, log, f"inline.{hangs}")
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort)
    assert log.count("S1.stop") == 1
    assert scan.state is ScanState.USER_ABORTED
    device.released.set()
    if hangs == "stop":
        assert log.count("inline.stop") == 1
    else:  # it came back late, on its own thread, so that what it did is undone
        until = time.monotonic() + 60
        while log.count("inline.stop") < 2:
            assert time.monotonic() < until, log
            time.sleep(0.01)


def test_devices_that_hang_on_their_lanes_are_waited_for_together(monkeypatch):
    class Stuck(AcquisitionSlave):
        def __init__(self, number):
            super().__init__(name=f"device{number}")
            self.released = threading.Event()

        def trigger(self):
            log(f"{self.name}.trigger")
            self.released.wait(600)

    monkeypatch.setattr(Scan, "deadlines", Deadlines(device=2.0))
    log = Log()
    slaves = [Stuck(number) for number in range(20)]
    scan = scan_of(Hook("S1", log), slaves=slaves)
    once(lambda: sum(each.endswith(".trigger") for each in log) == len(slaves), scan.abort)
    began = time.monotonic()
    outcome_of(scan)
    assert time.monotonic() - began < 35, "one after the other it would be 40 s"
    assert sum(isinstance(error, DeviceError) for error in scan.errors) == 20
    assert "S1.stop" in log
    for slave in slaves:
        slave.released.set()


def test_a_preset_may_have_a_deadline_of_its_own():
    log = Log()
    slow = Hook("S1", log, hangs=["stop"])
    slow.deadline = 200.0
    threading.Timer(2.0, slow.released.set).start()
    scan = scan_of(slow, Hook("S2", log, fails=["start"]))
    outcome_of(scan)
    assert not any("given up" in str(error) for error in scan.errors)


def press_at(log, what, times, between=0.02):
    """Real SIGINTs, once something is in the log."""
    once(lambda: what in log, lambda: [(press(), time.sleep(between)) for _ in range(times)])


def said_by(scan):
    return "".join(event.text for event in scan.surroundings.viewer.of(Text))


TOLD = "The scan is being left: waiting for "
LONGER = 3.0
"""Seconds after which another Ctrl-C is no third one."""


def test_a_second_ctrl_c_says_what_is_being_left_and_a_third_gives_it_up(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=200.0, device=200.0, hurried=0.1))
    log = Log()
    scan = scan_of(Hook("S1", log), Hook("S2", log, hangs=["stop"]))

    def press_three_times():
        press()
        time.sleep(0.2)
        press_until(lambda: TOLD in said_by(scan), LONGER)
        press_until(lambda: "S1.stop" in log, 0.5)

    once(lambda: "S2.stop" in log, press_three_times)
    began = time.monotonic()
    assert isinstance(outcome_of(scan), ScanAbort)
    assert time.monotonic() - began < 60
    assert log[-3:] == ["S2.stop", "S1.stop", "S2.stop ended"]
    told = TOLD + r"Hook.stop \(\d+ s so far, given up after 200 s\); then Hook.stop\."
    assert re.search(told, said_by(scan))


def test_each_further_ctrl_c_says_nothing_that_was_said(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=200.0, device=200.0, hurried=100.0))
    log = Log()
    slow = Hook("S1", log, hangs=["stop"])
    scan = scan_of(slow)

    def press_six_times():
        press()
        time.sleep(0.2)
        press_until(lambda: TOLD in said_by(scan), LONGER)
        press_until(lambda: "given up after 100 s)" in said_by(scan), 0.5)
        for _ in range(3):
            press()
            time.sleep(0.2)
        slow.released.set()

    once(lambda: "S1.stop" in log, press_six_times)
    assert isinstance(outcome_of(scan), ScanAbort)
    said = said_by(scan)
    assert said.count("given up after 200 s)") == 1
    assert said.count("given up after 100 s)") == 1
    assert "waiting for the engine" not in said


def test_hammering_on_ctrl_c_tears_no_clean_up_that_takes_a_moment(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=200.0, device=200.0, hurried=190.0))
    log = Log()
    slow = Hook("S1", log, hangs=["stop"])
    scan = scan_of(slow)
    press_at(log, "S1.start", 8)
    threading.Timer(0.4, slow.released.set).start()
    outcome_of(scan)
    assert log[-2:] == ["S1.stop", "S1.stop ended"] and len(scan.errors) == 1
