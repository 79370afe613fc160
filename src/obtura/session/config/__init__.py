"""A beamline described in YAML: checked as a whole before anything is made, every error with its place."""

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
