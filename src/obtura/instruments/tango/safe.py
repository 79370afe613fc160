"""An order that another process gives when this one has died."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.ground.errors import DeviceError
from obtura.instruments.tango.device import TangoDevice
from obtura.instruments.tango.orders import Order

__all__ = ["Tell", "told_from_elsewhere"]

PAUSE = 0.1


class Tell:
    """Gives `order` when it is called, and waits until `readback` says one of `good`; it is connected when it is made.

    `device`: as for `TangoDevice`.

    Raises:
        DeviceError: it can't be connected.
    """

    def __init__(self, device: Mapping[str, Any], order: Mapping[str, Any], readback: str, good: Sequence[Any]) -> None:
        self._device = TangoDevice("guard", **device)
        self._order = Order(**order)
        self._readback = readback
        self._good = tuple(good)
        self._device.check()

    def __call__(self) -> None:
        """Give it; returns when it has been followed. It is tried again as long as that may help."""
        limit = time.monotonic() + 3 * self._device.link.timeout
        while True:
            try:
                self._order.give(self._device.link, "guard", "order", self._device.link.timeout)
                if self._is_followed(limit):
                    return
            except DeviceError:
                if time.monotonic() >= limit:
                    raise
                time.sleep(PAUSE)

    def _is_followed(self, limit: float) -> bool:
        while True:
            said = self._device.value_and_name(self._readback, "guard")
            if any(good in said for good in self._good):
                return True
            if time.monotonic() >= limit:
                raise DeviceError(f"{self._device.link.address} {self._readback}: it says {said[-1]}")
            time.sleep(PAUSE)


def told_from_elsewhere(device: TangoDevice, order: Order, readback: str, good: Sequence[Any]) -> SafeAction:
    """The same order to the same device."""
    described = {**device.link.address.described, "timeout": device.link.timeout}
    arguments = {"device": described, "order": dataclasses.asdict(order), "readback": readback, "good": list(good)}
    return SafeAction(f"{__name__}:{Tell.__name__}", arguments)
