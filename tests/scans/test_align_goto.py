"""Going to the peak: all axes or none, and never to where nothing is."""

import math

import pytest
from alignment import Lab

from obtura.ground.errors import DeviceError, LimitError, UsageError


@pytest.fixture
def lab():
    return Lab()


def close(value):
    return pytest.approx(value, abs=0.01)


def test_goto_moves_the_scanned_axis_and_says_so(lab):
    lab.ascan(lab.peak, lab.dip, lab.step)
    lab.told.clear()
    lab.bench.goto_peak(lab.peak)
    assert lab.positions == (close(3), 0.5)
    assert lab.told == ["Moving x from 8 to 3"]


@pytest.mark.parametrize(
    ("command", "counter", "position"),
    [("goto_cen", "peak", 3), ("goto_com", "peak", 3), ("goto_min", "dip", 3), ("goto_cen", "step", 2)],
)
def test_each_way_to_find_a_position_can_be_gone_to(lab, command, counter, position):
    scan = lab.ascan(lab.peak, lab.dip, lab.step)
    getattr(lab.bench, command)(counter)
    assert lab.positions[0] == close(position)
    lab.x.move(-20)
    getattr(scan, command)(counter)
    assert lab.positions[0] == close(position)


def test_goto_custom_goes_where_a_function_says(lab):
    scan = lab.ascan(lab.flat)
    lab.bench.goto_custom(lambda x, y: x[0])
    assert lab.positions[0] == -2
    scan.goto_custom(lambda x, y: x[1])
    assert lab.positions[0] == close(-1.9)


def test_in_a_mesh_both_axes_go_or_the_one_that_is_named(lab):
    lab.mesh()
    lab.bench.goto_peak()
    assert lab.positions == (close(3), close(-1))
    lab.x.move(0)
    lab.y.move(0)
    lab.bench.goto_cen(axis=lab.y)
    assert lab.positions == (0, pytest.approx(-1, abs=0.05))


def test_a_relative_scan_is_followed_by_absolute_positions(lab):
    lab.bench.dscan(lab.x, -3, 6, 90, 0, lab.peak, save=False)
    lab.bench.goto_peak()
    assert lab.positions[0] == close(3)


def test_lineup_scans_and_goes_to_the_peak(lab):
    scan = lab.bench.lineup(lab.x, -3, 6, 90, 0, lab.peak, save=False)
    assert lab.positions[0] == close(3)
    assert scan.name == "dscan" and len(scan.get_data()[lab.peak]) == 91


def test_lineup_that_is_not_run_moves_nothing(lab):
    scan = lab.bench.lineup(lab.x, -3, 6, 90, 0, lab.peak, save=False, run=False)
    assert scan.state.name == "IDLE" and lab.positions[0] == 1


def test_lineup_wants_one_counter_and_says_how_it_is_used(lab):
    with pytest.raises(UsageError, match="counter must be one counter, got peak, dip\nIntended usage: lineup"):
        lab.bench.lineup(lab.x, -3, 6, 9, 0, [lab.peak, lab.dip], save=False)
    with pytest.raises(UsageError, match="lineup: counter is missing"):
        lab.bench.lineup(lab.x, -3, 6, 9, 0)
    assert lab.positions[0] == 1


def refused(lab, words, call):
    before = lab.positions
    with pytest.raises(UsageError, match=words):
        call()
    assert lab.positions == before


def test_a_flat_scan_is_gone_nowhere_from(lab):
    lab.ascan(lab.flat)
    for command in ("goto_peak", "goto_cen", "goto_com", "goto_min"):
        words = f"{command}: flat of ascan .* is flat, all 101 points are equal; nothing moved: x 8 mm"
        refused(lab, words, getattr(lab.bench, command))


def test_a_lineup_without_beam_leaves_the_axis_where_it_was(lab):
    refused(lab, "lineup: flat .* is flat", lambda: lab.bench.lineup(lab.x, -3, 6, 9, 0, lab.flat, save=False))


def test_a_position_that_is_none_is_refused(lab):
    lab.ascan()
    for value in (math.nan, math.inf):
        refused(lab, "no position found in peak", lambda value=value: lab.bench.goto_custom(lambda x, y: value))


def test_a_position_outside_of_the_limits_is_refused_before_any_axis_moves(lab):
    lab.mesh()
    with pytest.raises(LimitError, match="y: move to 500 would exceed high limit"):
        lab.bench.goto_custom(lambda x, y: x[0] if x.max() == 7 else 500)
    assert lab.positions == (7, 2)


def test_a_scan_that_moved_nothing_leads_nowhere(lab):
    lab.bench.loopscan(3, 0, lab.peak, save=False)
    refused(lab, "loopscan .* moved no axis", lab.bench.goto_peak)
    refused(lab, "loopscan .* moved no axis", lab.bench.where)


def test_a_scan_that_runs_is_not_followed(lab):
    scan = lab.bench.ascan(lab.x, 0, 6, 12, 0, lab.peak, save=False, run=False)
    refused(lab, "goto_peak: ascan has not ended", scan.goto_peak)


def test_when_an_axis_fails_all_go_back_to_where_they_were(lab):
    lab.mesh()
    lab.stages[1].failing = OSError("the cable came off")
    with pytest.raises(DeviceError, match="the cable came off") as caught:
        lab.bench.goto_peak()
    assert lab.positions == (7, 2)
    assert caught.value.__notes__[-1] == "x stands at 7, y stands at 2"


def test_when_the_way_back_fails_too_that_is_said(lab):
    lab.mesh()

    def stuck(target):
        raise OSError("stuck")

    lab.stages[1].move = stuck
    with pytest.raises(DeviceError) as caught:
        lab.bench.goto_peak()
    assert any("the way back failed" in note for note in caught.value.__notes__)


def test_ctrl_c_stops_the_axes_and_says_where_they_stand(lab):
    lab.ascan()
    lab.stages[0].failing = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt, match="goto_peak was stopped by Ctrl-C: x stands at 8"):
        lab.bench.goto_peak()
    assert lab.positions[0] == 8


def test_points_that_are_no_numbers_are_not_called_flat(lab):
    lab.ascan(lab.counter("dead", lambda x, y: math.nan), intervals=4)
    with pytest.raises(UsageError, match="dead of ascan .* has 0 numbers in 5 points; nothing moved: x 8 mm"):
        lab.bench.goto_peak()
