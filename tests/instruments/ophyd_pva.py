"""For scripts: a soft IOC in C, that speaks PV Access, and devices of ophyd-async on it."""

import os
import socket
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path

from ophyd_async.core import MovableLogic, StandardMovable, StandardReadable, StrictEnum
from ophyd_async.core import StandardReadableFormat as Format
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw
from p4p.client.thread import Context

__all__ = ["SoftIoc", "Stage", "in_the_end", "puts"]

DATABASE = """
record(ao, "P:sp") { field(EGU, "mm") field(PREC, "3") field(DRVH, "10") field(DRVL, "-10") field(PINI, "YES") }
record(calc, "P:rb") { field(INPA, "P:sp CP") field(CALC, "A") field(EGU, "mm") field(PINI, "YES") }
record(compress, "P:log") { field(INP, "P:sp CP") field(ALG, "Circular Buffer") field(NSAM, "50") }
record(bo, "P:sh") { field(ZNAM, "Closed") field(ONAM, "Open") field(PINI, "YES") }
record(compress, "P:shlog") { field(INP, "P:sh CP") field(ALG, "Circular Buffer") field(NSAM, "50") }
record(calc, "P:diode") { field(INPA, "P:sp CP") field(CALC, "A*A") field(EGU, "nA") field(PINI, "YES") }
"""


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as nobody:
        nobody.bind(("127.0.0.1", 0))
        return nobody.getsockname()[1]


def environment():
    """Servers and clients on this machine only, on ports of their own."""
    tcp, udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    ca, repeater = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    loopback = "127.0.0.1"
    return {
        "EPICS_PVA_ADDR_LIST": loopback,
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_BROADCAST_PORT": str(udp),
        "EPICS_PVA_SERVER_PORT": str(tcp),
        "EPICS_PVAS_INTF_ADDR_LIST": loopback,
        "EPICS_PVAS_BEACON_ADDR_LIST": loopback,
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_INTF_ADDR_LIST": loopback,
        "EPICS_CAS_BEACON_ADDR_LIST": loopback,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CA_SERVER_PORT": str(ca),
        "EPICS_CA_REPEATER_PORT": str(repeater),
    }


class SoftIoc:
    """`python -m pvxslibs.ioc`; it ends with its standard input."""

    def __init__(self, folder):
        self._database = Path(folder, "test.db")
        self._database.write_text(DATABASE)
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pvxslibs.ioc", "-d", str(self._database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self):
        self._process.kill()
        with self._process:
            pass

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.kill()


os.environ |= environment()  # p4p reads it when it is first used


class State(StrictEnum):
    CLOSED = "Closed"
    OPEN = "Open"


class Stage(StandardReadable, StandardMovable[float]):
    """A setpoint, a readback, and a diode behind it."""

    def __init__(self, prefix, name=""):
        with self.add_children_as_readables(Format.HINTED_SIGNAL):
            self.readback = epics_signal_r(float, f"pva://{prefix}rb")
            self.diode = epics_signal_r(float, f"pva://{prefix}diode")
        self.setpoint = epics_signal_rw(float, f"pva://{prefix}sp")
        self.shutter = epics_signal_rw(State, f"pva://{prefix}sh")
        super().__init__(name=name)

    @cached_property
    def movable_logic(self):
        return MovableLogic(self.setpoint, self.readback)


def puts(name):
    """What was put, as the server kept it."""
    with Context("pva") as context:
        return [float(value) for value in context.get(name, timeout=5)]


def in_the_end(call, patience=20):
    limit = time.monotonic() + patience
    while True:
        try:
            return call()
        except RuntimeError:
            if time.monotonic() > limit:
                raise
