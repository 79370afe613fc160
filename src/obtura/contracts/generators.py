"""Presets written as one function: what stands before its `yield` is `prepare`, what stands after it is `stop`."""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.errors import HookError, UsageError

__all__ = ["chain_preset", "iteration_preset", "scan_preset"]


class _Stepped:
    """Its function is run up to the `yield`, and later from there to its end.

    When it failed before the `yield`, or never came to its first line, nothing of it is left to be run.
    """

    __slots__ = ("__made", "__make")  # not among the attributes, which go into the file

    def __init__(self, make: Callable[..., Generator[object, None, object]], arguments: dict[str, Any]) -> None:
        self.__make = make
        self.__made: Generator[object, None, object] | None = None
        _show(self, arguments)

    def prepare(self, *given: Any) -> None:
        self.__made = made = self.__make(*given)  # noted first: a Ctrl-C may come in the instant of its `yield`
        if next(made, made) is made:
            raise _without_yield(self)

    def stop(self, *given: Any) -> None:
        made, self.__made = self.__made, None
        if made is None or inspect.getgeneratorstate(made) != inspect.GEN_SUSPENDED:
            return
        if next(made, made) is not made:
            made.close()
            raise _second_yield(self)


class _AsyncStepped:
    """The same of an `async def` function."""

    __slots__ = ("__made", "__make")

    def __init__(self, make: Callable[..., AsyncGenerator[object, None]], arguments: dict[str, Any]) -> None:
        self.__make = make
        self.__made: AsyncGenerator[object, None] | None = None
        _show(self, arguments)

    async def prepare(self, *given: Any) -> None:
        self.__made = made = self.__make(*given)
        if await anext(made, made) is made:
            raise _without_yield(self)

    async def stop(self, *given: Any) -> None:
        made, self.__made = self.__made, None
        if made is not None and await anext(made, made) is not made:
            await made.aclose()
            raise _second_yield(self)


def _show(preset: object, arguments: dict[str, Any]) -> None:
    """Keep the arguments as attributes, which go into the file; one named `start` must not hide that hook."""
    vars(preset).update({f"_{name}": value for name, value in arguments.items()})


def _without_yield(preset: object) -> HookError:
    return HookError(f"{type(preset).__name__} came to its end without a `yield`; nothing is left for `stop`")


def _second_yield(preset: object) -> HookError:
    return HookError(
        f"{type(preset).__name__} came to a second `yield`: what stands before the one is `prepare`, "
        "what stands after it `stop`; what stands behind the second was not run"
    )


def scan_preset(function: Callable[..., Any]) -> Callable[..., ScanPreset]:
    """Make presets around a scan of a function with one `yield`.

    Before the `yield` is `prepare`, after it `stop`: called exactly once when the `yield` was come to, also after an
    error or Ctrl-C. What fails before it runs the function's own `finally` only. The function called gives a new
    preset; if its first argument is named `scan`, it is the scan, and is not given in that call. May be `async def`.

    Raises:
        UsageError: no function, or one without a `yield`; when it is called: other arguments.
        HookError, in the scan: the `yield` is not come to, or a second one is.
    """
    return _maker(function, ScanPreset, ("scan",))


def chain_preset(function: Callable[..., Any]) -> Callable[..., ChainPreset]:
    """Make presets around a top-master of a function with one `yield`, as `scan_preset` does.

    If the first argument is named `chain` or `acq_chain`, it is the chain.
    """
    return _maker(function, ChainPreset, ("chain", "acq_chain"))


def iteration_preset(function: Callable[..., Any]) -> Callable[..., ChainIterationPreset]:
    """Make presets around a point of a function with one `yield`, as `scan_preset` does; nothing is given to it.

    A preset may be yielded by `get_iterator` for any number of points: the function is run anew for each.
    """
    return _maker(function, ChainIterationPreset, ())


def _maker(function: Callable[..., Any], kind: type, given: tuple[str, ...]) -> Callable[..., Any]:
    name = getattr(function, "__name__", repr(function))
    if inspect.isgeneratorfunction(function):
        base: type = _Stepped
    elif inspect.isasyncgenfunction(function):
        base = _AsyncStepped
    else:
        raise UsageError(
            f"{name} has no `yield`: a function that makes a preset has one, `prepare` before it and `stop` after it"
        )
    facts = {"__module__": function.__module__, "__qualname__": function.__qualname__, "__doc__": function.__doc__}
    cls = type(name, (base, kind), facts)
    parameters = list(inspect.signature(function).parameters.values())
    takes = bool(parameters) and parameters[0].name in given
    own = inspect.Signature(parameters[takes:])

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = own.bind(*args, **kwargs)
        except TypeError as error:
            raise UsageError(f"{name}{own}: {error}") from error
        bound.apply_defaults()

        def run(*first: Any) -> Any:
            return function(*(first if takes else ()), *bound.args, **bound.kwargs)

        return cls(run, bound.arguments)

    make.__signature__ = own  # type: ignore[attr-defined]
    return make
