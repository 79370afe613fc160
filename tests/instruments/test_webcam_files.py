"""Video files as cameras; cameras that are not there; what YAML says of them; what is left when a process dies."""

import importlib.util
import os
import re
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from silx.io.nxdata import NXdata

pytest.importorskip("cv2", reason="cameras are an extra: pip install obtura[camera]")

import cv2
from camera_server import drawn, number_of

import obtura
from obtura.contracts import looking
from obtura.devices.camera import Camera
from obtura.devices.sim.camera import SimulatedCamera
from obtura.ground.errors import DeviceError, UsageError
from obtura.instruments.video import Webcam, reasons
from obtura.session import opening
from obtura.session.config import Config, ConfigError

NOBODY = "http://127.0.0.1:9/stream"
COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))
"""Red, green, blue."""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def film(tmp_path):
    """A video of five frames, numbered from 1."""
    path = tmp_path / "film.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (96, 64), isColor=False)
    for number in range(1, 6):
        video.write(drawn(number, True))
    video.release()
    return path


@pytest.fixture
def coloured(tmp_path):
    """A video of three frames: red, green and blue."""
    path = tmp_path / "coloured.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (96, 64))
    for colour in COLOURS:
        video.write(np.full((64, 96, 3), colour[::-1], np.uint8))
    video.release()
    return path


@pytest.fixture
def webcam():
    made = []

    def make(source=0, **options):
        made.append(Webcam("cam", source, **{"warm_up": 0, "answer_timeout": 2} | options))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def numbers_of(scan):
    return [number_of(frame) for frame in scan.get_data("image")]


# -- video files ------------------------------------------------------------------------------------------------


def test_each_point_is_the_next_frame_and_after_the_last_comes_the_first(film, webcam):
    camera = webcam(str(film))
    assert numbers_of(obtura.loopscan(7, 0, camera, save=False)) == [1, 2, 3, 4, 5, 1, 2]
    assert number_of(camera.take()) == 3
    camera.close()
    assert numbers_of(obtura.loopscan(2, 0, camera, save=False)) == [1, 2]


def test_a_path_is_that_of_where_the_camera_was_made(film, webcam, tmp_path, monkeypatch):
    camera = webcam("film.avi")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert number_of(camera.take()) == 1


def test_frames_are_saved_as_those_of_any_camera(film, webcam):
    camera = webcam(str(film), rois={"light": (48, 0, 48, 32)})
    scan = obtura.loopscan(3, 0, camera)
    with h5py.File(obtura.SCAN_SAVING.filename) as file:
        frames = file["1.1/measurement/cam"]
        assert frames.shape == (3, 64, 96) and frames.dtype == np.uint8
        assert frames.attrs["interpretation"] == "image"
        assert [number_of(frame) for frame in frames] == [1, 2, 3]
    assert scan.get_data("light_avg") == pytest.approx(220, abs=3)


def test_in_colour_a_frame_has_red_green_and_blue(coloured, webcam):
    camera = webcam(str(coloured), colour=True, rois={"half": (0, 0, 48, 64)})
    scan = obtura.loopscan(3, 0, camera)
    frames = np.asarray(scan.get_data("image"))
    assert frames.shape == (3, 64, 96, 3) and frames.dtype == np.uint8
    assert np.abs(frames[:, 32, 48].astype(int) - COLOURS).max() < 8
    assert scan.get_data("half_avg") == pytest.approx(frames[:, :, :48].mean(axis=(1, 2, 3)))
    assert scan.get_data("half_max") == pytest.approx(frames[:, :, :48].max(axis=(1, 2, 3)))
    with h5py.File(obtura.SCAN_SAVING.filename) as file:
        saved = file[f"{scan.scan_number}.1/measurement/cam"]
        assert saved.attrs["interpretation"] == "rgba-image"
        shown = NXdata(file[f"{scan.scan_number}.1/plot_cam"])
        assert shown.is_valid and shown.interpretation == "rgba-image" and shown.signal.shape == (3, 64, 96, 3)
        assert np.array_equal(saved, frames)
    assert "96 x 64 pixels, in colour" in camera.__info__()


def test_without_colour_it_is_as_bright_as_an_eye_sees_it(coloured, webcam):
    frames = np.asarray(obtura.loopscan(3, 0, webcam(str(coloured)), save=False).get_data("image"))
    assert frames.shape == (3, 64, 96)
    seen = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in COLOURS]
    assert frames.mean(axis=(1, 2)) == pytest.approx(seen, abs=4)


def test_a_file_that_is_no_video_or_not_there_is_told(webcam, tmp_path):
    (tmp_path / "words.mp4").write_text("no video at all\n" * 100)
    with pytest.raises(DeviceError, match=r"cam can't be used: .*words.mp4 is no video that OpenCV can read"):
        obtura.ct(0, webcam("words.mp4"), save=False)
    with pytest.raises(DeviceError, match=r"cam can't be used: .*nothing.mp4 is not there: there is no such file"):
        webcam("nothing.mp4").take()


# -- cameras that are not there, or not as they are wanted ---------------------------------------------------------


@pytest.mark.skipif(os.path.exists("/dev/video0") or sys.platform != "linux", reason="there is a camera")
def test_where_there_is_no_camera_it_says_what_it_looked_for(webcam):
    with pytest.raises(DeviceError, match="cam can't be used: /dev/video0 is not there, nor any other /dev/video"):
        obtura.loopscan(1, 0, webcam(), save=False)


DEVICES = {
    "is not there; there are /dev/video1, /dev/video2": (["/dev/video2", "/dev/video1"], True),
    "may not be opened by this user: become one of the group video": (["/dev/video0"], False),
    "gives no picture; does another program use it": (["/dev/video0"], True),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="devices have other names elsewhere")
