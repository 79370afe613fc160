"""Sending something from one state to another, and waiting until it is there."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from obtura.devices.arguments import quantity
from obtura.ground.errors import DeviceError
from obtura.works.clock import clock

__all__ = ["TwoStateDriver", "reach"]


class TwoStateDriver(Protocol):
    """What can be asked how far it got."""

    def state(self) -> StrEnum:
        """What it is doing."""

    def look_again_after(self) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""


def reach(what: str, command: Callable[[], None], wanted: StrEnum, driver: TwoStateDriver, timeout: float) -> None:
    """Give a command, then wait until the driver says `wanted`. `what` was called begins the messages.

    Raises:
        DeviceError: it says FAULT, or is not there after `timeout` s.
    """
    limit = clock.time() + timeout
    command()
    while (now := type(wanted)(driver.state())) is not wanted:
        if now.name == "FAULT":
            raise DeviceError(f"{what} failed: it says {now}")
        left = limit - clock.time()
        if left <= 0:
            raise DeviceError(f"{what} failed: it says {now}, not {wanted}, after {quantity(timeout)} s")
        clock.sleep(min(driver.look_again_after(), left))
