"""A camera of the network that OpenCV looks through: each frame is of its own point, whatever happens to the camera."""

import os
import signal
import threading
import time

import numpy as np
import pytest

pytest.importorskip("cv2", reason="cameras are an extra: pip install obtura[camera]")

from camera_server import LONG, number_of
from cameras_served import NetworkCamera, Shutter, old_frames

import obtura
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.devices.sim import SimulatedAxis
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError, UsageError
from obtura.instruments.video import Webcam


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def network_camera(tmp_path_factory):
    server = NetworkCamera(tmp_path_factory.mktemp("camera"))
    yield server.start()
    server.end()


@pytest.fixture
def server(network_camera):
    """One that is up and well, whatever the test before did to it."""
    if not network_camera.is_up():
        network_camera.start()
    network_camera.set_shutter(False)
    network_camera.behave("well")
    return network_camera


@pytest.fixture
def webcam():
    """Make a camera; what was made is closed."""
    made = []

    def make(source, name="cam", **options):
        made.append(Webcam(name, source, **{"warm_up": 0, "answer_timeout": 3} | options))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def scan_with(shutter, points, camera, **options):
    scan = obtura.loopscan(points, 0.01, camera, run=False, save=False, **options)
    scan.acq_chain.add_preset(shutter)
    scan.run()
    return scan


# -- which frame it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["/stream", LONG])
def test_each_frame_is_exposed_while_the_shutter_of_its_point_is_open(server, webcam, stream):
    shutter = Shutter(server)
    scan = scan_with(shutter, 12, webcam(f"http://{server.url}{stream}"))
    frames = scan.get_data("image")
    assert frames.shape == (12, 64, 96) and frames.dtype == np.uint8
    assert old_frames(shutter, frames) == []


def test_without_the_frames_under_way_left_out_the_test_above_would_fail(server, webcam):
    shutter = Shutter(server)
    scan = scan_with(shutter, 12, webcam(server.stream, lag=0))
    assert len(old_frames(shutter, scan.get_data("image"))) == 12


def test_each_position_of_an_ascan_has_a_frame_of_its_own(server, webcam):
    axis = SimulatedAxis("x", velocity=100)
    shutter = Shutter(server)
    scan = obtura.ascan(axis, 0, 1, 5, 0.05, webcam(server.stream), run=False, save=False)
    scan.acq_chain.add_preset(shutter)
    scan.run()
    frames = scan.get_data("image")
    assert len(frames) == len(scan.get_data("x")) == 6
    assert old_frames(shutter, frames) == []


def test_frames_that_have_waited_in_buffers_are_left_out(server, webcam):
    camera = webcam(server.stream)
    camera.check()

    def keep_waiting():
        """It does not get to look for a while: from now until after it was asked for the frame of this point."""
        looking = camera._video.watch._process._process.pid
        os.kill(looking, signal.SIGSTOP)
        threading.Timer(0.5, os.kill, (looking, signal.SIGCONT)).start()
        time.sleep(0.25)

    shutter = Shutter(server, keep_waiting)
    scan = scan_with(shutter, 3, camera)
    assert old_frames(shutter, scan.get_data("image")) == []


def test_a_look_through_it_in_a_hook_does_not_spoil_the_point(server, webcam):
    camera = webcam(server.stream)
    shutter = Shutter(server, lambda: looks.append(number_of(camera.take())))
    looks = []
    scan = scan_with(shutter, 4, camera)
    assert old_frames(shutter, scan.get_data("image")) == []
    assert looks == sorted(set(looks)) and len(looks) == 4


def test_a_camera_that_runs_by_itself_gives_every_frame(server, webcam):
    camera = webcam(server.stream)
    chain = AcquisitionChain()
    slave = CameraAcquisitionSlave(camera.image, count_time=0, npoints=10, trigger_type="HARDWARE")
    chain.add(SoftwareTimerMaster(0.1, npoints=1), slave)
    scan = Scan(chain, "burst", save=False)
    scan.run()
    numbers = [number_of(frame) for frame in scan.get_data("image")]
    assert numbers == list(range(numbers[0], numbers[0] + 10))


# -- a camera that goes ------------------------------------------------------------------------------------------


def test_a_camera_that_is_restarted_in_a_scan_goes_on_with_fresh_frames(server, webcam):
    points = iter(range(6))

    def restart():
        if next(points) == 3:
            server.end()
            threading.Timer(0.5, server.start).start()
            while not server.is_up():
                time.sleep(0.02)

    shutter = Shutter(server, restart)
    camera = webcam(server.stream)
    scan = scan_with(shutter, 6, camera)
    frames = scan.get_data("image")
    shutter.opened, shutter.closed = shutter.opened[3:], shutter.closed[3:]
    assert len(frames) == 6 and old_frames(shutter, np.asarray(frames)[3:]) == []
    assert "was lost" in " ".join(each.error for each in camera.trace)
    assert "open since" in camera.connection


