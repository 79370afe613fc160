"""The commands around a beamline's description: `obtura new | check | config | schema | settings`."""

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_commands"]

_HERE = "default: here or above, where an obtura.yml is"


def add_commands(commands: Any) -> None:
    """Add them to the commands of the parser."""
    new = commands.add_parser("new", help="begin a beamline: a directory of YAML that runs at once")
    new.add_argument("directory", type=Path, metavar="DIR", help="made if it is not there; it must be empty")
    new.set_defaults(command=_new)

    check = commands.add_parser("check", help="check the YAML of a beamline; no hardware is touched")
    check.add_argument("directory", nargs="?", metavar="DIR", help=_HERE)
    check.add_argument("--simulate", action="store_true", help="also say what `--simulate` stands in for")
    check.set_defaults(command=_check)

    config = commands.add_parser("config", help="list what a beamline has, or show one object")
    config.add_argument("name", nargs="?", metavar="NAME", help="the object to show")
    config.add_argument("--config", metavar="DIR", help=_HERE)
    config.set_defaults(command=_config)

    schema = commands.add_parser("schema", help="write a JSON schema of the YAML, for editors")
    schema.add_argument("directory", nargs="?", metavar="DIR", help="a beamline, to have its objects proposed")
    schema.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: printed")
    schema.set_defaults(command=_schema)

    settings = commands.add_parser("settings", help="list or forget what is kept from session to session")
    settings.add_argument("names", nargs="*", metavar="NAME", help="of these objects only")
    settings.add_argument("--forget", action="store_true", help="forget it: the YAML holds again")
    settings.add_argument("--config", metavar="DIR", help=_HERE)
    settings.set_defaults(command=_settings)


def _new(options: argparse.Namespace) -> int:
    from obtura.cli.new import new

    return new(options.directory)


def _check(options: argparse.Namespace) -> int:
    from obtura.cli.check import check

    return check(options.directory, options.simulate)


def _config(options: argparse.Namespace) -> int:
    from obtura.cli.check import show

    return show(options.config, options.name)


def _schema(options: argparse.Namespace) -> int:
    from obtura.cli.check import write_schema

    return write_schema(options.directory, options.output)


def _settings(options: argparse.Namespace) -> int:
    from obtura.cli.kept import kept

    return kept(options.config, options.names, options.forget)
