"""A shutter that is a pair of PVs of a live IOC."""

import threading

import pytest

from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.instruments.epics import PVShutter

COMMANDS = {"text": ("Open", "Closed"), "numbers": (1, 0)}


@pytest.mark.parametrize(("open_value", "close_value"), COMMANDS.values(), ids=COMMANDS)
def test_it_returns_when_it_is_open_and_when_it_is_closed(beamline, open_value, close_value):
    shutter = beamline.shutter(open_value=open_value, close_value=close_value)
    status = beamline.counter("shutter:status")
    assert shutter.state == "CLOSED"
    shutter.open()
    assert (status.read(), shutter.state, shutter.is_open) == (1.0, "OPEN", True)
    shutter.close()
    assert (status.read(), shutter.state, shutter.is_closed) == (0.0, "CLOSED", True)
    assert beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]


def test_without_a_status_the_command_says_where_it_is(beamline):
    shutter = PVShutter("shutter", beamline.pv("shutter"))
    shutter.check()
    shutter.open()
    assert shutter.state == "OPEN"


def test_it_is_open_inside_of_a_with_and_closed_after_an_error(beamline):
    with pytest.raises(ZeroDivisionError), beamline.shutter() as shutter:
        assert shutter.state == "OPEN"
        _ = 1 / 0
    assert shutter.state == "CLOSED"


def test_a_with_that_could_not_open_closes(beamline):
    beamline.put(shutter__delay=3600.0)
    with pytest.raises(DeviceError), beamline.shutter(patience=0.1):
        pytest.fail("the body must not run")
    assert beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]


@pytest.mark.parametrize("values", [("Open", 0), (1, "Closed"), ("Open", "Open"), (1, 1)])
def test_values_that_could_never_close_it_are_refused(values):
    with pytest.raises(UsageError, match="both numbers, or both text|it would never close"):
        PVShutter("shutter", "T:shutter", None, *values)


def test_a_state_that_the_enum_does_not_have_is_told_before_anything_is_opened(beamline):
    shutter = beamline.shutter(open_value="open")
    with pytest.raises(DeviceError, match="PV T:shutter has no state 'open', there are Closed, Open; say what"):
        shutter.check()
    assert beamline.puts() == []


def test_it_says_that_it_moves(beamline):
    beamline.put(shutter__delay=0.3)
    shutter = beamline.shutter()
    opening = threading.Thread(target=shutter.open)
    opening.start()
    while not beamline.puts():
        clock.sleep(0.005)
    assert shutter.state == "MOVING"
    opening.join()
    assert shutter.state == "OPEN"


def test_a_shutter_that_does_not_follow_is_an_error_that_says_what_was_put_where(beamline):
    beamline.put(shutter__delay=3600.0)
    shutter = beamline.shutter(patience=0.15)
    with pytest.raises(DeviceError) as raised:
        shutter.open()
    assert str(raised.value) == (
        "shutter.open failed: PV T:shutter:status still says Moving, 0.15 s after Open was put to T:shutter"
    )


def test_a_pv_that_may_not_be_put_to_is_found_before_the_scan(beamline):
    shutter = PVShutter("shutter", beamline.pv("diode"))
    with pytest.raises(DeviceError, match=r"^shutter: PV T:diode may not be put to"):
        shutter.check()
    with pytest.raises(DeviceError, match=r"^shutter.open failed: PV T:diode may not be put to"):
        shutter.open()


def test_an_ioc_that_has_lost_its_shutter_is_a_fault(beamline):
    shutter = PVShutter("shutter", beamline.pv("shutter"), beamline.pv("dead"))
    assert shutter.state == "FAULT"
    with pytest.raises(DeviceError, match="PV T:dead has no valid value"):
        shutter.check()


def test_it_shows_its_state_and_its_pvs(beamline):
    shutter = beamline.shutter()
    shutter.check()
    first, command, status = shutter.__info__().splitlines()
    assert first == "shutter shutter: CLOSED"
    assert command.startswith("  PV T:shutter: connected since ")
    assert status.startswith("  PV T:shutter:status: connected since ")


def test_with_a_timeout_of_0_it_returns_at_once_and_says_that_it_moves(beamline):
    beamline.put(shutter__delay=4.0)
    shutter = beamline.shutter()
    shutter.open(timeout=0)
    assert shutter.state == "MOVING"
    with pytest.raises(DeviceError, match=r"still says Moving, 0.05 s after Closed was put"):
        shutter.close(timeout=0.05)
    with pytest.raises(UsageError, match=r"^shutter.open: timeout must not be negative, got -1"):
        shutter.open(timeout=-1)
