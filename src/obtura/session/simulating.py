"""A session on simulated devices: which of its devices are real, and what is opened in their place.

Looked at in the description of the beamline: nothing is made, no hardware touched.
"""

import inspect
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from obtura.ground.errors import DeviceError
from obtura.session.config import Config, Description, SessionSpec
from obtura.session.config.known import KnownClass
from obtura.session.config.twins import stand_in
from obtura.session.config.values import references

__all__ = ["Simulated", "is_real", "needed", "others", "simulated"]

SIMULATED = ("obtura.devices.sim.", "obtura.devices.bliss.mockup")
"""Modules whose devices are in memory only."""

IN_A_PROCESS = "obtura.devices.sim.boxed_shutter"
"""Simulated, but in a process of its own, by whose time it goes."""

MADE_OF_OTHERS = (
    *("calc_axis", "energy", "expression", "group", "multiple_positions", "roi", "slits", "soft"),
    *("bliss.calc", "bliss.slits"),
)
"""Modules below obtura.devices whose devices touch nothing themselves, only others that are described, too."""


class Simulated(NamedTuple):
    """`config`: the description with simulated devices in it; `told`: what a user has to know, a line each.

    `without`: the devices that nothing stands in for.
    """

    config: Config
    told: tuple[str, ...]
    without: tuple[str, ...]


def simulated(config: Config, name: str) -> Simulated:
    """The description for a session of this name on simulated devices, without consumers.

    A device that nothing stands in for is one that can't be made: it is told when the session opens, and so is what
    needs it. Consumers are left out: what is simulated is nobody else's data.
    """
    spec = config.session(name)
    real = [each for each in needed(config, spec) if is_real(config, each)]
    doubles = {each.name: stand_in(each) for each in real}
    replaced = {each.name: doubles[each.name] or _nothing(each) for each in real}
    sessions = {name: spec._replace(consumers=())}
    stood_in = [f"{each.name} ({each.class_name})" for each in real if doubles[each.name] is not None]
    told = [f"simulated: {', '.join(stood_in) or 'nothing, all is in memory already'}"]
    if spec.consumers:
        told.append(f"left out: {', '.join(spec.consumers)}, which would hand simulated data on")
    without = tuple(f"{each.name} ({each.class_name})" for each in real if doubles[each.name] is None)
    return Simulated(config.altered(objects=replaced, sessions=sessions), tuple(told), without)


def _nothing(described: Description) -> Description:
    """Described so that it can't be made, and says why."""
    kind = described.class_name
    why = (
        f"nothing simulated stands in for a {kind}: its class may say its kind, twin = 'axis', or make one, "
        "simulated(name, **arguments)"
    )
    known = KnownClass(kind, described.known.target, described.known.package, partial(_refuse, why))
    return Description(described.name, known, described.place, described.table, described.named, {})


def _refuse(why: str) -> Any:
    raise DeviceError(why)


def needed(config: Config, spec: SessionSpec) -> list[Description]:
    """What is made for a session: its devices and presets, and what these are made of; each once."""
    found: dict[str, Description] = {}
    waiting = [*spec.devices, *spec.presets]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = config.describe(name)
            waiting += [other.name for other in others(config, found[name])]
    return list(found.values())


def others(config: Config, described: Description) -> Iterator[Description]:
    """What a device is made of, as far as that is described, too."""
    return (config.describe(name) for name in dict.fromkeys(_names(described.arguments.values())))


def _names(values: Iterable[Any]) -> Iterator[str]:
    return (reference.name for value in values for reference in references(value))


def is_real(config: Config, described: Description) -> bool:
    """Whether it may touch something outside of this process."""
    make = described.known.make
    if described.role != "device" or getattr(make, "simulated", False) is True or getattr(make, "twin", "") == "none":
        return False
    module = getattr(inspect.getmodule(make), "__name__", "")
    if module == IN_A_PROCESS or hasattr(make, "stands_for"):
        return True
    if module.startswith(SIMULATED) or module.removeprefix("obtura.devices.") in MADE_OF_OTHERS:
        return False
    parts = list(others(config, described))
    if not module.startswith("obtura.") or module.startswith("obtura.instruments.") or not parts:
        return True
    return any(is_real(config, other) for other in parts)  # one that only says what its driver is told
