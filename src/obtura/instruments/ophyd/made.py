"""Objects of ophyd, found by what is written of them: `module:Class`, a prefix, arguments."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from obtura.ground.errors import UsageError, one_line
from obtura.instruments.ophyd.paths import ScanPathProvider

__all__ = ["class_of", "made", "part_of", "wrong_name"]


def wrong_name(text: str) -> str:
    """What is wrong with the name of a class as it is written; empty when nothing is."""
    module, _, name = _split(text)
    if all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        return ""
    return f"must be module:Class, as ophyd:EpicsMotor, got {text!r}"


def _split(text: str) -> tuple[str, str, str]:
    return text.partition(":") if ":" in text else text.rpartition(".")


def class_of(who: str, text: str) -> Any:
    """What `module:Class` or `module.Class` stands for.

    Raises:
        UsageError: it is no such name, or it can't be imported.
    """
    if why := wrong_name(text):
        raise UsageError(f"{who}: ophyd {why}")
    module, _, name = _split(text)
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{who}: {text} can't be imported: {one_line(error)}") from error
    return found


def made(who: str, ophyd: Any, prefix: str | None, arguments: Mapping[str, Any] | None) -> Any:
    """A device of the class that `ophyd` names, or `ophyd` itself when it is a device already.

    A class is called with `prefix`, when there is one, the arguments, and `name=who`. An argument that is a mapping
    with `ophyd`, the name of a class, and perhaps `arguments`, is made, too; a device of obtura is given as its own.
    A class that takes a `path_provider` and is given none writes where obtura's scan does.

    Raises:
        UsageError: there is no such class, or it does not take that.
    """
    if not isinstance(ophyd, str):
        if prefix is not None or arguments:
            raise UsageError(f"{who}: prefix and arguments are for a class, and {ophyd!r} is made already")
        return ophyd
    kind = class_of(who, ophyd)
    if not callable(kind):
        return kind  # an object of a module, as ophyd.sim:motor
    named = {"name": who, **{key: _argument(f"{who}: {key}", value) for key, value in (arguments or {}).items()}}
    if _takes_paths(kind):
        named.setdefault("path_provider", ScanPathProvider())
    try:
        return kind(*([] if prefix is None else [prefix]), **named)
    except Exception as error:
        given = ", ".join([*([] if prefix is None else [repr(prefix)]), *(f"{key}=..." for key in named)])
        raise UsageError(f"{who}: {ophyd} can't be made with ({given}): {one_line(error)}") from error


def _takes_paths(kind: Any) -> bool:
    try:
        return "path_provider" in inspect.signature(kind).parameters
    except (TypeError, ValueError):  # it does not say what it takes
        return False


def _argument(who: str, value: Any) -> Any:
    if not (
        isinstance(value, Mapping) and isinstance(value.get("ophyd"), str) and set(value) <= {"ophyd", "arguments"}
    ):
        return getattr(value, "ophyd_device", value)
    given = {key: _argument(f"{who}: {key}", one) for key, one in value.get("arguments", {}).items()}
    try:
        return class_of(who, value["ophyd"])(**given)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{who}: {value['ophyd']} can't be made with {given}: {one_line(error)}") from error


def part_of(who: str, device: Any, part: str) -> Any:
    """What a dotted name stands for in a device; the device itself when it is empty.

    Raises:
        UsageError: it has no such part.
    """
    found = device
    for name in part.split(".") if part else ():
        try:
            found = found[int(name)] if name.isdigit() else getattr(found, name)
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise UsageError(f"{who}: the {type(device).__name__} has no part {part!r}: {one_line(error)}") from error
    return found
