"""A shutter."""

import pytest
from timeline import press_ctrl_c, timeline

from obtura.devices import Shutter, ShutterDriver, ShutterState
from obtura.devices.sim import SimulatedShutter
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


class Stuck(ShutterDriver):
    """Electronics that take commands, and say always the same."""

    def __init__(self, says):
        self.says = says
        self.log = []

    def open(self):
        self.log.append("open")

    def close(self):
        self.log.append("close")

    def state(self):
        return self.says


@pytest.fixture
def shutter():
    with virtual_time():
        yield SimulatedShutter("shutter", travel=0.5)


def test_it_opens_and_closes_and_takes_its_time(shutter):
    assert shutter.state is ShutterState.CLOSED
    shutter.open()
    assert clock.time() == pytest.approx(0.5)
    assert shutter.is_open
    assert not shutter.is_closed
    shutter.close()
    assert clock.time() == pytest.approx(1)
    assert shutter.is_closed
    assert not shutter.is_open


def test_what_is_done_already_takes_no_time(shutter):
    shutter.close()
    assert clock.time() == 0


def test_its_state_is_its_name(shutter):
    assert shutter.state == "CLOSED"
    assert shutter.__info__() == "shutter shutter: CLOSED"
    assert repr(shutter) == "SimulatedShutter('shutter')"


def test_it_is_open_inside_of_a_with_block(shutter):
    with shutter as same:
        assert same is shutter
        assert shutter.is_open
    assert shutter.is_closed


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_is_closed_whatever_happens_in_a_with_block(shutter, error):
    with pytest.raises(error), shutter:
        raise error
    assert shutter.is_closed


def test_it_is_closed_when_ctrl_c_comes_while_it_opens():
    with timeline() as time:
        shutter = SimulatedShutter("shutter", travel=0.5)
        time.at(0.2, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt), shutter:
            raise AssertionError("it was never open")
        assert shutter.is_closed
        assert clock.time() == pytest.approx(0.4)  # 0.2 s to come back


def test_one_that_does_not_follow_is_an_error_that_names_it():
    with virtual_time():
        shutter = Shutter("shutter", Stuck("CLOSED"), timeout=2)
        with pytest.raises(DeviceError, match=r"shutter\.open failed: it says CLOSED, not OPEN, after 2 s"):
            shutter.open()
        assert clock.time() == pytest.approx(2)


def test_it_is_given_up_in_time_also_when_it_is_slow_to_look_at():
    class Slow(Stuck):
        def look_again_after(self):
            return 60

    with virtual_time():
        with pytest.raises(DeviceError, match="after 2 s"):
            Shutter("shutter", Slow("MOVING"), timeout=2).open()
        assert clock.time() == pytest.approx(2)


def test_one_that_does_not_open_is_told_to_close_again():
    driver = Stuck("MOVING")
    with virtual_time(), pytest.raises(DeviceError, match=r"shutter\.close failed"):
        Shutter("shutter", driver, timeout=1).__enter__()
    assert driver.log == ["open", "close"]


def test_a_fault_is_not_waited_for():
    with virtual_time():
        with pytest.raises(DeviceError, match=r"shutter\.close failed: it says FAULT"):
            Shutter("shutter", Stuck("FAULT")).close()
        assert clock.time() == 0


@pytest.mark.parametrize("timeout", [0, -1, "soon"])
def test_a_timeout_that_makes_no_sense_is_refused(timeout):
    with pytest.raises(UsageError, match="shutter: timeout"):
        Shutter("shutter", Stuck("CLOSED"), timeout)
