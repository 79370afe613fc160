"""Devices that fail as real ones do."""

import math

import pytest

from obtura.devices.sim import FaultyCounter, FaultyShutter
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


def test_without_a_fault_it_is_a_good_shutter():
    shutter = FaultyShutter("shutter", travel=0.5)
    with shutter:
        assert shutter.blade.transmission == 1
    assert shutter.is_closed
    assert clock.time() == pytest.approx(1)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"bad_open": True}, r"shutter\.open: the simulated electronics fail"),
        ({"bad_state": True}, r"shutter\.state: the simulated electronics fail"),
        ({"stuck_closed": True}, r"shutter\.open failed: it says CLOSED, not OPEN, after 3 s"),
        ({"opens_late": 5}, r"shutter\.open failed: it says CLOSED, not OPEN, after 3 s"),
    ],
)
def test_it_does_not_open(fault, message):
    shutter = FaultyShutter("shutter", timeout=3, **fault)
    with pytest.raises(DeviceError, match=message):
        shutter.open()
    assert shutter.blade.transmission == 0


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"bad_close": True}, r"shutter\.close: the simulated electronics fail"),
        ({"stuck_open": True}, r"shutter\.close failed: it says OPEN, not CLOSED, after 3 s"),
    ],
)
def test_it_does_not_close(fault, message):
    shutter = FaultyShutter("shutter", timeout=3, **fault)
    shutter.open()
    with pytest.raises(DeviceError, match=message):
        shutter.close()
    assert shutter.is_open


def test_it_opens_late():
    shutter = FaultyShutter("shutter", opens_late=2, travel=0.5)
    shutter.open()
    assert shutter.is_open
    assert clock.time() == pytest.approx(2.5)


def test_one_given_up_opens_all_the_same_unless_it_is_told_to_close():
    shutter = FaultyShutter("shutter", opens_late=5, timeout=1)
    for told_to_close in (False, True):
        with pytest.raises(DeviceError):
            shutter.open()
        if told_to_close:
            shutter.close()
        clock.sleep(10)
        shutter.blade.state()
        clock.sleep(1)
        assert shutter.blade.transmission == (0 if told_to_close else 1)
        shutter.close()


def test_its_calls_hang():
    shutter = FaultyShutter("shutter", travel=0, hangs_in_open=7, hangs_in_close=2, timeout=20)
    shutter.open()
    assert clock.time() == pytest.approx(7, abs=0.01)
    shutter.close()
    assert clock.time() == pytest.approx(9, abs=0.01)


def test_it_can_be_mended():
    shutter = FaultyShutter("shutter", bad_open=True)
    shutter.blade.bad_open = False
    shutter.open()
    assert shutter.is_open


def test_a_counter_fails_hangs_and_reads_nothing_now_and_then():
    counter = FaultyCounter("diode", value=5, bad_every=3, nan_every=4, hang_every=5, hang_for=30)
    assert [counter.read(), counter.read()] == [5, 5]
    with pytest.raises(DeviceError, match="diode: reading 3 failed"):
        counter.read()
    assert math.isnan(counter.read())
    assert clock.time() == 0
    assert counter.read() == 5
    assert clock.time() == 30
    counter.bad_every = 0
    assert counter.read() == 5
    assert counter.readings == 6


def test_a_counter_without_a_controller_is_called_on_a_lane():
    counter = FaultyCounter("diode", unit="V")
    assert counter.controller.blocking
    assert counter.fullname == "diode:diode"
    assert counter.unit == "V"


@pytest.mark.parametrize("option", ["opens_late", "hangs_in_open", "hangs_in_close"])
def test_times_must_not_be_negative(option):
    with pytest.raises(UsageError, match=f"shutter: {option} must not be negative"):
        FaultyShutter("shutter", **{option: -1})
    with pytest.raises(UsageError, match="diode: hang_for must be a number"):
        FaultyCounter("diode", hang_for="long")
