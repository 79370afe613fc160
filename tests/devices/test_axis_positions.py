"""User and dial positions, steps, limits: what an axis says where it is, and where it may go."""

import math

import numpy as np
import pytest
from controller import Stage
from hypothesis import given
from hypothesis import strategies as st
from timeline import timeline

from obtura.devices import Axis, AxisDriver, AxisState
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.works.clock import clock, virtual_time

signs = st.sampled_from([1, -1])
places = st.floats(-1e3, 1e3)


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def an_axis(**options):
    return SimulatedAxis("roby", **{"unit": "mm", "velocity": 10, **options})


# -- user and dial


@given(signs, places, places)
def test_user_and_dial_positions_belong_together(sign, offset, target):
    with virtual_time():
        roby = an_axis(sign=sign, offset=offset)
        roby.move(target)
        assert roby.position == pytest.approx(target, abs=1e-9)
        assert roby.position == sign * roby.dial + offset
        assert roby.dial2user(roby.user2dial(target)) == pytest.approx(target, abs=1e-9)


def test_whole_arrays_can_be_converted():
    roby = an_axis(sign=-1, offset=2)
    assert roby.dial2user(np.array([0.0, 1.0])).tolist() == [2, 1]
    assert roby.user2dial(np.array([2.0, 1.0])).tolist() == [0, 1]


def test_setting_the_position_moves_nothing_and_changes_the_offset():
    stage = Stage()
    roby = Axis("roby", stage)
    roby.move(3)
    roby.position = 10
    assert (roby.position, roby.dial, roby.offset) == (10, 3, 7)
    assert stage.log == ["start 3"]
    roby.move(11)
    assert stage.log == ["start 3", "start 4"]


def test_setting_the_dial_writes_the_register_and_leaves_the_user_position():
    roby = an_axis(sign=-1)
    roby.move(5)
    roby.dial = 100
    assert (roby.position, roby.dial, roby.offset) == (5, 100, 105)
    roby.position = roby.dial
    assert roby.position == 100


def test_a_register_that_cannot_be_written_says_so():
    roby = Axis("roby", Stage())
    with pytest.raises(UsageError, match="roby: its controller can't be told where it is"):
        roby.dial = 5
    assert roby.offset == 0


@pytest.mark.parametrize("name", ["position", "dial", "offset", "sign"])
def test_what_a_position_means_is_not_changed_on_the_way(name):
    roby = an_axis()
    roby.move(5, wait=False)
    with pytest.raises(DeviceBusyError, match="roby is moving: it must be at rest before"):
        setattr(roby, name, 1)
    roby.wait_move()
    setattr(roby, name, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("position", math.inf), ("position", "5"), ("dial", math.nan), ("offset", math.inf), ("offset", None)),
        *(("sign", 2), ("sign", True), ("backlash", math.inf), ("acctime", 0), ("tolerance", 0)),
        *(("low_limit", math.nan), ("high_limit", "no"), ("dial_limits", (1, 0))),
    ],
)
def test_what_makes_no_sense_is_refused(name, value):
    roby = an_axis()
    before = getattr(roby, name)
    with pytest.raises(UsageError, match="roby: "):
        setattr(roby, name, value)
    assert getattr(roby, name) == before


# -- steps


class Stepper(AxisDriver):
    """Counts whole steps, and what it was told."""

    in_steps = True

    def __init__(self):
        self.at, self.told = 0.0, []

    def start_move(self, target, velocity, acceleration):
        self.told.append((target, velocity, acceleration))
        self.at = target

    def stop(self):
        self.told.append("stop")

    def position(self):
        return self.at

    def state(self):
        return AxisState("READY")


def test_a_driver_in_steps_is_told_whole_steps():
    stepper = Stepper()
    roby = Axis("roby", stepper, steps_per_unit=100, velocity=2, acceleration=3)
    roby.move(1.2345)
    assert stepper.told == [(123.0, 200.0, 300.0)]
    assert roby.position == 1.23


def test_steps_may_count_backwards():
    stepper = Stepper()
    roby = Axis("roby", stepper, steps_per_unit=-100, velocity=2, acceleration=3)
    roby.move(1.5)
    assert stepper.told == [(-150.0, 200.0, 300.0)]
    assert roby.position == 1.5


@given(places, st.floats(0.1, 1e4) | st.floats(-1e4, -0.1), signs, places)
def test_a_move_ends_at_the_nearest_step(target, steps_per_unit, sign, offset):
    with virtual_time():
        roby = an_axis(steps_per_unit=steps_per_unit, sign=sign, offset=offset)
        roby.move(target)
        assert abs(roby.position - target) <= 0.5 / abs(steps_per_unit) + 1e-9
        steps = roby.dial * steps_per_unit
        assert steps == pytest.approx(round(steps), abs=1e-6)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_relative_moves_do_not_add_up_rounded_steps(deltas):
    with virtual_time():
        roby = an_axis(steps_per_unit=7)
        for delta in deltas:
            roby.rmove(delta)
        assert roby.set_position == pytest.approx(sum(deltas), abs=1e-9)
        assert abs(roby.position - sum(deltas)) <= 0.5 / 7 + 1e-9


def test_relative_moves_begin_where_it_is_when_it_is_not_where_it_was_sent(time):
    roby = an_axis(acceleration=math.inf)
    time.at(0.2, roby.halt)
    with pytest.raises(DeviceError, match="was stopped at 2 mm"):
        roby.move(10)
    assert roby.set_position == 2
    roby.rmove(1)
    assert roby.position == 3


