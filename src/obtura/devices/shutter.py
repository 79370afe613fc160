"""A shutter: lets the beam through, or not."""

from abc import ABC, abstractmethod
from enum import StrEnum
from types import TracebackType
from typing import Self

from obtura.devices.arguments import positive
from obtura.devices.twostate import reach

__all__ = ["Shutter", "ShutterDriver", "ShutterState"]


class ShutterState(StrEnum):
    """What a shutter is doing; equal to its name as text: `shutter.state == "OPEN"`."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MOVING = "MOVING"
    FAULT = "FAULT"
    UNKNOWN = "UNKNOWN"


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
        """What it is doing."""

    def look_again_after(self) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""
        return 0.02


class Shutter:
    """A shutter. `with shutter:` opens it for the time of the body, and closes it whatever happens.

    `timeout`: seconds that it has to open or to close.
    """

    def __init__(self, name: str, driver: ShutterDriver, timeout: float = 10.0) -> None:
        self.name = name
        self.timeout = positive(f"{name}: timeout", timeout)
        self._driver = driver

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN."""
        return ShutterState(self._driver.state())

    @property
    def is_open(self) -> bool:
        """Whether it is open all the way."""
        return self.state is ShutterState.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether it is closed all the way."""
        return self.state is ShutterState.CLOSED

    def open(self) -> None:
        """Open it; returns when it is open.

        Raises:
            DeviceError: it has a fault, or is not open after `timeout` s.
        """
        reach(f"{self.name}.open", self._driver.open, ShutterState.OPEN, self._driver, self.timeout)

    def close(self) -> None:
        """Close it; returns when it is closed.

        Raises:
            DeviceError: it has a fault, or is not closed after `timeout` s.
        """
        reach(f"{self.name}.close", self._driver.close, ShutterState.CLOSED, self._driver, self.timeout)

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:  # Python does not call __exit__ now, and it may be half open
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __info__(self) -> str:
        return f"shutter {self.name}: {self.state}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
