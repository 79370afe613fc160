"""cen and fwhm: the centre of a peak, a dip or an edge by its half height."""

import math

import numpy as np
import pytest
from curves import FWHM_OF_SIGMA, curves, edge, gaussian, numbers, scales
from hypothesis import given
from hypothesis import strategies as st

from obtura.analysis import Centre, cen, fwhm

X = np.linspace(-10, 10, 401)


def same(a, b):
    return a == pytest.approx(b, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("height", [1.0, 1000.0, -3.0])
def test_a_gaussian_peak_or_dip_has_its_centre_and_its_width(height):
    found = cen(X, gaussian(X, 1.37, 0.8, height, ground=5))
    assert found.position == pytest.approx(1.37, abs=1e-3)
    assert found.fwhm == pytest.approx(FWHM_OF_SIGMA * 0.8, rel=1e-3)


@pytest.mark.parametrize("height", [1.0, -1.0], ids=["rising", "falling"])
def test_an_edge_has_its_place_and_the_width_of_the_beam(height):
    found = cen(X, edge(X, -2.5, 0.9, height, ground=7))
    assert found.position == pytest.approx(-2.5, abs=1e-3)
    assert found.fwhm == pytest.approx(FWHM_OF_SIGMA * 0.9, rel=1e-3)


def test_between_two_points_the_curve_is_straight():
    assert cen([0, 1, 2, 3], [0, 1, 1, 0]) == Centre(1.5, 2.0)
    assert cen([0, 2, 3], [0, 4, 0]) == Centre(1.75, 1.5)
    assert cen([0, 1, 2], [4, 0, 4]) == Centre(1.0, 1.0)


def test_a_sharp_step_is_in_the_middle_of_its_interval():
    assert cen([0, 1, 2, 3], [0, 0, 5, 5]).position == 1.5
    assert cen([0, 1], [5, 0]).position == 0.5
    assert 0 < cen([0, 1], [5, 0]).fwhm < 1


def test_the_outermost_points_at_half_height_count():
    two_peaks = [0, 9, 0, 0, 10, 0]
    found = cen(range(6), two_peaks)
    assert found.position == pytest.approx((5 / 9 + 4.5) / 2)
    assert found.fwhm == pytest.approx(4.5 - 5 / 9)


def test_a_noisy_edge_is_in_the_middle_of_where_it_crosses():
    assert cen(range(6), [0, 0, 10, 0, 10, 10]).position == 2.5


def test_an_edge_that_does_not_begin_at_the_ground_is_as_wide_as_what_was_measured():
    found = cen(range(6), [4, 6, 0, 10, 9, 8])
    assert found.fwhm == pytest.approx(2.880489 - 0, abs=1e-5)


def test_half_a_peak_at_the_end_of_a_scan_is_an_edge():
    x = np.linspace(0, 5, 501)
    assert cen(x, gaussian(x)).position == pytest.approx(FWHM_OF_SIGMA / 2, abs=1e-3)


def test_points_need_not_be_in_order():
    x, y = np.array([3, 0, 2, 1]), np.array([0, 0, 1, 1])
    assert cen(x, y) == Centre(1.5, 2.0)


def test_points_at_the_same_place_count_as_one_with_their_mean():
    assert cen([0, 1, 1, 2], [0, 1, 3, 0]) == cen([0, 1, 2], [0, 2, 0])


def test_what_is_flat_has_no_centre():
    for x, y in [([], []), ([1], [2]), ([1, 2, 3], [5, 5, 5]), ([1, 1], [3, 4])]:
        assert all(map(math.isnan, cen(x, y)))


def test_points_that_are_not_finite_are_left_out():
    assert cen([0, 1, 2, 3, 4], [0, 1, math.nan, 1, 0]) == cen([0, 1, 3, 4], [0, 1, 1, 0])
    assert cen([0, 1, math.inf, 2], [0, 1, 5, 0]) == cen([0, 1, 2], [0, 1, 0])


def test_x_and_y_of_different_lengths_are_refused():
    with pytest.raises(TypeError, match="one length"):
        cen([1, 2], [1])


def test_the_largest_and_the_smallest_floats_do_not_overflow():
    for height in (1.7e308, 5e-324):
        assert cen([0, 1, 2], [-height, height, -height]) == Centre(1.0, 1.0)


def test_fwhm_is_that_of_cen():
    assert fwhm(X, gaussian(X)) == cen(X, gaussian(X)).fwhm


@given(curve=curves(least=1))
def test_centre_and_width_lie_within_what_was_measured(curve):
    x, y = curve
    position, width = cen(x, y)
    assert math.isnan(position) or x.min() <= position <= x.max()
    assert math.isnan(width) or 0 <= width <= np.ptp(x) + 1e-9


@given(curve=curves(), scale=scales, shift=numbers)
def test_the_centre_goes_along_with_x(curve, scale, shift):
    x, y = curve
    before, after = cen(x, y), cen(scale * x + shift, y)
    assert same(after.position, scale * before.position + shift)
    assert same(after.fwhm, scale * before.fwhm)


@given(curve=curves(), scale=scales, shift=numbers)
def test_the_centre_does_not_depend_on_the_unit_of_y(curve, scale, shift):
    x, y = curve
    assert same(cen(x, scale * y + shift), cen(x, y))


@given(centre=st.floats(-3, 3), sigma=st.floats(0.5, 2), height=st.floats(0.1, 1e6), is_edge=st.booleans())
def test_any_gaussian_and_any_edge_is_found(centre, sigma, height, is_edge):
    found = cen(X, (edge if is_edge else gaussian)(X, centre, sigma, height))
    assert found.position == pytest.approx(centre, abs=0.01)
    assert found.fwhm == pytest.approx(FWHM_OF_SIGMA * sigma, rel=0.01)