@pytest.mark.parametrize("steps", [0, math.inf, "many"])
def test_steps_that_make_no_sense_are_refused(steps):
    with pytest.raises(UsageError, match="roby: steps_per_unit must be"):
        Axis("roby", Stepper(), steps_per_unit=steps)


def test_a_driver_in_units_takes_no_steps():
    with pytest.raises(UsageError, match=r"roby: its driver \(Stage\) speaks units, so it has no steps_per_unit"):
        Axis("roby", Stage(), steps_per_unit=100)


# -- limits


def test_limits_are_configured_in_dial_and_shown_in_user_positions():
    roby = an_axis(low_limit=-10, high_limit=20, sign=-1, offset=100)
    assert roby.limits == (80, 110)
    assert roby.dial_limits == (-10, 20)
    assert (roby.low_limit, roby.high_limit) == (80, 110)


@given(signs, places, st.tuples(places, places).map(sorted))
def test_limits_that_were_set_hold_to_the_last_digit(sign, offset, limits):
    with virtual_time():
        roby = an_axis(sign=sign, offset=offset)
        roby.limits = limits
        for limit in limits:
            roby.check_target(limit)
        roby.offset = offset  # they go through the dial and back
        for limit in limits:
            roby.check_target(limit)
        with pytest.raises(LimitError):
            roby.check_target(limits[1] + 1e-6)


def test_limits_stay_with_the_dial_when_the_offset_changes():
    roby = an_axis(limits=(-1, 1))
    roby.position = 10
    assert roby.limits == (9, 11)
    roby.dial_limits = -2, 2
    assert roby.limits == (8, 12)


def test_one_limit_at_a_time():
    roby = an_axis()
    roby.low_limit = -5
    roby.high_limit = 5
    assert roby.limits == (-5, 5)
    with pytest.raises(UsageError, match="low limit 6 is above high limit 5"):
        roby.low_limit = 6


def test_limits_are_given_in_one_way():
    with pytest.raises(UsageError, match="roby: give either limits, or low_limit and high_limit"):
        an_axis(limits=(0, 1), low_limit=0)


def test_a_path_is_checked_at_both_its_ends():
    roby = an_axis(limits=(0, 10))
    roby.check_path([5, 0, 10])
    roby.check_path([])
    for path, message in (
        ([5, 11, 5], "high limit"),
        ([-1], "low limit"),
        ([1, math.nan], "number"),
        ([math.inf], "must be finite"),
    ):
        with pytest.raises(UsageError, match=message):
            roby.check_path(path)


# -- how fast


def test_velocity_has_limits_of_its_own():
    roby = an_axis(velocity_low_limit=1, velocity_high_limit=20)
    assert roby.velocity_limits == (1, 20)
    for velocity, side in ((21, "high"), (0.5, "low")):
        with pytest.raises(LimitError, match=f"roby: velocity {velocity} would exceed its {side} limit"):
            roby.velocity = velocity
    assert roby.velocity == 10
    with pytest.raises(LimitError):
        an_axis(velocity=30, velocity_high_limit=20)


def test_the_acceleration_time_is_that_to_full_velocity():
    roby = an_axis(acceleration=100)
    assert roby.acctime == 0.1
    roby.acctime = 2
    assert roby.acceleration == 5
    roby.acceleration = math.inf
    assert roby.acctime == 0


# -- round and round


@given(st.floats(0, 359.9), st.floats(0, 359.9))
def test_an_axis_that_goes_round_takes_the_short_way(start, target):
    with virtual_time() as time:
        table = SimulatedAxis("table", unit="deg", modulo=360, position=start, velocity=1, acceleration=math.inf)
        estimate = table.estimate(target)
        began = time.time()
        table.move(target)
        assert math.remainder(table.position - target, 360) == pytest.approx(0, abs=1e-6)
        assert 0 <= table.position < 360
        assert time.time() - began == pytest.approx(estimate, abs=1e-5)
        assert estimate <= 180


def a_table(**options):
    return SimulatedAxis("table", unit="deg", modulo=360, velocity=1000, acceleration=math.inf, **options)


def dials_on_the_way(axis, target):
    seen = []
    axis.on_event("dial", seen.append)
    axis.move(target)
    axis.off_event("dial", seen.append)
    return seen


def test_an_axis_that_goes_round_never_goes_through_what_its_limits_forbid():
    table = a_table(limits=(0, 200), position=10)
    assert table.estimate(195) == pytest.approx(0.185)
    seen = dials_on_the_way(table, 195)
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert dials_on_the_way(table, 0)[-1] == table.motor.position() == 0


def test_a_little_off_its_limit_it_still_goes_the_allowed_way():
    table = a_table(limits=(0, 200), position=-0.001)
    assert table.position == pytest.approx(-0.001)
    table.move(195)
    assert table.motor.position() == pytest.approx(195)


def test_an_axis_that_goes_round_is_shown_within_its_limits():
    table = a_table(limits=(-90, 90), position=315)
    assert table.position == -45
    table.rmove(-10)
    assert table.position == -55
    table.move(80)
    assert table.motor.position() == 360 + 80


def test_limits_of_a_whole_turn_let_it_take_the_short_way_and_jog_on():
    table = a_table(limits=(0, 360), position=350)
    table.move(10)
    assert table.motor.position() == 370
    table.move(350)
    table.jog(100)
    clock.sleep(0.2)
    assert table.position == pytest.approx(10)
    table.stop()


def test_an_axis_that_goes_round_jogs_as_far_as_its_limit():
    table = a_table(limits=(-90, 90), position=315)
    table.jog(100)
    table.wait_move()
    assert table.position == pytest.approx(90)
    with pytest.raises(LimitError, match="table can't jog further: it is at 90 deg, its high limit"):
        table.jog(100)
