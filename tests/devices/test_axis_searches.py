"""What has no target: jogging, the home switch, limit switches; power; somebody else at the controller."""

import math

import pytest
from controller import Stage
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.devices import Axis, AxisState
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.works.clock import clock


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def an_axis(**options):
    return SimulatedAxis("roby", **{"unit": "mm", "velocity": 10, "acceleration": math.inf, **options})


# -- jogging


def test_it_jogs_until_it_is_stopped():
    roby = an_axis()
    roby.jog(-2)
    clock.sleep(3)
    assert roby.jog_velocity == -2
    assert roby.is_moving
    roby.stop()
    assert roby.position == pytest.approx(-6)
    assert roby.jog_velocity == 0
    roby.wait_move()


def test_it_jogs_no_further_than_its_limit():
    roby = an_axis(limits=(-10, 10), sign=-1)
    roby.jog(2)
    roby.wait_move()
    assert roby.position == 10
    assert clock.time() == pytest.approx(5)
    with pytest.raises(LimitError, match="roby can't jog further: it is at 10 mm, its high limit"):
        roby.jog(1)
    roby.jog(-1)
    roby.stop()


def test_its_velocity_can_be_changed_on_the_way():
    roby = an_axis()
    roby.jog(2)
    clock.sleep(1)
    roby.jog_velocity = 4
    clock.sleep(1)
    assert roby.position == pytest.approx(6)
    roby.jog(0)
    assert not roby.is_moving


def test_it_jogs_no_faster_than_it_may():
    with pytest.raises(LimitError, match="roby: velocity 30 would exceed its high limit"):
        an_axis(velocity_high_limit=20).jog(-30)


def test_a_controller_that_cannot_jog_says_so():
    with pytest.raises(UsageError, match="roby: its controller can't jog; with a limit in that direction"):
        Axis("roby", Stage()).jog(1)
    stage = Stage()
    roby = Axis("roby", stage, limits=(-5, 5))
    roby.jog(1)
    roby.wait_move()
    assert roby.position == 5


def test_jogging_is_moving():
    roby = an_axis()
    roby.jog(1)
    with pytest.raises(DeviceBusyError, match="roby is moving"):
        roby.move(3)
    roby.stop()


# -- switches


def test_it_finds_its_home_switch():
    roby = an_axis(home_switch=-3, sign=-1)
    roby.home()
    assert roby.dial == -3
    assert roby.state == "HOME"
    assert roby.state.READY
    roby.dial = 0
    roby.position = 0
    roby.move(1)
    assert roby.state != "HOME"


def test_it_goes_to_its_limit_switches_past_its_limits():
    roby = an_axis(limits=(-5, 5), switches=(-20, 30))
    roby.hw_limit(1)
    assert roby.dial == 30
    assert roby.state == "LIMPOS"
    roby.hw_limit(-1, wait=False)
    assert roby.is_moving
    roby.wait_move()
    assert roby.dial == -20
    assert roby.state == "LIMNEG"


def test_a_limit_switch_ends_a_move():
    roby = an_axis(switches=(-1, 1))
    with pytest.raises(DeviceError, match=r"the move to 3 mm ended at 1 mm, .* \(READY, LIMPOS\)"):
        roby.move(3)
    roby.move(0)
    assert roby.state == AxisState("READY")


def test_a_search_that_is_stopped_did_not_find(time):
    roby = an_axis(home_switch=50)
    time.at(1, elsewhere(roby.stop))
    with pytest.raises(DeviceError, match="roby: the home search was stopped at 10 mm"):
        roby.home()
    assert roby.state == AxisState("READY")


def test_ctrl_c_in_a_search_stops_it(time):
    roby = an_axis(home_switch=50)
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        roby.home()
    assert not roby.is_moving
    assert roby.position == pytest.approx(10)


def test_what_a_controller_cannot_search_it_says():
    roby = Axis("roby", Stage())
    for search, words in ((roby.home, "home switch"), (lambda: roby.hw_limit(1), "limit switch")):
        with pytest.raises(UsageError, match=f"roby: its controller can't search a {words}"):
            search()
    with pytest.raises(UsageError, match="roby: it has no limit switch at that end"):
        an_axis().hw_limit(1)


@pytest.mark.parametrize("side", [0, 2, "up", True])
def test_a_side_is_one_or_minus_one(side):
    roby = an_axis()
    for search in (roby.home, roby.hw_limit):
        with pytest.raises(UsageError, match="must be 1 or -1"):
            search(side)


# -- power, and others


def test_without_power_nothing_moves():
    roby = an_axis()
    roby.off()
    assert roby.state == "OFF"
    with pytest.raises(DeviceError, match=r"roby can't be moved: OFF; roby.on\(\) switches it on"):
        roby.move(1)
    roby.on()
    roby.move(1)
    assert roby.position == 1


def test_power_is_not_switched_off_on_the_way():
    roby = an_axis()
    roby.move(10, wait=False)
    with pytest.raises(DeviceBusyError, match="before its power can be switched off"):
        roby.off()
    roby.wait_move()


def test_power_that_cannot_be_switched_says_so():
    with pytest.raises(UsageError, match="roby: its power can't be switched"):
        Axis("roby", Stage()).off()


def test_sync_hard_takes_what_the_controller_says():
    stage = Stage()
    roby = Axis("roby", stage, tolerance=2)
    roby.move(3)
    stage.start_move(4, 1, 1)  # a hand on the front panel
    clock.sleep(5)
    assert roby.set_position == 3
    roby.sync_hard()
    assert roby.set_position == 4


def test_a_target_it_stands_at_is_not_sent_again():
    stage = Stage()
    roby = Axis("roby", stage)
    roby.move(3)
    roby.move(3)
    roby.move(3.5)
    stage.start_move(3, 1, 1)
    clock.sleep(1)
    roby.move(3.5)
    assert stage.log == ["start 3", "start 3.5", "start 3", "start 3.5"]
