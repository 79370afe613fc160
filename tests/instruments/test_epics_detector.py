"""A camera of areaDetector, on a simulation that was written from the documents of areaDetector."""

import os

import numpy as np
import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from detectors import entry_of, fault, hardware, is_quiet
from motors import wait_until

import obtura
from obtura.ground.errors import (
    DeviceBusyError,
    DeviceError,
    DeviceTimeoutError,
    SavingError,
    UsageError,
)
from obtura.instruments.epics import AreaDetector, connect


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def looker(beamline):
    made = AreaDetector("eye", "T:cam1:", array="T:image1:", rois={"corner": [0, 0, 1, 1]}, timeout=3.0)
    connect(made)
    fault("fine")
    return made


# -- frames in a file of the detector's own -------------------------------------------------------------------


def test_frames_are_linked_from_the_entry_and_counted(camera):
    scan = obtura.loopscan(3, 0.02, camera)
    frames = scan.get_data("cam")
    assert frames.shape == (3, 12, 16)
    assert list(frames[:, 5, 5]) == [0, 1, 2]
    entry = entry_of(scan)
    link = entry["measurement"].get("cam", getlink=True)
    assert (link.filename, link.path) == ("scan0001/cam.h5", "/entry/data/data")
    assert entry["measurement/cam"].dtype == np.uint16
    assert list(entry["measurement/cam"][:, 1, 1]) == [0, 1, 2]
    assert list(entry["measurement/cam"].file["entry/instrument/NDAttributes/NDArrayUniqueId"].shape) == [3]
    assert entry["instrument/cam/data"] == entry["measurement/cam"]
    assert entry["end_reason"][()].decode() == "SUCCESS"
    wait_until(is_quiet)


def test_the_server_is_told_in_this_order(camera, beamline):
    obtura.loopscan(2, 0.02, camera)
    told = beamline.puts()
    assert told[:7] == [
        ("cam1:ImageMode", "Single"),
        ("cam1:NumImages", "1"),
        ("cam1:TriggerMode", "Internal"),
        ("cam1:AcquireTime", "0.02"),
        ("cam1:AcquirePeriod", "0.021"),
        ("cam1:ArrayCallbacks", "Enable"),
        ("cam1:ArrayCounter", "0"),
    ]
    names = [pv for pv, _ in told]
    assert ("HDF1:FileWriteMode", "Stream") in told
    assert ("HDF1:FileName", "cam") in told
    assert names.index("HDF1:Capture") < names.index("cam1:Acquire")
    assert told[-4:] == [
        ("cam1:Acquire", "Acquire"),
        ("cam1:Acquire", "Acquire"),
        ("cam1:Acquire", "Done"),
        ("HDF1:Capture", "Done"),
    ]


