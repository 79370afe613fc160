"""Objects are made when they are asked for, once, what they need first."""

import threading

import pytest

from obtura.devices.sim import SimulatedAxis, SimulatedController, SimulatedDiode
from obtura.ground.errors import DeviceError, UsageError

LAB = """\
- name: diode            # what it needs may be described later
  class: SimulatedDiode
  world: $world
  height: 1e3
  spots:
    - {axis: $roby, centre: 5, sigma: 2}
    - [$roby, 0, 1]
  behind: [$shutter.blade, $shutter]
- {name: world, class: World, seed: 3}
- {name: roby, class: SimulatedAxis, unit: mm, limits: [-.inf, 010]}
- {name: shutter, class: SimulatedShutter}
"""


def test_an_object_gets_others_and_their_attributes(beamline):
    config = beamline.load(LAB)
    assert config.names == ["diode", "world", "roby", "shutter"]
    assert config.objects == {}
    diode = config.get("diode")
    assert isinstance(diode, SimulatedDiode)
    assert set(config.objects) == {"diode", "world", "roby", "shutter"}
    assert config.get("roby").limits == (float("-inf"), 10.0)
    config.get("shutter").open()
    config.get("roby").move(2.5)
    assert 0 < diode.read() < 600


def test_an_object_is_made_once(beamline):
    config = beamline.load(LAB)
    assert config.get("roby") is config.get("roby")
    assert config.new("roby") is not config.get("roby")


def test_where_an_object_is_described(beamline):
    config = beamline.load(LAB)
    assert str(config.place("roby")) == f"{beamline.directory}/devices.yml:10:3"
    assert config.describe("roby").places["limits"].column == 56


def test_who_is_asked_for_and_not_there_is_told_with_what_was_meant(beamline):
    config = beamline.load(LAB)
    with pytest.raises(UsageError, match="there is no object 'robi' in .*: did you mean 'roby'"):
        config.get("robi")


def test_an_object_that_can_not_be_made_is_told_with_its_place_and_who_needs_it(beamline):
    config = beamline.load(
        LAB + "- {name: bad, class: SimulatedAxis, read_position: encoder}\n- {name: s, class: SoftAxis, obj: $bad}"
    )
    with pytest.raises(
        DeviceError, match=r"^bad can't be made \(.*devices.yml:12\): bad: read_position is encoder"
    ) as told:
        config.get("s")
    assert told.value.__notes__ == [f"s needs bad ({beamline.directory}/devices.yml:13)"]
    assert config.objects == {}
    assert config.get("roby").name == "roby", "the others can be had"


def test_a_constructor_that_leaves_is_an_error_like_any_other(beamline, plugin):
    plugin("class Leaves:\n    def __init__(self): raise SystemExit(3)", Leaves="Leaves")
    with pytest.raises(DeviceError, match=r"x can't be made .* SystemExit: 3"):
        beamline.load("- {name: x, class: Leaves}").get("x")


def test_an_object_that_could_not_be_made_is_tried_again(beamline, plugin):
    plugin(
        """
        class Shy:
            calls = []
            def __init__(self):
                self.calls.append(1)
                1 / (len(self.calls) - 1)
        """,
        Shy="Shy",
    )
    config = beamline.load("- {name: x, class: Shy}")
    with pytest.raises(DeviceError, match="ZeroDivisionError"):
        config.get("x")
    assert config.get("x") is config.get("x")


def test_an_object_that_hangs_holds_up_only_who_needs_it(beamline, plugin):
    module = plugin(
        "import threading\ngo = threading.Event()\nclass Slow:\n    def __init__(self): go.wait(60)", Slow="Slow"
    )
    config = beamline.load("- {name: x, class: Slow}\n- {name: w, class: World}")
    made = []
    thread = threading.Thread(target=lambda: made.append(config.get("x")))
    thread.start()
    assert config.get("w").seed == 1
    assert made == []
    module().go.set()
    thread.join(60)
    assert made == [config.get("x")]


def test_an_attribute_is_checked_when_its_value_is_there(beamline, plugin):
    source = "class Box:\n    def __init__(self):\n        self.thing = 5"
    plugin(source, Box="Box")
    config = beamline.load("- {name: b, class: Box}\n- {name: p, class: ShutterPreset, shutter: $b.thing}")
    with pytest.raises(DeviceError, match=r"\$b.thing is 5, not a Shutter"):
        config.get("p")


def test_an_object_may_be_described_where_it_is_used(beamline):
    config = beamline.load(
        """
        - name: mono
          class: SoftAxis
          obj:
            name: hidden
            class: SimulatedAxis
            position: 3
        """
    )
    assert config.names == ["mono", "hidden"]
    assert config.get("mono").position == config.get("hidden").position == 3


