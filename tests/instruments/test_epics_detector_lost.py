"""A camera of areaDetector that is stopped in mid-exposure, or lost, or only looked at."""

import os
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from detectors import hardware, is_quiet, value
from motors import wait_until

import obtura
from obtura.contracts import looking
from obtura.ground.errors import (
    DeviceError,
    ScanAbort,
)
from obtura.instruments.epics import AreaDetector, connect
from obtura.works.clock import clock


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Stops(obtura.ScanPreset):
    """Ends the scan a while after it has begun."""

    def __init__(self, how):
        self.how = how

    def start(self, scan):
        threading.Timer(0.3, getattr(scan, self.how)).start()


@pytest.mark.parametrize("kind", ["triggered", "burst"])
def test_an_abort_in_mid_exposure_leaves_acquire_and_capture_off(camera, kind):
    scan = obtura.loopscan(2, 5, camera, run=False) if kind == "triggered" else hardware(camera, 3, 5.0)
    scan.add_preset(Stops("abort"))
    with pytest.raises(ScanAbort):
        scan.run()
    wait_until(is_quiet)


INTERRUPTED = """
camera = AreaDetector("cam", "T:cam1:", "T:HDF1:")
connect(camera)
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
print("go", flush=True)
try:
    obtura.loopscan(2, 10, camera)
except KeyboardInterrupt:
    print("out", flush=True)
"""


def test_ctrl_c_in_mid_exposure_leaves_acquire_and_capture_off(camera, beamline, script):
    process = subprocess.Popen([sys.executable, script(INTERRUPTED)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "go\n"
        while not value("T:cam1:Acquire_RBV"):
            clock.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "out\n"
    finally:
        process.communicate(timeout=120)
    wait_until(is_quiet)
    assert beamline.puts()[-2:] == [("cam1:Acquire", "Done"), ("HDF1:Capture", "Done")]


def test_a_file_that_a_process_left_open_gets_no_frame_of_the_next_scan(camera, script):
    process = subprocess.Popen([sys.executable, script(INTERRUPTED)], stdout=subprocess.PIPE, text=True)
    while not value("T:cam1:Acquire_RBV"):
        clock.sleep(0.02)
    process.kill()
    process.communicate(timeout=120)
    assert not is_quiet()
    frames = obtura.loopscan(2, 0.02, camera).get_data("cam")
    assert list(frames[:, 1, 1]) == [0, 1]
    wait_until(is_quiet)


class Strikes(obtura.ChainPreset):
    """Does something to the server in one of the phases."""

    def __init__(self, phase, strike):
        self.phase, self.strike = phase, strike

    def prepare(self, _chain):
        self._at("prepare")

    def start(self, _chain):
        self._at("start")

    def before_stop(self, _chain):
        self._at("before_stop")

    def get_iterator(self, _chain):
        yield from (obtura.ChainIterationPreset() for _ in ())

    def _at(self, phase):
        if phase == self.phase:
            self.strike()


@pytest.mark.parametrize("how", ["kill", "hang"])
@pytest.mark.parametrize("phase", ["prepare", "start", "before_stop"])
def test_a_server_that_is_lost_in_any_phase_fails_the_scan_and_may_come_back(mortal_beamline, in_the_end, phase, how):
    ioc = mortal_beamline.ioc
    camera = AreaDetector("cam", "M:cam1:", "M:HDF1:", answer_timeout=0.3, timeout=0.5)
    connect(camera)
    strike = ioc.kill if how == "kill" else lambda: os.kill(ioc.pid, signal.SIGSTOP)
    scan = obtura.loopscan(2, 0.02, camera, run=False)
    scan.acq_chain.add_preset(Strikes(phase, strike))
    with pytest.raises(DeviceError, match=r"M:\w+:\w+"):
        scan.run()
    assert scan.state is obtura.ScanState.KILLED
    if how == "kill":
        assert "not connected" in camera.connection
        assert "not connected" in camera.__info__()
        ioc.start()
    else:
        os.kill(ioc.pid, signal.SIGCONT)
    in_the_end(camera.check)
    again = in_the_end(lambda: obtura.loopscan(2, 0.02, camera))
    assert list(again.get_data("cam")[:, 2, 2]) == [0, 1]
    mortal_beamline.put(note="used")


def test_a_server_that_answers_late_is_waited_for(mortal_beamline):
    camera = AreaDetector("cam", "M:cam1:", "M:HDF1:", answer_timeout=10.0)
    connect(camera)

    class Hangs(obtura.ScanPreset):
        def start(self, _scan):
            os.kill(mortal_beamline.ioc.pid, signal.SIGSTOP)
            threading.Timer(0.7, os.kill, (mortal_beamline.ioc.pid, signal.SIGCONT)).start()

    scan = obtura.loopscan(2, 0.02, camera, run=False)
    scan.add_preset(Hangs())
    scan.run()
    assert len(scan.get_data("cam")[:]) == 2
    mortal_beamline.put(note="used")


def test_one_that_is_down_keeps_nothing_from_being_made():
    camera = AreaDetector("cam", "N:cam1:", array="N:image1:", rois={"spot": [0, 0, 9, 9]}, answer_timeout=0.05)
    assert "N:cam1:" in camera.connection
    with pytest.raises(DeviceError, match="is the IOC running"):
        camera.check()


def test_nothing_is_told_by_who_only_looks(camera, beamline, monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    with pytest.raises(DeviceError, match="read-only"):
        obtura.loopscan(2, 0.02, camera)
    assert beamline.puts() == []


def test_it_tells_what_was_said(camera):
    camera.take(0.02)
    assert "T:cam1:ImageMode := Single" in [exchange.sent for exchange in camera.trace]
    assert camera.twin == "camera"
    assert "16 x 12 pixels, uint16" in camera.__info__()


def test_after_a_stop_that_failed_it_can_be_looked_through_again(mortal_beamline, in_the_end):
    camera = AreaDetector("cam", "M:cam1:", array="M:image1:", answer_timeout=0.3, timeout=0.5)
    connect(camera)
    scan = obtura.loopscan(2, 0.02, camera, run=False, save=False)
    scan.acq_chain.add_preset(Strikes("start", mortal_beamline.ioc.kill))
    with pytest.raises(DeviceError):
        scan.run()
    mortal_beamline.ioc.start()
    assert in_the_end(lambda: camera.take(0.02)).shape == (12, 16)
    mortal_beamline.put(note="used")
