"""Ctrl-C sent from another process, while real waits are going on: they end by the signal, not by their time."""

import asyncio
import threading
import time

import pytest
from cast import Repeating
from doubles import diode, make_bench, make_scan
from pressing import LONG, Everywhere, aborted

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset

# A press that lands in a callback of the garbage collector (hypothesis has one) is reported there and lost; the
# engine has noted it nevertheless.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("presses"),
]


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
    preset = Everywhere(moment, lambda: (sender.press(0, 0.01, 0.01), sender.settle()))
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
            while "stop" not in self.log:
                time.sleep(0.01)
            time.sleep(0.1)
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
            while counter.read() < 1000:
                reads.append(1)
                if len(reads) == 5:
                    sender.press(0.03)
                time.sleep(0.005)

    scan = make_bench().loopscan(2, 0, counter, run=False)
    scan.add_preset(WaitForBeam())
    aborted(scan, sender)
    assert len(reads) >= 5
