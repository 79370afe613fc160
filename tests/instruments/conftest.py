"""Real servers in other processes, and devices on them: EPICS, Tango, and instruments that are spoken to in text."""

import os
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from served import Motor, Pace, Rude, program
from served_tango import Beamline as TangoBeamline

from obtura.devices.text import (
    Output,
    TcpLine,
    TextAxis,
    TextCounter,
    TextInstrument,
    TextMultiplexer,
    TextShutter,
)
from obtura.ground.errors import DeviceError, ObturaError
from obtura.instruments.simioc import Ioc, start_ioc
from obtura.session import opening

MODES = {"LIN": "SOUR1:SLEW:MODE LIN", "MAX": "SOUR1:SLEW:MODE MAX"}
os.environ.setdefault("PVXS_LOG", "*=CRIT")  # before p4p is imported, or IOCs that are killed are told between the dots
NOWHERE = {
    f"EPICS_{protocol}_{name}": value
    for protocol in ("CA", "PVA")
    for name, value in {"ADDR_LIST": "127.0.0.1", "AUTO_ADDR_LIST": "NO"}.items()
}


class Beamline:
    """The simulated beamline as a test sees it: devices by name, and the puts that the IOC saw in this test."""

    def __init__(self, ioc: Ioc) -> None:
        self.ioc = ioc
        self._seen = len(ioc.puts())

    def pv(self, name):
        return f"{self.ioc.prefix}{name}"

    def counter(self, pv="diode", **options):
        from obtura.instruments.epics import PVCounter

        return PVCounter(pv.replace(":", "_"), self.pv(pv), **options)

    def shutter(self, **options):
        from obtura.instruments.epics import PVShutter

        options = {"open_value": "Open", "close_value": "Closed"} | options
        return PVShutter("shutter", self.pv("shutter"), self.pv("shutter:status"), **options)

    def axis(self, **options):
        from obtura.instruments.epics import PVAxis

        pvs = {"done_pv": "axis:done", "stop_pv": "axis:stop", "velocity_pv": "axis:velocity"} | options
        options |= {key: self.pv(pv) if pv else None for key, pv in pvs.items() if key.endswith("_pv")}
        return PVAxis("mx", self.pv("axis"), self.pv("axis:readback"), **options)

    def put(self, **values):
        """Put to PVs, without leaving a trace in `puts()`; `__` in a name stands for a colon."""
        from obtura.instruments.epics.link import Link

        for name, value in values.items():
            Link("test", self.pv(name.replace("__", ":"))).put(value, "put").wait(float("inf"))
        self._seen = len(self.ioc.puts())

    def puts(self):
        """What was put since the test began: names without prefix, and values, in the IOC's order."""
        found = self.ioc.puts()[self._seen :]
        return [(put.pv.removeprefix(self.ioc.prefix), put.value) for put in found]


