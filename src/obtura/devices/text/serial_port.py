"""A serial port. The extra: `pip install 'obtura[serial]'`."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any, Literal

from obtura.devices.text.transport import Transport
from obtura.ground.errors import UsageError, one_line
from obtura.ground.ranges import AtLeastOne

__all__ = ["SerialPort", "SerialSettings"]

SLICE = 0.05
"""Seconds that one call into pyserial may wait; its own timeout can't be changed without touching the port."""


@dataclasses.dataclass(frozen=True)
class SerialSettings:
    """A serial port: `/dev/ttyUSB0`, `COM3`, or a URL of pyserial, as `rfc2217://host:port`; and how it is set.

    Name a USB adapter by `/dev/serial/by-id/...`: that stays the same when it is plugged in again.
    """

    port: str
    baudrate: AtLeastOne = 9600
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["N", "E", "O", "M", "S"] = "N"
    stopbits: Literal[1, 2] = 1
    xonxoff: bool = False
    rtscts: bool = False
    dsrdtr: bool = False


class SerialPort(Transport):
    """A serial port, which no other process has at the same time."""

    renews = False
    _port: Any = None

    def __init__(self, settings: SerialSettings) -> None:
        self.settings = settings
        self.address = f"serial {settings.port}"

    def open(self, timeout: float) -> None:
        """Open the port.

        Raises:
            UsageError: pyserial is not installed.
        """
        try:
            import serial
        except ModuleNotFoundError:
            raise UsageError("serial ports need pyserial: pip install 'obtura[serial]'") from None
        keys = dataclasses.asdict(self.settings)
        url = keys.pop("port")
        if "://" not in url:
            keys["exclusive"] = True
        try:
            self._port = serial.serial_for_url(url, timeout=SLICE, write_timeout=timeout, **keys)
        except OSError:
            raise
        except Exception as error:  # termios.error, ValueError: what a port that vanishes gives, too
            raise OSError(one_line(error)) from error

    def close(self) -> None:
        """Close the port."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def send(self, data: bytes, timeout: float) -> None:
        """Send it."""
        self._opened().write(data)

    def receive(self, timeout: float) -> bytes:
        """The next bytes."""
        port, limit = self._opened(), time.monotonic() + timeout
        while True:
            waiting = port.in_waiting
            if waiting or timeout > 0:
                received = bytes(port.read(max(waiting, 1)))
                if received:
                    return received
            if time.monotonic() >= limit:
                return b""

    def described(self) -> Mapping[str, Any]:
        """The port and its settings."""
        return {"serial": dataclasses.asdict(self.settings)}

    def _opened(self) -> Any:
        if self._port is None:
            raise ConnectionError("not open")
        return self._port
