"""The classes that YAML may name: obtura's own, and those that installed packages offer by entry point.

A description can't have anything else imported: what a class name stands for is decided here, by what is installed.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from obtura.contracts.twins import Twin
from obtura.ground.errors import UsageError, one_line
from obtura.session.config.problems import meant

__all__ = ["GROUPS", "OWN", "SESSIONS", "TWINS", "KnownClass", "KnownClasses"]

GROUPS = ("obtura.devices", "obtura.presets", "obtura.consumers")
"""The groups of entry points: the name is what stands behind `class:`, the value `module:attribute`."""

SESSIONS = {
    "MeasurementGroup": "obtura.session.config.sessions:MeasurementGroupKeys",
    "Session": "obtura.session.config.sessions:SessionKeys",
}
"""What is no object by itself but says how objects are used."""

OWN = {
    "Actuator": "obtura.devices.actuator:Actuator",
    "AreaDetector": "obtura.instruments.epics.detector:AreaDetector",
    "Axis": "obtura.devices.axis:Axis",
    "BoxedShutter": "obtura.devices.sim.boxed_shutter:BoxedShutter",
    "CalcAxis": "obtura.devices.calc_axis:CalcAxis",
    "Camera": "obtura.devices.camera:Camera",
    "ConstantCounter": "obtura.devices.sim.counters:ConstantCounter",
    "ControllerAxis": "obtura.devices.bliss.axis:ControllerAxis",
    "ControllerEncoder": "obtura.devices.bliss.axis:ControllerEncoder",
    "DetectorCoverPreset": "obtura.presets.cover:DetectorCoverPreset",
    "EnergyAxis": "obtura.devices.energy:EnergyAxis",
    "EnergyWavelength": "obtura.devices.energy:EnergyWavelength",
    "EpicsWatch": "obtura.presets.epics_watch:EpicsWatch",
    "EventDocuments": "obtura.data.documents.live:EventDocuments",
    "ExpressionCalcCounter": "obtura.devices.expression:ExpressionCalcCounter",
    "ExpressionCalcCounterController": "obtura.devices.expression:ExpressionCalcCounterController",
    "FaultyAxis": "obtura.devices.sim.faulty_motor:FaultyAxis",
    "FaultyCounter": "obtura.devices.sim.faulty:FaultyCounter",
    "FaultyMockup": "obtura.devices.bliss.mockup:FaultyMockup",
    "FaultyShutter": "obtura.devices.sim.faulty:FaultyShutter",
    "Host": "obtura.devices.host.host:Host",
    "MCA": "obtura.devices.mca:MCA",
    "MachineInfo": "obtura.devices.machine:MachineInfo",
    "Mockup": "obtura.devices.bliss.mockup:Mockup",
    "ModuloAxis": "obtura.devices.bliss.axis:ModuloAxis",
    "MotorRecord": "obtura.instruments.epics.motor:MotorRecord",
    "MultiplePositions": "obtura.devices.multiple_positions:MultiplePositions",
    "Multiplexer": "obtura.devices.multiplexer:Multiplexer",
    "MultiplexerPreset": "obtura.presets.multiplexer:MultiplexerPreset",
    "NoSettingsAxis": "obtura.devices.bliss.axis:NoSettingsAxis",
    "OphydAxis": "obtura.instruments.ophyd.axis:OphydAxis",
    "OphydCamera": "obtura.instruments.ophyd.camera:OphydCamera",
    "OphydCounter": "obtura.instruments.ophyd.counter:OphydCounter",
    "OphydDetector": "obtura.instruments.ophyd.detector:OphydDetector",
    "OphydDetectorCounter": "obtura.instruments.ophyd.detector:OphydDetectorCounter",
    "OphydDevice": "obtura.instruments.ophyd.counter:OphydDevice",
    "OphydFlyer": "obtura.instruments.ophyd.flyer:OphydFlyer",
    "OphydShutter": "obtura.instruments.ophyd.shutter:OphydShutter",
    "PVAxis": "obtura.instruments.epics.axis:PVAxis",
    "PVCounter": "obtura.instruments.epics.counter:PVCounter",
    "PVMultiplexer": "obtura.instruments.epics.multiplexer:PVMultiplexer",
    "PVReader": "obtura.instruments.epics.counter:PVReader",
    "PVShutter": "obtura.instruments.epics.shutter:PVShutter",
    "ProtectPreset": "obtura.presets.protect:ProtectPreset",
    "PseudoAxis": "obtura.devices.bliss.calc:PseudoAxis",
    "RandomCounter": "obtura.devices.sim.counters:RandomCounter",
    "SerialLine": "obtura.devices.text.line:SerialLine",
    "Shutter": "obtura.devices.shutter:Shutter",
    "ShutterPreset": "obtura.presets.shutter:ShutterPreset",
    "SimulatedActuator": "obtura.devices.sim.blades:SimulatedActuator",
    "SimulatedAxis": "obtura.devices.sim.motor:SimulatedAxis",
    "SimulatedCamera": "obtura.devices.sim.camera:SimulatedCamera",
    "SimulatedCard": "obtura.devices.sim.card:SimulatedCard",
    "SimulatedController": "obtura.devices.sim.counters:SimulatedController",
    "SimulatedDiode": "obtura.devices.sim.counters:SimulatedDiode",
    "SimulatedEncoder": "obtura.devices.sim.encoder:SimulatedEncoder",
    "SimulatedMCA": "obtura.devices.sim.mca:SimulatedMCA",
    "SimulatedMultiplexer": "obtura.devices.sim.multiplexer:SimulatedMultiplexer",
    "SimulatedRing": "obtura.devices.sim.ring:SimulatedRing",
    "SimulatedShutter": "obtura.devices.sim.blades:SimulatedShutter",
    "SimulatedSwitch": "obtura.devices.sim.switch:SimulatedSwitch",
    "SimulatedText": "obtura.devices.sim.counters:SimulatedText",
    "SimulationCounter": "obtura.devices.sim.distribution:SimulationCounter",
    "Slits": "obtura.devices.slits:Slits",
    "SoftAxis": "obtura.devices.soft:SoftAxis",
    "SoftCounter": "obtura.devices.soft:SoftCounter",
    "Switch": "obtura.devices.switch:Switch",
    "TaggedEnergy": "obtura.devices.bliss.slits:TaggedEnergy",
    "TaggedSlits": "obtura.devices.bliss.slits:TaggedSlits",
    "TangoAxis": "obtura.instruments.tango.axis:TangoAxis",
    "TangoCounter": "obtura.instruments.tango.counter:TangoCounter",
    "TangoDevice": "obtura.instruments.tango.device:TangoDevice",
    "TangoMultiplexer": "obtura.instruments.tango.multiplexer:TangoMultiplexer",
    "TangoShutter": "obtura.instruments.tango.shutter:TangoShutter",
    "TcpLine": "obtura.devices.text.line:TcpLine",
    "TextAxis": "obtura.devices.text.axis:TextAxis",
    "TextCounter": "obtura.devices.text.counter:TextCounter",
    "TextInstrument": "obtura.devices.text.instrument:TextInstrument",
    "TextMultiplexer": "obtura.devices.text.multiplexer:TextMultiplexer",
    "TextShutter": "obtura.devices.text.shutter:TextShutter",
    "VisaLine": "obtura.devices.text.line:VisaLine",
    "WaitForBeam": "obtura.presets.wait_for_beam:WaitForBeam",
    "WaitForRefill": "obtura.presets.wait_for_refill:WaitForRefill",
    "WavelengthAxis": "obtura.devices.energy:WavelengthAxis",
    "Webcam": "obtura.instruments.video.webcam:Webcam",
    "World": "obtura.devices.sim.world:World",
    "simulation_diode": "obtura.devices.sim.diode:simulation_diode",
}
"""obtura's own classes, by the name that YAML has for them; imported when first used."""

