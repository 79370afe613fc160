"""Names of the YAML that would hide a session's own: a device called `ascan` is the end of `ascan`."""

from collections.abc import Container, Iterator

from obtura.data.saving import ScanSaving
from obtura.session.config import Config, Problem, SessionSpec
from obtura.session.origin import Origin
from obtura.session.session import Session

__all__ = ["hidden_by_any", "hidden_names"]


def hidden_names(config: Config, spec: SessionSpec, own: Container[str]) -> Iterator[Problem]:
    """Where the YAML gives one of a session's `own` names to an object of it, or to an alias."""
    for name in [*spec.devices, *spec.measurement_groups]:
        if name in own:
            yield Problem(config.describe(name).place, f"{name}: hides the session's own {name}: give it another name")
    for alias in spec.aliases:
        if alias in own:
            place = config.describe(spec.name).place
            yield Problem(place, f"{spec.name}: aliases: {alias} is a name of the session's own: take another one")


def hidden_by_any(config: Config) -> list[Problem]:
    """The same for all sessions of a beamline; none is opened."""
    own = Session("names", {}, ScanSaving("names"), display=False, origin=Origin(config=config)).env_dict
    specs = [config.session(name) for name in config.sessions]
    return list(dict.fromkeys(each for spec in specs for each in hidden_names(config, spec, own)))
