"""Units: known or not, what was meant, conversion; and when the registry behind them is loaded."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.contracts.counters import Counter, CounterController
from obtura.ground import units
from obtura.ground.errors import UsageError
from obtura.ground.units import are_compatible, check_unit, convert


@pytest.mark.parametrize("unit", sorted(units._COMMON))
def test_what_is_taken_for_known_is_known(unit):
    assert units._unit(unit) is not None


@pytest.mark.parametrize("unit", [None, "", "furlong", "Å", "W/m²", "kg*m/s**2", "a.u.", "ADU", "1"])
def test_rarer_units_are_known_too(unit):
    check_unit("roby", unit)


@pytest.mark.parametrize(
    ("unit", "hint"),
    [
        ("mmm", "did you mean 'mm'"),
        ("kev", "did you mean 'keV'"),
        ("milimeter", "did you mean 'millimeter'"),
        ("5 mm", ""),
        ("zzzzz", ""),
        ("e-", ""),
    ],
)
def test_an_unknown_unit_is_refused_with_what_was_meant(unit, hint):
    with pytest.raises(UsageError, match=f"roby: unit '{unit}' is not known.*{hint}"):
        check_unit("roby", unit)


def test_a_counter_with_an_unknown_unit_is_refused():
    with pytest.raises(UsageError, match="current: unit 'mAmp' is not known"):
        Counter("current", CounterController("box"), unit="mAmp")


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [("mm", "um", True), ("mm", "mA", False), (None, "", True), ("cts", None, True), ("mm", None, False)],
)
def test_units_that_measure_the_same_are_compatible(one, other, answer):
    assert are_compatible(one, other) is answer


def test_values_are_converted():
    assert convert(1.5, "mm", "um") == pytest.approx(1500)
    assert convert(20.0, "degC", "K") == pytest.approx(293.15)
    assert convert(7, "mm", "mm") == 7
    with pytest.raises(UsageError, match="mm can't be converted to mA"):
        convert(1, "mm", "mA")
    with pytest.raises(UsageError, match="unit 'mmm' is not known"):
        convert(1, "mmm", "mm")


@given(st.floats(-1e6, 1e6), st.sampled_from(["mm", "um", "m", "nm"]), st.sampled_from(["mm", "um", "m", "nm"]))
def test_there_and_back_again(value, unit, to):
    assert convert(convert(value, unit, to), to, unit) == pytest.approx(value, rel=1e-9)


def test_common_units_do_not_load_the_registry():
    script = (
        "import sys; from obtura.contracts.counters import *; Counter('a', CounterController('b'), unit='mm');"
        "print('pint' in sys.modules); Counter('a', CounterController('b'), unit='furlong');"
        "print('pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
