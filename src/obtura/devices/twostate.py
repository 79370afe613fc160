"""Sending something from one state to another, and waiting until it is there."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from obtura.devices.arguments import number, quantity
from obtura.ground.errors import DeviceError, DeviceTimeoutError, ObturaError, UsageError, one_line
from obtura.works.clock import clock

__all__ = ["patience", "reach"]

R = TypeVar("R")


def patience(what: str, given: float | None, usual: float) -> float:
    """How long to wait, in s: `usual` unless `given`; 0 is not to wait at all.

    Raises:
        UsageError: `given` is negative or no number.
    """
    if given is None:
        return usual
    seconds = number(f"{what}: timeout", given)
    if seconds < 0:
        raise UsageError(f"{what}: timeout must not be negative, got {quantity(seconds)}")
    return seconds


def reach(
    what: str,
    command: Callable[[], None],
    wanted: StrEnum,
    look: Callable[[], StrEnum],
    pause: Callable[[], float],
    timeout: float,
) -> None:
    """Give a command, then `look` until it says `wanted`, every `pause()` s; with a `timeout` of 0 don't look.

    `what` was called begins the messages.

    Raises:
        DeviceError: it says FAULT or does not answer; a DeviceTimeoutError: it is not there after `timeout` s.
    """
    limit = clock.time() + timeout
    _ask(what, command)
    if not timeout:
        return
    while (now := _ask(what, look)) is not wanted:
        if now.name == "FAULT":
            raise DeviceError(f"{what} failed: it says {now}")
        left = limit - clock.time()
        if left <= 0:
            raise DeviceTimeoutError(f"{what} failed: it says {now}, not {wanted}, after {quantity(timeout)} s")
        clock.sleep(min(pause(), left))


def _ask(what: str, function: Callable[[], R]) -> R:
    try:
        return function()
    except ObturaError:
        raise
    except Exception as error:
        raise DeviceError(f"{what} failed: {one_line(error)}") from error
