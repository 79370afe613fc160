"""Which classes YAML may name."""

import importlib
import inspect

import pytest

import obtura.devices
import obtura.devices.sim
import obtura.presets
from obtura.ground.errors import UsageError
from obtura.session.config.described import parameters_of
from obtura.session.config.known import OWN, SESSIONS, KnownClasses

NOT_DESCRIBED = {
    "AnyLevelPreset": "a base class",
    "DemoBeamline": "all of the demo's devices",
    "Encoder": "a base class",
    "SelfReadingController": "a base class",
    "SelfReadingCounter": "a base class",
}
PACKAGES = (obtura.devices, obtura.devices.sim, obtura.presets)


def is_described(cls):
    """A class that can be made with a name, or a preset."""
    if not isinstance(cls, type) or inspect.isabstract(cls) or cls.__name__ in NOT_DESCRIBED:
        return False
    return cls.__module__.startswith("obtura.presets") or "name" in inspect.signature(cls).parameters


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_device_and_preset_of_obtura_can_be_described(package):
    names = {name for name in package.__all__ if is_described(getattr(package, name))}
    assert names <= set(OWN), "Add these to the table of known.py, or to NOT_DESCRIBED with a reason."


@pytest.mark.parametrize("name", [*OWN, *SESSIONS])
def test_each_class_of_the_table_is_there_and_its_parameters_are_known(name):
    known = KnownClasses().find(name)
    assert known.make.__name__ == name or name in SESSIONS
    assert parameters_of(known.make) is not None


def test_the_table_is_sorted():
    assert list(OWN) == sorted(OWN)


def test_a_package_adds_classes_by_entry_point(beamline, plugin):
    plugin("class Lamp:\n    def __init__(self, name: str, power: float):\n        self.power = power", Lamp="Lamp")
    config = beamline.load("- {name: lamp, class: Lamp, power: 1e2}")
    assert config.get("lamp").power == 100
    assert config.describe("lamp").known.package == "other_lab"


def test_only_what_is_used_is_imported(beamline, plugin):
    module = plugin("raise RuntimeError('too early')", Lamp="Lamp")
    beamline.load("- {name: w, class: World}")
    with pytest.raises(KeyError):
        module()


def test_a_package_that_can_not_be_imported_is_named(beamline, plugin):
    plugin("import no_such_library", Lamp="Lamp")
    told = beamline.problem("- {name: lamp, class: Lamp}")
    assert "1:23: the class Lamp of other_lab can't be imported from other_lab:Lamp: ModuleNotFoundError" in told
    assert "no_such_library" in told


def test_a_package_that_ends_the_program_when_it_is_imported_is_named(beamline, plugin):
    plugin("raise SystemExit(3)", Lamp="Lamp")
    told = beamline.problem("- {name: lamp, class: Lamp}")
    assert "the class Lamp of other_lab can't be imported from other_lab:Lamp: SystemExit: 3" in told


def test_an_entry_point_that_leads_nowhere_is_told(beamline, plugin):
    plugin("Lamp = 5", Lamp="Lamp", Torch="Torch")
    text = "- {name: lamp, class: Lamp}\n- {name: torch, class: Torch}"
    lamp, torch = beamline.problems(text)
    assert "the class Lamp of other_lab is no class" in lamp
    assert "the class Torch of other_lab can't be imported" in torch


def test_a_name_that_two_packages_offer_needs_the_package(beamline, plugin):
    plugin("class World:\n    def __init__(self, size: int): self.size = size", World="World")
    told = beamline.problem("- {name: w, class: World, size: 5}")
    assert "the class World is offered by obtura and other_lab: say which one with the key `package`" in told
    config = beamline.load(
        "- {name: w, class: World, size: 5, package: other-lab}\n- {name: v, class: World, package: obtura}"
    )
    assert config.get("w").size == 5
    assert config.get("v").beam == 1


def test_package_and_module_name_only_what_is_known(beamline):
    config = beamline.load("- {name: w, class: World, module: obtura.devices.sim, package: obtura}")
    assert config.get("w").beam == 1
    told = beamline.problem("- {name: w, class: World, module: subprocess}")
    assert "not from 'subprocess': leave this key out" in told


def test_a_function_may_make_an_object(beamline, plugin):
    source = """
    from obtura.devices.sim import SimulatedShutter
    def fast_shutter(name: str, travel: float = 0.0) -> SimulatedShutter:
        return SimulatedShutter(name, travel)
    """
    plugin(source, fast_shutter="fast_shutter")
    text = "- {name: s, class: fast_shutter}\n- {name: p, class: ShutterPreset, shutter: $s}\n"
    assert beamline.load(text).get("p").shutter.name == "s"
    assert "but $s is a SimulatedShutter" in beamline.problem(
        text + "- {name: c, class: SoftCounter, obj: $s}\n- {name: w, class: WaitForBeam, counter: $s, minimum: 1}"
    )


def test_an_unknown_class_is_not_imported():
    with pytest.raises(UsageError, match="the class 'subprocess:Popen' is not known"):
        KnownClasses().find("subprocess:Popen")


def test_annotations_for_type_checkers_only_are_no_hindrance(beamline, plugin):
    source = """
    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from nowhere import Thing
    class Odd:
        def __init__(self, name, thing: Thing = None, *more: int, size=3, **others):
            self.all = name, thing, more, size
    """
    plugin(source, Odd="Odd")
    assert beamline.load("- {name: o, class: Odd, thing: 5, size: [a, 1]}").get("o").all == ("o", 5, (), ["a", 1])


def test_the_own_modules_of_the_table_are_imported_by_their_names():
    for name, target in OWN.items():
        module, attribute = target.split(":")
        assert getattr(importlib.import_module(module), attribute).__name__ == name
