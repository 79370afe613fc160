"""Whatever stands in the files: a Config, or a ConfigError that says where; never anything else."""

import math
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from obtura.session.config import Config, ConfigError
from obtura.session.config.hints import understand
from obtura.session.config.nodes import Scalar
from obtura.session.config.parse import parse
from obtura.session.config.problems import Place
from obtura.session.config.reading import Reader
from obtura.session.config.scalars import natural

TYPED = """
    name class roby robz World SimulatedAxis SimulatedDiode SimulatedController ShutterPreset Session MeasurementGroup
    SimulatedCamera Slits SoftAxis velocity limits unit devices counters include presets aliases saving setup
    controller obj spots behind package module defaults shutter << $roby $robz $roby.position $$ * ? yes no on off null
    ~ 010 1e3 12:30 1_000 .5 .inf .nan mm 2024-01-01 !!str !!int !!python/name:os.system &a *a | > - [ ] { } : , # ' "
    % @ ` --- ...
"""
KEY_WORDS = """
    limits velocity unit spots behind controller obj position shutter counter devices counters include exclude presets
    aliases saving setup scripts measurement_groups default_measurement_group consumers default disabled rois size
    front outputs output input more world calibration calc tag positions inputs expression mode
"""
CLASS_NAMES = """
    World SimulatedAxis SimulatedDiode SimulatedController ShutterPreset Session MeasurementGroup SimulatedCamera
    Slits SoftAxis SoftCounter SimulatedMCA WaitForBeam MultiplexerPreset SimulatedMultiplexer MultiplePositions
    CalcAxis
"""
WORDS = st.sampled_from([*TYPED.split(), "\t"])
KEYS = st.sampled_from(KEY_WORDS.split())
CLASSES = st.sampled_from(CLASS_NAMES.split())
PIECES = st.one_of(WORDS, st.sampled_from(["\n", "\n  ", "\n- ", "\n    ", ": ", ", ", " "]), st.text(max_size=3))
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["roby", "robz", "a", "b"]), "class": CLASSES}, optional={}
).flatmap(lambda head: st.dictionaries(KEYS, VALUES, max_size=4).map(lambda more: {**more, **head}))


def loaded(text):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "devices.yml"
        path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        try:
            return Config.load(directory)
        except ConfigError as error:
            lines = path.read_bytes().count(b"\n") + 2
            for problem in error.problems:
                assert problem.place.file.startswith(directory)
                assert 1 <= problem.place.line <= lines and problem.place.column >= 1
                assert problem.message and "\n" not in problem.message.strip()
            return None


MANY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(st.lists(PIECES, max_size=30).map("".join))
@example("%YAML 9.9\n---\na")
@example("%TAG ! x\n--- !y z")
@example('"\\U00110000"')
@example("? \n")
@example("!<> a")
@example("&a &b c")
@example("- &a x\n- *a\n---\n- *a")
@example("{a: b}: c")
@example("\ufeff- x")
@example("a: !!int x\n")
@example("name: x\nclass: \n")
def test_any_text_is_a_beamline_or_a_problem(text):
    loaded(text)


@MANY
@given(st.binary(max_size=60))
def test_any_bytes_are_a_beamline_or_a_problem(data):
    loaded(data)


def written(value):
    match value:
        case dict():
            return "{" + ", ".join(f'"{key}": {written(each)}' for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case float():
            return str(value).replace("inf", ".inf").replace("nan", ".nan")
        case str():
            return quoted(value)
        case None:
            return "null"
        case _:
            return str(value).lower()


def quoted(text):
    return "'" + "".join(each for each in text if each.isprintable()).replace("'", "''") + "'"


@MANY
@given(st.lists(OBJECTS, max_size=3))
def test_any_value_of_any_key_is_good_or_a_problem(objects):
    loaded("\n".join(f"- {written(each)}" for each in objects))


def read(text, annotation):
    problems = []
    (node,) = parse(f"[{text}]", "f.yml", problems)
    reader = Reader("it", {}, set())
    value = reader.read("key", node.items[0], understand(annotation))
    assert problems == reader.problems == []
    return value


@given(st.floats(allow_nan=False))
def test_a_number_comes_back_as_python_writes_it(number):
    assert read(repr(number), float) == number
    assert read(repr(number), float | str) == number


@given(st.integers(-(10**20), 10**20))
def test_a_whole_number_comes_back(number):
    assert read(str(number), int) == number
    assert read(str(number), int | float | str) == number


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20))
def test_quoted_text_comes_back(text):
    assert read("'" + text.replace("'", "''") + "'", str) == text


@given(st.text(max_size=12))
def test_a_word_by_itself_is_a_number_truth_nothing_or_what_was_typed(word):
    value = natural(Scalar(Place("f.yml"), word))
    assert value is None or isinstance(value, bool) or value == word or math.isnan(value) or float(value) == value
