"""How a motion under way ends when something is in its way: a limit, an axis that does not answer."""

import pytest
from test_continuous_masters import Noting, chained

from obtura.acquisition.continuous import JogMotorMaster, MotorMaster
from obtura.contracts.motion import MotionHook
from obtura.ground.errors import DeviceError, UsageError


def test_a_jog_that_comes_to_rest_at_its_limit_before_it_is_to_end_is_an_error(hall):
    hall.roby.limits = -20, 20
    scan = chained(hall, JogMotorMaster(hall.roby, 0, 2.0, lambda axis: False), Noting(hall.roby))
    with pytest.raises(DeviceError, match="roby came to rest at 20 mm before end_jog_func said that it is to end"):
        scan.run()
    assert not hall.roby.is_moving


def test_the_function_that_ends_a_jog_is_checked_when_it_is_given(hall):
    with pytest.raises(UsageError, match="roby: end_jog_func must be a function of the axis, got 5"):
        JogMotorMaster(hall.roby, 0, 2.0, 5)


def test_hooks_are_left_even_when_the_velocity_can_not_be_restored(hall, monkeypatch):
    log = []

    class Brake(MotionHook):
        def post_move(self, motions):
            log.append("post_move")

    def dead(velocity):
        raise OSError("no answer")

    def during(start, end):
        monkeypatch.setattr(hall.roby, "use_velocity", dead)

    hall.roby.motion_hooks = (Brake(),)
    master = MotorMaster(hall.roby, 0, 1, time=1)
    master.during = during
    with pytest.raises(OSError, match="no answer"):
        chained(hall, master, Noting(hall.roby)).run()
    assert log == ["post_move"] * 2
