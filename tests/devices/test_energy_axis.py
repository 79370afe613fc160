"""Energy and wavelength that a crystal reflects."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.devices import EnergyAxis, EnergyWavelength, WavelengthAxis
from obtura.devices.energy import HC, SILICON_111
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import LimitError, UsageError
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def time():
    with virtual_time() as source:
        yield source


def angle(unit="deg", **options):
    return SimulatedAxis("mono", unit=unit, velocity=1e3, acceleration=math.inf, tolerance=1e-9, **options)


def test_the_constants_are_those_of_codata():
    assert pytest.approx(12.398419843, abs=1e-9) == HC
    assert pytest.approx(3.1356011, abs=1e-6) == SILICON_111


def test_copper_k_alpha_is_at_fourteen_degrees():
    mono = angle()
    energy = EnergyAxis("energy", mono)
    energy.move(8.04778)
    assert mono.position == pytest.approx(14.2212, abs=1e-3)  # asin(1.540598 Å / 2 d)
    assert WavelengthAxis("wavelength", mono).position == pytest.approx(1.54060, abs=1e-4)


@given(st.floats(2.5, 100))
def test_there_and_back_is_the_same_energy(value):
    with virtual_time():
        energy = EnergyAxis("energy", angle())
        energy.move(value)
        assert energy.position == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(("unit", "factor"), [("deg", 1), ("rad", math.pi / 180), ("mrad", math.pi / 0.18), (None, 1)])
def test_the_angle_has_its_unit(unit, factor):
    mono = angle(unit)
    EnergyAxis("energy", mono, unit="eV").move(8047.78)
    assert mono.position == pytest.approx(14.2212 * factor, rel=1e-4)


def test_an_angle_needs_a_unit_of_angle():
    with pytest.raises(UsageError, match="energy: unit of mono 'mm' is not known"):
        EnergyAxis("energy", angle("mm"))


@pytest.mark.parametrize("value", [1.9, 0.0, -5.0])
def test_energies_without_bragg_angle_are_refused(value):
    with pytest.raises(
        LimitError, match=r"energy at .* keV can't be: a crystal with 2 d = 6.27\d* Å has no Bragg angle"
    ):
        EnergyAxis("energy", angle()).move(value)


def test_limits_of_the_angle_hold():
    with pytest.raises(LimitError, match="energy at 8 keV: mono: move to 14.3.* deg would exceed high limit"):
        EnergyAxis("energy", angle(limits=(5, 10))).move(8)


def test_at_angle_zero_the_energy_is_infinite():
    assert EnergyAxis("energy", angle()).position == math.inf


def test_energy_and_wavelength_of_one_crystal():
    both = EnergyWavelength("mono_calc", angle(), energy="egy", wavelength="wl")
    both.energy.move(10)
    assert both.wavelength.position == pytest.approx(HC / 10)
    both.wavelength.move(1)
    assert both.energy.position == pytest.approx(HC)
    assert list(both.axes) == ["egy", "wl"]
    assert both.__info__().startswith("axis egy\n")
