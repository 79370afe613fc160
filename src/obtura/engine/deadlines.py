"""How long user code may take once a scan is being left for an error or Ctrl-C."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Deadlines"]


@dataclass
class Deadlines:
    """Seconds that a hook and a call of a device have, from the error or Ctrl-C on, before they are given up.

    A preset or an acquisition object with an attribute `deadline` has that many. While a scan goes well nothing has a
    deadline.

    `hurried`: what is left of a deadline when Ctrl-C is pressed a third time. Who hammers on the keys must not tear the
    closing of a shutter that takes a moment.
    """

    hook: float = 30.0
    device: float = 10.0
    hurried: float = 1.0

    def of_hook(self, preset: Any) -> float:
        """Those of a preset."""
        return float(getattr(preset, "deadline", self.hook))

    def of_device(self, node: Any) -> float:
        """Those of an acquisition object."""
        return float(getattr(node, "deadline", self.device))
