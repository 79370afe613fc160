"""Backlash: an axis arrives in one direction only."""

import pytest
from controller import Stage
from hypothesis import given
from hypothesis import strategies as st
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.contracts.together import move_together
from obtura.devices import Axis
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError
from obtura.works.clock import clock, virtual_time

places = st.floats(-100, 100)


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def a_stage_and_axis(backlash=2.0, **options):
    stage = Stage()
    return stage, Axis("roby", stage, unit="mm", backlash=backlash, **options)


def test_a_move_against_the_backlash_goes_beyond_and_comes_back():
    stage, roby = a_stage_and_axis()
    roby.move(10)
    roby.move(5)
    assert stage.log == ["start 10", "start 3", "start 5"]
    assert roby.position == 5


def test_a_negative_backlash_arrives_from_above():
    stage, roby = a_stage_and_axis(backlash=-2)
    roby.move(10)
    roby.move(5)
    assert stage.log == ["start 12", "start 10", "start 5"]


def test_backlash_is_in_user_positions_whatever_the_sign():
    stage, roby = a_stage_and_axis(sign=-1)
    roby.move(10)
    roby.move(5)
    assert stage.log == ["start -10", "start -3", "start -5"]


@given(st.lists(places, min_size=1, max_size=8), st.floats(-5, 5).filter(lambda each: abs(each) > 1e-3))
def test_every_target_is_reached_in_the_direction_of_the_backlash(targets, backlash):
    with virtual_time():
        roby = SimulatedAxis("roby", backlash=backlash)
        start_move, ways = roby.motor.start_move, []
        roby.motor.start_move = lambda *way: (ways.append((roby.position, way[0])), start_move(*way))
        for target in targets:
            estimate, began = roby.estimate(target), clock.time()
            roby.move(target)
            assert roby.position == target
            assert clock.time() - began == pytest.approx(estimate, abs=1e-4)
            came_from, went_to = ways[-1]
            assert went_to == target
            assert (target - came_from) * backlash >= 0


def test_it_is_moving_until_it_is_back():
    _, roby = a_stage_and_axis()
    roby.move(-1, wait=False)
    seen = []
    while roby.is_moving:
        seen.append(round(roby.position, 3))
        clock.sleep(0.5)
    assert min(seen) < -2.4
    roby.wait_move()
    assert roby.position == -1


def test_a_move_that_nobody_waits_for_comes_back_too():
    motor = SimulatedAxis("roby", backlash=0.01, velocity=10)
    with virtual_time():
        motor.move(-0.05, wait=False)
        motor.wait_move()
        assert motor.position == -0.05


def test_between_its_two_ways_it_takes_no_other_target():
    _, roby = a_stage_and_axis()
    roby.begin(-1)
    clock.sleep(10)  # the first way is done, nobody has looked
    with pytest.raises(DeviceBusyError, match="roby is moving"):
        roby.move(5)
    roby.wait_move()
    assert roby.position == -1


@pytest.mark.parametrize("moment", [1.5, 4])
def test_stopped_on_either_way_it_stays_there(time, moment):
    stage, roby = a_stage_and_axis()
    time.at(moment, elsewhere(roby.stop))
    with pytest.raises(DeviceError, match="the move to -1 mm was stopped at"):
        roby.move(-1)
    assert stage.log[-1] == "stop"
    clock.sleep(10)
    assert not roby.is_moving
    assert stage.log[-1] == "stop"


def test_ctrl_c_on_the_way_back_stops_it(time):
    stage, roby = a_stage_and_axis()
    time.at(4, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        roby.move(-1)
    assert stage.log == ["start -3", "start -1", "stop"]


def test_what_went_wrong_on_the_first_way_is_not_gone_on_with():
    stage, roby = a_stage_and_axis()
    stage.ends_off = 0.5
    with pytest.raises(DeviceError, match=r"roby: the move to -1 mm ended at -2.5 mm"):
        roby.move(-1)
    assert stage.log == ["start -3"]


def test_limits_are_checked_on_the_excursion_too():
    stage, roby = a_stage_and_axis(limits=(0, 10))
    roby.move(5)
    with pytest.raises(LimitError, match=r"roby: move to 1 mm, and 2 mm beyond for backlash, would exceed low limit"):
        roby.move(1)
    roby.move(6)
    roby.move(2)
    assert stage.log == ["start 5", "start 6", "start 0", "start 2"]


def test_a_path_is_checked_in_its_order():
    _, roby = a_stage_and_axis(limits=(0, 10))
    roby.check_path([1, 2, 3])  # from 0: upwards, no excursion
    with pytest.raises(LimitError, match="move to 1 mm, and 2 mm beyond"):
        roby.check_path([3, 2, 1])


def test_in_a_group_each_comes_back_in_its_own_time():
    first, second = SimulatedAxis("a", backlash=1, velocity=1), SimulatedAxis("b", backlash=5, velocity=1)
    alone = second.estimate(-10)
    move_together([first, second], [-1, -10])
    assert (first.position, second.position) == (-1, -10)
    assert clock.time() == pytest.approx(alone, abs=0.1)
