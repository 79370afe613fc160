"""Everything that is wrong is told at once, each with file, line and column."""

import pytest

from obtura.session.config import ConfigError

WRONG = [
    (
        "- name: roby\n  class: SimulatedAxs",
        "2:10: the class 'SimulatedAxs' is not known: did you mean 'SimulatedAxis'?",
    ),
    ("- name: roby\n  class: os.system", "2:10: the class 'os.system' is not known"),
    (
        "- name: roby\n  class: SimulatedAxis\n  velocty: 5",
        "3:3: roby: SimulatedAxis has no 'velocty': did you mean 'velocity'?",
    ),
    (
        "- name: p\n  class: ShutterPreset",
        "1:3: p: 'shutter' is missing: ShutterPreset needs it (a Shutter, written $name)",
    ),
    ("- name: a\n  class: World\n- name: a\n  class: World", "3:9: the name 'a' is there twice, also at devices.yml:1"),
    ("- name: a\n  class: World\n  seed: 1\n  seed: 2", "4:3: the key 'seed' is there twice, also at devices.yml:3"),
    ("- class: World", "1:3: 'name' is missing"),
    ("- name: a", "1:3: 'class' is missing"),
    ("- name: 1\n  class: World", "1:9: '1' is no name for an object"),
    ("- name: class\n  class: World", "1:9: 'class' is no name for an object"),
    ("- name: [a]\n  class: World", "1:9: name: expected a name, got a list"),
    ("- name: a\n  class: [World]", "2:10: class: expected the name of a class, got a list"),
    ("- hello", "1:3: expected an object, `name: ...` and `class: ...`, got 'hello'"),
    ("hello", "1:1: expected an object"),
    ("a:\t5", "1:3: a tab: indent with blanks"),
    ("- name: a\n\tclass: World", "2:1: a tab: indent with blanks"),
    ("- name: a: b", "1:10: a colon where none can be"),
    ("- name: @a", "1:9: text can't begin with this character: put it in quotes"),
    ("- name: a\n class: World", "2:2: the indentation does not fit with the lines above"),
    ("- name: a\n  class: !!python/name:os.system World", "2:10: the tag !!python/name:os.system is refused"),
    ("- &a [*a]", "1:7: *a stands within its own anchor &a"),
    ("- *a", "1:3: no anchor &a stands above"),
    ("- ? [a]\n  : b\n  name: a\n  class: World", "1:5: a key must be a word"),
    ("- <<: 5\n  name: a\n  class: World", "1:7: << takes a mapping"),
    ("- name: a\n  class: World\n  module: os", "3:11: the class World is obtura.devices.sim.world:World of obtura"),
    ("- name: a\n  class: SimulatedAxis\n  unit: mmm/", "3:9: a: unit"),
    ("[" * 60, "lists and mappings are more than 40 deep"),
    ("\x01", "1:1: a control character"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG, ids=[words[:50] for _, words in WRONG])
def test_a_mistake_is_told_with_its_place(beamline, text, problem):
    assert problem in beamline.problem(text)


OBJECTS = """\
- name: roby
  class: SimulatedAxis
- name: shutter
  class: SimulatedShutter
- name: mg
  class: MeasurementGroup
"""
MISLEADING = [
    ("- {name: p, class: ShutterPreset, shutter: $shuter}", "p: there is no object 'shuter': did you mean '$shutter'?"),
    (
        "- {name: p, class: ShutterPreset, shutter: shutter}",
        "p: shutter: expected a Shutter, written $name, got 'shutter': write $shutter",
    ),
    (
        "- {name: p, class: ShutterPreset, shutter: $roby}",
        "p: expected a Shutter, written $name, but $roby is a SimulatedAxis, it has no open, close "
        "(described at devices.yml:1)",
    ),
    ("- {name: s, class: SoftAxis, obj: $mg}", "s: $mg is a measurement group, which is no device (devices.yml:5)"),
    (
        "- {name: s, class: SoftAxis, obj: $shutter.blad}",
        "$shutter.blad: SimulatedShutter has no 'blad': did you mean 'blade'?",
    ),
    ("- {name: s, class: SoftAxis, obj: $s}", "s: a circle: s needs s"),
    (
        "- {name: a, class: SoftAxis, obj: $b}\n"
        "- {name: b, class: SoftAxis, obj: [$c]}\n"
        "- {name: c, class: SoftAxis, obj: {x: $a}}",
        "c: a circle: a needs b needs c needs a",
    ),
]


@pytest.mark.parametrize(("text", "problem"), MISLEADING, ids=[words[:50] for _, words in MISLEADING])
def test_a_reference_that_leads_nowhere_is_told(beamline, text, problem):
    assert problem in beamline.problem(OBJECTS + text)


def test_all_problems_of_all_files_are_told_in_order(beamline):
    beamline.write("- name: b\n  class: Worl\n- name: d\n", "z.yml")
    beamline.write("- {name: x, class: ShutterPreset, shutter: $nobody}", "a/b.yml")
    beamline.write("- name: [", "c.yml")
    told = beamline.problems("- name: a\n  class: World\n  seed: much")
    assert [line.split(": ")[0] for line in told] == ["c.yml:1:10", "devices.yml:3:9", "z.yml:2:10", "z.yml:3:3"]
    beamline.write("", "c.yml")  # a name may have been described in what could not be read
    assert beamline.problems()[0].startswith("a/b.yml:1:44: ")


def test_the_error_says_how_many_and_lists_them(beamline):
    beamline.write("- hello\n- world")
    with pytest.raises(ConfigError, match=r"^2 problems in .*lab\n.*devices.yml:1:3: expected.*\n.*:2:3: ") as caught:
        beamline.load()
    assert [problem.place.line for problem in caught.value.problems] == [1, 2]


def test_who_needs_what_can_not_be_read_is_not_told_as_well(beamline):
    text = "- {name: shutter, class: SimulatedShuter}\n- {name: p, class: ShutterPreset, shutter: $shutter}"
    assert "SimulatedShuter" in beamline.problem(text)


def test_a_long_row_of_needs_is_refused_not_stumbled_over(beamline):
    rows = [f"- {{name: a{n}, class: SoftAxis, obj: $a{n + 1}}}" for n in range(300)]
    told = beamline.problems("\n".join([*rows, "- {name: a300, class: World}"]))
    assert any("more than 100 objects in a row need each the next" in line for line in told)


def test_aliases_that_multiply_are_refused(beamline):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100000 words" in beamline.problem("\n".join(lines))
