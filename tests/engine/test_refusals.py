"""Bad input is answered in plain words before any device is touched."""

import numpy as np
import pytest
from cast import Whole, named
from doubles import MemoryAxis, diode
from recording import World
from refusing import INF, NAN, Lab, assert_three_lines, refused

from obtura.contracts.devices import CounterController
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, LimitError


@pytest.fixture
def lab():
    lab = Lab()
    yield lab
    lab.assert_untouched()


@pytest.mark.parametrize("npoints", [0, -1, 1.5, True, "2", None, NAN])
def test_a_loopscan_needs_at_least_one_point(lab, npoints):
    message = refused(lab.bench.loopscan, npoints, 0.1, lab.diode)
    assert_three_lines(message, "loopscan")
    assert "npoints must be" in message


@pytest.mark.parametrize("npoints", [-1, 0.5, "many"])
def test_a_timescan_takes_a_whole_number_of_points(lab, npoints):
    assert "npoints must be" in refused(lab.bench.timescan, 0.1, lab.diode, npoints=npoints)


@pytest.mark.parametrize("time", [NAN, INF, -INF, -0.1, "long", None, [1]])
def test_a_count_time_is_a_finite_number(lab, time):
    for command, arguments in (
        ("loopscan", (2, time, lab.diode)),
        ("timescan", (time, lab.diode)),
        ("ct", (time, lab.diode)),
        ("sct", (time, lab.diode)),
        ("ascan", (lab.roby, 0, 1, 2, time, lab.diode)),
    ):
        message = refused(getattr(lab.bench, command), *arguments)
        assert_three_lines(message, command)
        assert "count_time (s) must be" in message


@pytest.mark.parametrize("bad", [NAN, INF, -INF, "far", None, [1, 2]])
def test_positions_are_finite_numbers(lab, bad):
    for command, arguments in (
        ("ascan", (lab.roby, bad, 1, 2, 0.1)),
        ("ascan", (lab.roby, 0, bad, 2, 0.1)),
        ("dscan", (lab.roby, bad, 1, 2, 0.1)),
        ("a2scan", (lab.roby, 0, 1, lab.robz, 0, bad, 2, 0.1)),
        ("amesh", (lab.roby, 0, 1, 2, lab.robz, bad, 1, 2, 0.1)),
    ):
        message = refused(getattr(lab.bench, command), *arguments, lab.diode)
        assert_three_lines(message, command)
        assert "must be a" in message


@pytest.mark.parametrize("intervals", [0, -3, 2.5, True, "ten", None])
def test_the_number_of_intervals_is_at_least_one(lab, intervals):
    message = refused(lab.bench.ascan, lab.roby, 0, 1, intervals, 0.1, lab.diode)
    assert_three_lines(message, "ascan")
    assert "intervals must be" in message
    assert "intervals2 must be" in refused(
        lab.bench.amesh, lab.roby, 0, 1, 2, lab.robz, 0, 1, intervals, 0.1, lab.diode
    )


@pytest.mark.parametrize("motor", ["roby", None, 5, MemoryAxis, object()])
def test_a_motor_is_an_axis(lab, motor):
    for command in ("ascan", "dscan"):
        message = refused(getattr(lab.bench, command), motor, 0, 1, 2, 0.1, lab.diode)
        assert_three_lines(message, command)
        assert "must be an axis" in message


@pytest.mark.parametrize("counter", ["diode", 5, None, object(), CounterController, [1]])
def test_a_counter_is_a_counter(lab, counter):
    message = refused(lab.bench.loopscan, 2, 0.1, lab.diode, counter)
    assert_three_lines(message, "loopscan")
    assert "is not a counter" in message


def test_nothing_to_count_is_said(lab):
    assert "no counters for the scan" in refused(lab.bench.loopscan, 2, 0.1)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("loopscan", ()), ("loopscan", (2,)), ("ascan", (1, 2)), ("timescan", ()), ("amesh", (1,))],
)
def test_missing_arguments_are_answered_with_the_usage(lab, command, arguments):
    assert_three_lines(refused(getattr(lab.bench, command), *arguments), command)


@pytest.mark.parametrize("options", [{"tittle": "x"}, {"sleep_time": -1}, {"stab_time": NAN}, {"sleep_time": "long"}])
def test_wrong_keywords_are_answered_with_the_usage(lab, options):
    message = refused(lab.bench.loopscan, 2, 0.1, lab.diode, **options)
    assert_three_lines(message, "loopscan")
    assert next(iter(options)) in message


def test_a_type_error_inside_a_device_is_not_mistaken_for_wrong_usage(lab):
    class Broken(type(lab.diode.controller)):
        def read(self, counter):
            return None + 1

    counter = diode("broken")
    counter.controller.__class__ = Broken
    scan = lab.bench.loopscan(1, 0, counter, run=False)
    with pytest.raises(TypeError, match="unsupported operand"):
        scan.run()


# -- limits -----------------------------------------------------------------------------------------------------


def test_a_target_out_of_limits_anywhere_is_found_before_anything_moves(lab):
    bench, roby, robz = lab.bench, lab.roby, lab.robz
    world = World()
    for make in (
        lambda **options: bench.ascan(robz, 0, 1.01, 5, 0, lab.diode, **options),
        lambda **options: bench.ascan(robz, -1.01, 0, 5, 0, lab.diode, **options),
        lambda **options: bench.dscan(robz, 0, 1.01, 5, 0, lab.diode, **options),
        lambda **options: bench.a2scan(roby, 0, 1, robz, 0, 1.01, 5, 0, lab.diode, **options),
        lambda **options: bench.amesh(roby, 0, 1, 5, robz, -1.01, 0, 4, 0, lab.diode, **options),
        lambda **options: bench.amesh(roby, 0, 1, 5, robz, 0, 1.01, 4, 0, lab.diode, **options),
        lambda **options: bench.amesh(robz, 0, 1.01, 5, roby, 0, 1, 4, 0, lab.diode, backnforth=True, **options),
    ):
        scan = make(run=False)
        scan.add_preset(named(Whole, "S", world))
        with pytest.raises(LimitError, match="robz: .*1.01 is outside of -1 to 1"):
            scan.run()
        assert scan.state is ScanState.KILLED
        assert world.log == [], "a preset was entered"
        assert not lab.around.viewer.opened, "nobody was told of a scan that never was"
    assert not roby.is_moving


def test_a_moving_axis_is_refused(lab):
    class Moving(MemoryAxis):
        is_moving = True

    with pytest.raises(DeviceBusyError, match="roby is moving"):
        lab.bench.ascan(Moving(), 0, 1, 2, 0, lab.diode)


def test_positions_that_overflow_are_refused(lab):
    axis = MemoryAxis(limits=(-INF, INF))
    with np.errstate(all="ignore"):
        refused(lab.bench.ascan, axis, -1.7e308, 1.7e308, 2, 0, lab.diode)
    assert axis.touched == []