def test_a_controller_has_counters_of_its_own(beamline):
    config = beamline.load(
        """
        name: simulation
        class: SimulatedController
        counters:
          - {name: one, class: ConstantCounter, value: 1}
          - {name: two, class: ConstantCounter, value: 2}
        """
    )
    assert config.names == ["simulation", "one", "two"]
    assert config.get("two").controller is config.get("simulation")
    assert isinstance(config.get("simulation"), SimulatedController)
    assert config.get("one").fullname == "simulation:one"


def test_members_are_objects_that_can_have_an_owner(beamline):
    text = "name: c\nclass: SimulatedController\ncounters:\n  - {name: a, class: SimulatedAxis}\n  - b"
    assert beamline.problems(text) == [
        "devices.yml:4:5: a: SimulatedAxis has no 'controller': it can't be listed within another object",
        "devices.yml:5:5: counters: expected an object with a name, got 'b'",
    ]


def test_a_class_says_itself_which_keys_hold_members(beamline, plugin):
    plugin(
        """
        class Channel:
            def __init__(self, name: str, box: "Box", number: int):
                self.name, self.box, self.number = name, box, number
        class Box:
            yaml_members = {"channels": ("box", "Channel")}
            def __init__(self, address: str):
                self.address = address
        """,
        Box="Box",
        Channel="Channel",
    )
    config = beamline.load(
        "- class: Box\n  address: here\n  channels:\n    - {name: a, number: 1}\n    - {name: b, number: 2}"
    )
    assert config.names == ["a", "b"], "the box itself needs no name"
    assert config.get("b").box is config.get("a").box
    assert config.get("a").box.address == "here"


def test_anchors_and_aliases_save_typing(beamline):
    config = beamline.load(
        """
        - &fast {name: roby, class: SimulatedAxis, velocity: 100, unit: mm}
        - <<: *fast
          name: robz
          unit: um
        - name: s
          class: SoftAxis
          obj: *fast
        """
    )
    assert (config.get("robz").velocity, config.get("robz").unit) == (100, "um")
    assert config.describe("s").arguments["obj"].name == "roby"


def test_what_is_had_by_key_can_be_referred_to_like_an_attribute(beamline):
    config = beamline.load(
        """
        - {name: front, class: SimulatedAxis}
        - {name: back, class: SimulatedAxis}
        - {name: slits, class: Slits, front: $front, back: $back}
        - {name: gap, class: SoftAxis, obj: $slits.hgap}
        """
    )
    config.get("back").move(2)
    assert config.get("gap").position == 2


def test_more_positional_arguments_have_the_key_of_their_name(beamline):
    config = beamline.load(
        """
        - {name: mux, class: SimulatedMultiplexer, outputs: {trigger: [timer, roby], gate: [on, off]}}
        - {name: p, class: MultiplexerPreset, multiplexer: $mux, output: trigger, input: roby, more: [gate, off]}
        """
    )
    assert config.get("p").settings == (("trigger", "roby"), ("gate", "off"))


def test_the_beamline_says_what_its_classes_have_by_default(beamline):
    beamline.write(
        """
        name: lab 7
        defaults:
          SimulatedAxis: {unit: um, velocity: 7}
        """,
        "obtura.yml",
    )
    config = beamline.load("- {name: roby, class: SimulatedAxis, velocity: 3}")
    roby = config.get("roby")
    assert isinstance(roby, SimulatedAxis)
    assert (config.name, roby.unit, roby.velocity) == ("lab 7", "um", 3)
    assert config.describe("roby").places["unit"].file.endswith("obtura.yml")


def test_what_is_wrong_with_the_beamline_is_told_once(beamline):
    text = "nam: lab\nsession: nobody\ndefaults:\n  SimulatedAxis: {velocity: fast}\n  SimulatedAxes: {}\n"
    beamline.write(text, "obtura.yml")
    beamline.write("- {name: roby, class: SimulatedAxis}\n- {name: robz, class: SimulatedAxis}")
    nam, session, velocity, axes = beamline.problems()
    assert nam.startswith("obtura.yml:1:1: obtura.yml: obtura.yml has no 'nam': did you mean 'name'? (known: name, ")
    assert session == "obtura.yml:2:10: there is no session 'nobody'"
    assert velocity == "obtura.yml:4:29: defaults: velocity: expected a number, got 'fast'"
    assert axes.startswith("obtura.yml:5:3: defaults: the class 'SimulatedAxes' is not known: did you mean")


def test_a_directory_without_a_name_is_called_as_it_is(beamline):
    assert beamline.load("").name == "lab"
    assert beamline.load("").names == []
