"""A camera that writes its frames into a file itself: linked from the scan's file, and counted."""

import h5py
import numpy as np
import pytest

import obtura
from obtura.data import written_frames
from obtura.devices import Camera, CameraDriver
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import SavingError, UsageError


class Writer(CameraDriver):
    """Writes frame n full of n; of the first `kept` frames only."""

    frame_shape = (3, 4)
    dtype = np.dtype("uint16")
    inside = "/entry/data/data"
    kept = 1000

    def write_to(self, path):
        self.path = path

    def prepare(self, nframes, exposure, triggered):
        self.count = 0
        if self.path is not None:
            with h5py.File(self.path, "w") as file:
                file.create_dataset(self.inside[1:], (0, 3, 4), "u2", maxshape=(None, 3, 4), chunks=(1, 3, 4))

    def trigger(self):
        self.count += 1
        if self.path is not None and self.count <= self.kept:
            with h5py.File(self.path, "r+") as file:
                data = file[self.inside]
                data.resize(self.count, axis=0)
                data[-1] = self.count - 1

    def written(self, wait):
        return self.count

    def condition(self):
        return "it is simulated"


@pytest.fixture
def camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Camera("cam", Writer())


def test_its_frames_are_linked_and_read(camera):
    scan = obtura.loopscan(3, 0.01, camera)
    assert list(scan.get_data("cam")[:, 1, 1]) == [0, 1, 2]
    with h5py.File(scan.scan_info["filename"]) as file:
        assert file["1.1/measurement"].get("cam", getlink=True).path == Writer.inside
        assert file["1.1/plot_cam/cam"].shape == (3, 3, 4)
    assert obtura.open(scan.scan_info["filename"])[1]["cam"].shape == (3, 3, 4)


def test_who_listens_gets_the_numbers_of_the_frames(camera):
    seen = []

    class Listens(obtura.ScanPreset):
        def prepare(self, _scan):
            self.connect_data_channels([camera.image], lambda _counter, _name, data: seen.extend(data))

    scan = obtura.loopscan(3, 0.01, camera, save=False, run=False)
    scan.add_preset(Listens())
    scan.run()
    assert seen == [0, 1, 2]


def test_frames_that_are_missing_fail_the_scan(camera, monkeypatch):
    monkeypatch.setattr(written_frames, "PATIENCE", 0.0)
    camera.driver.kept = 2
    with pytest.raises(SavingError, match=r"its detector said that it wrote 3 frames of cam:image, 2 are there"):
        obtura.loopscan(3, 0.01, camera)


def test_a_channel_whose_frames_are_emitted_has_none_written():
    with pytest.raises(UsageError, match="its frames are emitted, nobody else writes them"):
        AcquisitionChannel("a:b", shape=(2, 2)).emit_written(1)
