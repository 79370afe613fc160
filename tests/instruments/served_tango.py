"""Tango servers in other processes: our own, TangoTest, and a Tango database."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from halting import halt

from obtura.instruments.tango import (
    Output,
    TangoAxis,
    TangoCounter,
    TangoDevice,
    TangoMultiplexer,
    TangoShutter,
)

OURS = {"Diode": "t/x/diode", "Many": "t/x/many", "Motor": "t/x/mx", "Shutter": "t/x/shutter", "Wheel": "t/x/wheel"}
TANGO_TEST = Path("/usr/lib/tango/TangoTest")
PATIENCE = 60.0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Server:
    """A process that listens on a port, and may be killed, stopped and started again."""

    def __init__(self, command, environment=None, port=None):
        self.port = port or free_port()
        self._command = [str(word).replace("PORT", str(self.port)) for word in command]
        self._environment = {**os.environ, **(environment or {})}
        self._folder = None
        self._process = None

    def start(self):
        quiet = {"cwd": self._folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, env=self._environment, **quiet)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                assert time.monotonic() < until and self._process.poll() is None, f"{self._command} does not start"
                time.sleep(0.02)

    def kill(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def is_running(self):
        return self._process is not None

    def hang(self):
        halt(self._process.pid)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)


def without_database(program, instance, devices):
    listed = ",".join(f"{kind}::{name}" for kind, name in devices.items())
    return [
        *program,
        instance,
        "-nodb",
        "-dlist",
        listed,
        "-ORBendPoint",
        "giop:tcp:127.0.0.1:PORT",
        "-host",
        "127.0.0.1",
    ]


class Database(Server):
    """A Tango database, as PyTango brings one, in a folder; it may know devices of our server before that runs."""

    def __init__(self, folder):
        super().__init__(
            [sys.executable, "-m", "tango.databaseds.database", "--host", "127.0.0.1", "--port", "PORT", "2"]
        )
        self.host = f"127.0.0.1:{self.port}"
        self._environment["TANGO_HOST"] = self.host
        self._folder = folder

    def add(self, program, devices):
        """Have it know the devices of a server, by class."""
        import tango

        until = time.monotonic() + PATIENCE
        while True:  # it listens a little before it answers
            try:
                database = tango.Database("127.0.0.1", str(self.port))
                break
            except tango.DevFailed:
                assert time.monotonic() < until, "the database does not answer"
                time.sleep(0.05)
        for kind, name in {"DServer": f"dserver/{program}", **devices}.items():
            info = tango.DbDevInfo()
            info.server, info._class, info.name = program, kind, name
            database.add_device(info)


def by_database(program, instance):
    return [*program, instance, "-ORBendPoint", "giop:tcp:127.0.0.1:PORT", "-host", "127.0.0.1"]


class Beamline(Server):
    """Our server, and devices on it by name; what it was told in this test."""

    def __init__(self, folder, database=None):
        self.file = folder / "told"
        program = [sys.executable, Path(__file__).with_name("tango_server.py")]
        command = by_database(program, "t") if database else without_database(program, "t", OURS)
        super().__init__(command, {"TANGO_LOG": str(self.file)} | ({"TANGO_HOST": database} if database else {}))
        self.forget()
        self.made = []

    def forget(self):
        self.file.write_text("")

    def told(self):
        """What it was told: device, attribute or command, value."""
        return [each for each in self.heard() if not each[1].startswith("read ")]

    def heard(self):
        """As `told`, and what was read of the diode."""
        return [tuple(line[1:]) for line in self._lines()]

    def told_at(self):
        """When it was told each of these, in s since 1970."""
        return [line[0] for line in self._lines() if not line[2].startswith("read ")]

    def _lines(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def address(self, name):
        return f"tango://127.0.0.1:{self.port}/t/x/{name}#dbase=no"

    def device(self, name, timeout=3.0, **options):
        device = TangoDevice(f"{name}_device", self.address(name), timeout=timeout, **options)
        self.made.append(device)
        return device

    def counter(self, attribute="Current", timeout=3.0, **options):
        return TangoCounter("current", self.device("diode", timeout), attribute, **options)

    def axis(self, timeout=3.0, **options):
        options = {"velocity_attribute": "Velocity"} | options
        return TangoAxis("mx", self.device("mx", timeout), **options)

    def shutter(self, timeout=3.0, **options):
        return TangoShutter("shutter", self.device("shutter", timeout), **options)

    def multiplexer(self, **outputs):
        outputs = outputs or {
            "filter": Output({"out": "OUT", "thin": "THIN", "thick": "THICK"}, attribute="Filter"),
            "source": Output({"a": 0, "b": 1}, command="Select", readback="Source"),
            "stage": Output({"near": "Near", "far": "Far"}),
        }
        return TangoMultiplexer("opiom", self.device("wheel"), outputs)

    def misbehave(self, name, mood):
        self.device(name).command("Misbehave", mood)

    def be_ready(self):
        """As after its start."""
        if self.is_running:
            self.go_on()
        else:
            self.start()
        for name in OURS.values():
            self.device(name.rpartition("/")[-1], timeout=PATIENCE).command("Init")
        self.rest()
        self.forget()

    def rest(self):
        """Let the devices go."""
        for device in self.made:
            device.close()
        self.made = []