TWINS: Mapping[str, Twin] = {
    "AreaDetector": "camera",
    "MotorRecord": "axis",
    "OphydAxis": "axis",
    "OphydCamera": "camera",
    "OphydCounter": "counter",
    "OphydDetector": "readable",
    "OphydDetectorCounter": "counter",
    "OphydDevice": "readable",
    "OphydShutter": "shutter",
    "PVAxis": "axis",
    "PVCounter": "counter",
    "PVMultiplexer": "multiplexer",
    "PVReader": "controller",
    "PVShutter": "shutter",
    "TangoAxis": "axis",
    "TangoCounter": "counter",
    "TangoDevice": "controller",
    "TangoMultiplexer": "multiplexer",
    "TangoShutter": "shutter",
    "Webcam": "camera",
}
"""What stands in for devices whose class needs a library that may be missing; the class says the same, as `twin`."""

MEMBERS: Mapping[str, Mapping[str, tuple[str, str | None]]] = {
    "OphydDetector": {"counters": ("controller", "OphydDetectorCounter")},
    "OphydDevice": {
        "counters": ("controller", "OphydCounter"),
        "axes": ("device", "OphydAxis"),
        "shutters": ("device", "OphydShutter"),
    },
}
"""What may be listed with such devices; the class says the same, as `yaml_members`."""

