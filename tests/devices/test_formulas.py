"""Formulas: what may stand in one, what is refused, counters that are calculated by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.contracts.consumers import Surroundings
from obtura.contracts.counters import Counter, CounterController, SamplingCounter, SamplingCounterController
from obtura.devices.expression import ExpressionCalcCounter, ExpressionCalcCounterController
from obtura.ground.errors import UsageError
from obtura.ground.expression import FUNCTIONS, Expression
from obtura.scans.bench import Bench

A, B = np.array([1.0, 2.0, 3.0]), np.array([4.0, 0.0, -1.0])
SPECTRA = np.arange(12.0).reshape(3, 4)


def worked(text):
    return np.asarray(Expression(text).evaluate({"a": A, "b": B, "m": SPECTRA})).tolist()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + 2 * b", (A + 2 * B).tolist()),
        ("-a ** 2", [-1, -4, -9]),
        ("a // 2 + a % 2", [1, 1, 2]),
        ("a if a > 1 else b", [4, 2, 3]),
        ("1 < a <= 3 and not b < 0", [False, True, False]),
        ("b == 0 or a != 1", [False, True, True]),
        ("max(a, b, 2)", [4, 2, 3]),
        ("min(m) + max(m)", [3, 11, 19]),
        ("sum(m[1:3])", [3, 11, 19]),
        ("m[0] + m[-1]", [3, 11, 19]),
        ("sum(m / a)", [6, 11, 38 / 3]),
        ("mean(a)", [1, 2, 3]),
        ("sqrt(a * a) + log(e) + cos(pi)", [1, 2, 3]),
        ("a / b", [0.25, math.inf, -3]),
        ("  a  ", [1, 2, 3]),
    ],
)
def test_a_formula_is_worked_out_point_by_point(text, value):
    assert worked(text) == pytest.approx(value, nan_ok=True)


numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
leaves = st.sampled_from(["a", "b"]) | numbers.map(lambda value: f"({value})")
formulas = st.recursive(
    leaves,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=12,
)


@given(formulas, numbers, numbers)
def test_arithmetic_is_that_of_python(text, a, b):
    assert Expression(text).evaluate({"a": a, "b": b}) == pytest.approx(eval(text, {"a": a, "b": b}), rel=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "(lambda: 1)()",
        "[a for a in (1, 2)]",
        "{'a': 1}",
        "f'{a}'",
        "'text'",
        "a ^ 2",
        "a @ b",
        "~a",
        "a is b",
        "(a := 1)",
        "sqrt(a, out=b)",
        "sqrt(*a)",
        "m[a]",
        "m[::'x']",
        "eval(a)",
        "a if b",
        "a; b",
        "",
        "1j",
        "...",
        "(" * 300 + ")" * 300,
        "-" * 5000 + "a",
        "a\x00",
    ],
)
def test_what_is_no_formula_is_refused_before_anything_is_worked_out(text):
    with pytest.raises(UsageError):
        Expression(text)


def test_numbers_that_would_take_any_time_are_infinite_at_once():
    assert Expression("9 ** 9 ** 9 ** 9").evaluate({}) == math.inf


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a ^ 2", r"a power is written \*\*"),
        ("sqrt(a, b)", "sqrt takes 1 arguments, got 2"),
        ("where(a)", "where takes 3 arguments, got 1"),
        ("max()", "max takes some arguments, got 0"),
        ("sqr(a)", "there is no function 'sqr': did you mean 'sqrt'?"),
        ("m[1.5:a]", r"must be whole numbers: \[100:200\]"),
    ],
)
def test_the_message_says_what_to_do(text, hint):
    with pytest.raises(UsageError, match=hint):
        Expression(text)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"where", "clip", "arctan2", "atan2", "hypot"}))
def test_every_function_takes_a_block_of_points(name):
    assert np.shape(Expression(f"{name}(a / 4)").evaluate({"a": A})) == (3,)


# -- counters -------------------------------------------------------------------------------------------------


class Meter(SamplingCounterController):
    def __init__(self, **values):
        super().__init__("meter", blocking=False)
        self.values = values
        for name, value in values.items():
            SamplingCounter(name, self, shape=np.shape(value), unit={"i0": "mA", "x": "mm", "y": "um"}.get(name))

    def read(self, counter):
        return self.values[counter.name]


def count(*counters):
    return Bench(Surroundings()).loopscan(2, 0, *counters).get_data()


def test_a_counter_is_calculated_by_its_formula():
    c = Meter(diode=8.0, i0=2.0).counters
    ratio = ExpressionCalcCounter("ratio", "signal / i0 * factor", {"signal": c.diode, "i0": c.i0}, {"factor": 100})
    data = count(ratio)
    assert data[ratio].tolist() == [400, 400]
    assert data["diode"].tolist() == [8, 8]
    ratio.constants["factor"] = 1
    assert ratio.read() == 4
    assert ratio.__info__() == "counter ratio:ratio in 1/mA\n  = signal / i0 * factor"


def test_several_formulas_share_inputs_and_constants():
    c = Meter(a=8.0, b=2.0).counters
    outputs = [{"name": "sum", "expression": "a + b"}, {"name": "shifted", "expression": "a - dark", "unit": "V"}]
    controller = ExpressionCalcCounterController("calc", [c.a, c.b], outputs, {"dark": 3})
    data = count(controller)
    assert (data["sum"].tolist(), data["shifted"].tolist()) == ([10, 10], [5, 5])
    assert [counter.unit for counter in controller.outputs] == [None, "V"]


def test_the_shape_follows_from_the_formula():
    c = Meter(mca=np.arange(4.0), i0=2.0).counters
    normed = ExpressionCalcCounter("normed", "mca[1:] / i0", [c.mca, c.i0])
    area = ExpressionCalcCounter("area", "sum(mca)", [c.mca])
    assert (normed.shape, area.shape) == ((3,), ())
    data = count(normed, area)
    assert data["normed"].tolist() == [[0.5, 1, 1.5]] * 2
    assert data["area"].tolist() == [6, 6]


def test_a_formula_of_constants_only_has_a_value_at_each_point():
    c = Meter(a=1.0).counters
    assert count(ExpressionCalcCounter("k", "2 * k0", [c.a], {"k0": 3}))["k"].tolist() == [6, 6]


@pytest.mark.parametrize(
    ("expression", "constants", "message"),
    [
        ("dode / i0", {}, "uses 'dode', which is no input: did you mean 'diode'?"),
        ("diode * i0", {"i0": 1}, "ratio: 'i0' is an input and a constant"),
        ("diode * f", {"f": "two"}, "ratio: constant f must be a number, got 'two'"),
        ("diode[0]", {}, "'diode.0.' can't be worked out"),
        ("diode[1:2]", {}, "can't be worked out: a number has no parts"),
    ],
)
def test_a_formula_that_does_not_fit_its_inputs_is_refused(expression, constants, message):
    c = Meter(diode=8.0, i0=2.0).counters
    with pytest.raises(UsageError, match=message):
        ExpressionCalcCounter("ratio", expression, [c.diode, c.i0], constants)


def test_an_unknown_key_of_an_output_is_refused():
    with pytest.raises(UsageError, match="an output has a name, an expression, a unit, not units"):
        ExpressionCalcCounterController(
            "c", [Meter(a=1.0).counters.a], [{"name": "x", "expression": "a", "units": "V"}]
        )


# -- units ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "unit"),
    [("x / i0", "mm/mA"), ("x * x", "mm**2"), ("x + y", "mm"), ("x > 1", None), ("diode / 2", None), ("x - 3", "mm")],
)
def test_the_unit_follows_from_those_of_the_inputs(expression, unit):
    c = Meter(x=1.0, y=1.0, i0=1.0, diode=1.0).counters
    assert ExpressionCalcCounter("z", expression, list(c.values())).unit == unit


@pytest.mark.parametrize(
    ("expression", "unit", "message"),
    [
        ("x + i0", None, "[+] of mm and mA, which do not measure the same"),
        ("x + i0", "mm", "[+] of mm and mA, which do not measure the same"),
        ("x / i0", "mm", "z is said to be in mm, but 'x / i0' is in mm/mA"),
        ("log(x)", "mm", "log of mm, which is no pure number"),
    ],
)
def test_units_that_make_no_sense_refuse_the_scan_before_it_begins(expression, unit, message):
    c = Meter(x=1.0, i0=1.0).counters
    counter = ExpressionCalcCounter("z", expression, [c.x, c.i0], unit=unit)
    with pytest.raises(UsageError, match=message):
        counter.check_unit()
    with pytest.raises(UsageError, match=message):
        count(counter)


def test_a_unit_of_another_scale_is_taken_as_given():
    c = Meter(x=1.0).counters
    counter = ExpressionCalcCounter("z", "x * 1000", [c.x], unit="um")
    counter.check_unit()
    assert counter.unit == "um"


def test_a_counter_without_a_channel_of_its_own_can_still_be_an_input():
    image = Counter("image", CounterController("camera", blocking=False), shape=(2, 2))
    assert ExpressionCalcCounter("light", "sum(image)", [image]).shape == ()
