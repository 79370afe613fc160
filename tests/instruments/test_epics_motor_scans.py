"""Motor records in scans, in YAML, under Ctrl-C; and one that is none of ours."""

import math
import signal
import subprocess
import sys

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from iocs import Served
from motors import meddle, told, wait_until

import obtura
from obtura.contracts.together import move_together
from obtura.ground.errors import DeviceError, LimitError
from obtura.instruments.epics import MotorRecord, PVCounter, connect
from obtura.instruments.epics.link import Link
from obtura.session.config import Config

# -- in scans -------------------------------------------------------------------------------------------------


def test_a_shutter_opens_and_closes_around_each_point_of_an_ascan(m1, beamline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutter = beamline.shutter()
    scan = obtura.ascan(m1, 0, 1, 2, 0.02, beamline.counter(), run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    point = [("shutter", "Open"), ("shutter", "Closed")]
    assert told(beamline) == [put for x in (0.0, 0.5, 1.0) for put in (("m1.VAL", str(x)), *point)]
    assert list(scan.get_data(m1)) == pytest.approx([0, 0.5, 1], abs=0.01)


def test_a_scan_beyond_the_soft_limits_is_refused_before_anything_is_put(m1, beamline):
    with pytest.raises(LimitError, match=r"m1: 11 mm is outside of the limits -10 to 10"):
        obtura.ascan(m1, 0, 11, 5, 0.02, beamline.counter(), save=False)
    assert told(beamline) == []


def test_a_scan_that_meets_a_limit_switch_fails_in_words_and_its_shutter_is_closed(m1, beamline):
    meddle("switch 0.7")
    shutter = beamline.shutter()
    scan = obtura.ascan(m1, 0, 1, 2, 0.02, beamline.counter(), save=False, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter))
    with pytest.raises(DeviceError, match="at its high limit switch"):
        scan.run()
    assert told(beamline)[-1] == ("shutter", "Closed")
    assert len(scan.get_data(m1)) == 2


def test_dscan_returns_it_and_two_motors_are_scanned_together(m1, beamline):
    m1.move(1.0)
    obtura.dscan(m1, -0.2, 0.2, 2, 0.01, beamline.counter(), save=False)
    assert m1.position == pytest.approx(1.0, abs=0.01)
    m2 = MotorRecord("m2", "T:m2")
    scan = obtura.a2scan(m1, 0, 1, m2, 0, 2, 2, 0.01, beamline.counter(), save=False)
    assert list(scan.get_data(m2)) == pytest.approx([0, 1, 2], abs=0.01)


class Strikes(obtura.ChainPreset):
    """Kills the server in one of the phases."""

    def __init__(self, ioc, phase):
        self.ioc, self.phase = ioc, phase

    def prepare(self, _chain):
        self._at("prepare")

    def start(self, _chain):
        self._at("start")

    def before_stop(self, _chain):
        self._at("before_stop")

    def _at(self, phase):
        if phase == self.phase:
            self.ioc.kill()


@pytest.mark.parametrize("phase", ["prepare", "start", "before_stop"])
def test_a_server_that_dies_in_any_phase_of_a_scan_is_named(mortal_beamline, in_the_end, phase):
    axis = MotorRecord("m1", "M:m1", timeout=1.0)
    shutter, diode = mortal_beamline.shutter(timeout=1.0), mortal_beamline.counter(timeout=1.0)
    connect(axis, shutter, diode)
    scan = obtura.dscan(axis, 0, 1, 2, 0.01, diode, save=False, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter))
    scan.acq_chain.add_preset(Strikes(mortal_beamline.ioc, phase))
    with pytest.raises(DeviceError, match="PV M:"):
        scan.run()
    assert scan.state is obtura.ScanState.KILLED
    mortal_beamline.ioc.start()
    in_the_end(lambda: obtura.ascan(axis, 0, 1, 2, 0.01, diode, save=False))
    mortal_beamline.put(note="used")


# -- a motor record that is none of ours ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def theirs(loopback_only, tmp_path_factory):
    module = "caproto.ioc_examples.fake_motor_record"
    server = Served("-m", module, "--interfaces", "127.0.0.1", folder=tmp_path_factory.mktemp("fake"))
    server.start()
    yield server
    server.end()


