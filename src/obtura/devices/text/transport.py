"""What carries bytes to an instrument and back: the one thing that a TCP socket, a serial port and VISA differ in."""

import select
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obtura.ground.errors import UsageError
from obtura.works.interrupt import doors

__all__ = ["LONGEST", "Tcp", "Transport", "host_and_port", "shown"]

CHUNK = 65536

NOT_CONNECTED = "not connected"

LONGEST = 1_000_000
"""Bytes; more of them without an end is no message, but garbage, as at the wrong baud rate."""

SHOWN = 60
"""So much of what came is shown in a message."""


def shown(said: str | bytes) -> str:
    """What was said, in quotes; only the beginning of something long, with how long it is."""
    if len(said) <= SHOWN:
        return repr(said)
    kind = "bytes" if isinstance(said, bytes) else "characters"
    return f"{said[:SHOWN]!r}... ({len(said):,} {kind})"


class Transport(ABC):
    """Carries bytes. One call at a time is made, on any thread but the main one, unless it `may_be_left`; whatever
    fails raises OSError.

    `address`: who is at the other end, for messages. `renews`: what was on its way when it was closed does not arrive
    once it is open again, as with a socket; on a serial port it does.
    """

    address: str
    renews = True
    may_be_left = False
    """Whether it may be used in the main thread while a scan runs: `receive` lets a Ctrl-C in, which takes no byte."""

    @abstractmethod
    def open(self, timeout: float) -> None:
        """Connect, within `timeout` s; it is closed."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; nothing happens when it is closed."""

    @abstractmethod
    def send(self, data: bytes, timeout: float) -> None:
        """Send it all, within `timeout` s."""

    @abstractmethod
    def receive(self, timeout: float) -> bytes:
        """The next bytes as soon as there are some; none when none come within `timeout` s.

        Raises:
            OSError: the connection is gone.
        """

    def drain(self) -> bytes:
        """What has come unasked.

        Raises:
            OSError: the connection is gone.
        """
        found = b""
        while more := self.receive(0.0):
            found += more
            if len(found) > LONGEST:
                raise OSError(f"more than {LONGEST:,} bytes came unasked: {shown(found[:SHOWN])}...")
        return found

    def described(self) -> Mapping[str, Any] | None:
        """What another process makes the same of, as JSON has it; None: no other process can."""
        return None


def host_and_port(url: str) -> tuple[str, int]:
    """The parts of `host:port`; an IPv6 address stands in brackets.

    Raises:
        UsageError: it is none.
    """
    host, _, port = url.removeprefix("tcp://").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"expected host:port, got {url!r}")
    return host, int(port)


def _arrival(connection: socket.socket) -> Callable[[float], Sequence[Any]]:
    """What waits until there is something to receive, at most for so many ms, and gives nothing when there is not."""
    if not hasattr(select, "poll"):  # Windows
        return lambda limit: select.select([connection], [], [], limit / 1000)[0]
    arrival = select.poll()
    arrival.register(connection, select.POLLIN)
    return arrival.poll


class Tcp(Transport):
    """A TCP connection to `host:port`.

    Raises:
        UsageError: `url` is no `host:port`.
    """

    may_be_left = True
    _socket: socket.socket | None = None

    def __init__(self, url: str) -> None:
        self._place = host_and_port(url)
        self.address = f"tcp {url.removeprefix('tcp://')}"

    def open(self, timeout: float) -> None:
        """Connect."""
        self._socket = socket.create_connection(self._place, timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # A socket that has a timeout makes two calls of the system for each one, and one more to set it: at every
        # point that is more than the answer itself costs. So it never waits, and the wait is a call of its own.
        self._socket.setblocking(False)
        self._poll = _arrival(self._socket)

    def close(self) -> None:
        """Disconnect."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, data: bytes, timeout: float) -> None:
        """Send it."""
        if (connection := self._socket) is None:
            raise ConnectionError(NOT_CONNECTED)
        try:
            sent = connection.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):  # more than there is room for
            connection.settimeout(timeout)
            connection.sendall(data[sent:])
            connection.setblocking(False)

    def receive(self, timeout: float) -> bytes:
        """The next bytes."""
        if (connection := self._socket) is None:
            raise ConnectionError(NOT_CONNECTED)
        if not (doors.call(self._poll, 1000.0 * timeout) if timeout > 0.0 else self._poll(0)):
            return b""
        received = connection.recv(CHUNK)
        if not received:
            raise ConnectionResetError("the other side closed the connection")
        return received

    def drain(self) -> bytes:
        """What has come unasked; nothing, as a rule."""
        return super().drain() if self._socket is None or self._poll(0) else b""

    def __del__(self) -> None:
        self.close()  # or Python warns of a socket that was left open

    def described(self) -> Mapping[str, Any]:
        """Host and port."""
        return {"tcp": self.address.removeprefix("tcp ")}
