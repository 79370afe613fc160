"""A beamline described in YAML: checked as a whole before anything is made, every error with its place.

The names are imported when first asked for: a session without YAML does not wait for the reader of YAML.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obtura.session.config.config import Config
    from obtura.session.config.described import Description
    from obtura.session.config.files import config_directory
    from obtura.session.config.problems import ConfigError, Place, Problem
    from obtura.session.config.sessions import MeasurementGroupSpec, SessionSpec

__all__ = [
    "Config",
    "ConfigError",
    "Description",
    "MeasurementGroupSpec",
    "Place",
    "Problem",
    "SessionSpec",
    "config_directory",
]

_HOMES = {
    "Config": "config",
    "ConfigError": "problems",
    "Description": "described",
    "MeasurementGroupSpec": "sessions",
    "Place": "problems",
    "Problem": "problems",
    "SessionSpec": "sessions",
    "config_directory": "files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
