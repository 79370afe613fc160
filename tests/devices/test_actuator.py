"""An actuator: in or out."""

import pytest
from timeline import press_ctrl_c, timeline

from obtura.devices import Actuator, ActuatorDriver, ActuatorState
from obtura.devices.sim import SimulatedActuator
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


class Electronics(ActuatorDriver):
    """Takes orders, and says of its two sensors what it is given; None: there is no such sensor."""

    def __init__(self, is_in=None, is_out=None):
        self.says = [is_in, is_out]
        self.log = []

    def set_in(self):
        self.log.append("in")

    def set_out(self):
        self.log.append("out")

    def is_in(self):
        return self.says[0]

    def is_out(self):
        return self.says[1]


@pytest.fixture
def cover():
    with virtual_time():
        yield SimulatedActuator("cover", travel=0.5)


def test_it_goes_in_and_out_and_takes_its_time(cover):
    assert cover.state == "IN"
    cover.set_out()
    assert cover.state is ActuatorState.OUT
    assert cover.is_out
    assert not cover.is_in
    cover.set_in()
    assert cover.is_in
    assert clock.time() == pytest.approx(1)
    assert cover.__info__() == "actuator cover: IN"
    assert repr(cover) == "SimulatedActuator('cover')"


def test_to_open_is_to_put_in_and_to_close_is_to_take_out(cover):
    cover.close()
    assert cover.is_out
    cover.open()
    assert cover.is_in


def test_it_can_be_sent_off_without_waiting(cover):
    cover.set_out(timeout=0)
    assert clock.time() == 0
    assert cover.state is ActuatorState.MOVING
    clock.sleep(0.5)
    assert cover.is_out


def test_it_is_toggled(cover):
    cover.toggle()
    assert cover.is_out
    cover.toggle()
    assert cover.is_in


def test_it_is_in_for_the_time_of_a_with_block_whatever_happens(cover):
    cover.set_out()
    with pytest.raises(ValueError), cover as same:
        assert same is cover
        assert cover.is_in
        raise ValueError
    assert cover.is_out


def test_it_is_taken_out_when_ctrl_c_comes_while_it_goes_in():
    with timeline() as time:
        cover = SimulatedActuator("cover", travel=0.5)
        cover.set_out()
        time.at(0.7, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt), cover:
            raise AssertionError("it was never in")
        assert cover.is_out


@pytest.mark.parametrize(
    ("sensors", "state"),
    [
        ((True, False), "IN"),
        ((False, True), "OUT"),
        ((True, None), "IN"),
        ((False, None), "OUT"),
        ((None, False), "IN"),
        ((None, True), "OUT"),
        ((True, True), "UNKNOWN"),
        ((False, False), "UNKNOWN"),
        ((None, None), "UNKNOWN"),
    ],
)
def test_with_one_sensor_not_out_is_in(sensors, state):
    assert Actuator("a", Electronics(*sensors)).state == state


def test_without_sensors_it_is_where_it_was_sent_last():
    driver = Electronics()
    actuator = Actuator("filter", driver)
    actuator.set_in()
    assert actuator.is_in
    actuator.set_out()
    assert actuator.is_out
    assert driver.log == ["in", "out"]


def test_where_it_was_sent_is_kept_between_sessions():
    actuator, kept = Actuator("filter", Electronics()), {}
    actuator.on_setting(kept.__setitem__)
    actuator.set_in()
    assert kept == dict(actuator.settings()) == {"sent": "IN"}
    again = Actuator("filter", Electronics())
    again.restore({**kept, "of an older version": 3})
    assert again.is_in
    with pytest.raises(UsageError, match="filter: sent 'sideways' is not known"):
        again.restore({"sent": "sideways"})
    assert again.is_in


def test_one_that_does_not_follow_is_an_error_that_names_it():
    with virtual_time():
        cover = Actuator("cover", Electronics(False, False), timeout=3)
        with pytest.raises(DeviceError, match=r"cover\.set_in failed: it says UNKNOWN, not IN, after 3 s"):
            cover.set_in()
        assert clock.time() == pytest.approx(3)
        assert cover.state is ActuatorState.UNKNOWN
        with pytest.raises(DeviceError, match=r"cover\.set_out failed: it says .*, not OUT, after 1 s"):
            cover.set_out(timeout=1)
        with pytest.raises(DeviceError, match=r"cover.toggle: it is UNKNOWN, neither IN nor OUT"):
            cover.toggle()


def test_a_fault_of_its_driver_is_not_waited_for():
    class Faulty(Electronics):
        def is_in(self):
            raise DeviceError("cover: no air pressure")

    with virtual_time():
        with pytest.raises(DeviceError, match="no air pressure"):
            Actuator("cover", Faulty()).set_in()
        assert clock.time() == 0


@pytest.mark.parametrize("timeout", [-1, "soon", float("nan")])
def test_a_timeout_that_makes_no_sense_is_refused_before_it_is_sent(timeout):
    driver = Electronics()
    with pytest.raises(UsageError, match=r"a\.set_in: timeout"):
        Actuator("a", driver).set_in(timeout)
    assert driver.log == []


class Leaking(Electronics):
    def set_in(self):
        raise OSError("air is off")

    def set_out(self):
        raise OSError("air is off")


def test_what_its_electronics_raise_names_the_actuator():
    with pytest.raises(DeviceError, match=r"cover\.set_in failed: OSError: air is off"):
        Actuator("cover", Leaking()).set_in()


def test_a_block_that_can_not_put_it_in_says_that_first():
    with pytest.raises(DeviceError, match=r"cover\.set_in failed") as caught, Actuator("cover", Leaking()):
        pytest.fail("it is not in")
    assert caught.value.__notes__ == ["then cover.set_out failed: OSError: air is off"]
