"""What modules written for BLISS mean by the current session: the one that was opened last, else the library's."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from obtura.session import opened
from obtura.session.opening import load_session
from obtura.session.scan_meta import ScanMeta
from obtura.session.session import Session

__all__ = [
    "CurrentConfig",
    "create_user_scan_meta",
    "get_active",
    "get_active_name",
    "get_all",
    "get_all_names",
    "get_config",
    "get_current_session",
    "get_user_scan_meta",
    "iter_axes_position",
    "iter_axes_state",
    "set_active_name",
    "stm",
    "sync",
]


def get_current_session() -> Session:
    """The session that was opened last; without one the library's, which has no devices and shows nothing."""
    session = opened.newest()
    if session is None:  # that module makes a session when it is imported
        session = importlib.import_module("obtura.session.public")._library
    assert isinstance(session, Session)
    return session


class CurrentConfig:
    """What `get_config()` gives: `config.get("roby")`, `config.names_list`. Asks the current session at each call."""

    def get(self, name: str) -> Any:
        """The object of this name; the current session, or one that its description has, opened without display.

        Raises:
            UsageError: there is none, or it is a measurement group of a session that is not open.
            DeviceError: it can't be made.
        """
        session = get_current_session()
        if name == session.name:
            return session
        if name in session.objects():
            return session.objects()[name]
        config = session.env_dict.get("config")
        if config is None or name in config.sessions:
            return load_session(name, display=False)
        return config.get(name)

    @property
    def names_list(self) -> list[str]:
        """The names of all objects."""
        session = get_current_session()
        config = session.env_dict.get("config")
        return list(config.names) if config is not None else list(session.objects())

    def get_config(self, name: str) -> Mapping[str, Any]:
        """What the YAML says of an object.

        Raises:
            UsageError: there is none.
        """
        described = get_current_session().env_dict["config"].describe(name)
        return {key: described.written(key) for key in described.places}


def get_config() -> CurrentConfig:
    """The description of the beamline."""
    return CurrentConfig()


# -- measurement groups ---------------------------------------------------------------------------------------


def get_all() -> list[Any]:
    """The measurement groups of the session."""
    return get_current_session().groups()


def get_all_names() -> list[str]:
    """Their names."""
    return [group.name for group in get_all()]


def get_active() -> Any:
    """The active one; None when there is no group."""
    return get_current_session().env_dict["ACTIVE_MG"] if get_all() else None


def get_active_name() -> str | None:
    """Its name; None when there is no group."""
    active = get_active()
    return None if active is None else str(active.name)


def set_active_name(name: str) -> None:
    """Have another one be active.

    Raises:
        UsageError: there is no such group.
    """
    get_current_session().group(name).set_active()


# -- metadata -------------------------------------------------------------------------------------------------


def get_user_scan_meta() -> ScanMeta:
    """`SCAN_META` of the session."""
    found = get_current_session().env_dict["SCAN_META"]
    assert isinstance(found, ScanMeta)
    return found


def create_user_scan_meta() -> ScanMeta:
    """One that belongs to no session."""
    return ScanMeta()


# -- axes -----------------------------------------------------------------------------------------------------


def iter_axes_position(*axes: Any) -> Iterator[tuple[Any, float, float]]:
    """Each axis of the session, or of `axes`, with its user and dial position."""
    for axis in axes or get_current_session().axes():
        yield axis, axis.position, getattr(axis, "dial", axis.position)


def iter_axes_state(*axes: Any) -> Iterator[tuple[Any, Any]]:
    """Each axis of the session, or of `axes`, with its state."""
    for axis in axes or get_current_session().axes():
        yield axis, getattr(axis, "state", None)


def sync(*axes: Any) -> None:
    """Have the axes of the session, or `axes`, ask their controllers where they are."""
    for axis in axes or get_current_session().axes():
        if hasattr(axis, "sync_hard"):
            axis.sync_hard()


def stm(*axes: Any) -> None:
    """Print the states of axes, of all without `axes`: as `sta`."""
    get_current_session().env_dict["sta"](*axes)
