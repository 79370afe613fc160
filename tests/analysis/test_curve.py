"""peak, trough and com: where a curve is highest, lowest, and where its mass is."""

import math

import numpy as np
import pytest
from curves import curves, gaussian, numbers, scales
from hypothesis import given

from obtura.analysis import LengthError, com, is_flat, peak, trough

X = np.linspace(-5, 5, 101)
FUNCTIONS = [peak, trough, com]


def same(a, b):
    return a == pytest.approx(b, rel=1e-9, abs=1e-9, nan_ok=True)


def test_the_peak_of_a_gaussian_is_its_centre():
    assert peak(X, gaussian(X, 1.3)) == pytest.approx(1.3)


def test_the_trough_of_an_inverted_gaussian_is_its_centre():
    assert trough(X, gaussian(X, -2, height=-7, ground=100)) == pytest.approx(-2)


def test_the_mass_of_a_gaussian_is_at_its_centre_on_any_ground():
    assert com(X, gaussian(X, 0.5, sigma=0.7, ground=1000)) == pytest.approx(0.5, abs=1e-3)


def test_mass_is_counted_above_the_lowest_point():
    assert com([0, 1, 2], [10, 10, 13]) == 2
    assert com([0, 1, 2, 3], [-5, -4, -4, -5]) == 1.5


def test_each_point_weighs_the_same_wherever_it_is():
    assert com([0, 1, 10], [0, 1, 1]) == 5.5


def test_without_mass_the_centre_of_mass_is_the_mean_of_x():
    assert com([0, 1, 5], [3, 3, 3]) == 2
    assert com([7], [3]) == 7


@pytest.mark.parametrize("function", [peak, trough])
def test_what_is_flat_has_no_peak(function):
    assert math.isnan(function([0, 1, 2], [4, 4, 4]))
    assert math.isnan(function([1], [4]))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_points_give_nan(function):
    assert math.isnan(function([], []))
    assert math.isnan(function([1, 2], [math.nan, math.inf]))


def test_of_equal_points_the_one_measured_first_counts():
    assert peak([3, 1, 2], [0, 9, 9]) == 1
    assert peak([3, 2, 1], [0, 9, 9]) == 2
    assert trough([3, 2, 1], [5, 0, 0]) == 2


@pytest.mark.parametrize("function", FUNCTIONS)
def test_points_that_are_not_finite_are_left_out(function):
    x, y = [0, 1, 2, 3, 4, math.nan], [math.nan, 1, 3, 2, math.inf, 100]
    assert function(x, y) == function([1, 2, 3], [1, 3, 2])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_x_and_y_of_different_lengths_are_refused(function):
    with pytest.raises(LengthError, match="one length"):
        function([1, 2], [1, 2, 3])
    with pytest.raises(TypeError):
        function([[1, 2]], [[1, 2]])


def test_a_curve_is_flat_when_its_finite_values_are_equal():
    assert is_flat([]) and is_flat([1]) and is_flat([2, 2, math.nan])
    assert not is_flat([1, 2])


def test_the_counters_of_a_scan_may_be_whole_numbers_or_truth_values():
    assert peak(np.arange(3), np.array([1, 5, 2], dtype=np.uint32)) == 1
    assert peak(np.arange(3), np.array([False, True, False])) == 1


def test_the_largest_floats_do_not_overflow():
    assert com([0, 1], [-1.7e308, 1.7e308]) == 1
    assert com([0, 1], [0, 5e-324]) == 1


@pytest.mark.parametrize("function", FUNCTIONS)
@given(curve=curves(least=1))
def test_the_result_lies_within_the_range_of_x(function, curve):
    x, y = curve
    result = function(x, y)
    assert math.isnan(result) or x.min() <= result <= x.max()


@pytest.mark.parametrize("function", FUNCTIONS)
@given(curve=curves(), scale=scales, shift=numbers)
def test_the_result_goes_along_with_x(function, curve, scale, shift):
    x, y = curve
    assert same(function(scale * x + shift, y), scale * function(x, y) + shift)
    assert same(function(-x, y), -function(x, y))


@pytest.mark.parametrize("function", FUNCTIONS)
@given(curve=curves(), scale=scales, shift=numbers)
def test_the_result_does_not_depend_on_the_unit_of_y(function, curve, scale, shift):
    x, y = curve
    assert same(function(x, scale * y + shift), function(x, y))


@given(curve=curves())
def test_the_trough_is_the_peak_upside_down(curve):
    x, y = curve
    assert same(trough(x, y), peak(x, -y))
