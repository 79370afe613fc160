"""What stands in for a device of hardware when a beamline is simulated: one of the same kind, with what its YAML says.

A class says its kind, `twin: ClassVar[Twin] = "axis"`, or makes its own stand-in, `simulated(name, **arguments)`, which
is given what the constructor would be given. One that says nothing is known by its methods.
"""

from collections.abc import Mapping
from typing import Any

from obtura.contracts.twins import Twin
from obtura.devices.sim.blades import SimulatedShutter
from obtura.devices.sim.camera import SimulatedCamera
from obtura.devices.sim.counters import SimulatedController, SimulatedDiode, SimulatedReadable, SimulatedText
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.sim.multiplexer import SimulatedMultiplexer
from obtura.devices.sim.ring import SimulatedRing
from obtura.session.config.described import Description, parameters_of
from obtura.session.config.known import MEMBERS, KnownClass
from obtura.session.config.values import Reference, references

__all__ = ["stand_in", "substitute", "twin_of"]

TWINS: Mapping[Twin, type] = {
    "axis": SimulatedAxis,
    "counter": SimulatedDiode,
    "shutter": SimulatedShutter,
    "multiplexer": SimulatedMultiplexer,
    "camera": SimulatedCamera,
    "controller": SimulatedController,
    "readable": SimulatedReadable,
}

BY_METHODS: tuple[tuple[tuple[str, ...], type], ...] = (
    (("position", "limits", "move", "wait_move"), SimulatedAxis),
    (("check_for_refill",), SimulatedRing),
    (("open", "close", "state", "is_open", "is_closed"), SimulatedShutter),
    (("raw_read", "read", "mode"), SimulatedDiode),
    (("switch", "get_output", "connections"), SimulatedMultiplexer),
)
"""What stands in for a device whose class does not say: one that has all of these."""

ABOVE_0 = ("velocity", "acceleration", "tolerance", "timeout")
"""What a control system may have as 0, for none, and a simulated device may not."""


def twin_of(make: Any) -> type | None:
    """The class of simulated devices that stands in for those of a class; None: there is none."""
    said = getattr(make, "twin", None)
    if said is not None:
        return TWINS.get(said)
    return next((double for words, double in BY_METHODS if all(hasattr(make, word) for word in words)), None)


def stand_in(described: Description) -> Description | None:
    """The description of what stands in for a device, with the same name; None: nothing does."""
    make = described.known.make
    own = getattr(make, "simulated", None)
    if callable(own):
        known = KnownClass(described.class_name, described.known.target, described.known.package, own)
        return _as(described, known, described.arguments)
    kind = twin_of(make)
    if kind is None:
        return None
    if kind is SimulatedDiode and described.arguments.get("as_text"):
        kind = SimulatedText
    takes = {parameter.name for parameter in parameters_of(kind)} - {"safe_action"}  # it dies with its process
    plain = {key: value for key, value in described.arguments.items() if key in takes and not any(references(value))}
    plain = {key: value for key, value in plain.items() if key not in ABOVE_0 or value > 0}
    if kind is SimulatedMultiplexer:  # of an output that is a description of its own, only the inputs count
        outputs = plain.get("outputs", {})
        plain["outputs"] = {name: tuple(getattr(it, "inputs", it) or ()) for name, it in outputs.items()}
    owner = described.arguments.get("controller")
    if kind in (SimulatedDiode, SimulatedText) and isinstance(owner, Reference) and not owner.attributes:
        plain["controller"] = owner
    double = _telling(kind, described.class_name)
    return _as(described, KnownClass(kind.__name__, f"{kind.__module__}:{kind.__name__}", "obtura", double), plain)


def substitute(name: str, twin: Twin) -> type:
    """Stands for a class that can't be imported, while what is written of its devices is read: it takes anything."""

    def init(self: Any, name: str, controller: Any = None, device: Any = None, **arguments: Any) -> None:
        raise NotImplementedError(f"{name}: its library is missing")

    def more(self: Any, name: str) -> Any:  # so `$name.attribute` is not refused for what nobody can look up
        raise AttributeError(name)

    base = TWINS[twin]
    own = {"__init__": init, "__getattr__": more, "__module__": base.__module__, "twin": twin, "stands_for": name}
    own["yaml_members"] = MEMBERS.get(name, {})
    return type(name, (base,), own)


def _as(described: Description, known: KnownClass, arguments: dict[str, Any]) -> Description:
    return Description(described.name, known, described.place, described.table, described.named, arguments)


def _telling(kind: type, real: str) -> type:
    """The same class, whose objects tell what they lack of a `real` one."""

    def missing(self: Any, name: str) -> Any:
        told = f"{vars(self).get('name', real)} is simulated: a {kind.__name__} has no {name!r}, as a {real} may have"
        raise AttributeError(told, name=name, obj=self)

    return type(
        kind.__name__, (kind,), {"__getattr__": missing, "__module__": kind.__module__, "__doc__": kind.__doc__}
    )
