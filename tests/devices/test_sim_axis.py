"""Simulated axes: they take the time that real ones take."""

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.contracts.devices import is_movable
from obtura.devices import Axis
from obtura.devices.sim import SimulatedAxis, SimulatedMotor
from obtura.ground.errors import DeviceError, LimitError
from obtura.works.clock import clock, virtual_time


def an_axis(**options):
    return SimulatedAxis("roby", **{"unit": "mm", "velocity": 2, "acceleration": 4, **options})


def test_it_is_an_axis_that_never_blocks():
    assert is_movable(an_axis())
    assert an_axis().blocking is False


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.1, 100), st.floats(0.1, 100) | st.just(math.inf))
def test_a_move_takes_as_long_as_was_estimated_and_ends_exactly(start, target, velocity, acceleration):
    with virtual_time():
        roby = an_axis(position=start, velocity=velocity, acceleration=acceleration)
        estimate = roby.estimate(target)
        roby.move(target)
        assert roby.position == target
        assert clock.time() == pytest.approx(estimate, abs=1e-5)


def test_on_its_way_it_is_where_a_real_one_would_be():
    with virtual_time():
        roby = an_axis()
        roby.move(10, wait=False)
        places = []
        for _ in range(4):
            places.append(roby.position)
            clock.sleep(0.5)
        assert places == pytest.approx([0, 0.5, 1.5, 2.5])
        assert roby.is_moving


def test_stopped_from_elsewhere_it_slows_down_and_then_rests():
    with timeline() as time:
        roby = an_axis()
        time.at(1, elsewhere(roby.stop))
        with pytest.raises(DeviceError, match="roby: the move to 10 mm was stopped at 2 mm"):
            roby.move(10)
        assert clock.time() == pytest.approx(1.5)  # 1 s on its way, 0.5 s to slow down
        assert not roby.is_moving
        assert roby.position == pytest.approx(2)


def test_whoever_waits_does_not_keep_asking_while_it_slows_down():
    class Asked(SimulatedMotor):
        times = 0

        def look_again_after(self):
            self.times += 1
            return super().look_again_after()

    motor = Asked()
    roby = Axis("roby", motor, velocity=1, acceleration=20)  # on the machine's time: 0.05 s to slow down
    waiter = threading.Thread(target=pytest.raises, args=(DeviceError, roby.move, 1000))
    waiter.start()
    while roby.position < 0.05:
        clock.sleep(0.01)
    roby.stop()
    waiter.join(60)
    assert motor.times < 20


def test_a_stop_that_comes_just_as_somebody_begins_to_wait_is_heard():
    """Between being asked how long it will move, and the wait for that."""

    class Late(SimulatedMotor):
        def look_again_after(self):
            pause = super().look_again_after()
            if not roby.was_stopped:
                roby.halt()
            return pause

    with virtual_time():
        roby = Axis("roby", Late(), velocity=1, acceleration=20)
        with pytest.raises(DeviceError, match="was stopped"):
            roby.move(1000)
        assert clock.time() < 1  # and not 1000


def test_after_ctrl_c_it_rests():
    with timeline() as time:
        roby = an_axis()
        time.at(1, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            roby.move(10)
        assert not roby.is_moving
        assert roby.position == pytest.approx(2)


@given(st.floats(0, 6), st.floats(-20, 20))
def test_stopped_at_any_moment_it_can_go_anywhere(moment, target):
    with virtual_time():
        roby = an_axis()
        roby.move(10, wait=False)
        clock.sleep(moment)
        roby.stop()
        assert 0 <= roby.position <= 10
        roby.move(target)
        assert roby.position == target


def test_without_inertia_it_is_there_at_once():
    with virtual_time():
        roby = an_axis(velocity=math.inf, acceleration=math.inf)
        roby.move(1000)
        assert roby.position == 1000
        assert clock.time() == 0


def test_a_motion_begun_on_another_clock_is_over():
    roby = an_axis()
    roby.move(0.001)  # on the machine's time, which is far ahead of a virtual one
    with virtual_time():
        assert roby.state == "READY"
        assert roby.position == 0.001
        roby.move(1)
    assert roby.position == 1


def test_its_limits_hold():
    with pytest.raises(LimitError, match=r"roby: move to 200 mm would exceed high limit \(100 mm\)"):
        an_axis(limits=(-100, 100)).move(200)
