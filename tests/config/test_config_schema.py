"""The JSON schema for editors says what obtura says."""

import jsonschema
import pytest
from ruamel.yaml import YAML

from obtura.session.config.dialect import CLASSES
from obtura.session.config.known import OWN, SESSIONS
from obtura.session.config.schema import schema

GOOD = """\
- {name: world, class: World, seed: 3}
- {name: roby, class: SimulatedAxis, unit: mm, limits: [-.inf, 10], velocity: 1e1}
- {name: shutter, class: SimulatedShutter}
- name: simulation
  class: SimulatedController
  counters: [{name: c, class: ConstantCounter}]
- {name: diode, class: SimulatedDiode, spots: [{axis: $roby, centre: 5, sigma: 2}], behind: [$shutter.blade]}
- {name: p, class: ShutterPreset, shutter: $shutter, per_point: yes}
- {name: g, class: MeasurementGroup, counters: [diode], default: true}
- {name: my-session, class: Session, devices: [rob*], presets: [p], aliases: {y: roby}, saving: {base_path: data}}
"""
THEIRS = """\
- class: mockup
  plugin: emotion
  axes: [{name: m1, velocity: 1, channel: 3}, {name: m2}]
- controller: {class: FaultyMockup, axes: [{name: m3}]}
- class: Slits
  axes: [{name: $m1, tags: real up}, {name: $m2, tags: real down}, {name: gap, tags: vgap}]
- {name: sim, plugin: bliss, class: simulation_counter, module: simulation_counter, distribution: FLAT}
- class: Session
  name: eh1
  setup-file: ./setup.py
  config-objects: [m1, gap]
  synoptic: {svg-file: x.svg}
  aliases: [{original_name: m1, alias_name: top}]
"""
BAD = [
    "- {name: a, class: Worl}",
    "- {name: a, class: World, sed: 3}",
    "- {name: a, class: World, seed: many}",
    "- {class: World}",
    "- {name: a}",
    "- {name: 1a, class: World}",
    "- {name: p, class: ShutterPreset}",
    "- {name: a, class: SimulatedAxis, limits: [1]}",
    "- {name: a, class: SimulatedAxis, velocity: {of: 5}}",
    "- {name: s, class: Session, devices: {all: 1}}",
    "- hello",
    "- {name: s, class: simulation_counter, distrib: FLAT}",
    "- {name: s, class: simulation_diode, plugin: blis}",
    "- {name: s, class: Session, setup-fil: x.py}",
]


@pytest.fixture(scope="module")
def validator():
    document = schema()
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def test_what_is_good_is_good_for_both(beamline, validator):
    assert beamline.load(GOOD).names
    assert list(validator.iter_errors(YAML(typ="safe", pure=True).load(GOOD))) == []


@pytest.mark.parametrize("text", BAD)
def test_what_is_bad_is_bad_for_both(beamline, validator, text):
    assert beamline.problems(text)
    assert not validator.is_valid(YAML(typ="safe", pure=True).load(text))


def test_the_beamline_s_own_file_has_its_keys(validator):
    assert validator.is_valid({"name": "lab", "defaults": {"SimulatedAxis": {"unit": "mm"}}})
    assert not validator.is_valid({"nam": "lab"})


def test_every_class_is_in_it_with_its_words(validator):
    definitions = validator.schema["$defs"]
    assert definitions["object"]["properties"]["class"]["enum"] == [*sorted([*OWN, *SESSIONS]), *CLASSES]
    assert "noise" in definitions["class.SimulatedDiode"]["description"]
    assert definitions["class.SimulatedAxis"]["properties"]["velocity"]["default"] == 10.0


def test_the_objects_of_a_beamline_are_proposed_where_they_fit(beamline):
    keys = schema(beamline.load(GOOD))["$defs"]["class.ShutterPreset"]["properties"]
    assert keys["shutter"]["anyOf"][0] == {"enum": ["$shutter"]}


def test_a_class_that_can_not_be_imported_has_a_name_and_the_reason(plugin):
    plugin("import no_such_library", Lamp="Lamp")
    lamp = schema()["$defs"]["class.Lamp"]
    assert "no_such_library" in lamp["description"]


def test_yaml_written_for_bliss_is_accepted(validator, beamline):
    beamline.write("", "setup.py")
    beamline.load(THEIRS)
    for text in (THEIRS, "plugin: emotion\nclass: mockup\n", "controller: {class: mockup, axes: [{name: a}]}"):
        validator.validate(YAML(typ="safe").load(text))