@pytest.fixture
def fake(theirs, monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", theirs.environment["EPICS_CA_ADDR_LIST"])
    axes = [MotorRecord(f"mtr{number}", f"sim:mtr{number}") for number in (1, 2)]
    connect(*axes)
    return axes


def test_the_motor_record_of_caproto(fake):
    mtr1, mtr2 = fake
    assert (mtr1.limits, mtr2.limits) == ((0.0, 10.0), (-10.0, 20.0))
    mtr1.velocity = 5.0
    mtr1.move(1.0)
    assert mtr1.position == pytest.approx(1.0)
    assert mtr1.state == "READY"
    with pytest.raises(LimitError):
        mtr1.move(-1.0)
    move_together([mtr1, mtr2], [1.5, 0.5])
    assert (mtr1.position, mtr2.position) == (pytest.approx(1.5), pytest.approx(0.5))
    mtr2.move(9.0, wait=False)
    wait_until(lambda: mtr2.position > 0.7)
    mtr2.stop()
    assert mtr2.position < 8


def test_a_record_that_sets_off_while_it_is_read_is_followed_to_the_end(fake, monkeypatch):
    mtr1, _ = fake
    mtr1.velocity = 1.0
    read, torn = mtr1._status, []

    def read_torn(operation):
        """DMOV from before it set off, RBV from after that, once."""
        status = read(operation)
        if torn or status.done or abs(status.RBV - origin) < 0.1:
            return status
        torn.append(status._replace(DMOV=1.0))
        return torn[0]

    origin = mtr1.position
    monkeypatch.setattr(mtr1, "_status", read_torn)
    mtr1.move(origin + 2.0)
    assert torn and mtr1.position == pytest.approx(origin + 2.0)


def test_the_motor_record_of_caproto_is_scanned_and_held(fake):
    mtr1, _ = fake
    mtr1.velocity = 5.0
    scan = obtura.ascan(mtr1, 1, 2, 2, 0.01, PVCounter("rbv", "sim:mtr1.RBV"), save=False)
    assert list(scan.get_data("rbv")) == pytest.approx([1, 1.5, 2])
    Link("test", "sim:mtr1.SPMG").put("Pause", "put").wait(math.inf)
    with pytest.raises(DeviceError, match="sim:mtr1.SPMG is Pause"):
        mtr1.move(1.0)
    Link("test", "sim:mtr1.SPMG").put("Go", "put").wait(math.inf)


# -- in a process of its own, and in YAML ---------------------------------------------------------------------

MOVING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
axis = MotorRecord("m1", "T:m1")
connect(axis)
print("go", flush=True)
try:
    axis.move(9)
except KeyboardInterrupt:
    print(axis.is_moving, axis.position < 8, flush=True)
"""


def test_ctrl_c_stops_it(m1, beamline, script):
    m1.velocity = 2.0
    process = subprocess.Popen([sys.executable, script(MOVING)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "go\n"
        wait_until(lambda: m1.position > 0.1)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "False True\n"
    finally:
        process.communicate(timeout=120)
    assert ("m1.STOP", "1.0") in told(beamline)


DESCRIBED = """
- {name: m1, class: MotorRecord, pv: "T:m1", patience: 5}
- name: mux
  class: PVMultiplexer
  outputs:
    beam: {pv: "T:shutter"}
    mode: {pv: "T:m1.SPMG", inputs: [Go, Pause]}
    gain: {pv: "T:m1.JVEL", inputs: {low: 1, high: 2}}
- name: cam
  class: AreaDetector
  prefix: "T:cam1:"
  file: "T:HDF1:"
  seen_as: {/data: /mnt/data}
"""


def test_all_three_can_be_described_in_yaml(beamline, tmp_path):
    (tmp_path / "beamline.yml").write_text(DESCRIBED)
    config = Config.load(tmp_path)
    m1, mux, cam = (config.get(name) for name in ("m1", "mux", "cam"))
    m1.move(1.0)
    assert m1.patience == 5
    mux.switch("gain", "high")
    assert mux.connections == {"beam": "Closed", "mode": "Go", "gain": "high"}
    cam.check()


def test_a_continuous_scan_passes_with_its_velocity_and_puts_it_back(m1, beamline):
    before = m1.velocity
    # A trigger may be late by half an interval, however busy the machine.
    scan = obtura.cscan(m1, 0, 2, 2, 0.1, beamline.counter(), latency_time=3.9, save=False)
    assert len(scan.get_data("diode")) == 2
    velocities = [float(value) for pv, value in told(beamline) if pv == "m1.VELO"]
    assert len(velocities) == 2
    assert velocities[0] < velocities[1] == m1.velocity == before
