"""Where the peak of a scan is: cen, com, peak, trough, fwhm, find_position, where."""

import itertools
import math

import numpy as np
import pytest
from alignment import Lab

from obtura import SoftCounter
from obtura.engine.data import NoSuchChannelError
from obtura.ground.errors import UsageError


@pytest.fixture
def lab():
    return Lab()


def close(value):
    return pytest.approx(value, abs=0.01)


def test_peak_centre_width_and_mass_of_the_last_scan(lab):
    lab.ascan()
    bench = lab.bench
    assert bench.peak() == close(3)
    assert bench.cen() == close(3)
    assert bench.com() == close(3)
    assert bench.fwhm() == close(2.3548)
    assert bench.trough() == close(-2)


def test_a_dip_and_an_edge(lab):
    lab.ascan(lab.dip, lab.step)
    assert lab.bench.trough(lab.dip) == lab.bench.cen(lab.dip) == close(3)
    assert lab.bench.cen(lab.step) == close(2)
    assert lab.bench.fwhm(lab.step) == close(2.3548 / math.sqrt(2))


def test_it_is_said_which_counter_is_looked_at_when_none_is_named(lab):
    lab.ascan(lab.dip, lab.peak)
    assert lab.bench.peak() != close(3)
    assert lab.told == ["Counter used: dip"]
    lab.told.clear()
    assert lab.bench.peak(lab.peak) == lab.bench.peak("peak") == close(3)
    assert lab.told == []


def test_a_selected_counter_is_looked_at(lab):
    lab.bench.plotselect(lab.peak, "step")
    lab.ascan(lab.dip, lab.peak)
    assert lab.bench.peak() == close(3)
    assert lab.told == ["Counters for plots and alignment: peak, step", "Counter used: peak"]


def test_what_is_selected_is_said_and_can_be_taken_back(lab):
    bench = lab.bench
    bench.plotselect()
    bench.plotselect(lab.peak.controller, lab.dip, lab.dip)
    bench.plotselect()
    bench.plotselect(None)
    begin = "Counters for plots and alignment: "
    assert lab.told == [
        begin + end for end in ("the first of each scan", "peak, dip", "peak, dip", "the first of each scan")
    ]
    with pytest.raises(UsageError, match="not a counter"):
        bench.plotselect(lab.x)


def test_texts_are_not_selected(lab):
    text = SoftCounter(value=lambda: "in", name="cover", as_text=True)
    with pytest.raises(UsageError, match="^no numbers to plot: cover gives text$"):
        lab.bench.plotselect(text)
    with pytest.raises(UsageError, match="^no numbers to plot: cover gives text$"):
        lab.bench.plotinit(text)
    lab.bench.plotselect(text, lab.dip)
    assert lab.told == ["Counters for plots and alignment: dip"]


def test_a_selected_counter_that_is_not_in_the_scan_gives_way(lab):
    lab.bench.plotselect(lab.step)
    lab.ascan(lab.peak)
    assert lab.bench.cen() == close(3)


def test_plotinit_selects_for_the_next_scan_only(lab):
    lab.bench.plotselect(lab.dip)
    lab.bench.plotinit(lab.step)
    lab.bench.ct(0, lab.step, save=False)  # a look at the beam is no scan
    first = lab.ascan(lab.peak, lab.dip, lab.step)
    assert lab.bench.cen() == close(2)
    lab.ascan(lab.peak, lab.step)
    assert lab.bench.cen() == close(3)
    assert first.cen() == close(2)


def test_a_scan_is_asked_itself_or_named_by_its_number(lab):
    first = lab.ascan()
    lab.ascan(start=10, stop=20)
    assert first.peak() == close(3) and first.cen() == close(3) and first.com(lab.peak) == close(3)
    assert first.fwhm() == close(2.3548) and first.trough() == close(-2)
    assert lab.bench.peak(scan=first) == close(3)
    first.scan_number = 7
    assert lab.bench.peak(scan=7) == close(3)
    assert first.find_position(lambda x, y: x[0]) == -2
    with pytest.raises(UsageError, match="99 is none of the last scans of this session: 7, 1"):
        lab.bench.peak(scan=99)


