"""`obtura check`, `obtura config` and `obtura schema`: what is described, and whether it is right."""

import json
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from obtura.ground.errors import UsageError
from obtura.session.config import Config, ConfigError, Description, Place, Problem, config_directory
from obtura.session.config.schema import schema
from obtura.session.config.twins import substitute
from obtura.session.config.values import Call
from obtura.session.first_saving import wrong_saving
from obtura.session.hidden import hidden_by_any
from obtura.session.simulating import simulated

__all__ = ["check", "described_at", "show", "write_schema"]

_ROLES = {
    "device": ("device", "devices"),
    "preset": ("preset", "presets"),
    "consumer": ("consumer", "consumers"),
    "group": ("measurement group", "measurement groups"),
    "session": ("session", "sessions"),
}


def described_at(directory: str | None, simulate: bool = False) -> Config:
    """The beamline that is described there, or here. `simulate`: libraries of control systems may be missing.

    Raises:
        UsageError: no directory is given, and none found here or above.
        ConfigError: the YAML has mistakes.
    """
    found = config_directory(directory)
    if found is None:
        raise UsageError(
            "no obtura.yml is here or above: say where the beamline is described (`obtura new` begins one)"
        )
    return Config.load(found, substitute if simulate else None)


def check(directory: str | None, simulate: bool = False) -> int:
    """Print each problem, or what there is; 1 when there are problems.

    `simulate`: also what would be simulated in each session; a device that nothing stands in for is a problem.
    """
    try:
        config = described_at(directory, simulate)
    except ConfigError as error:
        return _refuse(error.problems)
    problems = [*hidden_by_any(config), *wrong_saving(config), *_setup_problems(config)]
    if problems:
        return _refuse(problems)
    print(f"{config.directory}: {_summary(config)}")
    return _check_simulated(config) if simulate else 0


def _check_simulated(config: Config) -> int:
    without = False
    for name in config.sessions:
        double = simulated(config, name)
        for line in double.told:
            print(f"{name}: {line}")
        if double.without:
            without = True
            print(f"{name}: nothing simulated stands in for {', '.join(double.without)}")
    return int(without)


def _refuse(problems: Iterable[Problem]) -> int:
    problems = list(problems)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}")
    return 1


def _summary(config: Config) -> str:
    names = {role: [name for name in config.names if config.describe(name).role == role] for role in _ROLES}
    counts = [
        f"{len(names[role])} {one if len(names[role]) == 1 else more}"
        for role, (one, more) in _ROLES.items()
        if names[role] or role == "device"
    ]
    sessions = f" ({', '.join(config.sessions)})" if config.sessions else ""
    return ", ".join(counts) + sessions


def _setup_problems(config: Config) -> Iterable[Problem]:
    """Setup files are only read here, not run: that is a session's business."""
    for path in dict.fromkeys(config.session(name).setup for name in config.sessions):
        if path is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(path.read_bytes(), str(path), "exec")
        except SyntaxError as error:
            yield Problem(Place(str(path), error.lineno or 1, error.offset or 1), error.msg)
        except (OSError, ValueError) as error:
            yield Problem(Place(str(path)), str(error))


def show(directory: str | None, name: str | None) -> int:
    """Print all objects, or one with what it is made with."""
    config = described_at(directory)
    if name is not None:
        print(_one(config, config.describe(name)))
        return 0
    described = [config.describe(each) for each in config.names]
    width = max((len(each.name) for each in described), default=0)
    widest = max((len(each.class_name) for each in described), default=0)
    print(f"{config.name}: {_summary(config)}")
    for each in described:
        print(f"  {each.name:{width}}  {each.class_name:{widest}}  {each.place}")
    return 0


def _one(config: Config, described: Description) -> str:
    lines = [f"{described.name}: {described.class_name} of {described.known.package}, {described.place}"]
    is_session = described.role == "session"
    given: dict[str, Any] = config.session(described.name)._asdict() if is_session else described.arguments
    width = max(map(len, given), default=0)
    lines += [f"  {key:{width}}  {_shown(value)}" for key, value in given.items()]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, Call):
        return _shown(value.written)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(each)}" for key, each in value.items()) + "}"
    return str(value)


def write_schema(directory: str | None, output: Path | None) -> int:
    """Print or write the schema; without a directory none of a beamline's objects is in it."""
    text = json.dumps(schema(None if directory is None else described_at(directory)), indent=1) + "\n"
    if output is None:
        sys.stdout.write(text)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output}: can't be written: {error.strerror}") from None
    print(f"{output} is written. The first line of each YAML file: # yaml-language-server: $schema={output}")
    return 0
