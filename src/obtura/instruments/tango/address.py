"""Where a Tango device is found: by the Tango database, or without one at its server."""

import os
import re
import socket
from collections.abc import Mapping
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["Address", "wrong_address"]

_DEVICE = re.compile(
    r"""(?:tango://(?P<server>[^/\s:]+:\d+)/)?     # of the database, or of the device server
        (?P<device>[^/\s#]+(?:/[^/\s#]+/[^/\s#]+)?)   # a name, or an alias
        (?:\#dbase=(?P<dbase>yes|no))?""",
    re.VERBOSE | re.IGNORECASE,
)
_HOSTS = re.compile(r"[^\s:,/]+:\d+(,[^\s:,/]+:\d+)*")


class Address:
    """A device: `id01/motor/mx`, an alias, `tango://host:port/id01/motor/mx`, the same with `#dbase=no` at its end.

    `tango_host`: host:port of the database, for a device without; None: what TANGO_HOST says when it is connected.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, device: str, tango_host: str | None = None) -> None:
        if why := wrong_address(device, tango_host):
            raise UsageError(why)
        self.device = device
        self.tango_host = tango_host

    def __str__(self) -> str:
        return self.device if "://" in self.device else f"tango {self.device}"

    @property
    def described(self) -> Mapping[str, Any]:
        """What another process makes the same of."""
        return {"device": self.device, "tango_host": self.tango_host or os.environ.get("TANGO_HOST")}

    @property
    def remedy(self) -> str:
        """What to look at when nobody listens there."""
        if self.device.lower().endswith("#dbase=no"):
            return "is its device server running, and the address right?"
        return f"is the Tango database running, and TANGO_HOST={self._hosts()} right?"

    def full(self) -> str:
        """With the host in it, where that is known here; else Tango looks it up."""
        hosts = self._hosts()
        return self.device if "://" in self.device or not hosts else f"tango://{hosts}/{self.device}"

    def probe(self, timeout: float) -> None:
        """Raise `OSError` unless somebody listens there.

        Tango itself would say less, and to an address that does not even refuse it would listen for long.
        """
        failed: OSError | None = None
        for host in filter(None, self._hosts().split(",")):
            name, _, port = host.rpartition(":")
            try:
                socket.create_connection((name, int(port)), timeout).close()
                return
            except OSError as error:
                failed = error
        if failed is not None:
            raise failed

    def _hosts(self) -> str:
        found = _DEVICE.fullmatch(self.device)
        server = found["server"] if found is not None else None
        return server or self.tango_host or os.environ.get("TANGO_HOST", "")


def wrong_address(device: str, tango_host: str | None = None) -> str:
    """What is wrong with it; empty when nothing is."""
    found = _DEVICE.fullmatch(device)
    if found is None:
        return f"expected a device, as id01/motor/mx or tango://host:port/id01/motor/mx#dbase=no, got {device!r}"
    if (found["dbase"] or "").lower() == "no" and found["server"] is None:
        return f"without a database its server must be told: tango://host:port/{device}"
    if tango_host is not None and found["server"] is not None:
        return f"{device} has a host already, so leave tango_host out"
    if tango_host is not None and not _HOSTS.fullmatch(tango_host):
        return f"expected host:port for tango_host, got {tango_host!r}"
    return ""
