"""Attributes whose changes a device tells by events, so that they need not be asked for.

The problem. Events get lost: a server that dies sends none, and Tango notices after 10 s; not every attribute has them.

The solution. What an event or a reading said is believed for a second; then it is asked for once more. So nothing is
older than that, an attribute that has no events works as well, and one that changes rarely costs a question a second.
"""

import logging
import time
from typing import Any

from obtura.devices.tango.link import Link, tango
from obtura.ground.errors import one_line

__all__ = ["BELIEVED", "Monitor"]

log = logging.getLogger(__name__)

BELIEVED = 1.0
"""Seconds for which a value is believed."""


class Monitor:
    """Knows an attribute's last value. It subscribes to its change and periodic events whenever it is connected."""

    def __init__(self, link: Link, attribute: str) -> None:
        self._attribute = attribute
        self._seen: tuple[float, Any] | None = None  # when (monotonic), as tango.DeviceAttribute
        self.events = 0
        """How many events brought a value."""
        link.on_connect.append(self._subscribe)

    def value(self, since: float = 0.0) -> Any:
        """What was read or told last, if it is to be believed and younger than `since` (monotonic); else None."""
        seen = self._seen
        if seen is None or time.monotonic() - seen[0] > BELIEVED or seen[0] <= since:
            return None
        return seen[1]

    def take(self, attribute: Any) -> None:
        """It was read."""
        self._seen = time.monotonic(), attribute

    def _subscribe(self, proxy: Any) -> None:
        module = tango()
        self._seen = None
        for kind in (module.EventType.CHANGE_EVENT, module.EventType.PERIODIC_EVENT):
            try:
                proxy.subscribe_event(self._attribute, kind, self._happened, module.EventSubMode.Stateless)
            except module.DevFailed as error:
                log.info("%s: no events: %s", self._attribute, one_line(error))

    def _happened(self, event: Any) -> None:
        """Called on a thread of Tango's, with the value and whenever there is none."""
        if event.err or event.attr_value is None:
            log.debug("%s: %s", self._attribute, event.errors)
            return
        self.events += 1
        self.take(event.attr_value)
