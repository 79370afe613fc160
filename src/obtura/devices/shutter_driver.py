"""What drives a shutter, and what it can say."""

from abc import ABC, abstractmethod
from enum import StrEnum

from obtura.contracts.safety import SafeAction
from obtura.ground.errors import UsageError

__all__ = ["ShutterDriver", "ShutterMode", "ShutterState"]


class ShutterState(StrEnum):
    """What a shutter is doing; equal to its name as text: `shutter.state == "OPEN"`."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MOVING = "MOVING"
    FAULT = "FAULT"
    UNKNOWN = "UNKNOWN"


class ShutterMode(StrEnum):
    """Who says when a shutter opens.

    MANUAL: `open()` and `close()`. EXTERNAL: a signal from elsewhere, e.g. a detector; `open()` and `close()`
    work through the switch of that signal, where there is one. CONFIGURATION: nobody, it is being set up.
    """

    MANUAL = "MANUAL"
    EXTERNAL = "EXTERNAL"
    CONFIGURATION = "CONFIGURATION"


class ShutterDriver(ABC):
    """What the electronics of a shutter have to do; called by one `Shutter`."""

    @abstractmethod
    def open(self) -> None:
        """Begin to open; need not wait until it is open. Harmless when it is."""

    @abstractmethod
    def close(self) -> None:
        """Begin to close; need not wait until it is closed. Harmless when it is, and while it opens."""

    @abstractmethod
    def state(self) -> ShutterState:
        """What it is doing; UNKNOWN where nothing tells: in mode EXTERNAL the signal's switch is asked then."""

    def action_of(self, method: str) -> SafeAction:
        """How another process does what `open` or `close` does, in mode MANUAL, for `ShutterPreset(..., safety=True)`.

        Raises:
            UsageError: no other process can: so it is unless this is overridden.
        """
        raise UsageError(f"no other process can call it, for {type(self).__name__} has no action_of()")

    def set_mode(self, mode: ShutterMode) -> None:  # noqa: B027 - most electronics need not know
        """Follow this one's orders from now on; called before the first order of a session, too."""

    def look_again_after(self) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""
        return 0.02
