"""Have a device, a preset or an acquisition object write down its calls: it gets a class that does, made from its own.

The class has the same name, and the object stays the same: whoever has it, it is recorded from now on.
"""

import functools
import inspect
import threading
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, TypeVar

from obtura.ground.errors import UsageError
from obtura.testing.recording import Recording

__all__ = ["Recorder", "recorded"]

T = TypeVar("T")


class Recorder:
    """Hands the calls of one object to a recording; `recording` may be changed at any time, None for nobody.

    Calls that the object makes to itself are not written down. `where` says whether calls are looked at just now.
    """

    def __init__(self, name: str, recording: Recording | None, where: Callable[[], bool] | None = None) -> None:
        self.name = name
        self.recording = recording
        self._where = where
        self._inside: set[int] = set()
        self._halted = threading.Event()

    def call(self, method: str, body: Callable[[], T]) -> T | None:
        """Make a call."""
        recording, here = self.recording, threading.get_ident()
        if recording is None or here in self._inside or (self._where is not None and not self._where()):
            return body()
        if method == "stop":
            self._halted.set()
        try:
            self._inside.add(here)
            return recording.call(f"{self.name}.{method}", body, self._halted)
        finally:
            self._inside.discard(here)

    async def call_async(self, method: str, body: Callable[[], Any]) -> Any:
        """The same for a coroutine function."""
        if self.recording is None or (self._where is not None and not self._where()):
            return await body()
        if method == "stop":
            self._halted.set()
        return await self.recording.call_async(f"{self.name}.{method}", body, self._halted)


def recorded(
    thing: T, recording: Recording | None, name: str = "", names: Sequence[str] | None = None, recorder: Any = None
) -> T:
    """Have `recording` write down every call of `thing` as `name.method`; returns `thing`.

    A property that is read or set is a call too. `name`: its own by default. `names`: of what is written down, by
    default of all that is public. `recorder`: hands the calls on, made anew by default.

    Raises:
        UsageError: nothing can be written down about an object of this class.
    """
    kind: Any = type(thing)
    words = _public(kind) if names is None else tuple(names)
    recorder = recorder or Recorder(name or getattr(thing, "name", kind.__name__), recording)
    try:
        object.__setattr__(thing, "_recorder", recorder)
        if not getattr(kind, "_is_recorded", False):
            object.__setattr__(thing, "__class__", _recorded(kind, words))
    except (TypeError, AttributeError) as error:
        raise UsageError(f"the calls of {thing!r} can't be recorded: {error}") from error
    return thing


def _public(kind: type) -> tuple[str, ...]:
    found = (name for name in dir(kind) if not name.startswith("_"))
    return tuple(name for name in found if isinstance(inspect.getattr_static(kind, name), FunctionType | property))


@functools.cache
def _recorded(kind: Any, names: tuple[str, ...]) -> type:
    own: dict[str, Any] = {"__slots__": (), "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    own |= {"__doc__": kind.__doc__, "_is_recorded": True}
    for name in names:
        found = inspect.getattr_static(kind, name)
        if isinstance(found, property):
            own[name] = _property(name, found)
        elif inspect.iscoroutinefunction(found):
            own[name] = _coroutine_method(name, found)
        else:
            own[name] = _method(name, found)
    return type(kind.__name__, (kind,), own)


def _method(name: str, function: Any) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.call(name, lambda: function(self, *args, **kwargs))

    method.__name__, method.__doc__ = name, function.__doc__
    return method


def _coroutine_method(name: str, function: Any) -> Any:
    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._recorder.call_async(name, lambda: function(self, *args, **kwargs))

    method.__name__, method.__doc__ = name, function.__doc__
    return method


def _property(name: str, found: property) -> property:
    def read(self: Any) -> Any:
        return self._recorder.call(name, lambda: found.fget(self))  # type: ignore[misc]

    def write(self: Any, value: Any) -> None:
        self._recorder.call(name, lambda: found.fset(self, value))  # type: ignore[misc]

    return property(read, write if found.fset is not None else None, None, found.__doc__)
