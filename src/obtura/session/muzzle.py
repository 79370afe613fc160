"""Devices of users' own classes in a session that is read-only: whatever would tell them something is refused.

Axes, shutters, multiplexers and the like of obtura refuse themselves, whatever driver they have. A class that is not
made of them has only its methods to go by: those of the very object are replaced, so it holds in a scan and by hand.
"""

import contextlib
from functools import partial
from typing import Any, NoReturn

from obtura.contracts.looking import check_may_be_told

__all__ = ["muzzle"]

TELL = (
    *("move", "rmove", "jog", "home", "begin", "stop", "open", "set_in", "set_out", "toggle", "switch", "recall"),
    *("set", "put", "write", "on", "off", "reset"),
)
"""Methods that tell a device something; `close` is one where there is an `open`, else it lets the device go."""


def muzzle(name: str, device: Any) -> None:
    """Have what tells the device something refuse."""
    words = [*TELL, *(["close"] if hasattr(type(device), "open") else [])]
    for word in words:
        method = getattr(type(device), word, None)
        if callable(method) and not str(getattr(method, "__module__", "obtura.")).startswith("obtura."):
            with contextlib.suppress(AttributeError):  # an object with slots: its class would have to be changed
                setattr(device, word, partial(_refuse, name, word))


def _refuse(name: str, word: str, *_: Any, **__: Any) -> NoReturn:
    check_may_be_told(name, word)
    raise AssertionError  # pragma: no cover - once read-only, always read-only