THEIR_MODULES = (
    *("energy_wavelength", "energywavelength", "expression_based_calc", "mockup", "motors.mockup", "motors.slits"),
    *("multiplepositions", "simulation_counter", "simulation_diode", "slits"),
)
"""What `module` says in YAML written for BLISS, which has a module of its own for each of these classes."""


class KnownClass(NamedTuple):
    """A class, or a function that makes an object, and who offers it."""

    name: str
    target: str
    package: str
    make: Callable[..., Any]


class KnownClasses:
    """Finds classes by name, and imports only those that are asked for.

    `substitute`: what stands for one of `TWINS` whose library is missing, by its name and kind; None: it is an error.
    """

    def __init__(self, substitute: Callable[[str, Twin], Callable[..., Any]] | None = None) -> None:
        self._substitute = substitute
        self._offered: dict[str, list[tuple[str, str, EntryPoint | None]]] = {}
        for name, target in {**OWN, **SESSIONS}.items():
            self._offered[name] = [("obtura", target, None)]
        for package, point in sorted(_entry_points(), key=lambda each: (each[1].name, each[0])):
            offers = self._offered.setdefault(point.name, [])
            if (package, point.value) not in [(each, target) for each, target, _ in offers]:
                offers.append((package, point.value, point))
        self._found: dict[tuple[str, str], KnownClass] = {}

    @property
    def names(self) -> list[str]:
        """Every name that `class:` may have."""
        return sorted(self._offered)

    def is_ambiguous(self, name: str) -> bool:
        """Whether several packages offer a class of this name."""
        return len(self._offered.get(name, ())) > 1

    def find(self, name: str, package: str | None = None) -> KnownClass:
        """The class of this name. `package`, a distribution or a module, is only needed where two offer one.

        Raises:
            UsageError: there is none, several packages offer it, the package is not the one, it can't be imported.
        """
        offers = self._offered.get(name)
        if offers is None:
            raise UsageError(
                f"the class {name!r} is not known{meant(name, self._offered)} "
                "(`obtura schema` lists all; others come with installed packages)"
            )
        chosen = [offer for offer in offers if package is None or _agrees(package, *offer[:2])]
        if not chosen:
            told = " and ".join(f"{target} of {dist}" for dist, target, _ in offers)
            raise UsageError(f"the class {name} is {told}, not from {package!r}: leave this key out")
        if len(chosen) > 1:
            told = " and ".join(dist for dist, _, _ in chosen)
            raise UsageError(f"the class {name} is offered by {told}: say which one with the key `package`")
        dist, target, _ = chosen[0]
        if (name, target) not in self._found:
            self._found[name, target] = KnownClass(name, target, dist, self._make(name, target, dist))
        return self._found[name, target]

    def _make(self, name: str, target: str, dist: str) -> Callable[..., Any]:
        try:
            return _imported(name, target, dist)
        except UsageError as error:
            if self._substitute is None or name not in TWINS or not isinstance(error.__cause__, ImportError):
                raise
            return self._substitute(name, TWINS[name])


def _entry_points() -> Iterator[tuple[str, EntryPoint]]:
    for group in GROUPS:
        for point in entry_points(group=group):
            yield (point.dist.name if point.dist is not None else "an unknown package"), point


def _agrees(package: str, dist: str, target: str) -> bool:
    module = target.partition(":")[0]
    same = package.replace("_", "-").lower() == dist.replace("_", "-").lower()
    same = same or (dist == "obtura" and (package.startswith("bliss.") or package in THEIR_MODULES))
    return same or module == package or module.startswith(f"{package}.") or module.endswith(f".{package}")


def _imported(name: str, target: str, dist: str) -> Callable[..., Any]:
    module, _, attribute = target.partition(":")
    try:
        made: Any = importlib.import_module(module)
        for part in attribute.split("."):
            made = getattr(made, part)
    except (Exception, SystemExit) as error:
        written_for_bliss = getattr(error, "name", None) in ("bliss", "gevent")
        hint = "; say `import obtura.bliss` first" if written_for_bliss else ""
        message = f"the class {name} of {dist} can't be imported from {target}: {one_line(error)}{hint}"
        raise UsageError(message) from error
    if not callable(made):
        raise UsageError(f"the class {name} of {dist} is no class: {target} is {made!r}")
    function: Callable[..., Any] = made
    return function
