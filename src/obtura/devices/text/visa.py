"""A VISA resource, by PyVISA with its pure-Python backend. The extra: `pip install 'obtura[visa]'`."""

import time
from collections.abc import Mapping
from typing import Any

from obtura.devices.text.transport import Transport
from obtura.ground.errors import UsageError, one_line

__all__ = ["Visa"]


class Visa(Transport):
    """A VISA resource, as `TCPIP::10.0.0.5::INSTR`, `TCPIP::10.0.0.5::5025::SOCKET`, `ASRL/dev/ttyS0::INSTR`.

    `backend`: `@py` is PyVISA-py, `@ivi` a VISA library that is installed. `end`: what ends an answer.
    """

    _resource: Any = None

    def __init__(self, resource: str, backend: str = "@py", end: bytes = b"\n") -> None:
        self.address = f"visa {resource}"
        kind = resource.upper()
        self._is_stream = kind.startswith("ASRL") or kind.endswith("SOCKET")
        self.renews = not kind.startswith("ASRL")
        self._name = resource
        self._backend = backend
        self._end = end

    def open(self, timeout: float) -> None:
        """Open the resource.

        Raises:
            UsageError: PyVISA is not installed.
        """
        try:
            import pyvisa
        except ModuleNotFoundError:
            raise UsageError("VISA needs PyVISA: pip install 'obtura[visa]'") from None
        try:
            manager = pyvisa.ResourceManager(self._backend)
            self._resource = manager.open_resource(self._name, open_timeout=_ms(timeout))
            if self._is_stream:
                self._resource.read_termination = self._end.decode("latin-1")
        except Exception as error:  # pyvisa has errors of its own, and passes on those of what is below it
            self.close()
            raise OSError(one_line(error)) from error

    def close(self) -> None:
        """Close the resource."""
        resource, self._resource = self._resource, None
        if resource is not None:
            resource.close()

    def send(self, data: bytes, timeout: float) -> None:
        """Send it."""
        self._ask(timeout, lambda resource: resource.write_raw(data))

    def receive(self, timeout: float) -> bytes:
        """The next message; one whose end is told otherwise is given the end that is expected."""
        received = self._ask(timeout, lambda resource: bytes(resource.read_raw()))
        if received and not self._is_stream and not received.endswith(self._end):
            return bytes(received + self._end)
        return bytes(received)

    def drain(self) -> bytes:
        """What has come unasked; only a serial line has such. To read from others is an error of the instrument's."""
        found = b""
        limit = time.monotonic() + 1.0
        while not self.renews and time.monotonic() < limit:
            waiting = self._ask(0.0, lambda resource: resource.bytes_in_buffer)
            if not waiting:
                break
            count: int = waiting
            found += self._ask(0.1, lambda resource, count=count: bytes(resource.read_bytes(count)))
        return found

    def described(self) -> Mapping[str, Any]:
        """The resource."""
        return {"visa": self._name, "backend": self._backend}

    def _ask(self, timeout: float, call: Any) -> Any:
        """What a call gives; nothing when its time is up."""
        if self._resource is None:
            raise ConnectionError("not open")
        try:
            self._resource.timeout = _ms(timeout)
            return call(self._resource)
        except Exception as error:
            if getattr(error, "abbreviation", "") == "VI_ERROR_TMO":
                return b""
            raise OSError(one_line(error)) from error


def _ms(seconds: float) -> int:
    return max(1, round(1000 * seconds))
