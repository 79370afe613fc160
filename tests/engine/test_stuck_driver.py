"""A driver that does not come back: it is told to stop, named, refused to the next scan; nothing waits for it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cast import Repeating
from doubles import Around, make_scan
from harness import outcome_of

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, DeviceError


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(device=2.0))  # what does not hang needs less, however busy


class Hardware:
    """What is really stuck; two acquisition objects may drive it one after the other."""

    def __init__(self, name="camera"):
        self.name = name


class Stuck(AcquisitionSlave):
    """One of its methods returns when it is released, and not before."""

    def __init__(self, device, method=None):
        super().__init__(device)
        self.released = threading.Event()
        self.calls = []
        self.method = method

    def at(self, method):
        self.calls.append(method)
        if method == self.method:
            self.released.wait(600)

    def prepare(self):
        self.at("prepare")

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


class Failing(ScanPreset):
    """Fails in `start`, so that the scan is left with an error; or presses Ctrl-C."""

    def __init__(self, fail):
        self.fail = fail
        self.stopped = False

    def start(self, scan):
        self.fail()

    def stop(self, scan):
        self.stopped = True


def scan_of(*slaves, **options):
    chain = AcquisitionChain()
    top = Repeating("timer", 2)
    for slave in slaves:
        chain.add(top, slave)
    return make_scan(chain, **options)


def patiently(condition):
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.002)


def abort_amid(scan, *slaves):
    """Abort once each of them was triggered."""

    def watch():
        patiently(lambda: all("trigger" in slave.calls for slave in slaves))
        scan.abort()

    threading.Thread(target=watch).start()


def returned(slave):
    """Let the driver come back, and wait until the engine noticed."""
    slave.released.set()
    patiently(lambda: not is_refused(slave.device))


def is_refused(device):
    try:
        scan_of(Stuck(device)).run()
    except DeviceBusyError:
        return True
    return False


def test_a_call_that_never_returns_is_given_up_named_and_its_device_refused_until_it_returns():
    device = Hardware()
    stuck, healthy = Stuck(device, "trigger"), Stuck(Hardware("diode"))
    scan = scan_of(stuck, healthy)
    abort_amid(scan, stuck, healthy)
    began = time.monotonic()
    raised = outcome_of(scan)
    assert time.monotonic() - began < 60
    assert stuck.calls == ["prepare", "trigger", "stop"], "it is told to stop, once"
    assert healthy.calls[-1] == "stop"
    given_up = scan.errors[-1]
    assert isinstance(given_up, DeviceError)
    assert "camera.trigger has not returned 2 s after camera was stopped; it is given up" in str(given_up)
    assert any("camera.trigger has not returned" in note for note in raised.__notes__)
    assert scan.state is ScanState.USER_ABORTED

    again = Stuck(device)
    refused = scan_of(again)
    with pytest.raises(
        DeviceBusyError, match=r"camera can't be used: camera.trigger of an earlier scan has not returned"
    ):
        refused.run()
    assert again.calls == []
    scan_of(Stuck(healthy.device)).run()

    returned(stuck)
    patiently(lambda: stuck.calls == ["prepare", "trigger", "stop", "stop"])  # what it did late is undone
    scan_of(Stuck(device)).run()


def test_a_stop_that_never_returns_is_given_up_too_and_the_presets_are_left():
    device = Hardware()
    stuck = Stuck(device, "stop")
    scan = scan_of(stuck)
    scan.add_preset(preset := Failing(lambda: 1 / 0))
    assert isinstance(outcome_of(scan), ZeroDivisionError)
    assert "camera.stop has not returned 2 s after it was called" in str(scan.errors[1])
    assert preset.stopped
    with pytest.raises(DeviceBusyError, match="camera.stop of an earlier scan"):
        scan_of(Stuck(device)).run()
    returned(stuck)
    scan_of(Stuck(device)).run()


def test_a_stop_that_hangs_beside_a_call_keeps_the_device_refused_after_that_call_returned():
    device = Hardware()

    class Both(Stuck):
        def at(self, method):
            self.calls.append(method)
            if method == "trigger":
                self.stopping.wait(600)
            elif method == "stop":
                self.stopping.set()
                self.released.wait(600)

    stuck = Both(device)
    stuck.stopping = threading.Event()
    scan = scan_of(stuck)
    abort_amid(scan, stuck)
    outcome_of(scan)
    assert "camera.stop has not returned" in str(scan.errors[1])
    with pytest.raises(DeviceBusyError, match="camera.stop of an earlier scan"):
        scan_of(Stuck(device)).run()
    returned(stuck)
    scan_of(Stuck(device)).run()


def test_ctrl_c_while_devices_are_asked_for_limits_leaves_a_stuck_one_behind_and_refused():
    device = Hardware()
    entered = threading.Event()

    class Asked(Stuck):
        def validate(self):
            entered.set()
            self.released.wait(600)

    stuck = Asked(device)
    scan = scan_of(stuck)
    threading.Thread(target=lambda: (entered.wait(60), scan.abort())).start()
    assert isinstance(outcome_of(scan), KeyboardInterrupt)
    assert stuck.calls == [], "it was not entered, so it is not stopped"
    with pytest.raises(DeviceBusyError, match="camera.validate of an earlier scan"):
        scan_of(Stuck(device)).run()
    returned(stuck)
    scan_of(Stuck(device)).run()


def test_a_lane_whose_first_call_hangs_does_not_hold_up_a_scan_that_is_refused():
    class Lost(Stuck):
        def on_lane_start(self):
            self.released.wait(600)

    class Refusing(AcquisitionSlave):
        blocking = False

        def validate(self):
            raise DeviceError("not connected")

    lost = Lost(Hardware())
    began = time.monotonic()
    with pytest.raises(DeviceError, match="not connected"):
        scan_of(lost, Refusing(name="other")).run()
    assert time.monotonic() - began < 60
    returned(lost)


def test_while_the_scan_goes_well_a_stop_may_take_longer_than_the_deadline():
    class Slow(Stuck):
        def stop(self):
            time.sleep(2.5)
            self.calls.append("stop")

    slave = Slow(Hardware())
    scan = scan_of(slave)
    scan.run()
    assert slave.calls[-1] == "stop"
    assert scan.errors == []


def test_a_late_call_of_a_given_up_device_gets_no_point_into_a_finished_scan():
    late = []

    class Late(Stuck):
        def __init__(self, device):
            super().__init__(device, "trigger")
            from_channel = Repeating("unused").channels[0]
            self.channels.append(type(from_channel)("camera:value"))

        def trigger(self):
            super().trigger()
            try:
                self.channels[0].emit(1.0)
            except BaseException as error:  # what it gets is looked at below
                late.append(error)

    stuck, around = Late(Hardware()), Around()
    chain = AcquisitionChain()
    chain.add(Repeating("timer", 2), stuck)
    scan = make_scan(chain, around)
    abort_amid(scan, stuck)
    outcome_of(scan)
    events = list(around.viewer.events)
    returned(stuck)
    assert "outside of a running scan" in str(late[0])
    assert around.viewer.events == events
    assert len(scan.get_data("camera:value")) == 0


SCRIPT = """
import sys, threading, time
sys.path[:0] = sys.argv[1:]
from cast import Repeating
from doubles import make_scan
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.scan import Scan
Scan.deadlines.device = 0.1

class Stuck(AcquisitionSlave):
    def trigger(self):
        threading.Thread(target=scan.abort).start()
        time.sleep(1000)

chain = AcquisitionChain()
chain.add(Repeating("timer"), Stuck(name="camera"))
scan = make_scan(chain)
try:
    scan.run()
except KeyboardInterrupt:
    print("left", flush=True)
"""


def test_the_process_can_exit_while_a_driver_is_stuck():
    here = Path(__file__).parent
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(here), str(here.parents[1] / "src")],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert done.stdout == "left\n"
    assert time.monotonic() - began < 200
