"""Who wants to know what happens to a device."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from obtura.devices.arguments import choice
from obtura.ground.errors import one_line

__all__ = ["Callback", "Listeners"]

log = logging.getLogger(__name__)

Callback: TypeAlias = Callable[[Any], object]


class Listeners:
    """The callbacks of one device, per event; true when there are any.

    They are called in the order in which they came, on the thread that saw the event. One that raises is logged,
    the others are called.
    """

    def __init__(self, owner: str, events: Sequence[str]) -> None:
        self._owner = owner
        self._events = events
        self._callbacks: dict[str, tuple[Callback, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def __contains__(self, event: str) -> bool:
        return event in self._callbacks

    def add(self, event: str, callback: Callback) -> None:
        """Call `callback` with each new value.

        Raises:
            UsageError: there is no such event.
        """
        known = choice(f"{self._owner}: event", event, self._events)
        self._callbacks[known] = (*self._callbacks.get(known, ()), callback)

    def remove(self, event: str, callback: Callback) -> None:
        """No more of it; nothing happens when it is not there.

        Raises:
            UsageError: there is no such event.
        """
        known = choice(f"{self._owner}: event", event, self._events)
        left = tuple(one for one in self._callbacks.get(known, ()) if one != callback)
        self._callbacks = {**self._callbacks, known: left}
        if not left:
            del self._callbacks[known]

    def tell(self, event: str, value: Any) -> None:
        """Call who wants to know."""
        for callback in self._callbacks.get(event, ()):
            try:
                callback(value)
            except Exception as error:
                log.error("%s: a callback on %s failed: %s", self._owner, event, one_line(error), exc_info=error)
