"""Ctrl-C from another process at the end of a scan."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from doubles import Around, MemoryAxis, Watcher, diode, make_bench
from harness import outcome_of
from pressing import Everywhere, aborted

from obtura.engine.states import ScanState
from obtura.ground.events import ScanEnded

# A press that lands in a callback of the garbage collector (hypothesis has one) is reported there and lost; the
# engine has noted it nevertheless.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("presses"),
]


# -- the end of a scan --------------------------------------------------------------------------------------------


class SlowSaver(Watcher):
    """Needs a while for each batch."""

    def __init__(self, name="saver", essential=True, pause=0.15):
        super().__init__(name, essential)
        self.pause = pause

    def receive(self, events):
        time.sleep(self.pause)
        super().receive(events)


def test_ctrl_c_while_the_saver_finishes_loses_nothing_and_the_scan_is_done(sender, left):
    asked = threading.Event()

    class PressedSaver(SlowSaver):
        def receive(self, events):
            if asked.is_set():
                sender.settle()  # Ctrl-C comes before the scan has ended
            super().receive(events)

    saver, counter = PressedSaver(), diode()
    scan = make_bench(Around(saver)).loopscan(2, 0, counter, run=False)
    preset = Everywhere("S.stop", lambda: (sender.press(0.02), asked.set()))
    scan.add_preset(preset)
    raised = outcome_of(scan)
    sender.settle()
    assert isinstance(raised, KeyboardInterrupt)
    assert saver.events[-1].state == scan.state.name
    reason = saver.of(ScanEnded)[0].end_reason
    assert reason == ("SUCCESS" if scan.state is ScanState.DONE else "USER_ABORT")
    assert saver.closed == 1


class Far(MemoryAxis):
    """Has a long way; on the one to `fatal` Ctrl-C is pressed."""

    speed = 10.0

    def __init__(self, sender, fatal):
        super().__init__(limits=(-1e4, 1e4))
        self.sender, self.fatal = sender, fatal
        self.is_armed = False

    def move(self, target, wait=True):
        super().move(target, wait=False)
        if target == self.fatal and self.is_armed:
            self.sender.press(0.3)
        if wait:
            self.wait_move()

    def arm(self):
        self.is_armed = True


def test_ctrl_c_stops_the_return_of_a_motor_and_says_where_it_stands(sender, left):
    axis = Far(sender, fatal=0)
    axis.speed = 1e9
    scan = make_bench().dscan(axis, 0, 1000, 1, 0, diode(), run=False)

    def slow():
        axis.speed = 10.0
        axis.arm()

    scan.add_preset(Everywhere("S.stop", slow))
    raised = aborted(scan, sender)
    assert "return of roby was stopped by Ctrl-C: roby stands at" in str(raised)
    assert not axis.is_moving
    assert 0 < axis.position < 1000


def test_a_motor_in_motion_is_stopped_and_returned(sender, left):
    axis = Far(sender, fatal=1000)
    scan = make_bench().dscan(axis, 0, 1000, 1, 0, diode(), run=False)
    scan.add_preset(Everywhere("S.start", axis.arm))
    aborted(scan, sender)
    assert axis.touched[-1] == ("move", 0.0)
    assert axis.position == 0.0
    assert ("stop",) in axis.touched


def test_an_ignored_sigint_stays_ignored(sender, left):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        scan = make_bench().loopscan(2, 0, diode(), run=False)
        scan.add_preset(Everywhere("S.prepare", lambda: (sender.press(), sender.settle())))
        scan.run()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert scan.state is ScanState.DONE
    finally:
        sender.settle()
        signal.signal(signal.SIGINT, before)


SCRIPT = """
import sys, time
sys.path[:0] = sys.argv[2:]
from doubles import diode, make_bench
from obtura.contracts.presets import ScanPreset

class Shutter(ScanPreset):
    def prepare(self, scan):
        log("open")
    def stop(self, scan):
        time.sleep(0.1)
        log("closed")

def log(text):
    with open(sys.argv[1], "a") as file:
        file.write(text + "\\n")

scan = make_bench().loopscan(10, 10, diode(), run=False)
scan.add_preset(Shutter())
print("goes", flush=True)
scan.run()
"""


def test_a_script_ends_with_its_shutter_closed(tmp_path):
    log = tmp_path / "log"
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(log), str(here), str(here.parents[1] / "src")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "goes\n"
    while not log.exists():
        time.sleep(0.005)
    time.sleep(0.05)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, errors = process.communicate(timeout=120)
    assert log.read_text() == "open\nclosed\n"
    assert process.returncode != 0
    assert "ScanAbort: interrupted by Ctrl-C" in errors
