"""A watchdog of a scan: told when data come, when none come for too long, and at the end."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["WatchdogCallback"]


class WatchdogCallback:
    """Watches a scan: `scan.set_watchdog_callback(MyWatchdog(watchdog_timeout=5))`. Override what you need.

    Every method is called on a thread of the watchdog's own, one at a time; acquisition never waits for it. Raising
    StopIteration ends the scan well, the point under way is cut off; raising anything else fails the scan with it.
    """

    watchdog_timeout = 1.0

    def __init__(self, watchdog_timeout: float = 1.0) -> None:
        """`watchdog_timeout`: after so many seconds without data `on_timeout` is called, and again after as many."""
        self.watchdog_timeout = watchdog_timeout

    def on_scan_new(self, scan: Any, scan_info: Mapping[str, Any]) -> None:
        """The scan begins; no preset is entered yet. From now on the seconds without data are counted."""

    def on_scan_data(self, data_events: Mapping[str, npt.NDArray[np.generic]], scan_info: Mapping[str, Any]) -> None:
        """New points came. `data_events`: per channel name an array of shape (n, *channel shape); n >= 1."""

    def on_timeout(self) -> None:
        """No data for `watchdog_timeout` s. Not called any more once the scan is being left."""

    def on_scan_end(self, scan_info: Mapping[str, Any]) -> None:
        """The scan ended, however; called once if `on_scan_new` was. The scan waits for this one."""
