"""An order to a device: an attribute that is written, or a command."""

import dataclasses
from typing import Any

from obtura.instruments.tango.link import Link

__all__ = ["Order"]


@dataclasses.dataclass(frozen=True)
class Order:
    """Write `argument` to `attribute`, or have `command` executed with it."""

    attribute: str | None = None
    command: str | None = None
    argument: Any = None

    def check(self, link: Link, who: str) -> None:
        """Raise `DeviceError` when it could not be given: there is no such command, attribute, or state of an enum."""
        if self.attribute is not None:
            link.written(who, self.attribute, self.argument)
        else:
            link.check_command(who, str(self.command))

    def give(self, link: Link, device: str, operation: str, timeout: float | None = None) -> None:
        """Give it; a command has `timeout` s to end.

        Raises:
            DeviceError: it is refused, or the device does not answer.
        """
        if self.attribute is not None:
            link.write(device, operation, self.attribute, self.argument)
        else:
            link.command(device, operation, str(self.command), self.argument, timeout)
