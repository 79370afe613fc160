"""Detectors of ophyd-async that write their frames themselves: linked from the scan's file, counted, and read."""

import h5py
import numpy as np
import pytest
from accidents import interrupted

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")

import ophyd.sim
import ophyd_async.core as core
import ophyd_async.sim

import obtura
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.cli.main import main
from obtura.contracts import looking
from obtura.data import written_frames
from obtura.data.contents import open_to_read
from obtura.ground.errors import DeviceError, DeviceTimeoutError, SavingError, UsageError
from obtura.instruments.ophyd import OphydCamera, OphydDetector, ScanPathProvider

BLOB = "ophyd_async.sim:SimBlobDetector"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Pattern(ophyd_async.sim.PatternGenerator):
    """Frame n is full of n. `missing`: so many frames, the last ones of all, are told of and never written."""

    missing = extra = 0
    frames = 0
    stuck = False

    def open_file(self, path, width, height):
        super().open_file(path, width, height)
        self.path, self.frames = path, 0

    async def write_images_to_file(self):
        for _ in range(self._number_of_frames + self.extra):
            await self.sleep(self._exposure)
            if self.stuck:
                await self.sleep(60)
            file = self._get_file()
            if self.frames < 3 - self.missing:
                file.data.resize(self.frames + 1, axis=0)
                file.data[self.frames] = self.frames
                file.data.flush()
            self.frames += 1
            self._update_images_written(self.frames)


def blob(pattern=None, paths=None, **options):
    pattern = Pattern() if pattern is None else pattern
    return OphydCamera(
        "blob", ophyd_async.sim.SimBlobDetector(paths or ScanPathProvider(), pattern, name="b"), **options
    )


def linked(scan):
    """The frames as plain h5py has them, by way of the scan's entry."""
    with h5py.File(scan.scan_info["filename"]) as file:
        return file[f"{scan.scan_number}.1/measurement/blob"][:]


def burst(camera, points=1, frames=3, exposure=0.01, **options):
    """At each of some points it flies for a few frames."""
    chain = obtura.AcquisitionChain()
    options = {"trigger_type": "HARDWARE", "prepare_once": points == 1, "start_once": points == 1, **options}
    slave = CameraAcquisitionSlave(camera.image, count_time=exposure, npoints=frames, **options)
    chain.add(SoftwareTimerMaster(0.01, npoints=points), slave)
    return obtura.Scan(chain, "burst")


def test_its_frames_are_in_the_directory_of_the_scan_linked_and_read(capsys):
    camera = OphydCamera("blob", BLOB)
    scan = obtura.loopscan(3, 0.1, camera)
    assert scan.get_data("blob").shape == linked(scan).shape == (3, 240, 320)
    assert linked(scan).any() and (scan.get_data("blob")[1] == linked(scan)[1]).all()
    saved = obtura.open(scan.scan_info["filename"])[scan.scan_number]["blob"]
    assert saved.shape == (3, 240, 320) and saved.dtype == np.uint8
    assert set(camera.files) == {"blob", "blob-sum"}
    assert [comment.text for comment in scan.comments] == [f"blob also writes blob-sum: {camera.files['blob-sum']}"]
    assert main(["show", scan.scan_info["filename"], str(scan.scan_number)]) == 0
    assert "blob  uint8 (3, 240, 320)  frames in scan0001/blob.h5" in capsys.readouterr().out


def test_they_are_found_when_the_data_are_moved(tmp_path):
    obtura.loopscan(2, 0.01, blob())
    (tmp_path / "scans").rename(tmp_path / "kept")
    with h5py.File(tmp_path / "kept/data.h5") as file:
        assert file["1.1/measurement/blob"][:, 1, 1].tolist() == [0, 1]


def test_they_can_be_read_while_it_writes():
    camera, seen = blob(), []

    class Looks(obtura.ScanPreset):
        def prepare(self, _scan):
            self.connect_data_channels([camera.image], self.look)

        def look(self, *_):
            with open_to_read("scans/data/scan0001/blob.h5") as file:
                seen.append(file[camera.driver.inside][-1, 0, 0].item())

    scan = obtura.loopscan(3, 0.01, camera, run=False)
    scan.add_preset(Looks())
    scan.run()
    assert seen == [0, 1, 2]


