"""Threads that come back from a call that was given up: they do no harm, and leave nothing."""

import threading
import time

import pytest
from cast import Repeating
from doubles import Around, make_scan, scan_class
from worlds import outcome_of

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.engine.sequence import SequenceOfScans
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, ScanAbort
from obtura.ground.events import ScanClosed
from obtura.testing import Leftovers


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=1.5, device=1.5, hurried=0.1))


class Hangs(ScanPreset):
    """Aborts its scan in one hook, and hangs there."""

    def __init__(self, hook, swallows=True):
        self.hook, self.swallows = hook, swallows
        self.released = False
        self.stops = 0

    def at(self, hook, scan):
        if hook != self.hook:
            return
        threading.Thread(target=scan.abort, daemon=True).start()
        until = time.monotonic() + 6
        while not self.released and time.monotonic() < until:
            try:
                time.sleep(0.005)
            except ScanAbort:
                if not self.swallows:
                    raise

    def prepare(self, scan):
        self.at("prepare", scan)

    def stop(self, scan):
        self.stops += 1
        self.at("stop", scan)


class Inline(AcquisitionSlave):
    """A device called inline; one of its methods hangs."""

    blocking = False

    def __init__(self, hangs):
        super().__init__(name="inline")
        self.hangs = hangs
        self.reached, self.released = threading.Event(), threading.Event()

    def at(self, method):
        if method == self.hangs and not self.reached.is_set():
            self.reached.set()
            self.released.wait(60)

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


@pytest.mark.parametrize("are_replaced", [False, True])
def test_the_deadlines_of_a_scan_are_no_other_scans(are_replaced):
    scan, other = make_scan(chain_of(), Around()), make_scan(chain_of(), Around())
    if are_replaced:
        scan.deadlines = Deadlines(hook=0.2)
    else:
        scan.deadlines.hook = 0.2
    scan.add_preset(Hangs("stop"))
    outcome_of(scan)
    assert "it is given up" in str(scan.errors) and "after 0.2" in str(scan.errors), scan.errors
    assert other.deadlines == make_scan(chain_of(), Around()).deadlines == Scan.deadlines == Deadlines(1.5, 1.5, 0.1)


def chain_of(*slaves, tops=1):
    chain = AcquisitionChain()
    for number in range(tops):
        top = Repeating(f"timer{number or ''}", 2)
        top.terminator = False
        chain.add(top)
        for slave in slaves if not number else ():
            chain.add(top, slave)
    return chain


@pytest.mark.parametrize("hangs", ["trigger", "stop"])
def test_the_thread_of_a_branch_that_comes_back_late_ends(hangs):
    left, device = Leftovers(), Inline(hangs)
    scan = make_scan(chain_of(device, tops=2), Around())

    def abort():
        device.reached.wait(60)
        scan.abort()

    threading.Thread(target=abort, daemon=True).start()
    assert isinstance(outcome_of(scan), ScanAbort)
    device.released.set()
    left.check()


def test_the_master_of_a_device_that_comes_back_late_does_nothing_more():
    device, raised = Inline("trigger"), []
    scan = make_scan(chain_of(device), Around())
    thread = threading.Thread(target=lambda: raised.append(outcome_of(scan)), daemon=True)
    thread.start()
    assert device.reached.wait(60)
    scan.abort()
    assert scan.wait_state(ScanState.USER_ABORTED, 60), "all is left by another thread"
    device.released.set()
    thread.join(60)
    assert [type(error) for error in scan.errors] == [ScanAbort, DeviceError], scan.errors


class HangsInChain(ChainPreset):
    """The same on a branch."""

    scan = None

    def stop(self, acq_chain):
        Hangs("stop", swallows=False).at("stop", self.scan)


@pytest.mark.parametrize("tops", [1, 2])
def test_a_press_is_no_second_error_when_all_has_been_left_by_another_thread(tops):
    preset = HangsInChain()
    scan = preset.scan = make_scan(chain_of(tops=tops), Around())
    scan.acq_chain.add_preset(preset)
    outcome_of(scan)
    closed = scan.surroundings.viewer.events[-1]
    assert isinstance(closed, ScanClosed)
    assert len(closed.errors) == len(scan.errors) == 2, "the abort, and the hook that was given up"


@pytest.mark.parametrize("swallows", [True, False])
def test_a_scan_of_a_sequence_that_was_given_up_raises_its_first_error_there_too(swallows):
    sequence = type("Sequence", (SequenceOfScans,), {"Scan": scan_class(Around())})(save=False)
    scan = make_scan(chain_of(), Around())
    scan.add_preset(Hangs("stop", swallows))
    with pytest.raises(ScanAbort) as raised, sequence.sequence_context() as context:
        context.add_and_run(scan)
    assert raised.value is scan.errors[0]
    assert any("given up" in note for note in raised.value.__notes__)


def test_before_stop_of_the_others_comes_before_devices_are_stopped_when_one_of_several_hangs():
    log = []

    class Chained(ChainPreset):
        def __init__(self, name):
            self.name = name

        def before_stop(self, acq_chain):
            log.append(f"{self.name}.before_stop")
            if self.name == "C2":
                Hangs("stop", swallows=False).at("stop", scan)

        def stop(self, acq_chain):
            log.append(f"{self.name}.stop")

    class Device(Inline):
        def stop(self):
            log.append("device.stop")

    scan = make_scan(chain_of(Device(""), tops=2), Around())
    for name in ("C1", "C2"):
        scan.acq_chain.add_preset(Chained(name), scan.acq_chain.top_masters[0])
    outcome_of(scan)
    assert log == ["C2.before_stop", "C1.before_stop", "device.stop", "C2.stop", "C1.stop"]


def test_a_hook_in_which_a_scan_is_being_left_is_not_given_up_meanwhile():
    inner = make_scan(chain_of(), Around())
    stuck = [Hangs("stop", swallows=False), Hangs("stop", swallows=False)]
    for preset in stuck:
        inner.add_preset(preset)

    class Looks(ScanPreset):
        def start(self, scan):
            inner.run()

    scan = make_scan(chain_of(), Around())
    scan.add_preset(Looks())
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort)
    assert [preset.stops for preset in stuck] == [1, 1]
    assert inner.state is scan.state is ScanState.USER_ABORTED
    assert not any("Looks" in str(error) for error in scan.errors), scan.errors
