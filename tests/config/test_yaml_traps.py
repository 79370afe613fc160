"""What a person types, for the type that is wanted: what was meant, or an error that says what to write."""

import enum
import math
from pathlib import Path
from typing import Any, Literal

import pytest

from obtura.session.config.hints import understand
from obtura.session.config.parse import parse
from obtura.session.config.reading import WRONG, Reader


class Mode(enum.Enum):
    MEAN = 1
    LAST = "last one"


def read(text, annotation):
    problems = []
    (node,) = parse(f"[{text}]", "lab/f.yml", problems)
    assert problems == []
    reader = Reader("it", {}, {"roby"})
    value = reader.read("key", node.items[0] if node.items else node, understand(annotation))
    return value, [problem.message for problem in reader.problems]


MEANT = [
    ("yes", bool, True),
    ("on", bool, True),
    ("True", bool, True),
    ("NO", bool, False),
    ("off", bool, False),
    ("010", int, 10),
    ("1_000", int, 1000),
    ("1e3", int, 1000),
    ("5.0", int, 5),
    ("0x1F", int, 31),
    ("0o17", int, 15),
    ("-0b11", int, -3),
    ("010", float, 10.0),
    (".5", float, 0.5),
    ("5.", float, 5.0),
    ("1e3", float, 1000.0),
    ("1e-3", float, 0.001),
    ("+1_000.5", float, 1000.5),
    ("-.inf", float, -math.inf),
    ("inf", float, math.inf),
    ("yes", str, "yes"),
    ("off", str, "off"),
    ("010", str, "010"),
    ("1e3", str, "1e3"),
    ("12:30", str, "12:30"),
    ("1_000", str, "1_000"),
    ("2024-01-01", str, "2024-01-01"),
    ("'null'", str, "null"),
    ("''", str, ""),
    ("'$roby'", str, "$roby"),
    ("!!str 5", str, "5"),
    ("null", str | None, None),
    ("~", float | None, None),
    ("5", float | str, 5.0),
    ("five", float | str, "five"),
    ("'5'", float | str, "5"),
    ("yes", bool | str, True),
    ("10.0", int | float, 10.0),
    ("10", int | float, 10),
    ("[1, 2]", tuple[float, float], (1.0, 2.0)),
    ("[1, 2]", list[int], [1, 2]),
    ("{a: 1}", dict[str, int], {"a": 1}),
    ("{1: a, 0x2: b}", dict[int, str], {1: "a", 2: "b"}),
    ("{on: yes}", dict[str, bool], {"on": True}),
    ("keV", Literal["eV", "keV"], "keV"),
    ("2", Literal[1, 2], 2),
    ("mean", Mode, Mode.MEAN),
    ("1", Mode, Mode.MEAN),
    ("last one", Mode, Mode.LAST),
    ("yes", Any, "yes"),
    ("true", Any, True),
    ("010", Any, 10),
    ("12:30", Any, "12:30"),
    ("1_000", Any, "1_000"),
    (".inf", Any, math.inf),
    ("2024-01-01", Any, "2024-01-01"),
    ("{a: [1, ~, x]}", Any, {"a": [1, None, "x"]}),
]


@pytest.mark.parametrize(("text", "annotation", "value"), MEANT, ids=lambda each: str(each)[:30])
def test_a_word_is_what_is_meant_by_it(text, annotation, value):
    found, problems = read(text, annotation)
    assert problems == []
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number():
    assert math.isnan(read(".nan", float)[0])


def test_a_relative_path_begins_where_its_file_is():
    assert read("setup.py", Path)[0] == Path("lab").resolve() / "setup.py"
    assert read("~/x", Path)[0] == Path.home() / "x"
    assert read("/etc/x", Path | None)[0] == Path("/etc/x")


REFUSED = [
    ("'yes'", bool, "expected yes or no, got the text 'yes': write yes without quotes"),
    ("1", bool, "expected yes or no, got '1'"),
    ("1.5", int, "expected a whole number, got '1.5'"),
    (".inf", int, "expected a whole number, got '.inf'"),
    ("yes", int, "expected a whole number, got 'yes'"),
    ("1_", int, "expected a whole number, got '1_'"),
    ("'5'", float, "expected a number, got the text '5': write 5 without quotes"),
    ("12:30", float, "expected a number, got '12:30': write one number, as 12.5"),
    ("5 mm", float, "expected a number, got '5 mm': write the number without its unit: 5"),
    ("5%", float, "write the number without its unit: 5"),
    ("null", float, "expected a number, got nothing"),
    ("null", str, 'expected text, got nothing: write "null" for this text'),
    ("~", str, 'write "~" for this text'),
    ("{date}", str, "got a mapping; text with braces needs quotes"),
    ("[a]", str, "expected text, got a list"),
    ("[1]", tuple[float, float], "expected a list of 2: [a number, a number], got a list of 1"),
    ("5", list[float], "expected a list, got '5': write [5]"),
    ("[1, x]", list[float], "key[1]: expected a number, got 'x'"),
    ("{a: x}", dict[str, int], "key.a: expected a whole number, got 'x'"),
    ("{1: a, 01: b}", dict[int, str], "the key 1 is there twice, written differently"),
    ("median", Mode, "expected one of MEAN, LAST, got 'median'"),
    ("J", Literal["eV", "keV"], "expected one of eV, keV, got 'J'"),
    ("x", int | float, "expected a whole number or a number, got 'x'"),
    ("x", float | None, "expected a number, got 'x'"),
    ("$roby", str, "expected text, got the object $roby; text that begins with $ needs quotes"),
    ("$roby", float, "expected a number, got the object $roby"),
    ("$roby", list[str], "expected a list, got the object $roby: a list needs brackets"),
]


def test_a_decimal_comma_is_explained():
    problems = []
    (node,) = parse("key: 0,5", "f.yml", problems)
    reader = Reader("it", {}, set())
    assert reader.read("key", node.get("key"), understand(float)) is WRONG
    assert "write a decimal point: 0.5" in reader.problems[0].message


@pytest.mark.parametrize(("text", "annotation", "words"), REFUSED, ids=lambda each: str(each)[:30])
def test_what_is_not_meant_is_refused_with_what_to_write(text, annotation, words):
    value, problems = read(text, annotation)
    assert value is WRONG
    (problem,) = problems
    assert words in problem


def test_a_huge_number_is_no_way_to_hang():
    assert read("9" * 5000, int)[0] is WRONG