def test_without_a_scan_that_is_said(lab):
    with pytest.raises(UsageError, match="there is no scan yet"):
        lab.bench.peak()


def test_positions_of_a_relative_scan_are_positions_of_the_axis(lab):
    lab.bench.dscan(lab.x, -2, 6, 80, 0, lab.peak, save=False)
    assert lab.positions[0] == 1
    assert lab.bench.peak() == close(3)


def test_several_axes_give_a_position_each(lab):
    lab.bench.a2scan(lab.x, 0, 6, lab.y, -4, 2, 60, 0, lab.peak, save=False)
    found = lab.bench.peak()
    assert found == {lab.x: close(3), lab.y: close(-1)}
    assert lab.bench.peak(axis=lab.y) == lab.bench.peak(axis="y") == close(-1)


@pytest.mark.parametrize("backnforth", [False, True])
def test_in_a_mesh_the_centre_is_that_of_the_projections(lab, backnforth):
    lab.mesh(backnforth=backnforth)
    bench = lab.bench
    for found in (bench.peak(), bench.cen(), bench.com()):
        assert found == {lab.x: pytest.approx(3, abs=0.05), lab.y: pytest.approx(-1, abs=0.05)}
    assert bench.fwhm() == {lab.x: pytest.approx(2.3548, abs=0.1), lab.y: pytest.approx(2.3548, abs=0.1)}


def test_in_a_mesh_an_encoder_that_reads_a_little_beside_makes_no_difference(lab):
    rng = np.random.default_rng(1)
    stage = lab.stages[0]
    move = stage.move
    stage.move = lambda target: move(target + rng.normal(0, 0.01))
    lab.mesh()
    assert lab.bench.cen(axis=lab.x) == pytest.approx(3, abs=0.05)


def test_over_the_time_the_result_is_a_time(lab):
    numbers = itertools.count()
    scan = lab.bench.loopscan(5, 0.001, lab.counter("rising", lambda x, y: next(numbers)), save=False)
    times = scan.get_data("elapsed_time")
    assert lab.bench.peak() == times[-1] and lab.bench.trough(axis="time") == times[0]


def test_a_flat_counter_has_no_peak(lab):
    lab.ascan(lab.flat)
    assert math.isnan(lab.bench.peak()) and math.isnan(lab.bench.cen())
    assert lab.bench.com() == close(3)


def test_a_function_of_ones_own_is_given_positions_and_counts(lab):
    lab.ascan()
    given = []

    def half(x, y):
        given.extend((x, y))
        return x[np.argmin(abs(y - 0.3))]

    assert isinstance(lab.bench.find_position(half, lab.peak), float)
    x, y = given
    assert x.shape == y.shape == (101,)
    with pytest.raises(UsageError, match="must return a position, a number; it returned 'here'"):
        lab.bench.find_position(lambda x, y: "here", lab.peak)


def test_what_is_not_in_the_scan_is_answered_with_what_is(lab):
    lab.ascan(lab.peak)
    with pytest.raises(NoSuchChannelError, match="'dip' is no channel of this scan; there are .*peak"):
        lab.bench.peak(lab.dip)
    with pytest.raises(UsageError, match="y was not moved in ascan .*, which went along x"):
        lab.bench.peak(axis=lab.y)
    with pytest.raises(UsageError, match="can't be looked at; there are peak"):
        lab.bench.peak("elapsed_time")


def test_where_says_where_the_axes_stand(lab):
    scan = lab.ascan()
    assert lab.bench.where() == scan.where() == 8
    lab.x.move(9)
    assert lab.bench.where(lab.x) == 9
    assert lab.told[-1] == "x 9 mm, outside ascan (scan 1)"
    lab.mesh()
    assert lab.bench.where() == {lab.x: 7, lab.y: 2}


def test_a_scan_that_runs_can_be_asked_for_what_there_is(lab):
    scan = lab.bench.ascan(lab.x, 0, 6, 12, 0, lab.peak, save=False, run=False)
    assert lab.bench.scans.count(scan) == 0
    with pytest.raises(UsageError, match="no counter"):
        scan.peak()
