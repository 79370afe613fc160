"""Counters whose values over a scan have a given shape."""

import numpy as np
import pytest

from obtura.contracts.consumers import Surroundings
from obtura.devices.sim import SimulatedAxis, World
from obtura.devices.sim.distribution import SimulationCounter
from obtura.ground.errors import UsageError
from obtura.scans.bench import Bench
from obtura.works.clock import virtual_time

X = np.linspace(2, 8, 13)


def scanned(*arguments, **options):
    counter = SimulationCounter("sim", *arguments, world=World(), **options)
    with virtual_time():
        scan = Bench(Surroundings()).ascan(SimulatedAxis("roby"), 2, 8, 12, 0, counter)
    assert scan.get_data(counter).tolist() == counter.data.tolist()
    return counter.data


def test_a_gaussian_has_its_centre_in_the_middle_and_a_sixth_of_the_range_as_sigma():
    assert scanned() == pytest.approx(np.exp(-((X - 5) ** 2) / 2))
    assert scanned(mu_offset=1, sigma_factor=2, height_factor=10) == pytest.approx(10 * np.exp(-((X - 6) ** 2) / 8))


def test_the_other_shapes():
    assert scanned("FLAT", height_factor=3).tolist() == [3] * 13
    assert scanned("linear") == pytest.approx((X - 2) / 6)
    assert scanned("SIGMOID", height_factor=2) == pytest.approx(2 / (1 + np.exp(5 - X)))


def test_noise_is_the_same_for_the_same_seed_and_in_proportion_to_the_height():
    first, second = (scanned("FLAT", height_factor=100, noise_factor=0.01) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert 0.3 < np.std(first) < 3


def test_a_count_and_a_scan_without_end_have_the_height():
    counter = SimulationCounter("sim", height_factor=7)
    lab = Bench(Surroundings())
    with virtual_time():
        assert lab.ct(0.1, counter).get_data("sim").tolist() == [7]
        scan = lab.timescan(0.1, counter, run=False)
        assert counter.values({**scan.scan_info}).tolist() == [7]


def test_a_loopscan_goes_over_its_points():
    counter = SimulationCounter("sim", "LINEAR")
    with virtual_time():
        assert Bench(Surroundings()).loopscan(5, 0, counter).get_data("sim").tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_each_line_of_a_mesh_has_the_shape():
    counter = SimulationCounter("sim", "LINEAR")
    with virtual_time():
        axes = SimulatedAxis("roby"), SimulatedAxis("robz")
        scan = Bench(Surroundings()).amesh(axes[0], 0, 1, 2, axes[1], 0, 1, 1, 0, counter)
    assert scan.get_data("sim").tolist() == [0, 0.5, 1, 0, 0.5, 1]


def test_wrong_arguments_are_refused():
    with pytest.raises(UsageError, match="sim: distribution 'GAUSIAN' is not known: did you mean 'GAUSSIAN'?"):
        SimulationCounter("sim", "gausian")
    with pytest.raises(UsageError, match="sigma_factor must be greater than 0"):
        SimulationCounter("sim", sigma_factor=0)
