"""A put that another process makes when this one has died."""

import os
from collections.abc import Mapping

from obtura.contracts.safety import SafeAction
from obtura.instruments.epics.link import Link
from obtura.works.clock import clock

__all__ = ["Put", "put_from_elsewhere"]

PREFIX = "EPICS_"
"""What the names of the variables begin with that say which servers are asked."""


class Put:
    """Puts `value` to `pv` when it is called; it is connected when it is made.

    `environment`: the variables that say which servers are asked; `timeout`: s that these have to be found, to answer.

    Raises:
        DeviceError: nobody has the PV, or it may not be put to.
    """

    def __init__(self, pv: str, value: float | str, timeout: float, environment: Mapping[str, str]) -> None:
        os.environ |= environment
        self._value = value
        self._link = Link("guard", pv, timeout)
        self._link.check_writable("")

    def __call__(self) -> None:
        """Put; returns when the IOC has processed it."""
        self._link.put(self._value, "put").wait(clock.time() + self._link.timeout)


def put_from_elsewhere(link: Link, value: float | str) -> SafeAction:
    """A put to the same PV, of the same servers."""
    environment = {name: text for name, text in os.environ.items() if name.startswith(PREFIX)}
    arguments = {"pv": link.name, "value": value, "timeout": link.timeout, "environment": environment}
    return SafeAction(f"{__name__}:{Put.__name__}", arguments)
