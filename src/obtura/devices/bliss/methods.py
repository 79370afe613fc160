"""Methods of a controller that its axes have, too: `@object_method` on `park(self, axis)` gives `axis.park()`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

__all__ = ["add_axis_method", "object_attribute_get", "object_attribute_set", "object_method", "own_methods"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "_obtura_method_of_axes"


def object_method(method: F | None = None, **hints: Any) -> Any:
    """Have each axis of the controller have this method: `method(self, axis, ...)` becomes `axis.method(...)`.

    With or without arguments; these, such as `types_info`, are for graphical programs and have no effect.
    """
    if method is None:
        return object_method
    setattr(method, _MARK, True)
    return method


object_attribute_get = object_method
"""As `object_method`, for a method that asks for a value: `get_power(self, axis)` becomes `axis.get_power()`."""

object_attribute_set = object_method
"""As `object_method`, for a method that sets a value: `set_power(self, axis, value)` is `axis.set_power(value)`."""


def own_methods(controller: object) -> Iterator[str]:
    """The names of a controller's methods that its axes have."""
    for name in dir(type(controller)):
        if getattr(getattr(type(controller), name, None), _MARK, False):
            yield name


def add_axis_method(axis: Any, method: Callable[..., Any], name: str | None = None, **hints: Any) -> None:
    """Have one axis have a method of its controller, as in `initialize_axis`: `add_axis_method(axis, self.park)`."""
    setattr(axis, name or method.__name__, partial(method, axis))