def test_a_camera_that_dies_in_a_scan_ends_it_in_plain_words_and_works_once_it_is_back(server, webcam):
    points = iter(range(6))
    shutter = Shutter(server, lambda: next(points) == 2 and server.end())
    shutter_of_nobody = type("Dead", (), {"set_shutter": lambda self, is_open: None})()
    camera = webcam(server.stream, timeout=1.0)
    before = shutter.before
    shutter.before = lambda: (before(), setattr(shutter, "server", shutter_of_nobody) if not server.is_up() else None)
    scan = obtura.loopscan(6, 0.01, camera, run=False, save=False)
    scan.acq_chain.add_preset(shutter)
    with pytest.raises(DeviceError, match=r"(?s)cam was asked for frame 2.*127.0.0.1.* is not open since .*refused"):
        scan.run()
    assert len(scan.get_data("image")) == 2
    with pytest.raises(
        DeviceError, match="cam can't be used: http://127.0.0.1:.* can't be reached: Connection refused"
    ):
        obtura.ct(0.01, camera, save=False)
    server.start()
    assert len(obtura.loopscan(2, 0.01, camera, save=False).get_data("image")) == 2


def test_a_camera_that_hangs_in_a_scan_is_given_up_after_its_time(server, webcam):
    points = iter(range(6))
    shutter = Shutter(server, lambda: next(points) == 2 and server.behave("hang"))
    with pytest.raises(DeviceError, match="cam was asked for frame 2 and has not given it after 0.7 s"):
        scan_with(shutter, 6, webcam(server.stream, timeout=0.5))


SILENT = {
    "nothing": "can't be used: http://.*/stream can be reached, and does not answer",
    "hang": "can't be used: http://.*/stream is there, and sends no picture that OpenCV can read within 1 s",
    "noise": "can't be used: http://.*/stream is there, and sends no picture that OpenCV can read",
    "text": "can't be used: http://.*/stream sends text/html, which is no video",
    "404": "can't be used: http://.*/stream answers 404 Not Found",
}


@pytest.mark.parametrize("behaviour", SILENT)
def test_one_that_gives_no_picture_is_told_before_the_scan(server, webcam, behaviour):
    server.behave(behaviour)
    camera = webcam(server.stream, answer_timeout=1.0)
    with pytest.raises(DeviceError, match=SILENT[behaviour]):
        obtura.loopscan(2, 0.01, camera, save=False)
    server.behave("well")
    assert len(obtura.loopscan(2, 0.01, camera, save=False).get_data("image")) == 2


def test_one_that_answers_late_is_waited_for(server, webcam):
    server.behave("late")
    shutter = Shutter(server)
    scan = scan_with(shutter, 2, webcam(server.stream))
    assert old_frames(shutter, scan.get_data("image")) == []


def test_pictures_that_are_none_are_passed_over(server, webcam):
    server.behave("rubbish")
    shutter = Shutter(server)
    scan = scan_with(shutter, 5, webcam(server.stream))
    assert len(scan.get_data("image")) == 5


# -- what is left, and what is told ------------------------------------------------------------------------------


def test_when_it_is_closed_no_process_is_left(server, webcam):
    camera = webcam(server.stream)
    assert "not used yet" in camera.connection
    camera.take()
    looking = camera._video.watch._process._process.pid
    assert "open since" in camera.connection and "64" in camera.__info__()
    camera.close()
    with pytest.raises(ProcessLookupError):
        os.kill(looking, 0)
    assert "nobody looks through it" in camera.connection
    assert camera.take().shape == (64, 96)


def test_a_process_that_crashes_is_started_again_in_the_scan(server, webcam):
    camera = webcam(server.stream)
    points = iter(range(4))

    def crash():
        if next(points) == 2:
            os.kill(camera._video.watch._process._process.pid, signal.SIGSEGV)

    shutter = Shutter(server, crash)
    scan = scan_with(shutter, 4, camera)
    assert old_frames(shutter, scan.get_data("image")) == []
    assert "exit code -11" in " ".join(each.error for each in camera.trace)


def test_after_a_ctrl_c_in_the_midst_of_a_frame_the_next_one_is_whole(server, webcam, monkeypatch):
    camera = webcam(server.stream)
    number = number_of(camera.take())
    line = camera._video.watch._process.line
    received = line._recv

    def interrupted(size):
        if size > 1000:  # the length was read, the frame was not
            raise KeyboardInterrupt
        return received(size)

    monkeypatch.setattr(line, "_recv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        camera.take()
    assert number < number_of(camera.take())


def test_the_trace_tells_what_was_asked_and_how_soon_it_came(server, webcam):
    camera = webcam(server.stream)
    obtura.loopscan(2, 0.01, camera, save=False)
    opened, *frames = camera.trace
    assert opened.sent == "open" and "96 x 64 pixels" in opened.answer
    assert [each.answer for each in frames] == ["a frame, after 4 that were under way"] * 2
    assert all(0.03 < each.took < 60 for each in frames)


def test_a_region_that_is_not_on_the_frame_is_refused_once_that_is_known(server, webcam):
    camera = webcam(server.stream, rois={"light": (48, 0, 48, 32), "far": (90, 0, 20, 20)})
    with pytest.raises(UsageError, match="far.*does not lie on the detector, which has 96 columns and 64 rows"):
        obtura.ct(0.01, camera, save=False)
    camera.roi_counters.remove("far")
    shutter = Shutter(server)
    scan = scan_with(shutter, 2, camera.roi_counters)
    assert all(200 < value < 240 for value in scan.get_data("light_avg"))
