"""mv, mvr, wa: moving and asking by hand."""

import pytest

from obtura.devices.sim.beamline import demo_beamline
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.motion import Motion
from obtura.session.where import Where
from obtura.works.clock import virtual_time


@pytest.fixture
def beamline():
    with virtual_time():
        yield demo_beamline()


@pytest.fixture
def motion(beamline):
    return Motion()


def test_mv_moves_axes_together_and_says_so(motion, beamline, capsys):
    motion.mv(beamline.roby, 5, beamline.robz, -1.5)
    assert beamline.roby.position == pytest.approx(5)
    assert beamline.robz.position == pytest.approx(-1.5)
    assert capsys.readouterr().out == "Moving roby from 0 to 5\nMoving robz from 0 to -1.5\n"


def test_mvr_moves_by_a_distance(motion, beamline):
    motion.mv(beamline.roby, 2)
    motion.mvr(beamline.roby, -0.5)
    assert beamline.roby.position == pytest.approx(1.5)


def test_wa_prints_every_axis(motion, beamline, capsys):
    motion.mv(beamline.roby, 12.345678)
    capsys.readouterr()
    Where(lambda: [beamline.roby, beamline.robz]).wa()
    assert capsys.readouterr().out == (
        "Current positions\n          roby[mm]      robz[mm]\nuser       12.3457             0\n"
    )


def test_nothing_moves_when_any_target_is_out_of_limits(motion, beamline):
    with pytest.raises(UsageError, match="robz"):
        motion.mv(beamline.roby, 5, beamline.robz, 5000)
    assert beamline.roby.position == 0


@pytest.mark.parametrize("arguments", [(), (1,), ("roby", 5)])
def test_wrong_arguments_are_answered_with_the_usage(motion, arguments):
    with pytest.raises(UsageError, match=r"Intended usage: mv\(axis, number"):
        motion.mv(*arguments)


@pytest.mark.parametrize("target", ["5", None, True, float("nan"), float("inf")])
def test_a_target_that_is_no_finite_number_moves_nothing(motion, beamline, target):
    with pytest.raises(UsageError):
        motion.mv(beamline.roby, target)
    assert beamline.roby.position == 0


def test_an_axis_that_is_named_twice_moves_nothing(motion, beamline):
    with pytest.raises(UsageError, match="roby is there twice"):
        motion.mv(beamline.roby, 1, beamline.roby, 2)
    assert beamline.roby.position == 0


def test_a_dead_axis_does_not_hide_the_others(beamline, capsys):
    class Dead(type(beamline.robz)):
        @property
        def position(self):
            raise DeviceError("no answer")

    Where(lambda: [Dead("dead"), beamline.roby]).wa()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].split() == ["user", "!ERR", "0"]
    assert lines[-1] == "!!! dead: no answer"
