"""Events as modules written for BLISS have them: `event.connect(roby, "position", callback)`, `event.send(...)`."""

import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["connect", "disconnect", "send"]

_Callbacks = dict[str, list[Callable[..., Any]]]
_connected: weakref.WeakKeyDictionary[Any, _Callbacks] = weakref.WeakKeyDictionary()


def connect(sender: Any, signal: str, callback: Callable[..., Any]) -> None:
    """Call `callback(value)` at each event of an axis, see `Axis.on_event`; of another sender at each `send`."""
    if hasattr(sender, "on_event"):
        sender.on_event(signal, callback)
        return
    callbacks = _connected.setdefault(sender, {}).setdefault(signal, [])
    if callback not in callbacks:
        callbacks.append(callback)


def disconnect(sender: Any, signal: str, callback: Callable[..., Any]) -> None:
    """Call it no more."""
    if hasattr(sender, "on_event"):
        sender.off_event(signal, callback)
        return
    callbacks = _connected.get(sender, {}).get(signal, [])
    if callback in callbacks:
        callbacks.remove(callback)


def send(sender: Any, signal: str, *values: Any) -> None:
    """Call what is connected to this signal of a sender of one's own; an axis tells of its events by itself."""
    for callback in tuple(_connected.get(sender, {}).get(signal, ())):
        callback(*values)
