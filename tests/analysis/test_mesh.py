"""The points of a mesh on their grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.analysis import Steps, image, snapped
from obtura.ground.errors import UsageError

FAST, SLOW = Steps(0, 2, 3), Steps(10, 11, 2)


def mesh(fast, slow, backnforth=False):
    """The positions of a mesh, in the order in which they are measured."""
    lines = [fast.positions[::-1] if backnforth and number % 2 else fast.positions for number in range(slow.npoints)]
    return np.concatenate(lines), np.repeat(slow.positions, fast.npoints)


def test_the_image_has_a_line_for_each_slow_position():
    assert image(np.arange(6), mesh(FAST, SLOW), (FAST, SLOW)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_line_taken_backwards_is_turned_round():
    found = image(np.arange(6), mesh(FAST, SLOW, backnforth=True), (FAST, SLOW))
    assert found.tolist() == [[0, 1, 2], [5, 4, 3]]


def test_where_no_point_was_taken_there_is_nan():
    x, y = mesh(FAST, SLOW)
    found = image(np.arange(4), (x[:4], y[:4]), (FAST, SLOW))
    assert found[:, 0].tolist() == [0, 3]
    assert np.isnan(found[1, 1:]).all()


def test_of_two_points_at_one_place_the_last_counts():
    assert image(np.array([1, 2]), ([0, 0], [10, 10]), (FAST, SLOW))[0, 0] == 2


def test_an_axis_may_go_downwards():
    steps = Steps(5, 1, 3)
    assert steps.positions.tolist() == [5, 3, 1]
    assert steps.nearest([5.1, 1.2, 2.9]).tolist() == [0, 2, 1]


def test_positions_beside_and_beyond_the_grid_belong_to_the_nearest_step():
    assert snapped([0.1, 0.9, 2.4, -7, np.nan], FAST).tolist() == [0, 1, 2, 0, 0]


def test_an_axis_that_stands_still_has_one_place():
    assert Steps(1, 1, 3).nearest([1.0, 1.1]).tolist() == [0, 0]
    assert Steps(1, 2, 1).nearest([1.0]).tolist() == [0]


def test_three_axes_give_a_stack_of_images():
    third = Steps(0, 1, 2)
    x, y = mesh(FAST, SLOW)
    found = image(np.arange(12), (np.tile(x, 2), np.tile(y, 2), np.repeat([0, 1], 6)), (FAST, SLOW, third))
    assert found.shape == (2, 2, 3)
    assert found[1, 1].tolist() == [9, 10, 11]


def test_each_axis_needs_its_steps():
    with pytest.raises(UsageError, match="steps for each of its 2 axes"):
        image(np.arange(6), mesh(FAST, SLOW), (FAST,))


@given(
    ends=st.tuples(st.floats(-100, 100), st.floats(-100, 100)).filter(lambda ends: abs(ends[0] - ends[1]) > 0.1),
    npoints=st.integers(1, 30),
    jitter=st.floats(-0.4, 0.4),
)
def test_every_step_is_found_again_when_the_encoder_reads_beside_it(ends, npoints, jitter):
    steps = Steps(*ends, npoints)
    step = (ends[1] - ends[0]) / max(npoints - 1, 1)
    assert steps.nearest(steps.positions + jitter * step).tolist() == list(range(npoints))
