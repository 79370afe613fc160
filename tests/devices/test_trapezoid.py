"""Motion with a trapezoid of velocity."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.devices.trapezoid import trapezoid

positions = st.floats(-1e3, 1e3)
speeds = st.floats(1e-2, 1e3)
accelerations = st.floats(1e-2, 1e4) | st.just(math.inf)
fractions = st.floats(0, 1)


def close(value):
    return pytest.approx(value, rel=1e-6, abs=1e-6)


@given(positions, positions, speeds, accelerations)
def test_it_begins_at_the_start_and_ends_exactly_at_the_target(start, target, velocity, acceleration):
    motion = trapezoid(start, target, velocity, acceleration)
    assert motion.position(motion.duration) == motion.position(math.inf) == target
    assert motion.position(0) == (start if motion.duration else target)


@given(positions, positions, speeds, accelerations, fractions, fractions)
def test_it_goes_one_way_and_never_faster_than_allowed(start, target, velocity, acceleration, one, other):
    motion = trapezoid(start, target, velocity, acceleration)
    early, late = sorted((one * motion.duration, other * motion.duration))
    way = math.copysign(1, target - start) * (motion.position(late) - motion.position(early))
    assert -1e-6 <= way <= velocity * (late - early) * (1 + 1e-6) + 1e-6
    assert motion.velocity(early) <= velocity


@given(positions, positions, speeds, accelerations, fractions)
def test_its_velocity_is_how_fast_its_position_changes(start, target, velocity, acceleration, fraction):
    motion = trapezoid(start, target, velocity, acceleration)
    moment, step = fraction * motion.duration, motion.duration * 1e-3
    way = abs(motion.position(moment + step) - motion.position(moment))
    ends = motion.velocity(moment), motion.velocity(moment + step)
    change = step * acceleration if math.isfinite(acceleration) else velocity
    assert min(ends) - change - 1e-6 <= (way / step if step else 0.0) <= max(ends) + change + 1e-6


def test_a_long_way_takes_two_ramps_and_the_way_between_at_full_speed():
    assert trapezoid(0, 10, velocity=2, acceleration=4).duration == pytest.approx(0.5 + 4.5 + 0.5)


def test_on_a_short_way_full_speed_is_not_reached():
    motion = trapezoid(0, -1, velocity=100, acceleration=4)
    assert motion.duration == pytest.approx(1.0)
    assert motion.velocity(0.5) == pytest.approx(2.0)
    assert motion.position(0.5) == pytest.approx(-0.5)


def test_without_inertia_there_are_no_ramps():
    assert trapezoid(0, 10, velocity=2, acceleration=math.inf).duration == 5
    assert trapezoid(0, 10, velocity=math.inf, acceleration=math.inf).duration == 0


@given(positions, positions, speeds, accelerations, fractions)
def test_braked_it_comes_to_rest_on_its_way_as_soon_as_it_can(start, target, velocity, acceleration, fraction):
    motion = trapezoid(start, target, velocity, acceleration)
    moment = fraction * motion.duration
    braked = motion.braked(moment)
    assert braked.position(0) == close(motion.position(moment))
    assert braked.velocity(0) == 0 or braked.velocity(0) == close(motion.velocity(moment))
    low, high = sorted((motion.position(moment), target))
    assert low - 1e-6 <= braked.end <= high + 1e-6
    assert braked.duration == close(motion.velocity(moment) / acceleration)


@given(positions, positions, speeds, st.floats(1e-2, 1e4), fractions)
def test_braking_takes_half_the_square_of_the_speed_over_the_acceleration(
    start, target, velocity, acceleration, fraction
):
    motion = trapezoid(start, target, velocity, acceleration)
    moment = fraction * motion.duration
    way = abs(motion.braked(moment).end - motion.position(moment))
    assert way == close(motion.velocity(moment) ** 2 / acceleration / 2)


def test_braking_twice_is_braking_once():
    motion = trapezoid(0, 1000, 10, 10).braked(5)
    assert motion.braked(0) == motion
    assert motion.braked(0.5).end == pytest.approx(motion.end)
