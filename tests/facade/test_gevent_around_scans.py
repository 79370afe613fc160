"""Code that calls gevent around scans and in their hooks."""

import pytest

from obtura.bliss import gevent_facade as gevent
from obtura.contracts.presets import ScanPreset
from obtura.data.saving import ScanSaving
from obtura.devices.sim import demo_beamline
from obtura.engine.states import ScanState
from obtura.session.session import Session


@pytest.fixture
def line():
    return demo_beamline()


@pytest.fixture
def bench(line, tmp_path):
    return Session("lab", line._asdict(), ScanSaving("lab", base_path=tmp_path), display=False).bench


class Guard(ScanPreset):
    """Waits in its hooks, and notes that it was left."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.log = []

    def start(self, scan):
        self.log.append("start")
        gevent.sleep(self.seconds)

    def stop(self, scan):
        gevent.sleep(0.02)
        self.log.append("stop")


LONGER = (0.2, 1.0, 5.0, 25.0)
"""Seconds of a timeout: the first may be over before a slow machine has begun."""


def test_a_scan_that_takes_too_long_is_aborted_in_order_and_the_timeout_raised(bench, line):
    for seconds in LONGER:
        scan, guard = bench.loopscan(100_000, 0.05, line.diode, run=False, save=False), Guard()
        scan.add_preset(guard)
        with pytest.raises(gevent.Timeout), gevent.Timeout(seconds):
            scan.run()
        if len(scan.get_data("diode")):
            break
    assert scan.state is ScanState.USER_ABORTED
    assert guard.log == ["start", "stop"]


def test_also_while_a_hook_of_it_waits(bench, line):
    for seconds in LONGER:
        scan, guard = bench.loopscan(1, 0.01, line.diode, run=False, save=False), Guard(seconds=1000)
        scan.add_preset(guard)
        with gevent.Timeout(seconds, False):
            scan.run()
        if "start" in guard.log:
            break
    assert scan.state is ScanState.USER_ABORTED
    assert guard.log == ["start", "stop"]


def test_a_timeout_in_a_hook_is_the_hooks_own(bench, line):
    class Patient(Guard):
        def start(self, scan):
            with gevent.Timeout(0.05, False):
                super().start(scan)

    scan, guard = bench.loopscan(1, 0.01, line.diode, run=False, save=False), Patient(seconds=1000)
    scan.add_preset(guard)
    scan.run()
    assert scan.state is ScanState.DONE
    assert guard.log == ["start", "stop"]


def test_a_scan_runs_in_a_greenlet(bench, line):
    scan = gevent.spawn(bench.loopscan, 3, 0.01, line.diode, save=False).get(timeout=60)
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) == 3


def test_killing_that_greenlet_aborts_the_scan_in_order(bench, line):
    scan, guard = bench.loopscan(100_000, 0.05, line.diode, run=False, save=False), Guard()
    scan.add_preset(guard)
    greenlet = gevent.spawn(scan.run)
    scan.wait_state(ScanState.RUNNING)
    greenlet.kill()
    assert greenlet.dead
    assert scan.state is ScanState.USER_ABORTED
    assert guard.log == ["start", "stop"]
    assert isinstance(greenlet.value, gevent.GreenletExit)


def test_a_motor_that_takes_too_long_is_stopped(line):
    for seconds in LONGER:
        line.roby.velocity = 18 / seconds
        with pytest.raises(gevent.Timeout), gevent.Timeout(seconds):
            line.roby.move(90)
        assert not line.roby.is_moving
        if line.roby.position > 0:
            break
    assert 0 < line.roby.position < 90


def test_a_greenlet_of_a_hook_moves_the_axis_of_its_scan(bench, line):
    class Moving(ScanPreset):
        def prepare(self, scan):
            gevent.spawn(line.roby.move, 3).get(timeout=60)

    scan = bench.ascan(line.roby, 0, 0.1, 1, 0.01, line.diode, run=False, save=False)
    scan.add_preset(Moving())
    scan.run()
    assert scan.state is ScanState.DONE
