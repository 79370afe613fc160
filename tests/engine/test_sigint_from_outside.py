"""Ctrl-C sent from another process, while real waits are going on: they end by the signal, not by their time."""

import asyncio
import logging
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cast import Repeating
from doubles import Around, MemoryAxis, Watcher, diode, make_bench, make_scan
from harness import Broken, goes_well_again, noted_presses, outcome_of
from invariants import Leftovers, Report
from recording import World
from sigint_sender import Sender
from worlds import every_kind, one_branch, two_branches

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.ground.events import ScanEnded

LONG = 20.0
"""Seconds that a wait would last if the signal did not end it."""
SOON = 3.0
"""Seconds within which a scan has to end after Ctrl-C, on a busy machine."""

# A press that lands in a callback of the garbage collector (hypothesis has one) is reported there and lost; the
# engine has noted it nevertheless.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def sender():
    process = Sender()
    yield process
    process.close()


@pytest.fixture(autouse=True)
def presses():
    log = logging.getLogger("obtura")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    noted, before = noted_presses()
    yield noted
    signal.signal(signal.SIGINT, before)
    log.setLevel(level)


@pytest.fixture
def left():
    leftovers = Leftovers()
    yield
    leftovers.check()


def aborted(scan, sender):
    """Run a scan that Ctrl-C ends: ScanAbort, soon."""
    began = time.monotonic()
    raised = outcome_of(scan)
    took = time.monotonic() - began
    sender.settle()
    assert isinstance(raised, ScanAbort), f"run() raised {raised!r}"
    assert scan.state is ScanState.USER_ABORTED
    assert took < SOON, f"it took {took:.1f} s"
    return raised


class Everywhere(ScanPreset):
    """Calls a function in one hook of one level, notes all."""

    def __init__(self, moment, function):
        self.moment = moment
        self.function = function
        self.log = []

    def at(self, moment):
        self.log.append(moment)
        if moment == self.moment:
            self.function()
            self.log.append(f"{moment} ended")

    def prepare(self, scan):
        self.at("S.prepare")

    def start(self, scan):
        self.at("S.start")

    def stop(self, scan):
        self.at("S.stop")

    def put_on(self, scan):
        at = self.at

        class Each(ChainIterationPreset):
            def prepare(self):
                at("I.prepare")

            def start(self):
                at("I.start")

            def stop(self):
                at("I.stop")

        class Chain(ChainPreset):
            def get_iterator(self, acq_chain):
                at("C.get_iterator")
                return self.each()

            def each(self):
                while True:
                    at("C.next")
                    yield Each()

            def prepare(self, acq_chain):
                at("C.prepare")

            def start(self, acq_chain):
                at("C.start")

            def before_stop(self, acq_chain):
                at("C.before_stop")

            def stop(self, acq_chain):
                at("C.stop")

        scan.add_preset(self)
        scan.acq_chain.add_preset(Chain())
        return scan


FORWARD = ["S.prepare", "C.prepare", "C.get_iterator", "C.next", "I.prepare", "S.start", "C.start", "I.start"]
WAY_OUT = ["I.stop", "C.before_stop", "C.stop", "S.stop"]


@pytest.mark.parametrize("moment", FORWARD)
def test_a_hook_in_time_sleep_is_interrupted_and_all_that_was_entered_is_left(sender, left, moment):
    preset = Everywhere(moment, lambda: (sender.press(0.01), time.sleep(LONG)))
    scan = preset.put_on(make_bench().loopscan(2, 0, diode(), run=False))
    aborted(scan, sender)
    assert f"{moment} ended" not in preset.log
    entered = [name for name in preset.log if name.endswith(".prepare")]
    leaving = [name for name in preset.log if name.endswith(".stop")]
    assert leaving == [name.replace("prepare", "stop") for name in reversed(entered)]
    assert preset.log.count("C.before_stop") == ("C.prepare" in entered)


@pytest.mark.parametrize("moment", WAY_OUT)
def test_a_hook_of_the_way_out_takes_its_time(sender, left, moment):
    preset = Everywhere(moment, lambda: (sender.press(0, 0.01, 0.01), time.sleep(0.1)))
    scan = preset.put_on(make_bench().loopscan(1, 0, diode(), run=False))
    aborted(scan, sender)
    assert f"{moment} ended" in preset.log
    assert preset.log[-1].startswith("S.stop")


def test_a_hook_that_waits_for_a_lock_of_another_thread_is_interrupted(sender, left):
    held = threading.Lock()
    held.acquire()
    preset = Everywhere("I.start", lambda: (sender.press(0.01), held.acquire()))
    aborted(preset.put_on(make_bench().loopscan(2, 0, diode(), run=False)), sender)


def test_an_async_hook_is_cancelled_and_its_clean_up_runs(sender, left):
    log = []

    class Slow(ScanPreset):
        async def prepare(self, scan):
            sender.press(0.02)
            try:
                await asyncio.sleep(LONG)
            finally:
                await asyncio.sleep(0.01)
                log.append("cleaned up")

        async def stop(self, scan):
            log.append("stop")

    scan = make_bench().loopscan(2, 0, diode(), run=False)
    scan.add_preset(Slow())
    aborted(scan, sender)
    assert log == ["cleaned up", "stop"]


# -- devices ----------------------------------------------------------------------------------------------------


class Waiting(AcquisitionSlave):
    """Waits in one of its methods until it is stopped."""

    def __init__(self, sender, method, blocking):
        super().__init__(name="device")
        self.blocking = blocking
        self.sender = sender
        self.log = []
        self.ended = threading.Event()
        setattr(self, method, self.wait)

    def wait(self):
        self.log.append("waits")
        self.sender.press(0.01)
        self.log.append("was ended" if self.ended.wait(LONG) else "was not ended")

    def stop(self):
        self.log.append("stop")
        self.ended.set()


def with_slave(slave, branches=1):
    chain = AcquisitionChain()
    for number in range(branches):
        chain.add(master := Repeating(f"master{number}", 2))
        master.terminator = False
    chain.add(chain.top_masters[-1], slave)
    return make_scan(chain)


@pytest.mark.parametrize("method", ["prepare", "start", "trigger", "reading", "wait_ready"])
@pytest.mark.parametrize("branches", [1, 2])
def test_a_device_blocked_on_its_lane_gets_stop_at_once(sender, left, method, branches):
    device = Waiting(sender, method, blocking=True)
    aborted(with_slave(device, branches), sender)
    assert device.log[:2] == ["waits", "stop"], "stop did not come while it waited"
    assert device.log.count("stop") == 1
    assert "was ended" in device.log


@pytest.mark.parametrize("method", ["prepare", "start", "trigger", "reading", "wait_ready"])
def test_a_device_called_inline_is_interrupted(sender, left, method):
    device = Waiting(sender, method, blocking=False)
    aborted(with_slave(device), sender)
    assert device.log == ["waits", "stop"]


def test_a_device_called_inline_beside_another_branch_is_stopped(sender, left):
    device = Waiting(sender, "trigger", blocking=False)
    aborted(with_slave(device, 2), sender)
    assert device.log == ["waits", "stop", "was ended"]


def test_a_driver_in_time_sleep_on_its_lane_is_waited_for(sender, left):
    class Sleeping(Waiting):
        def wait(self):
            self.log.append("waits")
            self.sender.press(0.01)
            time.sleep(0.3)
            self.log.append("returned")

    device = Sleeping(sender, "trigger", blocking=True)
    aborted(with_slave(device), sender)
    assert device.log == ["waits", "stop", "returned"]


def test_a_device_on_a_wire_that_reads_at_its_own_pace_is_stopped(sender, left):
    class OnAWire(Waiting):
        def __init__(self, sender):
            super().__init__(sender, "reading", blocking=True)
            self.trigger_type = self.HARDWARE
            self.start_once = True

        def reading(self):
            """Replaced by `wait`."""

    device = OnAWire(sender)
    aborted(with_slave(device), sender)
    assert device.log[:2] == ["waits", "stop"]


def test_an_async_device_is_stopped(sender, left):
    class Async(AcquisitionSlave):
        def __init__(self):
            super().__init__(name="device")
            self.log = []

        async def trigger(self):
            self.ended = asyncio.Event()
            sender.press(0.02)
            await self.ended.wait()
            self.log.append("was ended")

        async def stop(self):
            self.log.append("stop")
            self.ended.set()

    device = Async()
    aborted(with_slave(device), sender)
    assert device.log == ["stop", "was ended"]


def test_waiting_for_beam_with_a_reading_in_a_loop_is_left_at_once(sender, left):
    counter, reads = diode(), []

    class WaitForBeam(ScanPreset):
        def prepare(self, scan):
            sender.press(0.03)
            while counter.read() < 1000:
                reads.append(1)
                time.sleep(0.005)

    scan = make_bench().loopscan(2, 0, counter, run=False)
    scan.add_preset(WaitForBeam())
    aborted(scan, sender)
    assert reads


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
    saver = SlowSaver()
    counter = diode()
    scan = make_bench(Around(saver)).loopscan(2, 0, counter, run=False)
    preset = Everywhere("S.stop", lambda: sender.press(0.02))
    scan.add_preset(preset)
    raised = outcome_of(scan)
    sender.settle()
    assert isinstance(raised, KeyboardInterrupt)
    assert saver.events[-1].state == scan.state.name
    reason = saver.of(ScanEnded)[0].end_reason
    assert reason == ("SUCCESS" if scan.state is ScanState.DONE else "USER_ABORT")
    assert saver.closed == 1


class Far(MemoryAxis):
    speed = 10.0


def test_ctrl_c_stops_the_return_of_a_motor_and_says_where_it_stands(sender, left):
    axis = Far(limits=(-1e4, 1e4))
    axis.speed = 1e9
    scan = make_bench().dscan(axis, 0, 1000, 1, 0, diode(), run=False)

    def slow():
        axis.speed = 10.0
        sender.press(0.1)

    scan.add_preset(Everywhere("S.stop", slow))
    raised = aborted(scan, sender)
    assert "return of roby was stopped by Ctrl-C: roby stands at" in str(raised)
    assert not axis.is_moving
    assert 0 < axis.position < 1000


def test_a_motor_in_motion_is_stopped_and_returned(sender, left):
    axis = Far(limits=(-1e4, 1e4))
    scan = make_bench().dscan(axis, 0, 1000, 1, 0, diode(), run=False)
    scan.add_preset(Everywhere("S.start", lambda: sender.press(0.1)))
    aborted(scan, sender)
    assert axis.touched[-1] == ("move", 0.0)
    assert axis.position == 0.0
    assert ("stop",) in axis.touched


def test_an_ignored_sigint_stays_ignored(sender, left):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        scan = make_bench().loopscan(2, 0, diode(), run=False)
        scan.add_preset(Everywhere("S.prepare", lambda: (sender.press(), time.sleep(0.05))))
        scan.run()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert scan.state is ScanState.DONE
    finally:
        sender.settle()
        signal.signal(signal.SIGINT, before)


# -- storms -------------------------------------------------------------------------------------------------------

STORMS = {"one_branch": (one_branch, 100), "two_branches": (two_branches, 100), "every_kind": (every_kind, 100)}


@pytest.mark.parametrize("name", STORMS)
def test_ctrl_c_at_random_moments_breaks_no_invariant(sender, presses, name):
    world_of, count = STORMS[name]
    duration = None
    for seed in range(count):
        world = World()
        stage = world_of(world)
        stage.axis.speed = 1000.0
        left = Leftovers()
        around = Around(axes=[stage.axis])
        scan = stage.scan(around, count_time=0.001)
        if duration is None:  # how long it takes when nobody presses
            began = time.monotonic()
            scan.run()
            duration = time.monotonic() - began
            continue
        rng = random.Random(seed)
        sender.press(*(rng.uniform(0, duration) for _ in range(rng.choice([1, 1, 2, 5]))))
        raised = outcome_of(scan)
        sender.settle()
        try:
            left.check()
            if isinstance(raised, KeyboardInterrupt) and not isinstance(raised, ScanAbort):
                raised = None  # pressed when the scan had ended
            assert raised is None or isinstance(raised, ScanAbort), f"run() raised {raised!r}"
            Report(scan, world, raised, around).check_all()
            goes_well_again(stage)
        except AssertionError as error:
            raise Broken(f"world={name} seed={seed}: {error}") from error


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
    _, errors = process.communicate(timeout=20)
    assert log.read_text() == "open\nclosed\n"
    assert process.returncode != 0
    assert "ScanAbort: interrupted by Ctrl-C" in errors
