"""What a session has: names looked up, other sessions included."""

import pytest

from obtura.ground.errors import UsageError

LAB = """\
- {name: roby, class: SimulatedAxis}
- {name: robz, class: SimulatedAxis}
- {name: diode, class: SimulatedDiode}
- {name: monitor, class: SimulatedDiode}
- {name: shutter, class: SimulatedShutter}
- {name: opened, class: ShutterPreset, shutter: $shutter}
- {name: mg, class: MeasurementGroup, counters: [diode, "mon*"]}
- {name: all_of_them, class: MeasurementGroup, include: [mg], counters: ["roby:velocity"], disabled: [diode]}
"""


def test_by_default_a_session_has_everything(beamline):
    spec = beamline.load(LAB + "- {name: lab-7, class: Session, title: All}").session("lab-7")
    assert spec.devices == ("roby", "robz", "diode", "monitor", "shutter", "opened")
    assert (spec.title, spec.measurement_groups, spec.default_measurement_group) == ("All", ("mg", "all_of_them"), "mg")
    assert (spec.presets, spec.aliases, spec.saving, spec.setup, spec.scripts) == ((), {}, {}, None, None)


def test_devices_are_chosen_and_left_out_by_name_and_pattern(beamline):
    text = "- {name: s, class: Session, devices: [rob*, $diode], exclude: [robz]}"
    spec = beamline.load(LAB + text).session("s")
    assert spec.devices == ("roby", "diode")
    assert spec.measurement_groups == (), "a group whose counters are not there is not there either"


def test_a_session_has_what_it_includes(beamline):
    text = """\
- {name: small, class: Session, devices: [roby, shutter], presets: [opened], aliases: {y: roby}}
- {name: big, class: Session, devices: [diode, monitor], include: [small], aliases: {d: diode}}
"""
    spec = beamline.load(LAB + text).session("big")
    assert spec.devices == ("diode", "monitor", "roby", "shutter")
    assert (spec.include, spec.presets, spec.aliases) == (("small",), ("opened",), {"y": "roby", "d": "diode"})
    assert spec.measurement_groups == ("mg", "all_of_them")


def test_paths_begin_where_the_file_is(beamline):
    beamline.write("", "sub/setup.py")
    (beamline.directory / "sub" / "scripts").mkdir()
    beamline.write(LAB)
    text = "- {name: s, class: Session, setup: ./setup.py, scripts: scripts, saving: {base_path: data, sample: 5}}"
    spec = beamline.load(text, "sub/session.yml").session("s")
    here = beamline.directory.resolve() / "sub"
    assert (spec.setup, spec.scripts) == (here / "setup.py", here / "scripts")
    assert spec.saving == {"base_path": str(here / "data"), "sample": "5"}


def test_a_measurement_group_as_it_is_described(beamline):
    config = beamline.load(LAB)
    assert config.measurement_group("all_of_them")._asdict() == {
        "name": "all_of_them",
        "counters": ("roby:velocity",),
        "include": ("mg",),
        "disabled": ("diode",),
        "default": False,
    }
    with pytest.raises(UsageError, match="'roby' is a SimulatedAxis, no measurement group"):
        config.measurement_group("roby")


def test_the_group_that_is_marked_is_the_active_one_unless_the_session_says_otherwise(beamline):
    text = LAB.replace("include: [mg]", "include: [mg], default: yes")
    sessions = "- {name: s, class: Session}\n- {name: t, class: Session, default_measurement_group: mg}"
    config = beamline.load(text + sessions)
    assert config.session("s").default_measurement_group == "all_of_them"
    assert config.session("t").default_measurement_group == "mg"


def test_sessions_and_groups_are_no_objects(beamline):
    config = beamline.load(LAB + "- {name: s, class: Session}")
    assert config.sessions == ["s"]
    with pytest.raises(UsageError, match=r"'s' is a Session, no object: config.session\('s'\)"):
        config.get("s")
    with pytest.raises(UsageError, match="'mg' is a MeasurementGroup, no object"):
        config.get("mg")
    with pytest.raises(UsageError, match="there is no session 'r'"):
        config.session("r")


WRONG = [
    ("devices: [shuter]", "'shuter' is not known: did you mean 'shutter'?"),
    ("devices: [x*]", "no name fits 'x*'"),
    ("devices: [mg]", "'mg' is a MeasurementGroup, which has no place here (devices.yml:7)"),
    ("presets: [roby]", "'roby' is a SimulatedAxis, which has no place here"),
    ("include: [t]", "'t' is not known"),
    ("include: [s]", "a circle: s includes s"),
    ("measurement_groups: [m]", "'m' is not known: did you mean 'mg'?"),
    ("default_measurement_group: roby", "'roby' is a SimulatedAxis"),
    ("aliases: {y: robi}", "'robi' is not known"),
    ("aliases: {roby: robz}", "'roby' is the name of another object already"),
    ("aliases: {a b: robz}", "'a b' is no name"),
    ("aliases: {y: robz, z: robz}", "s: aliases: robz has the alias 'y' already, and can't be 'z' too"),
    ("setup: nowhere.py", "there is no file"),
    ("scripts: nowhere", "there is no directory"),
    ("device: [roby]", "Session has no 'device': did you mean 'devices'?"),
    ("saving: {base_path: [x]}", "saving.base_path: expected text, got a list"),
    ("saving: {template: {date}}", "a mapping; text with braces needs quotes"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG, ids=[text for text, _ in WRONG])
def test_a_mistake_in_a_session_is_told_with_its_place(beamline, text, problem):
    told = beamline.problem(LAB + f"- {{name: s, class: Session, {text}}}")
    assert problem in told
    assert told.startswith("devices.yml:9:")


def test_an_alias_that_clashes_is_told_where_it_is_written(beamline):
    text = LAB + "- {name: s, class: Session, aliases: {y: robz, z: robz}}"
    line = text.splitlines()[-1]
    assert beamline.problem(text).startswith(f"devices.yml:9:{line.index('z: robz}') + 1}: ")


def test_aliases_of_included_sessions_that_clash_are_told_where_they_are_included(beamline):
    text = (
        LAB
        + "- {name: a, class: Session, aliases: {y: robz}}\n"
        + "- {name: b, class: Session, aliases: {z: robz}}\n"
        + "- {name: both, class: Session, include: [a, b]}\n"
        + "- {name: more, class: Session, include: [a], aliases: {q: robz}}"
    )
    assert [told.split(": ", 1)[1] for told in beamline.problems(text)] == [
        "both: include: robz has the alias 'y' already, and can't be 'z' too",
        "more: aliases: robz has the alias 'y' already, and can't be 'q' too",
    ]


def test_a_mistake_in_a_group_is_told(beamline):
    told = beamline.problems(LAB + "- {name: g, class: MeasurementGroup, counters: [diod, 'mca:x'], include: [g]}")
    assert [line.split(": ", 2)[2] for line in told] == [
        "counters: 'diod' is not known: did you mean 'diode'?",
        "counters: 'mca' is not known",
        "include: a circle: g includes itself",
    ]


def test_two_default_groups_are_one_too_many(beamline):
    text = LAB.replace("class: MeasurementGroup,", "class: MeasurementGroup, default: yes,")
    told = beamline.problem(text + "- {name: s, class: Session}")
    assert "several are the default: mg (" in told and "devices.yml:8)" in told
