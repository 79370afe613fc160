"""A recording of the calls of a device, and a fault in one of them."""

import pytest

from obtura.devices.sim import SimulatedAxis, SimulatedShutter
from obtura.ground.errors import UsageError
from obtura.testing import Fault, Provoked, Raise, Recording, recorded, virtual_time
from obtura.testing.faults import AFTER
from obtura.works.clock import clock


def test_the_calls_of_a_device_are_written_down_in_order():
    log = Recording()
    shutter, axis = recorded(SimulatedShutter("shutter"), log), recorded(SimulatedAxis("roby"), log)
    with virtual_time(), shutter:
        axis.move(3)
    assert log.names() == ["shutter.open", "roby.move", "shutter.close"]
    assert log.names("end") == log.names()
    assert isinstance(shutter, SimulatedShutter) and type(shutter).__name__ == "SimulatedShutter"


def test_a_property_is_a_call_too_when_it_is_read_and_when_it_is_set():
    log = Recording()
    shutter = recorded(SimulatedShutter("shutter"), log)
    shutter.mode = "EXTERNAL"
    assert shutter.mode == "EXTERNAL"
    assert log.keys() == ["shutter.mode#0", "shutter.mode#1"]


@pytest.mark.parametrize(("kind", "state"), [(Raise("raise"), "CLOSED"), (Raise("raise", AFTER), "OPEN")])
def test_a_call_fails_before_its_effect_or_after(kind, state):
    log = Recording(Fault("shutter.open#0", kind))
    shutter = recorded(SimulatedShutter("shutter"), log)
    with virtual_time():
        with pytest.raises(Provoked, match="provoked in shutter.open#0"):
            shutter.open()
        assert shutter.state == state
        shutter.open()  # only that one call
    assert [entry.key for entry in log.log if entry.what == "raised"] == ["shutter.open#0"]


def test_a_bare_object_can_not_be_recorded():
    with pytest.raises(UsageError, match="can't be recorded"):
        recorded(3, Recording())


def test_virtual_time_passes_when_somebody_waits():
    with virtual_time():
        began = clock.time()
        clock.sleep(3600)
        assert clock.time() - began == 3600
