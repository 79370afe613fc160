"""What a class, or a function that makes an object, is called with."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["call_with", "constructor_of", "signature_of", "takes_more"]

_PASSED_ON = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def signature_of(make: Callable[..., Any]) -> inspect.Signature:
    """The parameters; of a class that only passes on what it gets, `(*args, **kwargs)`, those of its base."""
    return inspect.signature(constructor_of(make))


def constructor_of(make: Callable[..., Any]) -> Callable[..., Any]:
    """The class, or its base, whose constructor says what it takes; a function itself."""
    if isinstance(make, type):
        for cls in make.__mro__[:-1]:
            if "__init__" in vars(cls) and not _passes_on(inspect.signature(cls)):
                return cls
    return make


def _passes_on(signature: inspect.Signature) -> bool:
    return {each.kind for each in signature.parameters.values()} == _PASSED_ON


def takes_more(make: Callable[..., Any]) -> bool:
    """Whether it takes keywords of any name."""
    return any(each.kind is each.VAR_KEYWORD for each in signature_of(make).parameters.values())


def call_with(make: Callable[..., Any], name: str, config: Mapping[str, Any]) -> Any:
    """Call what wants its whole description as one mapping, `config`, perhaps after a `name`.

    What else it cannot do without gets an empty mapping: motor controllers of 2021 took `axes, encoders, shutters,
    switches`, too.
    """
    given = {"name": name, "config": config}
    row = [
        given.get(each.name, {})
        for each in signature_of(make).parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        and (each.name in given or each.default is each.empty)
    ]
    return make(*row)
