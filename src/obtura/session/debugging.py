"""What was said to a device: debug."""

import time
from collections.abc import Sequence
from typing import Any

from obtura.contracts.absent import present
from obtura.contracts.connections import Exchange
from obtura.ground.errors import UsageError

__all__ = ["debug"]


def debug(device: Any, last: int = 20) -> None:
    """Print the `last` exchanges with a device, the newest below, and how its connection is: `debug(pace)`.

    Any device does that has a `trace`, see `obtura.contracts.connections`. It is not asked for anything.

    Raises:
        UsageError: the device has none, or `last` is no whole number of at least 1.
    """
    device = present(device)
    if not isinstance(last, int) or isinstance(last, bool) or last < 1:
        raise UsageError(f"debug: expected how many exchanges, as debug(device, 50), got {last!r}")
    trace = getattr(device, "trace", None)
    if isinstance(device, type) or not isinstance(trace, Sequence):
        name = getattr(device, "name", None) or repr(device)
        raise UsageError(f"debug: {name} keeps no trace of what was said to it (a {type(device).__name__})")
    if connection := getattr(device, "connection", ""):
        print(connection)
    for exchange in trace[-last:]:
        print(_line(exchange))
    if not trace:
        print("nothing was said yet")


def _line(exchange: Exchange) -> str:
    seconds = time.strftime("%H:%M:%S", time.localtime(exchange.when)) + f"{exchange.when % 1:.3f}"[1:]
    answer = f" -> {exchange.answer!r}" if exchange.answer else ""
    error = f"  !!! {exchange.error}" if exchange.error else ""
    return f"{seconds} {1000 * exchange.took:8.1f} ms  {exchange.sent!r}{answer}{error}"