def test_a_callback_reads_the_frames_that_it_is_told_of():
    camera, seen = blob(), []

    class Looks(obtura.ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([camera.image], lambda *_: seen.append(scan.get_data("blob")[-1][0, 0].item()))

    scan = obtura.loopscan(3, 0.01, camera, run=False)
    scan.add_preset(Looks())
    scan.run()
    assert seen == [0, 1, 2]


def test_a_path_provider_of_ones_own_says_where_they_are(tmp_path):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    provider = core.StaticPathProvider(core.AutoIncrementFilenameProvider("run"), elsewhere)
    camera = blob(paths=provider)
    scans = [obtura.loopscan(2, 0.01, camera), obtura.loopscan(3, 0.01, camera)]
    assert [linked(scan)[:, 1, 1].tolist() for scan in scans] == [[0, 1], [0, 1, 2]]
    assert camera.files["b"].startswith("file://localhost") and "run_00002.h5#/entry/data/data" in camera.files["b"]


def test_a_path_provider_that_names_one_file_for_all_is_refused(tmp_path):
    camera = blob(paths=core.StaticPathProvider(core.StaticFilenameProvider("same"), tmp_path))
    obtura.loopscan(1, 0.01, camera)
    with pytest.raises(DeviceError, match=r"has written over the frames of the scan before.*same\.h5 again"):
        obtura.loopscan(1, 0.01, camera)


def test_what_a_frame_is_may_be_said_so_that_it_is_not_asked(tmp_path):
    camera = blob(paths=core.StaticPathProvider(core.UUIDFilenameProvider(), tmp_path), shape=(240, 320), dtype="u1")
    obtura.loopscan(1, 0.01, camera)
    assert len(list(tmp_path.glob("*.h5"))) == 1
    wrong = blob(shape=(3, 4), dtype="u1")
    with pytest.raises(
        DeviceError, match="has frames of 320 x 240 pixels of uint8, not of 4 x 3 pixels of uint8; make"
    ):
        obtura.loopscan(1, 0.01, wrong)


def test_a_scan_that_is_not_saved_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "apart"))
    (tmp_path / "apart").mkdir()
    camera = blob(Pattern())
    scan = obtura.loopscan(3, 0.01, camera, save=False)
    assert scan.acq_chain.get_node_from_devices(camera)[0] is not None
    assert camera.ophyd_device.pattern_generator.frames == 3
    assert not list((tmp_path / "apart").iterdir()) and not list(tmp_path.rglob("*.h5"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"missing": 1}, "its detector said that it wrote 3 frames of b.*, 2 are there"),
        ({"extra": 1}, "its detector said that it wrote 2 frames of b.*, 3 are there"),
    ],
)
def test_frames_that_are_missing_or_too_many_fail_the_scan(wrong, told, monkeypatch):
    monkeypatch.setattr(written_frames, "PATIENCE", 0.0)
    pattern = Pattern()
    vars(pattern).update(wrong)
    with pytest.raises(SavingError, match=told.replace("of b", "of blob")):
        obtura.loopscan(2 if "extra" in wrong else 3, 0.01, blob(pattern))


def test_it_flies_where_frames_are_not_asked_for():
    camera = blob()
    scan = burst(camera)
    scan.run()
    assert scan.get_data("blob")[:, 1, 1].tolist() == linked(scan)[:, 1, 1].tolist() == [0, 1, 2]
    said = [exchange.sent for exchange in camera.trace]
    assert said.index("kickoff()") < said.index("complete()") and "trigger()" not in said


def test_it_flies_at_each_point_into_one_file():
    camera = blob()
    scan = burst(camera, points=3, frames=1)
    scan.run()
    assert linked(scan)[:, 1, 1].tolist() == [0, 1, 2]
    assert [exchange.sent for exchange in camera.trace].count("unstage()") == 2  # once when its size was asked


@pytest.mark.parametrize("flies", [True, False])
def test_ctrl_c_ends_it_and_closes_its_file(flies):
    camera = blob()
    scan = burst(camera, exposure=30) if flies else obtura.loopscan(2, 30, camera, run=False)
    interrupted(scan, 2.5)
    assert camera.ophyd_device.pattern_generator._file is None
    began = "complete()" if flies else "trigger()"
    assert [exchange.error[:14] for exchange in camera.trace if exchange.sent == began] == ["CancelledError"]
    assert linked(scan).shape == (0, 240, 320)
    assert obtura.loopscan(1, 0.01, camera).get_data("blob").shape == (1, 240, 320)


def test_a_frame_that_does_not_come_is_named():
    pattern = Pattern()
    pattern.stuck = True
    with pytest.raises(DeviceTimeoutError, match="was asked for frame 0 and has not given it .* tell of 0 frames"):
        obtura.loopscan(1, 0.01, blob(pattern, timeout=0.3))


def test_what_goes_wrong_when_it_flies_is_told():
    class Broken(Pattern):
        async def write_images_to_file(self):
            self._update_images_written(3)
            raise RuntimeError("no buffers left")

    with pytest.raises(DeviceError, match="blob.complete: SimBlobDetector b ended with RuntimeError: no buffers left"):
        burst(blob(Broken())).run()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: OphydCamera("c", ophyd.sim.det1), "c: a SynGauss writes no frames of its own"),
        (lambda: blob(shape=(3, 4)), "blob: shape and dtype of a frame are given together"),
        (lambda: blob(shape=(3, 4), dtype="nonsense"), "blob: dtype must be one of numpy"),
        (lambda: blob().take(), "blob writes its frames into files itself: take one with ct"),
        (lambda: burst(blob(wire="TTL")).run(), "blob: wire must be one of INTERNAL, EXTERNAL_EDGE"),
    ],
)
def test_what_can_not_be_is_refused_in_plain_words(make, told):
    with pytest.raises(UsageError) as error:
        make()
    assert str(error.value).startswith(told)


def test_a_key_that_is_no_frame_is_named_with_those_that_are_there():
    with pytest.raises(
        DeviceError, match=r"b writes no frames b-sum .it describes: b of \(240, 320\), b-sum of \(\)\)"
    ):
        obtura.loopscan(1, 0.01, blob(key="b-sum"))


def test_a_detector_without_a_path_is_told_what_to_do():
    with pytest.raises(DeviceError, match="use an OphydCamera, or give a path_provider of your own"):
        obtura.loopscan(1, 0.01, OphydDetector("d", BLOB))


def test_it_is_looked_at_without_being_told_anything(monkeypatch):
    camera = blob()
    monkeypatch.setattr(looking, "_looking", True)
    assert "asked for its size by a scan" in camera.__info__()
    with pytest.raises(DeviceError, match="this is read-only"):
        _ = camera.image.shape
    assert not camera.trace