@pytest.mark.parametrize("told", DEVICES)
def test_why_a_device_of_linux_gives_no_picture(told, monkeypatch):
    there, may = DEVICES[told]
    monkeypatch.setattr(reasons, "glob", lambda pattern: there)
    monkeypatch.setattr(reasons.os.path, "exists", there.__contains__)
    monkeypatch.setattr(reasons.os, "access", lambda path, how: may)
    assert reasons.why_no_picture(0, 1.0).startswith(told)


def test_without_opencv_it_says_how_to_install_it(webcam, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None if name == "cv2" else found(name))
    with pytest.raises(UsageError, match=re.escape("cam needs OpenCV: pip install 'obtura[camera]'")):
        webcam().take()


def test_a_setting_that_it_does_not_take_or_nobody_knows_is_told(film, webcam):
    with pytest.raises(DeviceError, match="film.avi does not take the setting gain: 3"):
        webcam(str(film), settings={"gain": 3}).take()
    with pytest.raises(DeviceError, match="film.avi OpenCV knows no setting gian"):
        webcam(str(film), settings={"gian": 3}).take()


def test_another_size_than_said_is_told(film, webcam):
    camera = webcam(str(film), size=(480, 640))
    assert camera.image.shape == (480, 640)  # it is not asked, so that a scan can be made of what is down
    with pytest.raises(DeviceError, match=r"gives frames of \[64, 96\] pixels \(height, width\), not of \[480, 640\]"):
        camera.take()


def test_it_has_no_exposure_that_a_scan_could_set(film, webcam):
    with pytest.raises(UsageError, match="cam is exposed as it is set"):
        webcam(str(film)).exposure = 0.1


def test_who_only_looks_takes_no_frame(film, webcam, monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    camera = webcam(str(film))
    with pytest.raises(DeviceError, match="cam.take refused: this is read-only"):
        camera.take()
    with pytest.raises(DeviceError, match="cam.prepare refused: this is read-only"):
        obtura.ct(0, camera, save=False)
    assert "96 x 64 pixels" in camera.__info__()


def test_a_password_is_shown_nowhere(webcam):
    camera = webcam("http://me:secret@127.0.0.1:9/stream")
    with pytest.raises(DeviceError) as raised:
        camera.take()
    told = f"{raised.value} {camera.connection} {camera.trace} {camera.scan_metadata()}"
    assert "secret" not in told and "http://me:***@127.0.0.1:9/stream" in told
    assert reasons.shown("rtsp://a:b@c@host/x") == "rtsp://a:***@host/x"


# -- processes ------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal
from obtura.instruments.video import Webcam
camera = Webcam("cam", "film.avi")
camera.take()
import sys
assert "cv2" not in sys.modules
print(camera._video.watch._process._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_when_this_process_is_killed_the_one_that_looks_ends(film):
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    late = time.monotonic() + 60
    while is_alive(int(done.stdout)):
        assert time.monotonic() < late
        time.sleep(0.01)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_that_ends_without_closing_it_says_nothing_of_it(film):
    program = 'from obtura.instruments.video import Webcam; print(Webcam("cam", "film.avi").take().shape)'
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(64, 96)\n", "")


# -- YAML -----------------------------------------------------------------------------------------------------------

LAB = f"""
- name: film
  class: Webcam
  source: film.avi
  colour: yes
  rois: {{light: [48, 0, 48, 32]}}
- {{name: door, class: Webcam, source: "{NOBODY}", size: [480, 640], answer_timeout: 1}}
- {{name: gate, class: Webcam, source: "{NOBODY}", settings: {{auto_exposure: 1, gain: 10}}, rois: {{a: [0, 0, 9, 9]}}}}
- {{name: lab, class: Session, saving: {{base_path: ../data}}}}
"""
WRONG = {
    "source: -1": "source must be the number of a camera, a URL, or a video file, got -1",
    "source: ''": "source must be the number of a camera, a URL, or a video file, got ''",
    "size: [0, 640]": r"size must be \[height, width\]",
    "source: htp://10.0.0.7/stream": (
        "htp:// is no kind of address that is known here: file, http, https, mms, rtmp, rtp, rtsp, srt, tcp, udp"
    ),
    "lag: -1": "lag must be a whole number of frames, not negative; got -1",
    "settings: {gain: much}": "settings",
    "colors: yes": "did you mean",
}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "OBTURA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "devices.yml").write_text(LAB)
    return folder


def test_a_session_has_cameras_from_yaml_and_opens_without_those_that_are_down(film, lab, tmp_path):
    with opening.load_session("lab", config=lab, display=False) as session:
        assert set(session.absent) == {"door", "gate"}
        assert "gate is not there: can't be used: http://127.0.0.1:9/stream can't be reached" in str(
            session.absent["gate"]
        )
        scan = session.loopscan(2, 0, session.film, save=False)
        assert np.asarray(scan.get_data("image")).shape == (2, 64, 96, 3)
        film = session.film
    assert "nobody looks through it" in film.connection


def test_on_simulated_devices_it_is_a_simulated_camera(lab):
    with opening.load_session("lab", config=lab, display=False, simulate=True) as session:
        assert isinstance(session.door, SimulatedCamera) and not isinstance(session.door, Webcam)
        assert session.door.image.shape == (480, 640)
        assert isinstance(session.film, Camera) and "light" in session.film.roi_counters


@pytest.mark.parametrize("described", WRONG)
def test_what_can_not_be_is_told_with_its_place(lab, described):
    (lab / "devices.yml").write_text(f"- {{name: cam, class: Webcam, {described}}}\n")
    with pytest.raises(ConfigError, match=WRONG[described]) as raised:
        Config.load(lab)
    assert raised.value.problems[0].place.line == 1
