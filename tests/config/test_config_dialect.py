"""YAML written for BLISS."""

import pytest

from obtura.devices.bliss.mockup import Mockup
from obtura.ground.errors import UsageError

BOX = """\
- class: mockup
  plugin: emotion
  port: 8000
  axes:
    - name: roby
      steps_per_unit: 1000
      velocity: 10
      acceleration: 100
      channel: 3
    - {name: robz, class: NoSettingsAxis, velocity: 1, acceleration: 1}
"""


def test_a_controller_and_its_axes(beamline):
    config = beamline.load(BOX)
    assert config.names == ["roby", "robz"], "a controller without a name is no object of the session"
    roby = config.get("roby")
    assert isinstance(roby.controller, Mockup) and config.get("robz").controller is roby.controller
    assert roby.controller.config.get("port", int) == 8000
    assert roby.config.get("channel", int) == 3
    assert roby.velocity == 10


def test_what_axes_have_in_common_is_still_checked(beamline):
    told = beamline.problems(BOX.replace("velocity: 10", "velocity: fast"))
    assert told == ["devices.yml:7:17: roby: velocity: expected a number, got 'fast'"]


def test_init_files_speak_for_their_directory_and_those_below(beamline):
    beamline.write("plugin: emotion\nclass: mockup\n", "motors/__init__.yml")
    beamline.write("- axes: [{name: m1, velocity: 1, acceleration: 1}]\n", "motors/a.yml")
    beamline.write("- axes: [{name: m2, velocity: 1, acceleration: 1}]\n", "motors/more/b.yml")
    beamline.write("{name: sim, class: simulation_diode, constant: 3}\n", "other.yml")
    config = beamline.load()
    assert config.get("m1").controller is not config.get("m2").controller
    assert config.get("sim").read() == 3


def test_an_init_file_says_no_parameters(beamline):
    beamline.write("plugin: emotion\nvelocity: 3\n", "motors/__init__.yml")
    assert beamline.problem("[]").startswith("motors/__init__.yml:2:1: __init__.yml says class, module, package or")


def test_a_plugin_that_is_none_is_told(beamline):
    assert beamline.problem(BOX.replace("emotion", "emotoin")).startswith(
        "devices.yml:2:11: the plugin 'emotoin' is not known: did you mean 'emotion'?"
    )
    assert "plugin: expected a word, got a list" in beamline.problem(BOX.replace("emotion", "[a]"))


def test_a_controller_may_stand_within_its_key(beamline):
    assert beamline.load("- controller: {class: mockup, axes: [{name: a}]}").get("a").name == "a"
    assert beamline.load("plugin: emotion\ncontroller: {class: mockup, axes: [{name: a}]}").get("a").name == "a"


def test_slits_are_ours_or_theirs_by_their_keys(beamline):
    config = beamline.load(
        BOX
        + """\
- class: slits
  axes:
    - {name: $roby, tags: real up}
    - {name: $robz, tags: real down}
    - {name: gap, tags: vgap, unit: mm, high_limit: 3}
    - {name: mid, tags: voffset}
- {name: ours, class: Slits, front: $roby, back: $robz}
"""
    )
    gap = config.get("gap")
    gap.move(1)
    assert config.get("roby").position == 0.5
    assert config.get("ours").axes["ours_hgap"].position == pytest.approx(1.0)
    assert gap.limits[1] == 3


def test_a_real_axis_that_is_none_is_told(beamline):
    told = beamline.problem("- {class: slits, axes: [{name: $rob, tags: real up}, {name: g, tags: vgap}]}")
    assert "there is no object 'rob'" in told


def test_a_session_in_their_words(beamline):
    beamline.write("", "s/setup.py")
    config = beamline.load(
        BOX
        + """\
- {name: other, class: Session, config-objects: [robz]}
- class: Session
  plugin: session
  name: eh1
  setup-file: ./s/setup.py
  config-objects: [roby]
  include-sessions: [other]
  synoptic: {svg-file: x.svg}
  scan_saving: {class: ESRFScanSaving}
  aliases:
    - {original_name: roby, alias_name: y}
"""
    )
    spec = config.session("eh1")
    assert spec.devices == ("roby", "robz") and spec.aliases == {"y": "roby"}
    assert spec.setup == beamline.directory / "s/setup.py"


DIODES = "- {name: d1, class: simulation_diode}\n- {name: d2, class: simulation_diode}\n"
GROUPS = """\
- {name: g1, class: MeasurementGroup, counters: ["simulation_diode_sampling_controller:d1"]}
- {name: g2, class: MeasurementGroup, counters: [d1]}
"""


def test_config_objects_may_name_measurement_groups(beamline):
    config = beamline.load(
        DIODES
        + GROUPS
        + """\
- {name: all, class: Session}
- {name: some, class: Session, config-objects: [d2, d1, g2]}
"""
    )
    assert config.session("some").devices == ("d2", "d1")
    assert config.session("some").measurement_groups == ("g2",)
    assert config.session("all").measurement_groups == ("g1", "g2"), "d1 is a counter of its controller"
    wrong = DIODES + GROUPS + "- {name: s, class: Session, config-objects: [g1, d3]}"
    assert "5:50: s: devices: 'd3' is not known" in beamline.problem(wrong)


