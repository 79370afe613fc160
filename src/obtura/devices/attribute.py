"""Attributes, properties and methods of any object, as functions that read and write."""

import difflib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from obtura.ground.errors import UsageError

__all__ = ["caller", "reader", "writer"]

F = TypeVar("F")

_ABSENT = object()


def reader(owner: str, obj: Any, what: str | Callable[[], Any]) -> Callable[[], Any]:
    """A function that gives the present value of an attribute, property or method of `obj`; or `what` itself.

    `owner` begins the messages.

    Raises:
        UsageError: `obj` has no such attribute.
    """
    if not isinstance(what, str):
        return _callable(owner, what)
    name = what
    _static(owner, obj, name)

    def read() -> Any:
        value = getattr(obj, name)
        return value() if callable(value) else value

    return read


def writer(owner: str, obj: Any, what: str | Callable[[float], Any]) -> Callable[[float], Any]:
    """A function that sets an attribute or property of `obj`, or calls its method, or `what` itself.

    Raises:
        UsageError: `obj` has no such attribute, or it can't be set.
    """
    if not isinstance(what, str):
        return _callable(owner, what)
    name = what
    static = _static(owner, obj, name)
    if _is_method(obj, name, static):
        return lambda value: getattr(obj, name)(value)
    if isinstance(static, property) and static.fset is None:
        raise UsageError(f"{owner}: {type(obj).__name__}.{name} is a property without a setter")
    return lambda value: setattr(obj, name, value)


def caller(owner: str, obj: Any, what: str | Callable[[], Any]) -> Callable[[], Any]:
    """A function that calls a method of `obj`, or `what` itself.

    Raises:
        UsageError: it is no method.
    """
    if not isinstance(what, str):
        return _callable(owner, what)
    if not _is_method(obj, what, _static(owner, obj, what)):
        raise UsageError(f"{owner}: {type(obj).__name__}.{what} is not a method")
    return lambda: getattr(obj, what)()


def _callable(owner: str, what: F) -> F:
    if not callable(what):
        raise UsageError(f"{owner}: expected the name of an attribute or a function, got {what!r}")
    return what


def _static(owner: str, obj: Any, name: str) -> Any:
    """What stands behind a name, without running a property, which might talk to a device."""
    static = inspect.getattr_static(obj, name, _ABSENT)
    if static is _ABSENT and not hasattr(type(obj), "__getattr__"):
        close = difflib.get_close_matches(name, dir(obj), n=1)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"{owner}: {type(obj).__name__} has no attribute {name!r}{hint}")
    return static


def _is_method(obj: Any, name: str, static: Any) -> bool:
    if static is _ABSENT:  # made by __getattr__: only asking for it tells
        return callable(getattr(obj, name))
    return callable(static) or isinstance(static, staticmethod | classmethod)
