"""The device: what its constructor takes is what its YAML has, its docstring is the help."""

import socket
import threading

from obtura import DeviceError

__all__ = ["LabLight"]


class LabLight:
    """A LabLight lamp on the network. `address`: host:port; `warm_up`: s until its light is steady.

    `timeout`: s that it has to answer. Nothing is asked before it is used: a lamp that is switched off hinders nobody.
    """

    def __init__(self, name: str, address: str, warm_up: float = 0.0, timeout: float = 2.0) -> None:
        self.name = name
        self.warm_up = warm_up
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"address must be host:port, got {address!r}")
        self._address = host, int(port)
        self._timeout = timeout
        self._lock = threading.Lock()

    @property
    def power(self) -> float:
        """How bright it is, in %; 0 is off."""
        return float(self._ask("POW?"))

    @power.setter
    def power(self, power: float) -> None:
        self._ask(f"POW {power:g}")

    def check(self) -> None:
        """Raise `DeviceError` when it does not answer: a session asks this when it opens."""
        self._ask("*IDN?")

    def __info__(self) -> str:
        """What the shell shows for its name."""
        return f"lamp {self.name}: {self.power:g} %"

    def _ask(self, question: str) -> str:
        try:
            with self._lock, socket.create_connection(self._address, self._timeout) as line:
                line.sendall(f"{question}\n".encode())
                return line.makefile().readline().strip()
        except OSError as error:
            host, port = self._address
            raise DeviceError(f"{self.name}: the lamp at {host}:{port} does not answer {question}: {error}") from error
