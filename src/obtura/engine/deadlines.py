"""How long user code may take once a scan is being left for an error or Ctrl-C."""

from dataclasses import dataclass
from typing import Any

from obtura.ground.errors import UsageError
from obtura.ground.seconds import is_time

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

    def __setattr__(self, name: str, value: float) -> None:
        """Set one.

        Raises:
            UsageError: there is no such one, or it is no time.
        """
        if name not in self.__dataclass_fields__:
            raise UsageError(f"there is no deadline {name!r}; there are {', '.join(self.__dataclass_fields__)}")
        if not is_time(value):
            raise UsageError(f"deadlines.{name} must be a number of seconds above 0, got {value!r}")
        object.__setattr__(self, name, float(value))

    def of_hook(self, preset: Any) -> float:
        """Those of a preset."""
        return _own(preset, self.hook)

    def of_device(self, node: Any) -> float:
        """Those of an acquisition object."""
        return _own(node, self.device)


def _own(owner: Any, default: float) -> float:
    """What it says itself, if that makes sense: it may have been changed after it was checked."""
    own = getattr(owner, "deadline", default)
    return float(own) if is_time(own) else default
