"""cscan, sweepscan, cmesh: points, rows, titles, and what makes no sense."""

import numpy as np
import pytest

from obtura.display.page import ScanPage
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.ground.events import ScanBegan


def test_a_continuous_scan_counts_once_in_each_interval(hall):
    scan = hall.scan("cscan", hall.roby, 0, 1, 10, 0.1)
    assert scan.get_data(hall.roby) == pytest.approx(np.arange(10) / 10, abs=1e-2)
    assert scan.get_data(hall.diode) == pytest.approx([4] * 10)
    assert np.diff(scan.get_data("elapsed_time")) == pytest.approx([0.105] * 9, abs=1e-3)
    assert scan.scan_info["title"] == "cscan roby 0 1 10 0.1"
    assert scan.scan_info["npoints"] == 10
    assert scan.scan_info["velocity"] == pytest.approx(0.1 / 0.105)
    assert hall.roby.velocity == 10


def test_the_latency_time_makes_intervals_longer(hall):
    scan = hall.scan("cscan", hall.roby, 0, 1, 4, 0.1, latency_time=0.15)
    assert np.diff(scan.get_data("elapsed_time")) == pytest.approx([0.25] * 3, abs=1e-3)


def test_passes_back_and_forth_are_one_scan(hall):
    scan = hall.scan("cscan", hall.roby, 0, 1, 2, 0.1, passes=3, backnforth=True)
    assert scan.get_data(hall.roby) == pytest.approx([0, 0.5, 1, 0.5, 0, 0.5], abs=1e-2)
    assert scan.scan_info["title"] == "cscan roby 0 1 2 0.1 3 passes"


def test_every_point_of_a_continuous_scan_makes_a_row_of_its_table(hall):
    hall.scan("cscan", hall.roby, 0, 1, 4, 0.1)
    page = ScanPage(hall.of(ScanBegan)[0])
    rows = "".join(page.take(event) for event in hall.events).splitlines()
    assert [row.split()[0] for row in rows if row.strip()[:1].isdigit()] == ["0", "1", "2", "3"]
    assert [info.short_name for info in hall.of(ScanBegan)[0].channels if not info.per_point] == []


def test_a_sweep_scan_counts_over_each_interval_and_says_its_middle(hall):
    scan = hall.scan("sweepscan", hall.roby, 0, 1, 4, 0.1)
    assert scan.get_data(hall.roby) == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert scan.scan_info["velocity"] == pytest.approx(2.5)
    assert scan.scan_info["title"] == "sweepscan roby 0 1 4 0.1"


def test_a_continuous_mesh_has_rows_with_both_positions(hall):
    scan = hall.scan("cmesh", hall.roby, 0, 1, 4, hall.robz, 5, 6, 1, 0.1)
    assert scan.get_data("roby") == pytest.approx([0, 0.25, 0.5, 0.75] * 2, abs=1e-2)
    assert scan.get_data("robz") == pytest.approx([5] * 4 + [6] * 4)
    assert len(scan.get_data(hall.diode)) == 8
    info = scan.scan_info
    assert (info["npoints"], info["npoints1"], info["npoints2"], info["data_dim"]) == (8, 4, 2, 2)


def test_a_continuous_mesh_back_and_forth_turns_every_second_line(hall):
    scan = hall.scan("cmesh", hall.roby, 0, 1, 2, hall.robz, 0, 1, 1, 0.1, backnforth=True)
    assert scan.get_data("roby") == pytest.approx([0, 0.5, 1, 0.5], abs=1e-2)


@pytest.mark.parametrize(
    ("command", "arguments", "options", "problem"),
    [
        ("cscan", (0, 1, 10, 0), {}, "count_time .s. must be above 0"),
        ("cscan", (0, 1, 10, 0.1), {"sleep_time": 1}, "sleep_time makes no sense here"),
        ("cscan", (0, 1, 10, 0.1), {"stab_time": 1}, "stab_time makes no sense here"),
        ("cscan", (0, 1, 10, 0.1), {"latency_time": -1}, "latency_time"),
        ("cscan", (0, 1, 10, 0.1), {"passes": 0}, "passes must be at least 1"),
        ("cscan", (0, 0, 10, 0.1), {}, "start and end must differ"),
        ("sweepscan", (0, 1, 0, 0.1), {}, "intervals must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(hall, command, arguments, options, problem):
    with pytest.raises(UsageError, match=problem):
        hall.scan(command, hall.roby, *arguments, **options)
    assert hall.roby.position == 0


def test_one_motor_twice_makes_no_mesh(hall):
    with pytest.raises(UsageError, match="Duplicated axis roby"):
        hall.scan("cmesh", hall.roby, 0, 1, 2, hall.roby, 0, 1, 1, 0.1)


def test_a_scan_that_is_too_fast_or_leaves_the_limits_is_refused_before_anything_moves(hall):
    with pytest.raises(UsageError, match="too fast"):
        hall.scan("cscan", hall.roby, 0, 10, 10, 0.01)
    with pytest.raises(LimitError, match="robz"):
        hall.scan("cmesh", hall.roby, 0, 1, 4, hall.robz, 0, 500, 1, 0.1)
    assert hall.roby.position == hall.robz.position == 0


def test_counters_that_take_longer_than_told_end_the_scan_with_a_hint(hall):
    with pytest.raises(DeviceError, match=r"\(diode\).*larger latency_time"):
        scan = hall.scan("cscan", hall.roby, 0, 1, 10, 0.1, run=False)
        timer = scan.acq_chain.top_masters[0].slaves[0]
        timer.count_time = 0.3
        scan.run()
    assert scan.state is ScanState.KILLED
    assert hall.roby.velocity == 10
