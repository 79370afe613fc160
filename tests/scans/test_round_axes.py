"""Scans of an axis that goes round: its curve is one curve, also through the place where it begins anew."""

import math

import numpy as np
import pytest

from obtura.contracts.consumers import Surroundings
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.soft import SoftCounter
from obtura.scans.bench import Bench
from obtura.scans.measured import measured
from obtura.scans.pictures import pictures
from obtura.works.clock import virtual_time


class Here(Surroundings):
    def __init__(self):
        self.told = []

    def tell(self, text):
        self.told.append(text)


class Table:
    """`bench`, a table that goes round, a counter with a peak at 0."""

    def __init__(self, **axis):
        self.here = Here()
        self.bench = Bench(self.here)
        self.axis = SimulatedAxis("table", unit="deg", modulo=360, velocity=100, acceleration=1000, **axis)
        self.peak = SoftCounter(value=self.height, name="peak", blocking=False)

    def height(self):
        return math.exp(-((math.remainder(self.axis.dial, 360) / 5) ** 2))

    def scan(self, command, *arguments):
        return getattr(self.bench, command)(self.axis, *arguments, self.peak, save=False)


@pytest.fixture
def table():
    with virtual_time():
        yield Table()


def around(position, other, tolerance=0.05):
    return math.remainder(position - other, 360) == pytest.approx(0, abs=tolerance)


@pytest.mark.parametrize(("start", "stop"), [(-20, 20), (340, 380), (380, 340), (0, 360)])
def test_a_step_scan_has_the_positions_that_were_asked_for(table, start, stop):
    scan = table.scan("ascan", start, stop, 40, 0)
    assert scan.get_data()["axis:table"] == pytest.approx(np.linspace(start, stop, 41), abs=1e-3)


@pytest.mark.parametrize(("start", "stop"), [(-20, 20), (340, 380), (380, 340)])
@pytest.mark.parametrize("find", ["cen", "com", "peak"])
def test_a_peak_at_zero_is_found_there_and_gone_to(table, start, stop, find):
    scan = table.scan("ascan", start, stop, 40, 0)
    found = getattr(scan, find)()
    assert 0 <= found < 360 and around(found, 0)
    assert scan.fwhm() == pytest.approx(2 * 5 * math.sqrt(math.log(2)), abs=0.1)
    getattr(scan, f"goto_{find}")()
    assert around(table.axis.position, 0)


@pytest.mark.parametrize("axis", [{"offset": 30.0}, {"sign": -1}, {"sign": -1, "offset": -100.0}])
def test_what_is_found_is_said_as_the_axis_says_its_position(axis):
    with virtual_time():
        table = Table(**axis)
        middle = table.axis.offset
        scan = table.scan("ascan", middle - 20, middle + 20, 40, 0)
        lowest = min(table.axis.dial2user(0), table.axis.dial2user(360))
        assert lowest <= scan.cen() < lowest + 360 and around(scan.cen(), middle)


def test_a_mesh_has_its_points_in_their_places(table):
    height = SimulatedAxis("height", unit="mm", velocity=100, acceleration=1000)
    scan = table.scan("amesh", -10, 10, 4, height, 0, 1, 2, 0)
    assert around(scan.cen()[table.axis], 0) and around(scan.cen(axis=table.axis), 0)
    (image,) = pictures(measured(scan), measured(scan).counters)
    assert np.isfinite(image.values).all() and image.values.argmax(axis=1).tolist() == [2, 2, 2]


def test_a_relative_scan_begins_in_whichever_turn_it_was_sent(table):
    table.axis.move(370)
    scan = table.scan("dscan", -20, 20, 4, 0)
    assert scan.get_data()["axis:table"] == pytest.approx([350, 360, 370, 380, 390], abs=1e-3)
    assert around(table.axis.position, 10)


def test_where_looks_at_the_place_not_at_the_turn(table):
    scan = table.scan("ascan", 340, 380, 10, 0)
    table.axis.move(5)
    scan.where()
    assert table.here.told[-1] == "table 5 deg, inside ascan (scan 1)"


def test_a_plot_says_where_the_axis_is_and_draws_it_within_its_curve(table):
    scan = table.scan("ascan", -20, 20, 40, 0)
    table.axis.move(355)
    (curves,) = pictures(measured(scan), measured(scan).counters)
    assert curves.here == pytest.approx(-5) and curves.words[-1] == "now: table 355 deg"


@pytest.mark.parametrize(("start", "stop"), [(-20, 20), (350, 370), (20, -20), (0, 270), (0, 360), (100, -700)])
def test_a_continuous_scan_passes_the_whole_range(table, start, stop):
    scan = table.scan("cscan", start, stop, 10, 1.5)
    assert scan.get_data()["axis:table"] == pytest.approx(np.linspace(start, stop, 11)[:-1], abs=0.1)


@pytest.mark.parametrize(("start", "stop"), [(-20, 20), (370, 350), (0, 360), (0, 2000)])
def test_a_sweep_passes_each_interval(table, start, stop):
    edges = np.linspace(start, stop, 6)
    scan = table.scan("sweepscan", start, stop, 5, 5)
    assert scan.get_data()["axis:table"] == pytest.approx((edges[1:] + edges[:-1]) / 2)
    assert around(table.axis.position, stop, tolerance=10)


def test_a_pass_with_backlash_goes_the_whole_way(table):
    table.axis.backlash = 2
    scan = table.scan("cscan", 300, 20, 10, 1)
    assert scan.get_data()["axis:table"] == pytest.approx(np.linspace(300, 20, 11)[:-1], abs=0.1)


def test_limits_that_leave_no_turn_free_hold_for_scans_and_alignment():
    with virtual_time():
        table = Table(limits=(-90, 90), position=300)
        scan = table.scan("ascan", -20, 20, 8, 0)
        assert scan.get_data()["axis:table"] == pytest.approx(np.linspace(-20, 20, 9))
        table.axis.move(80)
        table.bench.goto_peak()
        assert table.axis.position == pytest.approx(0)
        table.axis.move(-80)
        table.bench.goto_custom(lambda x, y: x[0])
        assert table.axis.position == pytest.approx(-20)
        assert table.axis.motor.position() == pytest.approx(340)


def test_the_lines_of_a_continuous_mesh_pass_through_zero_too(table):
    height = SimulatedAxis("height", unit="mm", velocity=100, acceleration=1000)
    scan = table.scan("cmesh", -20, 20, 10, height, 0, 1, 2, 0.1)
    assert scan.get_data("axis:table") == pytest.approx(np.tile(np.linspace(-20, 16, 10), 3), abs=0.1)
    assert around(scan.cen(axis=table.axis), 0, tolerance=0.5)
