"""A Movable that another process sets when this one has died."""

import os
from collections.abc import Mapping
from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.instruments.ophyd.made import made, part_of
from obtura.instruments.ophyd.partner import Partner

__all__ = ["SetTo", "set_from_elsewhere"]

PREFIXES = ("EPICS_", "TANGO_", "OPHYD_")
"""What the names of the variables begin with that say which servers are asked."""


class SetTo:
    """Sets a device to `value` when it is called; it is made and connected when this is made.

    `ophyd`, `part`, `prefix`, `arguments`, `timeout`: as for an `OphydShutter`.

    Raises:
        UsageError: it can't be made.
        DeviceError: it is not there.
    """

    def __init__(
        self,
        ophyd: str,
        part: str,
        prefix: str | None,
        arguments: Mapping[str, Any],
        value: Any,
        timeout: float,
        environment: Mapping[str, str],
    ) -> None:
        os.environ |= environment
        whole = made("guard", ophyd, prefix, arguments)
        self._partner = Partner("guard", whole, timeout, prefix or "").of("guard", part_of("guard", whole, part))
        self._partner.ready("connect")
        self._value = value

    def __call__(self) -> None:
        """Set it; returns when it says that it is there."""
        order = self._partner.set("set", self._partner.device, self._value)
        self._partner.wait("set", order, 2 * self._partner.timeout)


def set_from_elsewhere(described: Mapping[str, Any], value: Any) -> SafeAction:
    """The same device, made anew there and set to `value`."""
    environment = {name: text for name, text in os.environ.items() if name.startswith(PREFIXES)}
    return SafeAction(f"{__name__}:{SetTo.__name__}", {**described, "value": value, "environment": environment})
