"""Groups: axes moved together."""

import math

import pytest
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.contracts.together import at_rest, check_paths
from obtura.devices import Group, SoftAxis
from obtura.devices.sim import FaultyAxis, SimulatedAxis
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.works.clock import clock


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


@pytest.fixture
def roby():
    return SimulatedAxis("roby", unit="mm", limits=(-100, 100), velocity=1, acceleration=math.inf)


@pytest.fixture
def robz():
    return SimulatedAxis("robz", limits=(-100, 100), velocity=2, acceleration=math.inf)


def test_they_move_at_the_same_time(roby, robz):
    group = Group(roby, robz)
    group.move(roby, 4, robz, 4)
    assert group.position == {"roby": 4, "robz": 4}
    assert clock.time() == pytest.approx(4)
    group.move({roby: 1, "robz": 2})
    assert group.position == {"roby": 1, "robz": 2}
    group.rmove(robz, -1)
    assert group.position == {"roby": 1, "robz": 1}


def test_they_need_not_be_waited_for(roby, robz):
    group = Group(roby, robz)
    group.move(roby, 2, robz, 2, wait=False)
    clock.sleep(1)
    assert group.position == {"roby": 1, "robz": 2}
    assert group.is_moving
    assert group.state == "MOVING"
    group.wait_move()
    assert group.state == "READY"
    group.wait_move()


def test_all_are_checked_before_one_moves(roby, robz):
    with pytest.raises(LimitError, match="robz: move to 101 would exceed high limit"):
        Group(roby, robz).move(roby, 1, robz, 101)
    robz.move(5, wait=False)
    with pytest.raises(DeviceBusyError, match="robz is moving"):
        Group(roby, robz).move(roby, 1, robz, 1)
    robz.stop()
    assert roby.position == 0


def test_when_one_fails_all_are_stopped(roby):
    faulty = FaultyAxis("faulty", drift=1)
    group = Group(faulty, roby)
    with pytest.raises(DeviceError, match="faulty: the move to 1 ended at 2"):
        group.move(faulty, 1, roby, 50)
    assert not group.is_moving
    assert roby.position < 2


def test_ctrl_c_stops_all(roby, robz, time):
    group = Group(roby, robz)
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        group.move(roby, 5, robz, 5)
    assert not group.is_moving
    assert group.position == {"roby": pytest.approx(1), "robz": pytest.approx(2)}


def test_ctrl_c_while_waiting_for_them_stops_all(roby, robz, time):
    group = Group(roby, robz)
    group.move(roby, 5, robz, 5, wait=False)
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        group.wait_move()
    assert not group.is_moving
    assert group.position["roby"] < 5


def test_stopped_from_elsewhere_all_rest(roby, robz, time):
    group = Group(roby, robz)
    time.at(1, elsewhere(group.stop))
    with pytest.raises(DeviceError, match="roby: the move to 5 mm was stopped at 1 mm"):
        group.move(roby, 5, robz, 5)
    assert group.position == {"roby": pytest.approx(1), "robz": pytest.approx(2)}


def test_all_slow_down_at_the_same_time():
    axes = [SimulatedAxis(name, velocity=10, acceleration=10) for name in "abc"]
    group = Group(*axes)
    group.move(*(word for axis in axes for word in (axis, 1000)), wait=False)
    clock.sleep(5)
    at_rest(axes)
    assert [axis.position for axis in axes] == pytest.approx([50] * 3, abs=0.01)
    assert clock.time() == pytest.approx(6, abs=0.1)


def test_every_axis_is_stopped_even_when_one_cannot(roby, robz):
    faulty = FaultyAxis("faulty", velocity=1)
    for axis in (faulty, roby, robz):
        axis.begin(50)
    faulty.motor.bad_stop = "no answer"
    with pytest.raises(DeviceError, match="faulty: OSError: no answer"):
        at_rest([faulty, roby, robz])
    assert not roby.is_moving
    assert not robz.is_moving


def test_an_axis_that_has_nothing_special_will_do(roby):
    class Thing:
        position = 0.0

    soft = SoftAxis("soft", Thing(), blocking=False)
    Group(roby, soft).move(soft, 3, roby, 1)
    assert soft.position == 3
    check_paths([soft], [[1, 2, 3]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("roby",), "expected axis, position"),
        ((), "expected axis, position"),
        (("rob", 1), "Group: axis 'rob' is not known: did you mean 'rob.'"),
        (("roby", "far"), "roby can't go to 'far', which is no finite number"),
        (("roby", True), "no finite number"),
        (("roby", math.nan), "no finite number"),
        (("roby", 1, "roby", 2), "roby is there twice"),
    ],
)
def test_wrong_arguments_are_refused(roby, robz, arguments, message):
    with pytest.raises(UsageError, match=message):
        Group(roby, robz).move(*arguments)


def test_a_group_is_of_axes(roby):
    for axes, message in (((), "at least one"), ((roby, roby), "roby is there twice"), ((roby, 5), "5 is not an axis")):
        with pytest.raises(UsageError, match=message):
            Group(*axes)


def test_its_state_names_who_is_in_the_way(roby, robz):
    group = Group(roby, robz)
    robz.off()
    assert str(group.state) == "OFF (robz: OFF (power is off))"
    robz.on()
    robz.disable("broken")
    assert str(group.state) == "DISABLED (robz: broken)"


def test_it_shows_itself(roby, robz):
    assert repr(Group(roby, robz)) == "Group(roby, robz)"
    assert Group(roby, robz).__info__().splitlines() == [*("group: READY (Axis is READY)", "  roby  0 mm", "  robz  0")]


def test_who_waits_later_hears_which_axis_failed_first(roby):
    tired = FaultyAxis("tired", velocity=2, acceleration=math.inf)
    group = Group(roby, tired)
    group.move(roby, 5, tired, 5, wait=False)
    tired.motor.bad_state = "no power"
    group._trip.wait_followed()  # that thread has seen it, and stopped both
    tired.motor.bad_state = False
    with pytest.raises(DeviceError, match="^tired: OSError: no power$"):
        group.wait_move()
    assert not group.is_moving
