"""A master that does nothing of its own is called without a guard; all that is promised holds as for the others."""

import os
import signal
import threading
import time

import pytest
from doubles import Around, make_scan
from hanging import impatient
from test_every_line import Tracer

from obtura.acquisition.calc import CalcChannelAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, ScanAbort, ScanStateError
from obtura.testing import Leftovers
from obtura.works.clock import virtual_time


class Logged:
    log: list[str]

    def stop(self):
        self.log.append(f"{self.name}.stop")
        super().stop()


class Transparent(Logged, SoftwareTimerMaster):
    is_transparent = True


class Guarded(Logged, SoftwareTimerMaster):
    """As what is derived by a user: nobody knows what it does."""


class Slave(Logged, AcquisitionSlave):
    blocking = False
    at_second = staticmethod(lambda: None)

    def prepare(self):
        self.log.append(f"{self.name}.prepare")

    def trigger(self):
        self.log.append(f"{self.name}.trigger")
        if self.log.count(f"{self.name}.trigger") == 2:
            self.at_second()


def made(kind, at_second=lambda: None, count_time=0.5, blocking=False):
    """A scan of three points, and the log of its calls."""
    log = []
    chain = AcquisitionChain()
    timer, first, second = kind(count_time, 0.5, npoints=3), Slave(name="first"), Slave(name="second")
    second.at_second = at_second
    second.blocking = blocking
    for device in (timer, first, second):
        device.log = log
    chain.add(timer, first)
    chain.add(timer, second)
    return make_scan(chain, Around()), log


def press():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def fail():
    raise DeviceError("no answer")


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize(("accident", "raised"), [(press, ScanAbort), (fail, DeviceError)])
def test_its_devices_are_stopped_in_the_order_in_which_those_of_others_are(accident, raised, blocking):
    logs = []
    for kind in (Guarded, Transparent):
        scan, log = made(kind, accident, 0.0, blocking)
        with virtual_time(), pytest.raises(raised):
            scan.run()
        logs.append([line for line in log if "stop" in line])
    assert logs[0] == logs[1]
    assert sorted(logs[0]) == ["first.stop", "second.stop", "timer.stop"]


def test_ctrl_c_at_one_line_or_another_leaves_each_device_once():
    with virtual_time():
        scan, _ = made(Transparent)
        with Tracer() as tracer:
            scan.run()
        begin = next(at for at, place in enumerate(tracer.places) if place[:2] == ("/engine/branch.py", "run"))
        end = max(at for at, place in enumerate(tracer.places) if place[0] == "/acquisition/timer.py")
        assert end - begin > 300
        for target in range(begin, end, 11):
            left = Leftovers()
            scan, log = made(Transparent)
            with pytest.raises(ScanAbort), Tracer(target):
                scan.run()
            assert scan.state is ScanState.USER_ABORTED
            assert sorted(line for line in log if "stop" in line) == ["first.stop", "second.stop", "timer.stop"], target
            left.check()


def aborted_soon(scan):
    """It is ended by Ctrl-C, and long before what hangs in it comes back."""
    began = time.monotonic()
    with pytest.raises(ScanAbort):
        scan.run()
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("count_time, sleep_time", [(60, 0), (0, 60)])
def test_ctrl_c_comes_into_what_it_waits_for(count_time, sleep_time):
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(count_time, sleep_time, npoints=2))
    scan = make_scan(chain, Around())
    pressing = threading.Thread(target=lambda: (scan.wait_state("RUNNING", 60), time.sleep(0.1), press()))
    pressing.start()
    aborted_soon(scan)
    pressing.join()


class Sleeps(SoftwareTimerMaster):
    def trigger(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)


def test_ctrl_c_comes_into_what_somebody_derives_from_a_transparent_one():
    chain = AcquisitionChain()
    chain.add(Sleeps(0, npoints=2))
    aborted_soon(make_scan(chain, Around()))


def test_ctrl_c_comes_into_what_somebody_puts_on_a_transparent_one():
    chain = AcquisitionChain()
    timer = SoftwareTimerMaster(0, npoints=2)
    timer.trigger = lambda: Sleeps.trigger(timer)
    chain.add(timer)
    aborted_soon(make_scan(chain, Around()))


def test_who_is_in_no_scan_that_runs_can_not_pause():
    timer = SoftwareTimerMaster(1)
    with pytest.raises(ScanStateError, match="in a running scan only"):
        timer.pause(timer._ended, 1)


def test_ctrl_c_comes_into_a_conversion_of_what_a_transparent_one_emits():
    def convert(points):
        press()
        time.sleep(60)
        return points

    chain, timer = AcquisitionChain(), SoftwareTimerMaster(0, npoints=2)
    timer.add_external_channel(timer, "elapsed_time", "converted", convert)
    chain.add(timer)
    aborted_soon(make_scan(chain, Around()))


def test_a_calculation_that_hangs_on_what_a_transparent_one_emits_is_given_up():
    release = threading.Event()

    def compute(sender, data):
        press()
        assert release.wait(60)

    chain, timer = AcquisitionChain(), SoftwareTimerMaster(0, npoints=2)
    calculated = CalcChannelAcquisitionSlave("calculated", [timer], compute, [AcquisitionChannel("calculated:value")])
    chain.add(timer, calculated)
    returns = threading.Timer(3, release.set)  # run() returns when it does
    returns.start()
    with impatient():
        scan = make_scan(chain, Around())
        with pytest.raises(ScanAbort):
            scan.run()
    assert any("timer.start has not returned" in str(error) for error in scan.errors)
