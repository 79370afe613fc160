"""Attributes whose changes a device tells by events, so that they need not be asked for.

The problem. Events get lost: a server that dies sends none, and Tango notices after 10 s; not every attribute has them.

The solution. What an event or a reading said is believed for a second; then it is asked for once more. So nothing is
older than that, and one that changes rarely costs a question a second. An attribute that has no events is asked for
each time.
"""

import logging
import time
from typing import Any

from obtura.ground.errors import one_line
from obtura.instruments.tango.link import Link
from obtura.instruments.tango.omni import tango

__all__ = ["BELIEVED", "Monitor"]

log = logging.getLogger(__name__)

BELIEVED = 1.0
"""Seconds for which a value is believed."""


class Monitor:
    """Knows an attribute's last value by its change and periodic events, where it has any."""

    def __init__(self, link: Link, attribute: str) -> None:
        self.attribute = attribute
        self.events = 0
        """How many events brought a value."""
        self._link = link
        self._subscribed = 0  # to which of the link's connections
        self._has_events = False
        self._seen: tuple[float, Any] | None = None  # when (monotonic), as tango.DeviceAttribute

    def value(self, since: float = 0.0) -> Any:
        """What was told or read last, if it is to be believed and younger than `since` (monotonic); else None."""
        seen = self._seen
        if not self._has_events or seen is None or seen[0] <= since or time.monotonic() - seen[0] > BELIEVED:
            return None
        return seen[1]

    def read(self, proxy: Any) -> None:
        """Called on the lane when it is about to be read: subscribe, once per connection."""
        if self._subscribed == self._link.wire.restarts:
            return
        module = tango()
        self._subscribed, self._has_events, self._seen = self._link.wire.restarts, False, None
        for kind in (module.EventType.CHANGE_EVENT, module.EventType.PERIODIC_EVENT):
            try:
                proxy.subscribe_event(self.attribute, kind, self._happened, module.EventSubMode.Stateless)
            except module.DevFailed as error:
                log.info("%s: no events: %s", self.attribute, one_line(error))

    def take(self, attribute: Any) -> None:
        """It was read."""
        self._seen = time.monotonic(), attribute

    def _happened(self, event: Any) -> None:
        """Called on a thread of Tango's, with the value and whenever there is none."""
        if event.err or event.attr_value is None:
            log.debug("%s: %s", self.attribute, event.errors)
            return
        self.events += 1
        self._has_events = True
        self.take(event.attr_value)
