"""A simulated beamline served over EPICS by a process of its own: for the demo and for tests.

    with start_ioc("X:") as ioc:
        diode = PVCounter("diode", "X:diode")
        ...
        ioc.kill()

Its PVs: `obtura.instruments.simioc.beamline`, beside them two motor records (`motor`), and a camera of areaDetector
(`detector`). It talks on loopback only.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from obtura.ground.errors import DeviceError

__all__ = ["Ioc", "Put", "start_ioc"]

PATIENCE = 20.0
"""Seconds that an IOC may take to start."""


class Put(NamedTuple):
    """A put as the IOC saw it: when (epoch, s), to which PV, and what."""

    time: float
    pv: str
    value: str


class Ioc:
    """An IOC in a process of its own. `port`: UDP and TCP, on 127.0.0.1; `log`: the file of its puts."""

    def __init__(self, prefix: str, log: Path) -> None:
        self.prefix = prefix
        self.log = log
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process it runs in; 0 when it does not run."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and return when it answers; it keeps its port when it is started again.

        Raises:
            DeviceError: it did not start; its own message is in the error.
        """
        command = [sys.executable, "-m", __name__, "--attached", f"--prefix={self.prefix}"]
        complaints = self.log.with_suffix(".stderr")
        with complaints.open("wb") as stderr:
            self._process = subprocess.Popen(
                [*command, f"--port={self.port}", f"--log={self.log}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,  # a Ctrl-C is for who started it
            )
        assert self._process.stdout is not None
        select.select([self._process.stdout], [], [], PATIENCE)
        os.set_blocking(self._process.stdout.fileno(), False)
        ready = (self._process.stdout.readline() or b"").decode()
        if not ready:
            self.kill()
            text = complaints.read_text(errors="replace").strip() or f"it was not ready within {PATIENCE:g} s"
            raise DeviceError(f"the simulated IOC did not start: {text.splitlines()[-1]}")
        self.port = int(ready.rpartition(":")[2])

    def kill(self) -> None:
        """End it at once, as a crash does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with process:  # waits for it and closes the pipes
                pass

    def puts(self) -> list[Put]:
        """Every put so far, in the order in which they arrived."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        fields = [line.split(" ", 2) for line in lines]
        return [Put(float(when), pv, value) for when, pv, value in fields]


@contextmanager
def start_ioc(prefix: str = "SIM:", log: Path | None = None) -> Iterator[Ioc]:
    """Run the beamline in another process, and have this process find it.

    Within the body this process asks it and nobody else for PVs (EPICS_CA_ADDR_LIST). `log`: the file that
    its puts are written to.
    """
    with TemporaryDirectory(prefix="obtura-ioc-") as folder:
        ioc = Ioc(prefix, Path(folder, "puts") if log is None else log)
        try:
            ioc.start()
            servers = {"EPICS_CA_ADDR_LIST": f"127.0.0.1:{ioc.port}", "EPICS_CA_AUTO_ADDR_LIST": "NO"}
            with _environment(servers):
                yield ioc
        finally:
            ioc.kill()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
