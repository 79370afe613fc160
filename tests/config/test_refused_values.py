"""Values that a constructor would refuse are refused while the YAML is read, with their place."""

import jsonschema
import pytest
from ruamel.yaml import YAML

from obtura.session.config.schema import schema

REFUSED = [
    ("SimulatedAxis, velocity: -5", "velocity: expected a number greater than 0, got '-5'"),
    ("SimulatedAxis, acceleration: 0", "acceleration: expected a number greater than 0, got '0'"),
    ("SimulatedAxis, tolerance: -1", "tolerance: expected a number greater than 0, got '-1'"),
    ("SimulatedAxis, modulo: -3", "modulo: expected a number greater than 0, got '-3'"),
    ("SimulatedAxis, sign: 3", "sign: expected one of 1, -1, got '3'"),
    ("FaultyAxis, velocity: -5", "velocity: expected a number greater than 0, got '-5'"),
    ("FaultyAxis, hang: foo", "hang: expected one of '', start, stop, position, state, got 'foo'"),
    ("FaultyCounter, hang_for: -1", "hang_for: expected a number of at least 0, got '-1'"),
    ("FaultyShutter, opens_late: -1", "opens_late: expected a number of at least 0, got '-1'"),
    ("SimulatedShutter, timeout: 0", "timeout: expected a number greater than 0, got '0'"),
    ("SimulatedShutter, opening_time: -1", "opening_time: expected a number of at least 0, got '-1'"),
    ("SimulatedCamera, binning: 0", "binning: expected a whole number of at least 1, got '0'"),
    ("SimulatedMCA, nchannels: 0", "nchannels: expected a whole number of at least 1, got '0'"),
    ("SimulatedRing, lifetime: 0", "lifetime: expected a number greater than 0, got '0'"),
    (
        "SimulationCounter, distribution: flot",
        "distribution: expected one of FLAT, GAUSSIAN, LINEAR, SIGMOID, got 'flot'",
    ),
]
TOGETHER = [
    ("limits: [10, -10]", "limits: the low limit 10 is above the high limit -10"),
    ("low_limit: 5, high_limit: 2", "low_limit: the low limit 5 is above the high limit 2"),
    ("limits: [0, 1], high_limit: 2", "high_limit: give either limits, or low_limit and high_limit"),
    ("velocity: 5, velocity_high_limit: 2", "velocity: 5 is outside of its limits, 0 to 2"),
    ("steps_per_unit: 0", "steps_per_unit: must not be 0"),
    ("offset: .inf", "offset: must be finite"),
]
ACCEPTED = [
    "SimulatedAxis, velocity: .inf, acceleration: .inf, sign: -1, modulo: 360, limits: [-.inf, 5]",
    "SimulatedAxis, sign: 1, modulo: null, low_limit: 5, high_limit: 5, steps_per_unit: -200",
    "FaultyAxis, hang: stop",
    "SimulationCounter, distribution: FLAT",
    "FaultyShutter, opens_late: 0, timeout: 0.5",
]


def written(words):
    return f"- {{name: a, class: {words}}}"


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize(("words", "problem"), REFUSED)
def test_a_value_out_of_range_is_told_and_an_editor_knows_it(beamline, validator, words, problem):
    text = written(words)
    assert beamline.problem(text) == f"devices.yml:1:{text.rindex(' ') + 2}: a: {problem}"
    assert not validator.is_valid(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(("words", "problem"), TOGETHER)
def test_values_that_do_not_go_together_are_told_where_they_are(beamline, words, problem):
    text = written(f"SimulatedAxis, {words}")
    key = problem.partition(":")[0]
    place = text.index(f" {key}: ") + len(f" {key}: ") + 1
    assert beamline.problem(text) == f"devices.yml:1:{place}: a: {problem}"


@pytest.mark.parametrize("words", ACCEPTED)
def test_what_is_in_range_makes_an_object_and_an_editor_likes_it(beamline, validator, words):
    assert beamline.load(written(words)).get("a").name == "a"
    assert validator.is_valid(YAML(typ="safe", pure=True).load(written(words)))


def test_the_defaults_of_a_class_are_checked_too(beamline):
    told = beamline.problem("defaults: {SimulatedAxis: {velocity: -1}}", "obtura.yml")
    assert told == "obtura.yml:1:38: defaults: velocity: expected a number greater than 0, got '-1'"


def test_a_class_of_another_package_checks_its_own_words_and_may_fail_at_it(beamline, plugin):
    plugin(
        """
        class Oven:
            def __init__(self, name: str, cold: float, hot: float = 100.0, peer: object = None): ...

            @staticmethod
            def yaml_check(given):
                assert "peer" not in given
                if given["cold"] > given["hot"]:
                    yield "hot", "is colder than cold"
        """,
        Oven="Oven",
    )
    assert beamline.problem("- {name: a, class: Oven, cold: 5, hot: 3, peer: $b}\n- {name: b, class: World}") == (
        "devices.yml:1:40: a: hot: is colder than cold"
    )
    assert beamline.problem("- {name: a, class: Oven, cold: 5}") == "devices.yml:1:3: a: 'hot'"
