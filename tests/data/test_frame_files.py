"""Frames of cameras in files of their own, linked from the entry."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from frame_stream import SHAPE, camera, frames, images, points_of, record_frames
from scan_stream import axis, began, channel, ended, hand, record, rows, saving_in, say, timer

from obtura.data.disk import free_bytes
from obtura.data.frames import FrameSeries
from obtura.data.layout import scan_file
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import Points


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


# -- layout -----------------------------------------------------------------------------------------------


def test_frames_are_in_a_file_of_their_own_a_chunk_each_and_the_entry_links_to_them(saving):
    record_frames(saving, *rows(0, [0.0, 0.1, 0.2]), *points_of(1, 2), Points(1, 2, frames(1, 2)))
    assert os.listdir(images(saving)) == ["camera.h5"]
    with h5py.File(images(saving) / "camera.h5") as own:
        dataset = own["12.1/instrument/camera/data"]
        assert (dataset.dtype, dataset.chunks, dataset.maxshape) == (np.dtype("uint16"), (1, 3, 5), (None, 3, 5))
        assert dataset.attrs["channel"] == "camera:image" and dataset.attrs["interpretation"] == "image"
    with h5py.File(saving.filename) as master:
        entry = master["12.1"]
        for path in ("measurement/camera", "instrument/camera/data", "plot_camera/camera"):
            assert np.array_equal(entry[path][:], frames(3)), path
        link = entry["measurement"].get("camera", getlink=True)
        assert link.filename == "scan0012/camera.h5", "relative, so that all can be moved together"
        assert entry["instrument/camera"].attrs["NX_class"] == "NXdetector"
        plot = entry["plot_camera"]
        assert plot.attrs["NX_class"] == "NXdata" and plot.attrs["signal"] == "camera"
        assert plot.attrs["interpretation"] == "image"
        assert list(plot.attrs["axes"]) == ["elapsed_time", ".", "."]


def test_frames_in_a_place_of_their_own_are_linked_by_their_whole_path(saving, tmp_path):
    saving.images_path_relative = False
    saving.images_path_template = f"{tmp_path}/fast/scan{{scan_number}}"
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1))
    assert (tmp_path / "fast" / "scan0012" / "camera.h5").exists()
    with h5py.File(saving.filename) as master:
        measurement = master["12.1/measurement"]
        assert measurement.get("camera", getlink=True).filename == f"{tmp_path}/fast/scan0012/camera.h5"
        assert np.array_equal(measurement["camera"][:], frames(1))


def test_each_disk_must_have_room_for_what_goes_there(saving, tmp_path, monkeypatch):
    fast = tmp_path / "fast"
    saving.images_path_relative, saving.images_path_template = False, f"{fast}/scan{{scan_number}}"
    monkeypatch.setattr("obtura.data.saver.disk_of", lambda path: fast in path.parents)
    full = {True: 60_000_000, False: 1_000_000_000}
    monkeypatch.setattr("obtura.data.saver.free_bytes", lambda path: full[fast in path.parents])
    with pytest.raises(SavingError, match=f"{fast}/scan0012/camera.h5: the disk is too small: .* about 30 MB"):
        record_frames(saving, npoints=1_000_000)
    full[True] = 1_000_000_000
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1), npoints=1_000_000)


def test_the_file_of_the_frames_alone_leads_a_viewer_to_them(saving):
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1))
    with h5py.File(images(saving) / "camera.h5") as own:
        plot = own[own.attrs["default"]]
        assert own.attrs["NX_class"] == "NXroot" and plot.attrs["NX_class"] == "NXentry"
        plot = plot[plot.attrs["default"]]
        assert np.array_equal(plot[plot.attrs["signal"]][:], frames(1))


def test_frames_are_plotted_over_the_axis_that_moved(saving):
    points = [*rows(0, [0.0, 0.1], [5.0, 6.0]), *points_of(2, 2)]
    record_frames(saving, *points, channels=(timer(), axis("roby"), camera()), title="ascan")
    with h5py.File(saving.filename) as master:
        assert list(master["12.1/plot_camera"].attrs["axes"]) == ["roby", ".", "."]
        assert master["12.1/plot_camera/roby"][:].tolist() == [5.0, 6.0]


def test_all_can_be_moved_to_another_place(saving, tmp_path):
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1))
    shutil.move(saving.root_path, tmp_path / "elsewhere")
    with h5py.File(tmp_path / "elsewhere" / "data.h5") as master:
        assert np.array_equal(master["12.1/measurement/camera"][:], frames(1))


def test_what_a_camera_says_of_itself_stands_beside_its_frames(saving):
    record_frames(saving, metadata={"camera": {"exposure": 0.5}})
    with h5py.File(saving.filename) as master:
        assert sorted(master["12.1/instrument/camera"]) == ["data", "exposure"]


def test_two_cameras_have_a_file_each_and_one_with_two_kinds_of_frames_has_one(saving):
    other = channel("other:diffraction", shape=(2, 2)), channel("other:fluorescence", shape=(2, 2))
    record_frames(saving, channels=(timer(), camera(), *other))
    assert sorted(os.listdir(images(saving))) == ["camera.h5", "other.h5"]
    with h5py.File(saving.filename) as master:
        found = [name for name in master["12.1/measurement"]]
        assert found == ["elapsed_time", "camera", "diffraction", "fluorescence"]


def test_cameras_of_two_top_masters_and_prefixes_that_do_not_tell_them_apart_are_no_matter(saving):
    saving.images_prefix = "frames"
    channels = (timer(), camera(), timer(branch=1), camera(branch=1))
    points = [*rows(0, [0.0]), *points_of(1, 1), Points(2, 0, (0.0,)), *points_of(3, 2)]
    record_frames(saving, *points, channels=channels, branches=("timer", "other"))
    assert sorted(os.listdir(images(saving))) == ["frames.h5", "frames_2.h5"]
    with h5py.File(saving.filename) as master:
        assert [len(master[f"12.{branch}/measurement/camera"]) for branch in (1, 2)] == [1, 2]


def test_where_frames_go_follows_the_templates(saving):
    saving.add("sample", "quartz")
    saving.images_path_template = "{sample}/{scan_name}_{scan_number}"
    saving.images_prefix = "{img_acq_device}_{user_name}_"
    saving.scan_number_format = "%d"
    assert saving.images_path.endswith("/data/quartz/{scan_name}_{scan_number}/{img_acq_device}_seb_")
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1))
    path = Path(saving.root_path) / "data" / "quartz" / "loopscan_12" / "camera_seb.h5"
    assert path.exists() and str(path) == saving.images_file(12, "loopscan", "camera")
    with h5py.File(saving.filename) as master:
        assert np.array_equal(master["12.1/measurement/camera"][:], frames(1))


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("images_path_template", "../x", "must stay inside base_path"),
        ("images_path_template", "/tmp", "must stay inside base_path"),
        ("images_path_template", "{scan_nr}", "did you mean 'scan_number'"),
        ("images_prefix", "a/b", "must be the name of a file"),
        ("template", "{scan_number}", "is known in a scan only"),
    ],
)
def test_templates_that_lead_nowhere_are_refused_before_the_scan(saving, setting, value, message):
    setattr(saving, setting, value)
    saver = HDF5Saver(saving)
    with pytest.raises(UsageError, match=message):
        saver.open(began(timer(), camera()), say)
    saver.close()
    assert not images(saving_in(saving.base_path)).exists()


# -- not saved --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["scan", "SCAN_SAVING"])
def test_without_save_images_all_but_the_frames_is_saved(saving, where):
    options = {"save_images": False} if where == "scan" else {}
    saving.save_images = where == "scan"
    saver = HDF5Saver(saving)
    beginning = began(timer(), camera(), channel("camera:spot_sum"), **options)
    record(saver, beginning, *rows(0, [0.0]), Points(2, 0, (7.0,)))
    assert saver.takes_frames is False and saver.frames(1) is None
    assert not images(saving).exists()
    with h5py.File(saving.filename) as master:
        assert list(master["12.1/measurement"]) == ["elapsed_time", "spot_sum"]
        assert "plot_camera" not in master["12.1"]


# -- what is missing --------------------------------------------------------------------------------------


def test_an_iteration_that_was_cut_leaves_no_frame_without_its_row(saving):
    cut = [*rows(0, [0.0, 0.1]), *points_of(1, 3)]
    record_frames(saving, *cut, end=ended("USER_ABORT"))
    with h5py.File(saving.filename) as master:
        assert [len(each) for each in master["12.1/measurement"].values()] == [2, 2]


def test_a_camera_that_gives_one_frame_more_loses_none(saving):
    record_frames(saving, *rows(0, [0.0, 0.1]), *points_of(1, 3))
    with h5py.File(saving.filename) as master:
        assert [len(each) for each in master["12.1/measurement"].values()] == [2, 3]


def test_a_camera_that_gives_fewer_frames_than_points_fails_the_scan(saving):
    with pytest.raises(SavingError, match=r"camera:image gave 1 frames for 3 points"):
        record_frames(saving, *rows(0, [0.0, 0.1, 0.2]), *points_of(1, 1))
    with h5py.File(saving.filename) as master:
        entry = master["12.1"]
        assert entry["end_reason"].asstr()[()] == "FAILURE"
        assert "1 frames for 3 points" in entry["end_message"].asstr()[()]
        assert [len(each) for each in entry["measurement"].values()] == [3, 1], "what there is is kept"


def test_frames_that_did_not_get_into_the_file_fail_the_scan(saving, monkeypatch):
    whole = FrameSeries.write

    def without_the_last(series, upto):
        whole(series, upto - 1)
        if upto == 3 and series.place.is_open:
            series.place.dataset.set_extent((3, *SHAPE))
            series.count = 3

    monkeypatch.setattr(FrameSeries, "write", without_the_last)
    with pytest.raises(SavingError, match=r"camera\.h5: 3 frames of camera:image were written, 2 are there"):
        record_frames(saving, *rows(0, [0.0, 0.1, 0.2]), *points_of(1, 3))
    with h5py.File(saving.filename) as master:
        assert master["12.1/end_reason"].asstr()[()] == "FAILURE"


def test_frames_whose_file_was_removed_fail_the_scan(saving):
    saver = HDF5Saver(saving)
    saver.open(began(timer(), camera()), say)
    hand(saver, [*rows(0, [0.0]), *points_of(1, 1)])
    (images(saving) / "camera.h5").unlink()
    with pytest.raises(SavingError, match=r"camera\.h5 was removed.*these frames are not on the disk"):
        hand(saver, [*rows(1, [0.1]), *points_of(1, 1, first=1)])
    saver.close()
    with h5py.File(saving.filename) as master:
        assert master["12.1/measurement/elapsed_time"][:].tolist() == [0.0, 0.1]
        assert master["12.1/end_reason"].asstr()[()] == "FAILURE"


def test_a_disk_too_small_for_the_frames_refuses_the_scan(saving, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=60_000_000))
    assert free_bytes(Path("/")) == 60_000_000
    saver = HDF5Saver(saving)
    with pytest.raises(SavingError, match="the disk is too small: this scan needs about 80.*MB"):
        saver.open(began(timer(), channel("c:image", shape=(1000, 1000)), npoints=10), say)
    saver.close()
    assert not images(saving).exists()


def test_a_scan_that_was_refused_leaves_no_frames_behind(saving):
    scan_file(Path(saving.filename), 12).parent.mkdir(parents=True)
    scan_file(Path(saving.filename), 12).write_bytes(b"precious")
    saver = HDF5Saver(saving)
    with pytest.raises(SavingError, match="exists already"):
        saver.open(began(timer(), camera()), say)
    saver.close()
    assert not images(saving).exists()


def test_frames_of_another_scan_are_not_overwritten(saving):
    images(saving).mkdir(parents=True)
    (images(saving) / "camera.h5").write_bytes(b"precious")
    saver = HDF5Saver(saving)
    with pytest.raises(SavingError, match=r"camera\.h5 exists already"):
        saver.open(began(timer(), camera()), say)
    saver.close()
    assert (images(saving) / "camera.h5").read_bytes() == b"precious"
    assert not scan_file(Path(saving.filename), 12).exists()
