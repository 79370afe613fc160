"""A simulated shutter whose electronics are a process of their own: it stays as it is when this process dies."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from obtura.contracts.safety import SafeAction
from obtura.devices.bliss.comm import TcpLine
from obtura.devices.line_action import line_from_elsewhere
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterState
from obtura.ground.errors import DeviceError
from obtura.ground.ranges import Positive

__all__ = ["BoxDriver", "BoxedShutter", "ShutterBox", "shutter_box"]


class BoxDriver(ShutterDriver):
    """Talks lines to the box at `address`, `host:port`."""

    def __init__(self, address: str) -> None:
        self._address = address

    def open(self) -> None:
        """Begin to open."""
        self._ask("OPEN")

    def close(self) -> None:
        """Begin to close."""
        self._ask("CLOSE")

    def state(self) -> ShutterState:
        """As the box says."""
        return ShutterState(self._ask("STATE?"))

    def action_of(self, method: str) -> SafeAction:
        """The same line, sent by another process."""
        return line_from_elsewhere(f"{method.upper()}\n", tcp={"url": self._address})

    def _ask(self, line: str) -> str:
        return _answer(self._address, line)


class BoxedShutter(Shutter):
    """A shutter in the box at `address`, `host:port`; the rest as `Shutter`. `shutter_box()` starts a box."""

    def __init__(self, name: str, address: str, timeout: Positive = 10.0) -> None:
        super().__init__(name, BoxDriver(address), timeout)


class ShutterBox:
    """A box that runs. `address`: `host:port`; `log()`: the commands that it was given."""

    def __init__(self, address: str) -> None:
        self.address = address

    def state(self) -> str:
        """What the shutter is doing."""
        return self._ask("STATE?")

    def log(self) -> list[tuple[float, str]]:
        """When (epoch, s) it was told to OPEN or CLOSE, in order."""
        entries = [entry.split(" ") for entry in self._ask("LOG?").split(";") if entry]
        return [(float(time), command) for time, command in entries]

    def _ask(self, line: str) -> str:
        return _answer(self.address, line)


def _answer(address: str, line: str) -> str:
    """What the box says; the connection is for this one line."""
    talk = TcpLine(address)
    try:
        answer = talk.write_readline(line.encode() + b"\n").decode()
    finally:
        talk.close()
    if answer.startswith("ERROR"):
        raise DeviceError(f"{address}: {answer}")
    return answer


@contextmanager
def shutter_box(travel: float = 0.02) -> Iterator[ShutterBox]:
    """Run the electronics of a shutter in another process; it takes `travel` s to open or close."""
    with subprocess.Popen(
        [sys.executable, "-m", "obtura.devices.sim.box_server", f"{travel:g}"],
        stdin=subprocess.PIPE,  # when it ends, also by our death, so does the box
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is for who started it
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip().decode()
            if not port:
                raise DeviceError("the box of the simulated shutter did not start")
            yield ShutterBox(f"127.0.0.1:{port}")
        finally:
            process.kill()
