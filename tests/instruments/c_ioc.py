"""A real IOC, in C, in a process of its own: it serves its records by Channel Access and by PV Access."""

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from caproto import RemoteProtocolError
from caproto.sync.client import read

from obtura.instruments.epics import PVAxis, PVCounter, PVShutter
from obtura.instruments.epics.link import Link
from obtura.instruments.simioc.__main__ import LOOPBACK, _free_port
from obtura.works.clock import clock

HERE = Path(__file__).parent


class CIoc:
    """`start`, `kill` as a crash does, and what it was told. It keeps its ports."""

    def __init__(self, folder, prefix="C:", database=HERE / "beamline.db"):
        self.prefix = prefix
        self.ca_port, self.pva_port = _free_port(), _free_port()
        self.pva_udp = _free_port()
        self._database = database
        self._log = Path(folder) / f"{prefix.strip(':')}.log"
        self.process = None

    @property
    def servers(self):
        """What a client has to have in its environment to find it, and nobody else."""
        return {
            "EPICS_CA_ADDR_LIST": f"{LOOPBACK}:{self.ca_port}",
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_PVA_ADDR_LIST": f"{LOOPBACK}:{self.pva_udp}",
            "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        }

    def start(self):
        environment = os.environ | {
            "EPICS_CAS_SERVER_PORT": str(self.ca_port),
            "EPICS_CA_SERVER_PORT": str(self.ca_port),
            "EPICS_CAS_INTF_ADDR_LIST": LOOPBACK,
            "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
            "EPICS_CAS_BEACON_ADDR_LIST": LOOPBACK,
            "EPICS_PVAS_INTF_ADDR_LIST": LOOPBACK,
            "EPICS_PVAS_SERVER_PORT": str(self.pva_port),
            "EPICS_PVAS_BROADCAST_PORT": str(self.pva_udp),
            "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
            "EPICS_PVAS_BEACON_ADDR_LIST": LOOPBACK,
        }
        command = [sys.executable, "-u", "-m", "pvxslibs.ioc", "-m", f"P={self.prefix}", "-d", str(self._database)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,  # at whose end it ends
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        said = b""
        until = time.monotonic() + 60
        while b"IOC Running" not in said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(until - time.monotonic(), 0))
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            said += more
            if not more:
                self.kill()
                raise AssertionError(f"the IOC did not start:\n{said.decode()}")

    def kill(self):
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            with process:
                pass

    def value(self, name):
        """What another client reads. Its port may be one at which a client of PV Access looks for a dead server."""
        for _ in range(20):
            with suppress(RemoteProtocolError):
                return read(self.prefix + name, data_count=0, timeout=60, repeater=False).data
        raise AssertionError(f"{name} could not be read: each port was sent packets of another protocol")

    def puts(self):
        """What was put to shutter and axis, in the order in which the IOC has processed it."""
        return [
            ("axis", round(float(code) - 1000, 6)) if code > 500 else ("shutter", "Open" if code == 2 else "Closed")
            for code in self.value("log")
        ]


class CBeamline:
    """Devices on it, by one of the protocols, and the puts that the IOC saw in this test."""

    def __init__(self, ioc, protocol):
        self.ioc = ioc
        self.protocol = protocol
        self._seen = len(ioc.puts())

    def pv(self, name):
        return f"{self.protocol}://{self.ioc.prefix}{name}"

    def counter(self, pv="diode", **options):
        return PVCounter(pv.replace(":", "_"), self.pv(pv), **options)

    def shutter(self, **options):
        return PVShutter("shutter", self.pv("shutter"), self.pv("shutter:status"), "Open", "Closed", **options)

    def axis(self, **options):
        names = {"done_pv": "axis:done", "stop_pv": "axis:stop", "velocity_pv": "axis:velocity"}
        pvs = {key: self.pv(name) for key, name in names.items()}
        return PVAxis("mx", self.pv("axis"), self.pv("axis:readback"), **pvs, **options)

    def put(self, **values):
        for name, value in values.items():
            Link("test", self.pv(name)).put(value, "put").wait(clock.time() + 5)
        self._seen = len(self.ioc.puts())

    def puts(self):
        return self.ioc.puts()[self._seen :]
