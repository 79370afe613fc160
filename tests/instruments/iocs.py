"""EPICS servers in processes of their own, on loopback: ours, and those that caproto brings along."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from halting import halt

HERE = Path(__file__).parent


def free_port():
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Served:
    """A Python program that serves PVs. It keeps its port when it is started again; `log`: what it was told."""

    def __init__(self, *arguments, folder):
        self.arguments = arguments
        self.log = folder / "puts"
        self.port = free_port()
        self._process = None
        self._sink = socket.socket(type=socket.SOCK_DGRAM)  # for beacons, which are for nobody
        self._sink.bind(("127.0.0.1", 0))
        self._errors = folder / "stderr"
        self._seen = 0

    @property
    def environment(self):
        return {"EPICS_CA_ADDR_LIST": f"127.0.0.1:{self.port}", "EPICS_CA_AUTO_ADDR_LIST": "NO"}

    @property
    def pid(self):
        return self._process.pid if self._process else 0

    def start(self):
        server = {
            "EPICS_CA_SERVER_PORT": str(self.port),
            "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
            "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
            "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
            "EPICS_CAS_BEACON_PORT": str(self._sink.getsockname()[1]),
            "PUTS_LOG": str(self.log),
        }
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *self.arguments],
                env=os.environ | server,
                stdin=subprocess.PIPE,  # an IOC in C ends with it
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.arguments} did not start: {self._errors.read_text()[-2000:]}")

    def kill(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with process:  # waits for it and closes the pipe
                pass

    def end(self):
        self.kill()
        self._sink.close()

    def hang(self):
        halt(self.pid)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def forget(self):
        self._seen = len(self._lines())

    def puts(self):
        """What was put since `forget`: names, and values as text, in the server's order."""
        return [tuple(line.split(" ", 1)) for line in self._lines()[self._seen :]]

    def _lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []
