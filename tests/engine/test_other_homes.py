"""run() off the main thread, and in the main thread inside of a running event loop."""

import asyncio
import signal
import threading
import time

import pytest
from cast import Repeating
from doubles import make_scan
from harness import outcome_of
from pressing import LONG

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort

pytestmark = pytest.mark.usefixtures("presses")


class Blocked(AcquisitionSlave):
    """Waits in `trigger`, on its lane, until it is stopped."""

    def __init__(self):
        super().__init__(name="device")
        self.triggered, self.ended = threading.Event(), threading.Event()

    def trigger(self):
        self.triggered.set()
        self.ended.wait(LONG)

    def stop(self):
        self.ended.set()


class Noting(ScanPreset):
    """Notes its hooks, on which thread, and what signals do meanwhile."""

    def __init__(self):
        self.log, self.threads, self.handlers = [], set(), set()

    def note(self, hook):
        self.log.append(hook)
        self.threads.add(threading.current_thread())
        self.handlers.add(handlers())

    def prepare(self, scan):
        self.note("prepare")

    def start(self, scan):
        self.note("start")

    def stop(self, scan):
        self.note("stop")


class AsyncNoting(Noting):
    """The same with a coroutine function, which runs on the private loop."""

    async def prepare(self, scan):
        await asyncio.sleep(0.001)
        self.log.append("prepare")


def handlers():
    """What SIGINT, SIGTERM and SIGHUP do."""
    return tuple(signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


def scan_of(*presets, device=None):
    chain = AcquisitionChain()
    chain.add(top := Repeating("timer", 2))
    if device is not None:
        chain.add(top, device)
    scan = make_scan(chain)
    for preset in presets:
        scan.add_preset(preset)
    return scan


def wakeup():
    """The descriptor that signals are written to."""
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    return descriptor


# -- off the main thread ------------------------------------------------------------------------------------------


class Elsewhere(threading.Thread):
    """Runs a scan on a thread of its own, keeps what it raised."""

    def __init__(self, scan):
        super().__init__(daemon=True)
        self.scan = scan
        self.start()

    def run(self):
        self.raised = outcome_of(self.scan)

    def outcome(self):
        """What `run()` raised."""
        self.join(LONG / 2)
        assert not self.is_alive(), "it did not end"
        return self.raised


def test_off_the_main_thread_no_handler_is_touched(left):
    noting = Noting()
    before, descriptor = handlers(), wakeup()
    thread = Elsewhere(scan_of(noting, device=(device := Blocked())))
    assert device.triggered.wait(LONG / 2)
    assert (handlers(), wakeup()) == (before, descriptor)
    device.ended.set()
    time.sleep(0)
    thread.scan.abort()
    thread.outcome()
    assert noting.handlers == {before}
    assert noting.threads == {thread}


def test_off_the_main_thread_a_scan_goes_well(left):
    noting = AsyncNoting()
    assert Elsewhere(scan := scan_of(noting)).outcome() is None
    assert (scan.state, noting.log) == (ScanState.DONE, ["prepare", "start", "stop"])


def test_off_the_main_thread_abort_stops_the_device_and_leaves_the_presets(left):
    noting = Noting()
    thread = Elsewhere(scan := scan_of(noting, device=(device := Blocked())))
    assert device.triggered.wait(LONG / 2)
    scan.abort()
    assert isinstance(thread.outcome(), ScanAbort)
    assert scan.state is ScanState.USER_ABORTED
    assert noting.log == ["prepare", "start", "stop"]
    assert device.ended.is_set()


def test_off_the_main_thread_ctrl_c_is_not_the_scans(left, presses, sender):
    thread = Elsewhere(scan := scan_of(device=(device := Blocked())))
    assert device.triggered.wait(LONG / 2)
    sender.press()
    sender.settle()
    while not presses:
        time.sleep(0.001)
    assert scan.state is ScanState.RUNNING
    scan.abort()
    assert isinstance(thread.outcome(), ScanAbort)


def test_a_scan_in_the_main_thread_and_one_elsewhere_do_not_disturb_each_other(left, sender):
    noting = Noting()
    thread = Elsewhere(other := scan_of(noting, device=(device := Blocked())))
    assert device.triggered.wait(LONG / 2)

    class Pressing(ScanPreset):
        def start(self, scan):
            sender.press(0.01)
            time.sleep(LONG)

    assert isinstance(outcome_of(scan_of(Pressing())), ScanAbort)
    sender.settle()
    assert other.state is ScanState.RUNNING and noting.log == ["prepare", "start"]
    device.ended.set()
    assert thread.outcome() is None
    assert noting.log[-1] == "stop"


# -- in a running event loop ----------------------------------------------------------------------------------------


def in_a_loop(scan, *beside):
    """Run a scan in a coroutine on the main thread; what it raised, and whether the loop works afterwards."""

    async def main():
        before, descriptor = handlers(), wakeup()
        for function in beside:
            threading.Thread(target=function, daemon=True).start()
        raised = outcome_of(scan)
        assert (handlers(), wakeup()) == (before, descriptor), "the loop's own handling of signals is not back"
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, lambda: 42) == 42
        await asyncio.sleep(0.001)
        return raised

    return asyncio.run(main())


def test_in_a_running_loop_a_scan_goes_well_async_hooks_too(left):
    noting = AsyncNoting()
    assert in_a_loop(scan := scan_of(noting)) is None
    assert (scan.state, noting.log) == (ScanState.DONE, ["prepare", "start", "stop"])


def test_in_a_running_loop_abort_from_another_thread_works(left):
    noting = Noting()
    scan = scan_of(noting, device=(device := Blocked()))
    raised = in_a_loop(scan, lambda: (device.triggered.wait(LONG / 2), scan.abort()))
    assert isinstance(raised, ScanAbort)
    assert (scan.state, noting.log) == (ScanState.USER_ABORTED, ["prepare", "start", "stop"])


def test_in_a_running_loop_ctrl_c_ends_the_scan(left, sender):
    noting = Noting()
    scan = scan_of(noting, device=(device := Blocked()))
    raised = in_a_loop(scan, lambda: (device.triggered.wait(LONG / 2), sender.press()))
    sender.settle()
    assert isinstance(raised, ScanAbort)
    assert noting.log == ["prepare", "start", "stop"]


def test_a_loop_that_listens_to_signals_hears_them_too(left, sender):
    heard = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, heard.append, 1)
        device = Blocked()
        scan = scan_of(device=device)
        threading.Thread(target=lambda: (device.triggered.wait(LONG / 2), sender.press()), daemon=True).start()
        raised = outcome_of(scan)
        await asyncio.sleep(0.01)
        loop.remove_signal_handler(signal.SIGINT)
        return raised

    before = signal.getsignal(signal.SIGINT)
    try:
        raised = asyncio.run(main())
    finally:
        signal.signal(signal.SIGINT, before)
    sender.settle()
    assert isinstance(raised, ScanAbort)
    assert heard == [1]


def test_a_scan_on_a_thread_of_the_loops_pool_is_ended_by_abort(left):
    scan = scan_of(device=(device := Blocked()))

    async def main():
        running = asyncio.get_running_loop().run_in_executor(None, outcome_of, scan)
        while not device.triggered.is_set():
            await asyncio.sleep(0.001)
        scan.abort()
        return await running

    assert isinstance(asyncio.run(main()), ScanAbort)
