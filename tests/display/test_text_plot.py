"""Curves in text."""

import math

import numpy as np
import pytest
from drawn import MARKS, bell, curves
from hypothesis import given
from hypothesis import strategies as st

from obtura.display.picture import Curve, ticks
from obtura.display.text_plot import text_curves


def drawn(picture, width=70, height=18, colour=False, blocks=True):
    return text_curves(picture, width, height, colour, blocks)


def test_a_curve_has_a_title_its_axes_and_round_numbers_along_them():
    text = drawn(curves(bell()))
    assert "ascan roby 0 10 20 0.1" in text.splitlines()[0]
    assert "roby [mm]" in text
    assert [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line] == [
        "1000",
        "800",
        "600",
        "400",
        "200",
    ]
    assert text.splitlines()[-2].split() == ["0", "2.5", "5", "7.5", "10"]


def test_it_is_as_wide_and_as_high_as_was_asked_for():
    lines = drawn(curves(bell()), width=60, height=15).splitlines()
    assert len(lines) == 15
    assert max(map(len, lines)) == 60


def test_peak_centre_and_width_are_marked():
    plain, marked = drawn(curves(bell())), drawn(curves(bell(), marks=MARKS))
    assert "▲" not in plain and "▲" in marked
    column = next(line.index("▲") for line in marked.splitlines() if "▲" in line)
    assert sum(line[column : column + 1] in "│┴┬▲─" for line in marked.splitlines()) > 10
    assert any(20 < line.count("─") < 50 for line in marked.splitlines())


def test_several_curves_have_a_legend():
    text = drawn(curves(bell(), bell(3, name="monitor")))
    assert "diode" in text and "monitor" in text


def test_without_colours_nothing_but_text_is_written():
    assert "\x1b" not in drawn(curves(bell(), marks=MARKS))
    assert "\x1b[" in drawn(curves(bell(), marks=MARKS), colour=True)


def test_where_only_ascii_is_known_only_ascii_is_written():
    text = drawn(curves(bell(), bell(3), marks=MARKS), blocks=False)
    assert text.isascii()
    assert "*" in text and "^" in text and "|" in text


def test_points_that_are_not_finite_are_left_out():
    x = np.array([0, 1, math.nan, 3, 4])
    y = np.array([1, math.nan, 5, 2, math.inf])
    assert drawn(curves(Curve("a", x, y))) == drawn(curves(Curve("a", np.array([0.0, 3]), np.array([1.0, 2]))))


def test_without_any_finite_point_that_is_said():
    assert "nothing to draw" in drawn(curves(Curve("a", np.array([1.0]), np.array([math.nan]))))


@pytest.mark.parametrize("points", [1, 2])
def test_one_point_and_a_flat_line_can_be_drawn(points):
    text = drawn(curves(Curve("a", np.arange(points, dtype=float), np.full(points, 4.0))))
    assert "4" in text and len(text.splitlines()) == 18


def test_one_picture_leaves_nothing_for_the_next():
    first = drawn(curves(bell()))
    drawn(curves(bell(2), bell(3, name="other"), marks=MARKS))
    assert drawn(curves(bell())) == first


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6), most=st.integers(2, 12))
def test_ticks_are_few_and_lie_within(low, span, most):
    places = ticks(low, low + span, most)
    assert 1 <= len(places) <= most
    slack = 1e-6 * span + 4 * math.ulp(max(abs(low), abs(low + span)))  # no float lies closer
    assert all(low - slack <= place <= low + span + slack for place in places)


def test_ticks_are_round():
    assert ticks(0.3, 9.7, 6) == [2, 4, 6, 8]
    assert ticks(-1, 1, 5) == [-1, -0.5, 0, 0.5, 1]
    assert ticks(3, 3, 5) == [3]
    assert ticks(math.nan, 3, 5) != []
