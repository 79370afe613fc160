"""A shutter that is open when something is at one value, and closed when it is at another."""

import math
from abc import abstractmethod
from typing import ClassVar, TypeAlias

from obtura.contracts.twins import Twin
from obtura.devices.any_shutter import AnyShutter
from obtura.devices.shutter_driver import ShutterState
from obtura.devices.twostate import patience
from obtura.devices.unconfirmed import Unconfirmed
from obtura.ground.errors import DeviceError
from obtura.works.clock import clock

__all__ = ["FollowedShutter", "Value"]

POLL = 0.01

Value: TypeAlias = bool | float | str


class FollowedShutter(Unconfirmed, AnyShutter):
    """A subclass says how a value is sent, and read. `patience`: s that it may take to move."""

    blocking = True
    twin: ClassVar[Twin] = "shutter"

    def __init__(self, name: str, open_value: Value, close_value: Value, patience: float) -> None:
        self.name = name
        self.open_value = open_value
        self.close_value = close_value
        self.patience = patience
        self._until = clock.time()  # so long it may be under way

    @abstractmethod
    def _read(self, operation: str) -> Value:
        """The value where it is."""

    @abstractmethod
    def _send(self, operation: str, value: Value, seconds: float | None) -> None:
        """Send a value; return when that is confirmed, raise `DeviceError` after `seconds`; None: return at once."""

    @abstractmethod
    def _not_followed(self, operation: str, value: Value, seen: Value, seconds: float) -> DeviceError:
        """The error of one that was sent to `value` and is still at `seen`."""

    def open(self, timeout: float | None = None) -> None:
        """Open it; returns when it is open, or with `timeout=0` at once.

        Raises:
            DeviceError: it can't be told, or is not open after `timeout` s (`patience` by default).
        """
        self._drive("open", self.open_value, timeout)

    def close(self, timeout: float | None = None) -> None:
        """Close it; returns when it is closed, or with `timeout=0` at once.

        Raises:
            DeviceError: it can't be told, or is not closed after `timeout` s (`patience` by default).
        """
        self._drive("close", self.close_value, timeout)

    def _meaning(self, value: Value) -> ShutterState:
        known = {self.open_value: ShutterState.OPEN, self.close_value: ShutterState.CLOSED}
        between = ShutterState.MOVING if clock.time() < self._until else ShutterState.UNKNOWN
        return self.seen(known.get(value, between))

    def _drive(self, operation: str, value: Value, timeout: float | None) -> None:
        seconds = patience(f"{self.name}.{operation}", timeout, self.patience)
        with self.telling(operation):
            self._follow(operation, value, None if timeout == 0 else seconds)

    def _follow(self, operation: str, value: Value, seconds: float | None) -> None:
        if seconds is None:
            self._until = clock.time() + self.patience
            self._send(operation, value, None)
            return
        limit = clock.time() + seconds
        self._until = math.inf
        try:
            self._send(operation, value, seconds)
            while (seen := self._read(operation)) != value:
                if clock.time() >= limit:
                    raise self._not_followed(operation, value, seen, seconds)
                clock.sleep(POLL)
        finally:
            self._until = clock.time()
