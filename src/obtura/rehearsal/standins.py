"""A beamline for rehearsals: its real devices are replaced by simulated ones, or named.

Looked at in the description of the beamline: nothing is made, no hardware touched.
"""

from pathlib import Path

from obtura.ground.errors import UsageError
from obtura.session.config import Config
from obtura.session.config.twins import stand_in
from obtura.session.simulating import is_real, needed, others

__all__ = ["rehearsed", "settings_elsewhere"]


def rehearsed(config: Config, name: str, simulate: bool) -> Config:
    """The description for a rehearsal of the session `name`: without consumers, real devices replaced on request.

    Raises:
        UsageError: a device is real, and nothing stands in for it, or may.
    """
    spec = config.session(name)
    real = [each for each in needed(config, spec) if is_real(config, each)]
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
    replaced = {each.name: double for each in real if (double := stand_in(each)) is not None}
    altered = config.altered(objects=replaced)
    owners = {other.name for each in real for other in others(config, each)}  # controllers of what was replaced
    kept = tuple(one for one in spec.devices if one not in owners or not is_real(altered, altered.describe(one)))
    sessions = {name: spec._replace(consumers=(), devices=kept)}
    altered = altered.altered(sessions=sessions)
    left = [each for each in needed(altered, altered.session(name)) if is_real(altered, each)]
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