def test_a_group_may_name_what_a_device_calculates(beamline):
    sums = "{inputs: [{counter: $d1, tags: x}], outputs: [{name: twice, expression: 2*x}]}"
    text = f"{DIODES}- {{name: sums, class: ExpressionCalcCounterController, {sums[1:]}\n"
    group = "- {name: g, class: MeasurementGroup, counters: [d1, twice]}\n"
    assert beamline.load(text + group).names == ["d1", "d2", "sums", "g"]
    assert "'thrice' is not known" in beamline.problem(text + group.replace("twice", "thrice"))


def test_scripts_stand_beside_a_session_that_names_no_directory(beamline):
    beamline.write("def align(): ...\n", "sessions/scripts/align.py")
    beamline.write("{name: s, class: Session}\n", "sessions/s.yml")
    beamline.write("{name: t, class: Session}\n", "t.yml")
    config = beamline.load()
    assert config.session("s").scripts == beamline.directory / "sessions/scripts"
    assert config.session("t").scripts is None


def test_a_class_of_ours_may_be_said_to_be_in_a_module_of_theirs(beamline):
    config = beamline.load(
        """\
- {name: sim, class: SimulationCounter, module: simulation_counter}
- {name: sim2, class: SimulationCounter, package: bliss.controllers.simulation_counter}
- {class: mockup, module: motors.mockup, axes: [{name: a}]}
"""
    )
    assert config.names == ["sim", "sim2", "a"]
    assert "leave this key out" in beamline.problem("{name: x, class: SimulationCounter, module: id99}", "x.yml")


def test_a_key_of_an_axis_that_is_off_by_a_letter_is_told(beamline):
    told = beamline.problems(BOX.replace("velocity: 10", "velocty: 10").replace("acceleration: 100", "acclereation: 1"))
    assert told == ["devices.yml:7:7: roby: 'velocty': did you mean 'velocity'?"]
    assert "did you mean 'acceleration'?" in beamline.problem(BOX.replace("acceleration: 100", "accelreation: 1"))
    own = BOX.replace("channel: 3", "velocity2: 3\n      encoders: 1\n      encoder: null\n      units: mm")
    assert beamline.load(own).get("roby").config["units"] == "mm", "what is further off is the controller's"


def test_what_is_wrong_in_a_session_is_told_at_its_place(beamline):
    told = beamline.problem(BOX + "- {class: Session, name: s, config-objects: [robby]}")
    assert told == "devices.yml:11:46: s: devices: 'robby' is not known: did you mean 'roby'?"


def test_counters_of_a_device_that_reads_its_own_description_are_known(beamline, plugin):
    plugin(
        """
        from obtura import SamplingCounter, SamplingCounterController

        class Meter(SamplingCounterController):
            def __init__(self, name, config):
                super().__init__(name)
                self.config = config
                for each in config["counters"]:
                    self.create_counter(SamplingCounter, each["counter_name"])
        """,
        Meter="Meter",
    )
    config = beamline.load(
        """\
- {name: m, class: Meter, host: id99, counters: [{counter_name: i0}, {counter_name: i1}], axis: $a}
- {class: mockup, axes: [{name: a}]}
- {name: g, class: MeasurementGroup, counters: [i0]}
- {name: s, class: Session, devices: [m]}
"""
    )
    assert config.session("s").measurement_groups == ("g",)
    meter = config.get("m")
    assert list(meter.counters) == ["i0", "i1"]
    assert meter.config["axis"] is config.get("a") and meter.config["host"] == "id99"
    assert "'i7' is not known" in beamline.problem("- {name: g2, class: MeasurementGroup, counters: [i7]}", "more.yml")


def test_a_constructor_that_passes_on_is_looked_through(beamline, plugin):
    plugin(
        """
        from obtura.devices.sim import SimulatedAxis

        class Mine(SimulatedAxis):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)

        class Open:
            def __init__(self, name, size: int = 1, **more):
                self.size, self.more = size, more
        """,
        Mine="Mine",
        Open="Open",
    )
    text = "- {name: a, class: Mine, velocity: 3, limits: [0, 1]}\n- {name: o, class: Open, size: 2, colour: red}"
    config = beamline.load(text)
    assert config.get("a").velocity == 3
    assert config.get("o").more == {"colour": "red"}
    assert "Mine has no 'velocty'" in beamline.problem(text.replace("velocity", "velocty"))


def test_where_a_setting_prevails_over_what_was_written_is_told(beamline):
    from obtura.session.config.restored import differences

    config = beamline.load(BOX)
    assert differences(config, "roby", {"velocity": 5.0}) == [
        "roby: velocity 5 (settings) instead of 10 (devices.yml:7)"
    ]


def test_an_unknown_member_is_refused(beamline):
    with pytest.raises(UsageError, match="there is no object 'robx'"):
        beamline.load(BOX).get("robx")