def test_a_shutter_opens_and_closes_around_each_frame_of_an_ascan(camera, beamline):
    axis, shutter = beamline.axis(), beamline.shutter()
    scan = obtura.ascan(axis, 0, 1, 2, 0.02, camera, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    told = beamline.puts()
    point = [("shutter", "Open"), ("cam1:Acquire", "Acquire"), ("shutter", "Closed")]
    seen = [put for put in told if put[0] in ("axis", "shutter", "cam1:Acquire")]
    assert seen == [put for x in (0.0, 0.5, 1.0) for put in (("axis", str(x)), *point)] + [("cam1:Acquire", "Done")]
    assert told.index(("HDF1:Capture", "Capture")) < told.index(("shutter", "Open"))
    assert told[-1] == ("HDF1:Capture", "Done")
    assert all(entry_of(scan)["measurement/cam"][:, 0, 0] > 5)  # it was open


def test_a_burst_is_taken_by_the_camera_itself(camera, beamline):
    scan = hardware(camera, 8)
    scan.run()
    assert len(scan.get_data("cam")) == 8
    assert list(scan.get_data("cam")[:, 3, 3]) == list(range(8))
    assert ("cam1:ImageMode", "Multiple") in beamline.puts()
    assert ("cam1:NumImages", "8") in beamline.puts()
    assert len(entry_of(scan)["measurement/cam"]) == 8


def test_a_wire_is_its_external_trigger(beamline):
    camera = AreaDetector("cam", "T:cam1:", "T:HDF1:", wire="External")
    connect(camera)
    hardware(camera, 2).run()
    assert ("cam1:TriggerMode", "External") in beamline.puts()


def test_without_saving_frames_are_counted_and_no_file_is_written(camera, beamline):
    scan = obtura.loopscan(2, 0.02, camera, save=False)
    assert len(scan.get_data("cam")) == 2
    with pytest.raises(LookupError, match="not there any more; they were not saved"):
        scan.get_data("cam")[0]
    assert not [pv for pv, _ in beamline.puts() if pv.startswith("HDF1")]


def test_counters_of_regions_are_refused_where_frames_go_past(camera):
    camera.roi_counters["spot"] = 0, 0, 2, 2
    with pytest.raises(
        UsageError, match=r"cam:spot_sum is worked out from frames, and cam writes its frames into a file"
    ):
        obtura.loopscan(2, 0.02, camera.counters["spot_sum"])
    with pytest.raises(UsageError, match="have regions counted by the IOC"):
        AreaDetector("cam", "T:cam1:", "T:HDF1:", rois={"spot": [0, 0, 2, 2]})
    with pytest.raises(UsageError, match="which plugin its frames go through"):
        AreaDetector("cam", "T:cam1:")


def test_the_ioc_may_call_directories_otherwise(beamline, tmp_path):
    there = tmp_path / "there"
    os.symlink(tmp_path, there)
    camera = AreaDetector("cam", "T:cam1:", "T:HDF1:", seen_as={str(tmp_path / "scans"): f"{there}/scans"})
    connect(camera)
    fault("fine")
    scan = obtura.loopscan(2, 0.02, camera)
    assert ("HDF1:FilePath", f"{there}/scans/data/scan0001/") in beamline.puts()
    assert len(scan.get_data("cam")[:]) == 2


WRONG = {
    "drop 1": r"cam: its file plugin dropped 1 frames, 1 are written \(PV T:HDF1:DroppedArrays_RBV\)",
    "write 1": r"cam: its file plugin can't write \(PV T:HDF1:WriteStatus\): ERROR Failed to write NDArray: No space",
    "close": r"cam: its file plugin can't write \(PV T:HDF1:WriteStatus\): Error closing file: No space left",
    "back 1": r"cam: it had 1 frames, and now has 0; was its IOC started anew",
    "lost 1": r"frame 1 and has not given it.*1 frames were taken, 1 are written and 0 dropped",
    "deaf": r"frame 0 and has not given it .*DetectorState_RBV is \w+, 0 frames were taken",
    "slow 5": r"frame 0 and has not given it .*DetectorState_RBV is Acquire, 0 frames were taken",
    "broken": r"cam takes no frames: T:cam1:DetectorState_RBV is Error: the sensor does not answer",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_goes_wrong_fails_the_scan_in_words_and_leaves_all_quiet(camera, words):
    camera.timeout = 1.5  # a busy computer answers late
    scan = obtura.loopscan(3, 0.02, camera, run=False)
    fault(words)
    with pytest.raises(DeviceError, match=WRONG[words]):
        scan.run()
    wait_until(is_quiet)
    assert entry_of(scan)["end_reason"][()].decode() == "FAILURE"
    fault("fine")
    assert len(obtura.loopscan(2, 0.02, camera).get_data("cam")[:]) == 2


def test_a_plugin_that_does_not_begin_is_named(beamline):
    camera = AreaDetector("cam", "T:cam1:", "T:HDF1:", answer_timeout=1.0)
    connect(camera)
    fault("nocapture")
    with pytest.raises(DeviceTimeoutError, match=r"cam.prepare failed: PV T:HDF1:Capture_RBV is 0, 1 s after"):
        obtura.loopscan(2, 0.02, camera)
    wait_until(is_quiet)
    fault("fine")


def test_a_directory_that_the_ioc_does_not_find_is_named(beamline, tmp_path):
    camera = AreaDetector("cam", "T:cam1:", "T:HDF1:", seen_as={str(tmp_path): "/nowhere"})
    good = AreaDetector("good", "T:cam1:", "T:HDF1:")
    connect(camera, good)
    obtura.loopscan(1, 0.02, good)
    with pytest.raises(DeviceError, match=r"the IOC does not find /nowhere/scans/data/scan0002 .*seen_as") as raised:
        obtura.loopscan(2, 0.02, camera)
    assert not any("its frames are in" in note for note in raised.value.__notes__)  # the file of the scan before
    wait_until(is_quiet)


def test_a_file_that_is_there_is_not_overwritten(camera, tmp_path):
    for number in (1, 2):
        there = tmp_path / f"scans/data/scan{number:04}/cam.h5"
        there.parent.mkdir(parents=True)
        there.write_text("mine")
    with pytest.raises((DeviceError, SavingError), match=r"cam.h5.* exists already"):
        obtura.loopscan(2, 0.02, camera)


def test_frames_that_are_not_in_the_file_fail_the_scan(camera, monkeypatch):
    trigger, written, triggers = camera.driver.trigger, camera.driver.written, []

    def trigger_two():
        triggers.append(True)
        if len(triggers) < 3:
            trigger()

    monkeypatch.setattr(camera.driver, "trigger", trigger_two)
    monkeypatch.setattr(camera.driver, "written", lambda wait: 3 if len(triggers) == 3 else written(wait))
    scan = obtura.loopscan(3, 0.02, camera, run=False)
    with pytest.raises(SavingError, match=r"said that it wrote 3 frames of cam:image, 2 are there"):
        scan.run()


# -- frames over EPICS ----------------------------------------------------------------------------------------


def test_frames_of_the_array_plugin_are_saved_by_obtura_with_regions(looker):
    scan = obtura.loopscan(3, 0.02, looker)
    assert list(scan.get_data("eye")[:, 5, 5]) == [0, 1, 2]
    assert list(scan.get_data("corner_sum")) == [5, 5, 5]
    assert entry_of(scan)["measurement/eye"].shape == (3, 12, 16)
    wait_until(is_quiet)


def test_frames_that_come_faster_than_they_can_be_read_are_an_error(looker):
    with pytest.raises(DeviceError, match=r"frames came at once, T:image1: keeps one|a further frame came"):
        hardware(looker, 50, 0.001).run()
    wait_until(is_quiet)


def test_a_counter_of_arrays_that_goes_back_is_an_error(looker):
    obtura.loopscan(2, 0.02, looker, save=False)  # so that it can
    fault("back 1")
    with pytest.raises(
        DeviceError, match=r"eye: T:image1:ArrayCounter_RBV went back from \d+ to 0; was its IOC started"
    ):
        obtura.loopscan(3, 0.02, looker, save=False)
    assert is_quiet()


def test_a_look_through_it(camera, looker):
    assert looker.take(0.02).shape == (12, 16)
    assert camera.take(0.02).dtype == np.uint16
    seen = []

    class Look(obtura.ScanPreset):
        def start(self, _scan):
            with pytest.raises(DeviceBusyError, match="this frame would go into it"):
                camera.take()
            seen.append(True)

    scan = obtura.loopscan(2, 0.02, camera, run=False)
    scan.add_preset(Look())
    scan.run()
    assert seen
    with pytest.raises(UsageError, match="no array plugin"):
        AreaDetector("cam", "T:cam1:", "T:HDF1:").take()
