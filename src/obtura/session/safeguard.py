"""Devices with a `safe_action`: insured from when they are opened until they are closed, whoever does it.

The methods of the very object are wrapped: so it holds for whatever class drives it, in a scan and by hand.
"""

import functools
import sys
from typing import Any

from obtura.contracts.claims import employer
from obtura.contracts.safety import UnreachableError, action_of
from obtura.engine.safety import Insured, insure
from obtura.works.ledger import Ledger

__all__ = ["safeguard"]


def safeguard(device: Any, ledger: Ledger | None) -> list[str]:
    """Insure a device that has a `safe_action`; returns what is to be told, that no other process can do it."""
    method = getattr(device, "safe_action", None)
    if method is None or isinstance(vars(device).get("open"), _Opening):
        return []
    guarded = _Guarded(device, method, ledger)
    device.open, device.close = _Opening(guarded, device.open), _Closing(guarded, device.close)
    try:
        action_of(device, method)
    except UnreachableError as error:
        return [f"no guard for {error.name}: {error}; when this process dies, nobody does it"]
    return []


class _Guarded:
    """A device, and its insurance while it is open."""

    def __init__(self, device: Any, method: str, ledger: Ledger | None) -> None:
        self._device = device
        self._method = method
        self._ledger = ledger
        self._insured: Insured | None = None

    def opening(self) -> None:
        """It is about to be opened."""
        if self._insured is None:
            scan = employer()
            say = getattr(scan, "say", _say)
            name = f"{self._device.name}.{self._method}"
            how = functools.partial(action_of, self._device, self._method)
            self._insured = insure(name, how, self._ledger, say, scan)

    def closed(self) -> None:
        """It was closed."""
        insured, self._insured = self._insured, None
        if insured is not None:
            insured.over()


class _Opening:
    def __init__(self, guarded: _Guarded, method: Any) -> None:
        functools.update_wrapper(self, method)
        self._guarded = guarded
        self._method = method

    def __call__(self, *args: Any, **options: Any) -> Any:
        self._guarded.opening()
        return self._method(*args, **options)


class _Closing(_Opening):
    def __call__(self, *args: Any, **options: Any) -> Any:
        result = self._method(*args, **options)
        self._guarded.closed()
        return result


def _say(text: str) -> None:
    print(f"!!! {text}", file=sys.stderr)
