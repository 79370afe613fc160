"""Slaves that are late, fail on their own, or emit what does not fit."""

import threading
import time

import pytest
from cast import Repeating, Slave
from doubles import make_scan
from harness import outcome_of
from hostile import RaisingSlave, scan_of
from recording import World

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


class Careless(Repeating):
    """Triggers its slaves `count` times a point, waiting for them in the end only."""

    def __init__(self, count, pause):
        super().__init__("careless", 1)
        self.count = count
        self.pause = pause

    def trigger(self):
        for _ in range(self.count):
            self.trigger_slaves()
            self.pause()
        self.wait_slaves()


def careless(slave, count, pause):
    chain = AcquisitionChain()
    chain.add(Careless(count, pause), slave)
    return make_scan(chain)


def test_a_slave_that_is_not_ready_at_its_next_trigger_is_an_error_that_names_it():
    class Slow(RaisingSlave):
        ended = threading.Event()

        def trigger(self):
            super().trigger()
            self.ended.wait(60)

        def stop(self):
            super().stop()
            self.ended.set()

    slave = Slow(True)
    raised = outcome_of(careless(slave, 2, lambda: time.sleep(0.02)))
    assert "Aborted due to bad triggering on slaves: device not ready for the next trigger" in str(raised)
    assert slave.log == ["prepare", "trigger", "stop"]


@pytest.mark.parametrize("blocking", [False, True])
def test_trigger_ready_is_asked_where_the_device_is_called(blocking):
    threads = set()

    class Asked(RaisingSlave):
        def trigger(self):
            threads.add(threading.get_ident())

        def trigger_ready(self):
            threads.add(threading.get_ident())
            return len(self.log) < 3

        def prepare(self):
            self.log.append("prepare")
            threads.add(threading.get_ident())

    slave = Asked(blocking)
    scan = scan_of(slave, npoints=5)
    slave.trigger = lambda: slave.log.append("trigger")
    raised = outcome_of(scan)
    assert "bad triggering on slaves: device" in str(raised)
    assert slave.log == ["prepare", "trigger", "prepare", "stop"] or slave.log[-1] == "stop"
    assert len(threads) == 1
    assert (threading.get_ident() in threads) != blocking


def test_an_error_of_a_trigger_that_nobody_waited_for_is_not_lost():
    slave = RaisingSlave(True, trigger=lambda: ValueError("overflow"))
    raised = outcome_of(careless(slave, 3, lambda: time.sleep(0.02)))
    assert str(raised) == "overflow"
    assert raised.__notes__[0] == "in device.trigger, point 0 of 1"
    assert slave.log.count("trigger") == 1


def test_a_device_that_reads_at_its_own_pace_and_fails_ends_the_scan_then():
    class OnAWire(AcquisitionSlave):
        def __init__(self):
            super().__init__(name="mca", trigger_type=self.HARDWARE, prepare_once=True, start_once=True)

        def reading(self):
            raise ValueError("overflow")

        def wait_ready(self):
            """Not called while it reads."""

    world = World()
    chain = AcquisitionChain()
    top = Repeating("timer", 1000)
    chain.add(top, OnAWire())
    top.wait_ready = lambda: (world.call("timer.wait_ready"), time.sleep(0.001))
    raised = outcome_of(make_scan(chain))
    assert str(raised) == "overflow"
    assert raised.__notes__[0].startswith("in mca.reading")
    assert world.began("timer.wait_ready") < 500


def test_wait_ready_of_a_device_that_reads_at_its_own_pace_does_not_hang_the_scan():
    class OnAWire(AcquisitionSlave):
        def __init__(self):
            super().__init__(name="mca", trigger_type=self.HARDWARE, prepare_once=True, start_once=True)
            self.last = threading.Event()

        def reading(self):
            assert self.last.wait(60), "the scan waited for it"

        def wait_ready(self):
            """Overridden, for some reason."""

    slave = OnAWire()
    chain = AcquisitionChain()
    top = Repeating("timer", 3)
    points = []
    top.wait_slaves = lambda: points.append(1) or (len(points) == 3 and slave.last.set())
    chain.add(top, slave)
    scan = make_scan(chain)
    scan.run()
    assert scan.state is ScanState.DONE


def test_waiting_for_slaves_one_by_one_is_possible():
    class OneByOne(Repeating):
        def trigger(self):
            self.trigger_slaves()
            for slave in self.slaves:
                self.crew.wait([slave])
            self.wait_slaves()

    chain = AcquisitionChain()
    top = OneByOne("timer", 2)
    for name in ("one", "two"):
        chain.add(top, Slave(name, blocking=True).in_world(World()))
    scan = make_scan(chain)
    scan.run()
    assert scan.state is ScanState.DONE


@pytest.mark.parametrize("error", [float("nan"), 1.5, None, "text", [1.0, 2.0], [[1.0]]])
def test_what_does_not_fit_a_channel_is_refused_or_kept_never_found_later(error):
    class Odd(RaisingSlave):
        def __init__(self):
            super().__init__(False)
            self.channels.append(AcquisitionChannel("device:counts", int))

        def trigger(self):
            self.channels[0].emit(error)

    scan = scan_of(Odd())
    raised = outcome_of(scan)
    assert scan.get_data()["device:counts"].dtype == int
    assert raised is None or "device:counts" in str(raised)
