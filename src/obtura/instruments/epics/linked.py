"""Devices that are made of PVs: what they have in common, and connecting many of them at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from obtura.contracts.connections import Exchange
from obtura.ground.errors import DeviceTimeoutError, UsageError
from obtura.instruments.epics.link import NAMED, Link, not_found
from obtura.instruments.epics.wires import split
from obtura.works.clock import clock

__all__ = ["Linked", "OfPVs", "connect"]

MACRO = re.compile(r"\$\([^()]*\)")


class Linked(Protocol):
    """A device made of PVs."""

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""


class OfPVs:
    """How a device is connected is what its `links` say."""

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is written that can't be the name of a PV."""
        for key, value in given.items():
            unknown = isinstance(value, str) and MACRO.search(value)  # a macro that is not known is told by itself
            if isinstance(value, str) and not unknown and (key == "pv" or key.endswith("_pv")):
                try:
                    split(value)
                except UsageError as error:
                    yield key, str(error)

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""
        raise NotImplementedError

    @property
    def connection(self) -> str:
        """Which PVs, whether and since when they are connected, what went wrong last. Asks nobody."""
        links = self.links
        lost = [link for link in links if not link.connected]
        shown = lost or links[:1]
        if not shown:
            return "no PVs"
        how = f"{shown[0].wire.protocol} {shown[0].remote.name}: {shown[0].state}"
        if len(links) > 1:
            how = f"{len(links) - len(lost)} of {len(links)} PVs connected; {how}"
        wrong = shown[0].last_error
        return f"{how} (last error: {wrong})" if wrong and wrong not in how else how

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was asked, told and answered last, the oldest first. Asks nobody."""
        return sorted(exchange for link in self.links for exchange in link.trace)


def connect(*devices: Linked, timeout: float = 5.0) -> None:
    """Wait for the PVs of all devices, together no longer than `timeout` s.

    Raises:
        DeviceTimeoutError (a DeviceError): it names the PVs that did not connect.
    """
    links = [link for device in devices for link in device.links]
    if missing := not_found(links, clock.time() + timeout):
        names = ", ".join(f"{link.device}: PV {link.name}" for link in missing[:NAMED])
        more = f", and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        asked = ", ".join(dict.fromkeys(link.wire.servers_asked() for link in missing))
        raise DeviceTimeoutError(
            f"{len(missing)} of {len(links)} PVs did not connect within {timeout:g} s: {names}{more}; "
            f"is the IOC running? {asked}"
        )