@pytest.fixture(scope="session", autouse=True)
def loopback_only():
    """No search for a PV leaves this machine, also not when the IOC of a test has ended."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NOWHERE.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def shared_ioc(loopback_only):
    pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
    with start_ioc("T:") as ioc:
        yield ioc


@pytest.fixture
def beamline(shared_ioc, monkeypatch):
    """A beamline at rest, with the shutter closed and the axis at 0; the IOC is shared and must stay alive."""
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{shared_ioc.port}")
    beamline = Beamline(shared_ioc)
    beamline.put(shutter__delay=0.0, shutter="Closed", axis__velocity=1e6, axis=0.0)
    beamline.put(shutter__delay=0.02, axis__velocity=20.0)
    return beamline


@pytest.fixture
def m1(beamline):
    """A motor record on that beamline, which has two, as after a start."""
    from motors import meddle

    from obtura.instruments.epics import MotorRecord, connect

    for motor in ("m1", "m2"):
        meddle("new", motor)
    beamline.put()  # what came before does not count
    axis = MotorRecord("m1", "T:m1")
    connect(axis)
    return axis


@pytest.fixture
def camera(beamline):
    """The camera of areaDetector on that beamline, with both plugins."""
    from detectors import fault

    from obtura.instruments.epics import AreaDetector, connect

    made = AreaDetector("cam", "T:cam1:", "T:HDF1:", "T:image1:", timeout=3.0)
    connect(made)
    fault("fine")
    beamline.put()
    return made


@pytest.fixture(scope="session")
def mortal_ioc(loopback_only):
    pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
    with start_ioc("M:") as ioc:
        yield ioc


@pytest.fixture
def mortal_beamline(mortal_ioc, monkeypatch):
    """A beamline, as it is after a start, on an IOC that may be killed or made to hang."""
    if mortal_ioc.puts() or not mortal_ioc.pid:
        mortal_ioc.kill()
        mortal_ioc.log.unlink(missing_ok=True)
        mortal_ioc.start()
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{mortal_ioc.port}")
    return Beamline(mortal_ioc)


@pytest.fixture
def seconds():
    """How many seconds a call takes, and the error it raises."""

    def measure(call):
        begun = time.perf_counter()
        error = None
        try:
            call()
        except ObturaError as raised:
            error = raised
        return time.perf_counter() - begun, error

    return measure


@pytest.fixture
def script(tmp_path):
    """Write a Python script to a file; `obtura` and the names of `obtura.instruments.epics` are imported."""

    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(f"import obtura\nfrom obtura.instruments.epics import *\n{text}")
        return path

    return write


@pytest.fixture
def in_the_end():
    """What a call gives once it no longer fails: a short timeout may pass on a busy machine, that is no fault."""

    def patiently(call):
        until = time.monotonic() + 60
        while True:
            try:
                return call()
            except DeviceError:
                if time.monotonic() > until:
                    raise

    return patiently


# -- instruments that are spoken to in text ---------------------------------------------------------------------


def served(kind, name, tmp_path_factory):
    if not program(name)[1]:
        pytest.skip(f"{name} is missing: make venv installs it (tools/simulators)")
    server = kind(tmp_path_factory.mktemp(name))
    server.start()
    return server


@pytest.fixture(scope="session")
def shared_pace(tmp_path_factory):
    server = served(Pace, "sinstruments-server", tmp_path_factory)
    yield server
    server.end()


@pytest.fixture
def pace(shared_pace):
    """A pressure controller at rest: its output closed, its setpoint 0."""
    if not shared_pace.pid:
        shared_pace.start()
    with closing(TcpLine(shared_pace.url)) as line:
        for text in ("OUTP1:STAT 0", "SOUR1 0", "SOUR1:SLEW 2.0", "SOUR1:SLEW:MODE LIN"):
            line.write(text)
    shared_pace.forget()
    return shared_pace


@pytest.fixture(scope="session")
def motor(tmp_path_factory):
    server = served(Motor, "lewis", tmp_path_factory)
    yield server
    server.end()


@pytest.fixture
def controller():
    """Make the devices of a pressure controller, as YAML would; its lines are closed in the end."""
    lines = []

    def make(pace, way="tcp", timeout=2.0, **described):
        it = TextInstrument(
            "pace",
            **{way: pace.url if way == "tcp" else pace.tty},
            identify="PACE5000",
            answer=r"\S+ (.*)",
            timeout=timeout,
            **described,
        )
        lines.append(it.line)
        return SimpleNamespace(
            it=it,
            pressure=TextCounter("pressure", it, "SENS1?", unit="mbar"),
            setpoint=TextAxis("setpoint", it, "SOUR1 {position}", "SOUR1?", unit="mbar", limits=(0, 100)),
            valve=TextShutter("valve", it, "OUTP1:STAT 1", "OUTP1:STAT 0", "OUTP1:STAT?"),
            mode=TextMultiplexer("mode", it, {"slew": Output(MODES, "SOUR1:SLEW:MODE?")}),
        )

    yield make
    for line in lines:
        line.close()


@pytest.fixture
def rude():
    server = Rude()
    server.start()
    line = TcpLine(server.url, timeout=30.0)
    yield server, line
    line.close()
    server.close()


# -- an IOC in C, by Channel Access and by PV Access --------------------------------------------------------------


@pytest.fixture(scope="session")
def make_c_ioc(loopback_only, tmp_path_factory):
    """Start a C IOC: `make(prefix, database)`."""
    for package, extra in (("caproto", "epics"), ("p4p", "pva"), ("pvxslibs", "pva")):
        pytest.importorskip(package, reason=f"EPICS is an extra: pip install obtura[{extra}]")
    from c_ioc import CIoc

    iocs = []

    def make(prefix, *database):
        ioc = CIoc(tmp_path_factory.mktemp("ioc"), prefix, *database)
        iocs.append(ioc)
        ioc.start()
        return ioc

    yield make
    for ioc in iocs:
        ioc.kill()


@pytest.fixture(scope="session")
def shared_c_ioc(make_c_ioc):
    return make_c_ioc("C:")


@pytest.fixture(params=["ca", "pva"])
def protocol(request):
    return request.param


def c_beamline_on(ioc, protocol, monkeypatch):
    from c_ioc import CBeamline

    for name, value in ioc.servers.items():
        monkeypatch.setenv(name, value)
    beamline = CBeamline(ioc, protocol)
    beamline.put(shutter="Closed", axis=0.0, current=200.0)
    return beamline


@pytest.fixture
def c_beamline(shared_c_ioc, protocol, monkeypatch):
    """The beamline on a C IOC, which is shared and must stay alive; by each protocol."""
    return c_beamline_on(shared_c_ioc, protocol, monkeypatch)


@pytest.fixture(scope="session")
def mortal_c_ioc(make_c_ioc):
    return make_c_ioc("D:")


@pytest.fixture
def mortal_c_beamline(mortal_c_ioc, protocol, monkeypatch):
    """The same on one that may be killed."""
    if mortal_c_ioc.process is None:
        mortal_c_ioc.start()
    return c_beamline_on(mortal_c_ioc, protocol, monkeypatch)


# -- Tango ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_tango(tmp_path_factory):
    pytest.importorskip("tango", reason="Tango is an extra: pip install obtura[tango]")
    server = TangoBeamline(tmp_path_factory.mktemp("tango"))
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def beam(shared_tango):
    """Devices of a Tango server that is as after its start; a test may kill it."""
    shared_tango.be_ready()
    yield shared_tango
    shared_tango.rest()


@pytest.fixture
def lab(home, tmp_path):
    """Write the YAML of a lab; gives its folder."""
    folder = tmp_path / "lab"
    folder.mkdir()

    def write(text):
        (folder / "devices.yml").write_text(text)
        return folder

    return write


@pytest.fixture
def open_lab(lab):
    """Open the session `lab` of a YAML text; what is open at the end is closed."""
    sessions = []

    def open_it(text):
        sessions.append(opening.load_session("lab", config=lab(text), display=False))
        return sessions[-1]

    yield open_it
    for session in sessions:
        session.close()
