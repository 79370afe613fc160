"""Which devices are simulated, and what stands in for those that are not.

Looked at in the description of the beamline: nothing is made, no hardware touched.
"""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from obtura.devices.sim.blades import SimulatedShutter
from obtura.devices.sim.counters import SimulatedDiode
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.sim.multiplexer import SimulatedMultiplexer
from obtura.devices.sim.ring import SimulatedRing
from obtura.ground.errors import UsageError
from obtura.session.config import Config, Description, SessionSpec
from obtura.session.config.described import parameters_of
from obtura.session.config.known import KnownClass
from obtura.session.config.values import references

__all__ = ["needed", "rehearsed", "settings_elsewhere"]

SIMULATED = ("obtura.devices.sim.", "obtura.devices.bliss.mockup")
"""Modules whose devices are in memory only."""

IN_A_PROCESS = "obtura.devices.sim.boxed_shutter"
"""Simulated, but in a process of its own, by whose time it goes."""

MADE_OF_OTHERS = (
    *("calc_axis", "energy", "expression", "group", "multiple_positions", "roi", "slits", "soft"),
    *("bliss.calc", "bliss.slits"),
)
"""Modules below obtura.devices whose devices touch nothing themselves, only others that are described, too."""

KINDS: tuple[tuple[tuple[str, ...], type], ...] = (
    (("position", "limits", "move", "wait_move"), SimulatedAxis),
    (("check_for_refill",), SimulatedRing),
    (("open", "close", "state", "is_open", "is_closed"), SimulatedShutter),
    (("raw_read", "read", "mode"), SimulatedDiode),
    (("switch", "get_output", "connections"), SimulatedMultiplexer),
)
"""What stands in for a device of which class: one that has all of these."""


def rehearsed(config: Config, name: str, simulate: bool) -> Config:
    """The description for a rehearsal of the session `name`: without consumers, real devices replaced on request.

    Raises:
        UsageError: a device is real, and nothing stands in for it, or may.
    """
    spec = config.session(name)
    real = [each for each in needed(config, spec) if _is_real(config, each)]
    sessions = {name: spec._replace(consumers=())}
    if not real:
        return config.altered(sessions=sessions)
    if not simulate:
        told = "\n".join(f"{each.name} is real: {each.class_name} ({each.place.short})" for each in real)
        raise UsageError(
            f"a rehearsal needs simulated devices, nothing was touched:\n{told}\n"
            "--simulate has simulated axes, counters, shutters, multiplexers and rings stand in for them; "
            "a class of your own that touches no hardware says `simulated = True`"
        )
    replaced = {each.name: stand_in for each in real if (stand_in := _stand_in(each)) is not None}
    altered = config.altered(objects=replaced)
    owners = {other.name for each in real for other in _others(config, each)}  # controllers of what was replaced
    kept = tuple(one for one in spec.devices if one not in owners or not _is_real(altered, altered.describe(one)))
    sessions = {name: spec._replace(consumers=(), devices=kept)}
    altered = altered.altered(sessions=sessions)
    left = [each for each in needed(altered, altered.session(name)) if _is_real(altered, each)]
    if left:
        told = "\n".join(f"{each.name} is a {each.class_name} ({each.place.short})" for each in left)
        raise UsageError(
            f"--simulate knows no simulated device for these, nothing was touched:\n{told}\n"
            f"leave them out: a session for rehearsals with `include: [{name}]`, `exclude: [{left[0].name}]`"
        )
    return altered


def settings_elsewhere(config: Config, path: Path) -> Config:
    """The same with another file for its settings."""
    return config.altered(facts=config.facts._replace(settings=path))


def needed(config: Config, spec: SessionSpec) -> list[Description]:
    """What is made for a session: its devices and presets, and what these are made of; each once."""
    found: dict[str, Description] = {}
    waiting = [*spec.devices, *spec.presets]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = config.describe(name)
            waiting += [other.name for other in _others(config, found[name])]
    return list(found.values())


def _others(config: Config, described: Description) -> Iterator[Description]:
    return (config.describe(name) for name in dict.fromkeys(_names(described.arguments.values())))


def _names(values: Iterable[Any]) -> Iterator[str]:
    return (reference.name for value in values for reference in references(value))


def _is_real(config: Config, described: Description) -> bool:
    make = described.known.make
    if described.role != "device" or getattr(make, "simulated", False):
        return False
    module = getattr(inspect.getmodule(make), "__name__", "")
    if module == IN_A_PROCESS:
        return True
    if module.startswith(SIMULATED) or module.removeprefix("obtura.devices.") in MADE_OF_OTHERS:
        return False
    others = list(_others(config, described))
    if not module.startswith("obtura.") or module.startswith("obtura.instruments.") or not others:
        return True
    return any(_is_real(config, other) for other in others)  # one that only says what its driver is told


def _stand_in(described: Description) -> Description | None:
    make = described.known.make
    kind = next((double for words, double in KINDS if all(hasattr(make, word) for word in words)), None)
    if kind is None:
        return None
    takes = {parameter.name for parameter in parameters_of(kind)}
    plain = {key: value for key, value in described.arguments.items() if key in takes and not any(references(value))}
    if kind is SimulatedMultiplexer:  # of an output that is a description of its own, only the inputs count
        plain["outputs"] = {name: tuple(getattr(it, "inputs", it)) for name, it in plain.get("outputs", {}).items()}
    known = KnownClass(kind.__name__, f"{kind.__module__}:{kind.__name__}", "obtura", kind)
    return Description(described.name, known, described.place, described.table, described.named, plain)
