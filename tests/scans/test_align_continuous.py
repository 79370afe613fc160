"""What is counted on the way belongs to the middle of the counting, and so do peak and centre."""

import numpy as np
import pytest

from obtura.scans.measured import along_axes

VELOCITY, COUNT_TIME = 4.0, 0.2
STEP = 1.0


def passed(start, stop, passes=1, backnforth=False):
    """Positions at which the points of a continuous scan began, as `cscan` gives them."""
    ends = [(start, stop), (stop, start) if backnforth else (start, stop)]
    number = round(abs(stop - start) / STEP)
    lines = [np.linspace(*ends[one % 2], number, endpoint=False) for one in range(passes)]
    return np.concatenate(lines)


def along(x, **info):
    facts = {"type": "cscan", "velocity": VELOCITY, "count_time": COUNT_TIME, **info}
    return along_axes(facts, [None], ["x"], [None], [x])[0]


@pytest.mark.parametrize("ends", [(0, 10), (10, 0)])
@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("backnforth", [False, True])
def test_each_point_lies_in_the_middle_of_its_counting_whichever_way_the_motor_went(ends, passes, backnforth):
    begins = passed(*ends, passes, backnforth)
    way = np.sign(ends[1] - ends[0])
    ways = np.concatenate([np.full(10, way * (-1 if backnforth and one % 2 else 1)) for one in range(passes)])
    assert along(begins).x == pytest.approx(begins + ways * VELOCITY * COUNT_TIME / 2)


def test_one_point_has_no_way_to_go():
    assert along(np.array([3.0])).x == [3.0]
    assert len(along(np.array([])).x) == 0


def test_a_step_scan_has_its_positions_as_they_are():
    x = np.arange(5.0)
    assert along(x, type="ascan").x == pytest.approx(x)


def test_in_a_mesh_points_of_lines_of_both_directions_belong_to_the_same_places():
    fast = passed(0, 10, passes=2, backnforth=True)
    slow = np.repeat([0.0, 1.0], 10)
    facts = {"type": "cmesh", "velocity": VELOCITY, "count_time": COUNT_TIME, "data_dim": 2}
    facts |= {"npoints1": 10, "npoints2": 2, "start": [0, 0], "stop": [10, 1]}
    x, y = along_axes(facts, [None, None], ["x", "y"], [None, None], [fast, slow])
    middles = np.arange(10) + 0.5
    assert x.on_grid == pytest.approx(np.concatenate([middles, middles[::-1]]))
    assert y.on_grid == pytest.approx(slow)


def test_axes_of_a_scan_that_is_no_mesh_have_no_grid():
    facts = {"type": "a2scan", "start": [0, 0], "stop": [1, 1]}
    for one in along_axes(facts, [None, None], ["x", "y"], ["mm", None], [np.arange(3.0), np.arange(3.0)]):
        assert one.steps is None and one.on_grid is one.x
