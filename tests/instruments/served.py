"""Instruments that others have written, served by other processes: a pressure controller in SCPI, and a motor."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

REQUEST = re.compile(r"request b'(.*)\\n'")
PATIENCE = 20.0


def free_port():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return nobody.getsockname()[1]


def program(name):
    """A program beside Python, and whether it is there."""
    path = Path(sys.executable).parent / name
    return path, path.exists()


class Served:
    """A server of instruments: it can be killed, started again, made to hang, and to go on."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        with self.log.open("a") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < limit, self.log.read_text()
                time.sleep(0.02)

    def kill(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def is_dead(self):
        return self._process is None

    def hang(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._process.pid, signal.SIGCONT)


class Pace(Served):
    """A pressure controller PACE5000 (package gepace), by TCP and by a pseudo-terminal (package sinstruments)."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tty = str(folder / "tty")
        self._seen = 0

    def command(self):
        tcp, serial = {"type": "tcp", "url": f"127.0.0.1:{self.port}"}, {"type": "serial", "url": self.tty}
        pace = {"class": "Pace", "package": "gepace.simulator", "name": "pace", "transports": [tcp, serial]}
        (self.folder / "pace.json").write_text(json.dumps({"devices": [pace]}))
        return [program("sinstruments-server")[0], "-c", "pace.json", "--log-level", "debug"]

    def heard(self):
        """What it was told and asked since the test began, in its order."""
        return REQUEST.findall(self.log.read_text())[self._seen :]

    def told(self):
        """What it was told, without what it was asked."""
        return [text for text in self.heard() if not text.endswith("?")]

    def forget(self):
        self._seen += len(self.heard())


class Motor(Served):
    """A motor (package lewis): 0 to 250 mm, 2 mm/s of a time that passes faster."""

    def command(self):
        where = f"stream: {{bind_address: 127.0.0.1, port: {self.port}}}"
        return [program("lewis")[0], "-k", "lewis.examples", "-p", where, "-e", "20", "-c", "0.005", "example_motor"]
