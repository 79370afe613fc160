"""A line that another process sends to an instrument when this one has died."""

import time
from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.devices.bliss.comm import get_comm
from obtura.ground.errors import DeviceError, one_line

__all__ = ["SendLine", "line_from_elsewhere"]

PATIENCE = 5.0
"""Seconds for which it is tried: many a box has one connection only, and learns late that the former one is gone."""
AGAIN = 0.05


class SendLine:
    """Sends `message` when it is called, and waits for a line in answer unless `answered` is false.

    `line`: `tcp={"url": "host:port"}` or `serial={"url": "/dev/ttyS0", ...}`. It connects only then: the connection
    may be the only one that the instrument has, and is in use.
    """

    def __init__(self, message: str, answered: bool = True, **line: Any) -> None:
        self._message = message.encode()
        self._answered = answered
        self._line = get_comm(line)

    def __call__(self) -> None:
        """Send it.

        Raises:
            DeviceError: there is no connection for 5 s, or no answer.
        """
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                self._line.open()
                break
            except OSError as error:
                if time.monotonic() > limit:
                    raise DeviceError(f"{self._line.url}: {one_line(error)}") from error
                time.sleep(AGAIN)
        if self._answered:
            self._line.write_readline(self._message)
        else:
            self._line.write(self._message)
        self._line.close()


def line_from_elsewhere(message: str, answered: bool = True, **line: Any) -> SafeAction:
    """The line `message`, with its end, for the `action_of` of a device; `line` as for `SendLine`."""
    return SafeAction(f"{__name__}:{SendLine.__name__}", {"message": message, "answered": answered, **line})
