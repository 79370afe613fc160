"""rockit: a motor goes to and fro for the time of a block."""

import time

import pytest

from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.session.rockit import rockit


@pytest.fixture
def roby():
    return SimulatedAxis("roby", limits=(-5, 5), velocity=500, acceleration=1e6, position=1)


def until(condition):
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.0005)


def test_it_goes_to_and_fro_and_comes_back(roby):
    with rockit(roby, 4):
        for _ in range(2):
            until(lambda: roby.position > 2.5)
            until(lambda: roby.position < -0.5)
    assert roby.position == 1
    assert not roby.is_moving


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_it_comes_back_whatever_happens(roby, error):
    with pytest.raises(error), rockit(roby, 4):
        until(lambda: roby.position > 2)
        raise error
    assert roby.position == 1


def test_it_never_leaves_its_way(roby):
    seen = []
    with rockit(roby, 4):
        until(lambda: seen.append(roby.position) or len(seen) > 50)
    assert -1 <= min(seen) <= max(seen) <= 3


def test_an_end_out_of_limits_is_refused_before_anything_moves(roby):
    with pytest.raises(LimitError, match="roby"), rockit(roby, 10):
        raise AssertionError("the body was run")
    assert roby.position == 1


def test_a_failure_on_its_way_is_raised_at_the_end(roby):
    roby.velocity = 1  # so that it is under way when it is stopped
    with pytest.raises(DeviceError, match="roby: the move to .* was stopped"), rockit(roby, 4):
        until(lambda: roby.is_moving)
        roby.stop()
        time.sleep(0.05)
        assert not roby.is_moving
    assert roby.position == 1


def test_it_takes_a_motor_and_a_number(roby):
    with pytest.raises(UsageError, match=r"rockit\(motor, total_move\): 3 is not a motor"):
        rockit(3, roby)
    with pytest.raises(UsageError, match="rockit: total_move must be a number"):
        rockit(roby, "far")
