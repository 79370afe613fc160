"""What the standard scans share: checked arguments, answers to wrong ones, common keywords."""

import functools
import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar

from obtura.contracts.absent import present
from obtura.contracts.devices import Movable, is_movable
from obtura.ground.errors import ArgumentError, UsageError

__all__ = ["Options", "axis", "command", "count_time", "finite", "whole"]

_MISSING = re.compile("missing a required (?:positional |keyword-only )?argument: '(.*)'")

P = ParamSpec("P")
S = TypeVar("S")
R = TypeVar("R")


class Options(TypedDict, total=False):
    """Keywords of every scan.

    `run`: run it now, else only make it; `save`: write a file; `save_images`: with the frames of cameras, too;
    `name`, `title`: what it is called; `sleep_time` (s): pause before every point but the first; `stab_time` (s):
    pause after each move; `scan_info`: facts kept with the data.
    """

    run: bool
    save: bool
    save_images: bool
    name: str
    title: str
    sleep_time: float
    stab_time: float
    scan_info: Mapping[str, Any]


DEFAULTS: Options = {"run": True, "save": True, "save_images": True, "sleep_time": 0.0, "stab_time": 0.0}


def command(
    example: str,
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """A scan command: wrong arguments are answered with what is wrong, the intended usage and an example."""

    def decorate(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        signature = _written_out(inspect.signature(function))
        usage = _usage(function.__name__, signature)

        @functools.wraps(function)
        def checked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                signature.bind(self, *args, **kwargs)
                _check_options(kwargs)
                return function(self, *args, **kwargs)
            except ArgumentError as error:
                problem = str(error)
            except TypeError as error:
                if not _is_binding(signature, self, args, kwargs):
                    raise
                problem = _MISSING.sub(r"\1 is missing", str(error))
            raise UsageError(f"{function.__name__}: {problem}\nIntended usage: {usage}\nExample: {example}")

        checked.__signature__ = signature  # type: ignore[attr-defined]
        return checked

    return decorate


def _is_binding(signature: inspect.Signature, bench: Any, args: Any, kwargs: Any) -> bool:
    """Whether a TypeError came from the call itself and not from inside the scan."""
    try:
        signature.bind(bench, *args, **kwargs)
    except TypeError:
        return True
    return False


def _check_options(options: Mapping[str, Any]) -> None:
    for key in ("sleep_time", "stab_time"):
        finite(options.get(key, 0.0), f"{key} (s)", least=0)
    for keys, kind, what in (
        (("run", "save", "save_images"), bool, "True or False"),
        (("name", "title"), str | None, "text"),
        (("scan_info",), Mapping | None, "a dict"),
    ):
        for key in keys:
            if key in options and not isinstance(options[key], kind):
                raise ArgumentError(f"{key} must be {what}, got {options[key]!r}")


def _written_out(signature: inspect.Signature) -> inspect.Signature:
    """The signature with the common keywords in the place of `**options`, as help() and completion show it."""
    own = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    common = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=DEFAULTS.get(key), annotation=kind)
        for key, kind in Options.__annotations__.items()
    ]
    return signature.replace(parameters=own + common)


def _usage(name: str, signature: inspect.Signature) -> str:
    own = [
        parameter
        for parameter in list(signature.parameters.values())[1:]
        if parameter.name not in Options.__annotations__
    ]
    shown = [str(parameter.replace(annotation=inspect.Parameter.empty)) for parameter in own]
    return f"{name}({', '.join([*shown, 'run=True', 'save=True', '...'])})"


def finite(value: Any, what: str, least: float = -math.inf) -> float:
    """A finite number of at least `least`.

    Raises:
        UsageError: it is none.
    """
    try:
        number = float(value) if not isinstance(value, str | bytes) else math.nan
    except (TypeError, ValueError):
        raise ArgumentError(f"{what} must be a number, got {value!r}") from None
    if isinstance(value, str | bytes):
        raise ArgumentError(f"{what} must be a number, got {value!r}")
    if not math.isfinite(number) or number < least:
        bound = f" of at least {least:g}" if least > -math.inf else ""
        raise ArgumentError(f"{what} must be a finite number{bound}, got {value!r}")
    return number


def count_time(value: Any) -> float:
    """A count time in s."""
    return finite(value, "count_time (s)", least=0)


def whole(value: Any, what: str, least: int = 1) -> int:
    """A whole number of at least `least`.

    Raises:
        UsageError: it is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentError(f"{what} must be a whole number, got {value!r}")
    if int(value) < least:
        raise ArgumentError(f"{what} must be at least {least}, got {value}")
    return int(value)


def axis(value: Any) -> Movable:
    """An axis.

    Raises:
        UsageError: it is none.
    """
    value = present(value)
    if not is_movable(value):
        raise ArgumentError(f"motor must be an axis, got {value!r}")
    return value
