"""A line to an instrument, as motor controllers written for BLISS ask for one: `get_comm(config)`.

`tcp: {url: "host:port"}` is a socket; `serial: {url: /dev/ttyS0, baudrate: 9600}` needs pyserial.
"""

import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from obtura.devices.arguments import positive
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError, one_line

__all__ = ["Line", "LineTimeout", "SerialLine", "TcpLine", "get_comm"]

SERIAL_KEYS = ("baudrate", "bytesize", "parity", "stopbits", "xonxoff", "rtscts", "dsrdtr")


class LineTimeout(DeviceTimeoutError):
    """No answer came in time."""


class Line(ABC):
    """Bytes to and from an instrument. One exchange at a time; it is opened with the first, and again after an error.

    `eol`: what ends an answer; `timeout`: seconds that one has.
    """

    def __init__(self, url: str, eol: bytes | str = b"\n", timeout: float = 5.0) -> None:
        self.url = url
        self.eol = eol.encode() if isinstance(eol, str) else eol
        self.timeout = positive(f"{url}: timeout", timeout)
        self.lock = threading.RLock()
        self._buffer = b""

    @abstractmethod
    def open(self) -> None:
        """Open it; nothing happens when it is."""

    @abstractmethod
    def close(self) -> None:
        """Close it; nothing happens when it is."""

    @abstractmethod
    def _send(self, message: bytes) -> None: ...

    @abstractmethod
    def _receive(self, timeout: float) -> bytes:
        """Some bytes; none when none came in time."""

    def flush(self) -> None:
        """Forget what was received and not read."""
        self._buffer = b""

    def write(self, message: bytes, timeout: float | None = None) -> None:
        """Send it."""
        with self.lock:
            self._try(self._send, message)

    def read(self, size: int = 1, timeout: float | None = None) -> bytes:
        """So many bytes of the answer."""
        with self.lock:
            while len(self._buffer) < size:
                self._more(timeout, f"{size} bytes")
            answer, self._buffer = self._buffer[:size], self._buffer[size:]
            return answer

    def readline(self, eol: bytes | None = None, timeout: float | None = None) -> bytes:
        """The next line of the answer, without its end."""
        end = self.eol if eol is None else eol
        with self.lock:
            while end not in self._buffer:
                self._more(timeout, "a line")
            answer, _, self._buffer = self._buffer.partition(end)
            return answer

    def write_read(self, message: bytes, size: int = 1, timeout: float | None = None) -> bytes:
        """Send, then `read`."""
        with self.lock:
            self.flush()
            self.write(message)
            return self.read(size, timeout)

    def write_readline(self, message: bytes, eol: bytes | None = None, timeout: float | None = None) -> bytes:
        """Send, then `readline`."""
        with self.lock:
            self.flush()
            self.write(message)
            return self.readline(eol, timeout)

    def write_readlines(
        self, message: bytes, nb_lines: int, eol: bytes | None = None, timeout: float | None = None
    ) -> list[bytes]:
        """Send, then so many lines."""
        with self.lock:
            self.flush()
            self.write(message)
            return [self.readline(eol, timeout) for _ in range(nb_lines)]

    def _more(self, timeout: float | None, what: str) -> None:
        seconds = self.timeout if timeout is None else timeout
        received: bytes = self._try(self._receive, seconds)
        if not received:
            told = f", only {self._buffer!r}" if self._buffer else ""
            raise LineTimeout(f"{self.url}: {what} did not come within {seconds:g} s{told}")
        self._buffer += received

    def _try(self, function: Any, *arguments: Any) -> Any:
        try:
            self.open()
            return function(*arguments)
        except OSError as error:
            self.close()
            raise DeviceError(f"{self.url}: {one_line(error)}") from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


class TcpLine(Line):
    """A socket to `host:port`."""

    def __init__(self, url: str, eol: bytes | str = b"\n", timeout: float = 5.0, port: int | None = None) -> None:
        super().__init__(url, eol, timeout)
        host, _, number = url.removeprefix("socket://").removeprefix("tcp://").rpartition(":")
        self._address = (url, port) if port is not None else (host, int(number) if number.isdecimal() else 0)
        if not self._address[0] or not self._address[1]:
            raise UsageError(f"tcp: url must be host:port, got {url!r}")
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Connect."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self.timeout)
            self._buffer = b""

    def close(self) -> None:
        """Disconnect."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: bytes) -> None:
        assert self._socket is not None
        self._socket.settimeout(self.timeout)
        self._socket.sendall(message)

    def _receive(self, timeout: float) -> bytes:
        assert self._socket is not None
        self._socket.settimeout(timeout)
        try:
            received = self._socket.recv(65536)
        except TimeoutError:
            return b""
        if not received:
            raise ConnectionResetError("the other side closed the connection")
        return received


class SerialLine(Line):
    """A serial line, or whatever a URL of pyserial names; the other keys are pyserial's: `baudrate`, `parity`."""

    def __init__(self, url: str, eol: bytes | str = b"\n", timeout: float = 5.0, **keys: Any) -> None:
        super().__init__(url, eol, timeout)
        self._keys = keys
        self._port: Any = None

    def open(self) -> None:
        """Open the port.

        Raises:
            UsageError: pyserial is not installed.
        """
        if self._port is None:
            try:
                import serial
            except ImportError:
                raise UsageError("serial lines need pyserial: pip install 'obtura[serial]'") from None
            self._port = serial.serial_for_url(self.url, timeout=self.timeout, **self._keys)
            self._buffer = b""

    def close(self) -> None:
        """Close the port."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _send(self, message: bytes) -> None:
        self._port.write(message)

    def _receive(self, timeout: float) -> bytes:
        self._port.timeout = timeout
        return bytes(self._port.read(max(1, self._port.in_waiting)))


def get_comm(config: Mapping[str, Any], **defaults: Any) -> Line:
    """The line that a description names, under the key `tcp` or `serial`; `defaults`: keys that it may leave out.

    Raises:
        UsageError: it names none, or not rightly.
    """
    for kind, make, known in (("tcp", TcpLine, ("port",)), ("serial", SerialLine, SERIAL_KEYS)):
        if kind in config:
            given = config[kind] if isinstance(config[kind], Mapping) else {"url": config[kind]}
            keys = {**defaults, **given}
            for key in keys:
                if key not in ("url", "eol", "timeout", *known):
                    raise UsageError(f"{kind}: {key!r} is not known (known: url, eol, timeout, {', '.join(known)})")
            if not keys.get("url"):
                raise UsageError(f"{kind}: it needs a url")
            line: Line = make(**keys)
            return line
    raise UsageError("no line to the instrument is described: a key `tcp` with a url host:port, or `serial`")
