"""What scans have cost so far: the dead time of a point, remembered for each set of devices."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["History"]

WEIGHT = 0.3
"""What the latest scan counts against those before."""

LONGEST = 200
"""Sets of devices that are remembered; the one not used for longest is forgotten first."""


class History:
    """Dead time per point, in s, by the names of the devices. It can be kept between sessions: `Persistent`."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._listener: Callable[[str, Any], None] | None = None

    def dead_time(self, devices: str) -> float:
        """What a point with these devices lost lately; 0 when they were not used yet."""
        return self._seconds.get(devices, 0.0)

    def learn(self, devices: str, seconds: float) -> None:
        """Another scan with these devices lost so many seconds at each point."""
        before = self._seconds.pop(devices, seconds)
        self._seconds[devices] = (1 - WEIGHT) * before + WEIGHT * seconds
        while len(self._seconds) > LONGEST:
            del self._seconds[next(iter(self._seconds))]
        if self._listener is not None:
            self._listener("dead_time", dict(self._seconds))

    # -- Persistent ----------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """What was learnt: `dead_time`, s per point by devices."""
        return {"dead_time": dict(self._seconds)}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Take over what was learnt before.

        Raises:
            UsageError: it is no such mapping.
        """
        kept = values.get("dead_time", {})
        if not isinstance(kept, Mapping) or not all(_is_time(seconds) for seconds in kept.values()):
            raise UsageError(f"what is kept of earlier scans' times makes no sense: {kept!r}")
        self._seconds = {str(devices): float(seconds) for devices, seconds in kept.items()}

    def on_setting(self, listener: Callable[[str, Any], None] | None) -> None:
        """Have `listener(key, value)` called when something was learnt; None: nobody."""
        self._listener = listener


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0
