"""Events of axes as modules written for BLISS listen to them: `event.connect(roby, "position", callback)`."""

from collections.abc import Callable
from typing import Any

__all__ = ["connect", "disconnect"]


def connect(sender: Any, signal: str, callback: Callable[..., Any]) -> None:
    """Call `callback(value)` at each event; see `Axis.on_event`."""
    sender.on_event(signal, callback)


def disconnect(sender: Any, signal: str, callback: Callable[..., Any]) -> None:
    """Call it no more."""
    sender.off_event(signal, callback)
