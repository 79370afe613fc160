"""`obtura.open`: the scans of a file by number, title and time, and their columns."""

import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import SHAPE, frames
from odd_scans import DIODE, EPOCH, record_odd, record_two_branches
from processes import WITH_STREAM, line_of, python
from scan_stream import END, START, PresetInfo, began, ended, record, rows, saving_in, say

import obtura
from obtura.data.layout import scan_file
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import Position


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


@pytest.fixture
def odd(saving):
    preset = PresetInfo("ShutterPreset", "chain", 0, {"shutter": "sh1"})
    return obtura.open(record_odd(saving, presets=(preset,)))[12]


# -- which scan -------------------------------------------------------------------------------------------


def test_scans_are_had_by_number_by_entry_and_from_the_end(saving):
    record(HDF5Saver(saving), began(number=2))
    file = obtura.open(record_two_branches(saving))
    assert [file[key].name for key in (13, "13", "13.1", "13.2", -1, -2)] == ["13.1"] * 3 + ["13.2", "13.1", "2.1"]
    assert file.last.name == "13.1"
    assert [scan.name for scan in file] == ["2.1", "13.1", "13.2"]
    assert len(file) == 3
    assert 13 in file and "13.2" in file and 7 not in file
    with pytest.raises(UsageError, match="has no scan 7; there are 2, 13"):
        file[7]
    with pytest.raises(UsageError, match="has no scan -3"):
        file[-3]


def test_scans_are_found_by_title_time_and_state(saving):
    for number, title in ((1, "ascan roby 0 1"), (2, "loopscan 3 0.1"), (3, "dscan roby -1 1")):
        record(HDF5Saver(saving), began(number=number, title=title))
    scan_file(Path(saving.filename), 3).unlink()
    file = obtura.open(saving.filename)

    def found(**wanted):
        return [scan.number for scan in file.find(**wanted)]

    assert found() == [1, 2, 3]
    assert (found(title="ROBY"), found(title="*scan*3*")) == ([1], [2])
    assert (found(state="missing"), found(state="finished")) == ([3], [1, 2])
    assert found(since=START, until=START) == [1, 2]
    assert found(since="2019-03-13 10:06:12+00:00") == []
    assert found(until=datetime(2019, 3, 13, 10, 6, 10, tzinfo=UTC)) == []
    day = START.astimezone().date()
    assert found(since=day, until=day) == found(since=str(day), until=str(day)) == [1, 2]
    assert found(until=date(2019, 3, 1)) == []
    with pytest.raises(UsageError, match="since='yesterday' is no time"):
        file.find(since="yesterday")


def test_scans_that_are_added_later_are_seen(saving):
    record(HDF5Saver(saving), began(number=1))
    file = obtura.open(saving.filename)
    assert len(file) == 1
    record(HDF5Saver(saving), began(number=2))
    assert file.last.number == 2


def test_a_file_that_is_none_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        obtura.open(tmp_path / "data.h5")


def test_all_names_of_the_library_hide_nothing_of_python():
    assert "open" not in obtura.__all__
    assert "open" in dir(obtura)


# -- what is known of it ----------------------------------------------------------------------------------


def test_a_scan_says_what_is_known_of_it(odd):
    assert (odd.name, odd.number, odd.state, odd.points) == ("12.1", 12, "finished", 3)
    assert (odd.start_time, odd.end_time, odd.end_reason, odd.end_message) == (START, END, "SUCCESS", "")
    assert (odd.user, odd.session, odd.scan_info["count_time"]) == ("seb", "demo", 0.1)
    assert odd.positioners == {"roby": Position(1.5, "mm"), "robz": Position(-2.0, None)}
    assert odd.positioners_end["roby"].value == 1.0
    assert odd.presets["ShutterPreset"]["parameters"] == {"shutter": "sh1"}
    assert odd.metadata["sample"]["name"] == 'quartz\n"3/4"'
    assert odd.metadata["sample"]["list"] == ["a", "µ"]
    assert odd.metadata["devices"]["fast"] == {"gain": 3}
    assert "12.1" in repr(odd) and "SUCCESS, 3 points" in repr(odd)


def test_columns_are_arrays_of_which_only_what_is_asked_for_is_read(odd):
    assert odd[DIODE][0] == 4.0
    assert odd['s:diode, µ/"x".1'][:].tolist()[:1] == [4.0]
    column = odd["epoch"]
    assert (column.unit, column.shape, column.dtype, len(column)) == ("s", (3,), np.dtype(float), 3)
    assert np.asarray(column).tolist() == list(column) == EPOCH
    assert column[-1] == EPOCH[-1] and column[::2].tolist() == EPOCH[::2]
    assert odd["z"][0] == 1 + 2j
    assert odd["n"][1] == 2**60
    assert odd["mca"][1, 2:].tolist() == [6, 7]
    assert odd["slow"].shape == (5,)
    assert "camera" not in odd.columns
    with pytest.raises(UsageError, match=r"has no column 'epock'; did you mean 'epoch'"):
        odd["epock"]


def test_frames_are_columns_of_their_own(odd):
    camera = odd.frames["camera"]
    assert (camera.shape, camera.ndim, camera.dtype) == ((3, *SHAPE), 3, np.dtype("uint16"))
    assert (camera[1] == frames(1, 1)[0]).all()
    assert [int(frame[0, 0]) for frame in camera] == [0, 100, 200]


def test_a_scan_whose_file_is_gone_says_so_and_is_listed(odd, saving):
    camera = odd["camera"]
    camera_file = Path(odd.infos()["camera"].file)
    camera_file.unlink()
    assert "camera" not in obtura.open(saving.filename)[12]
    with pytest.raises(SavingError, match="camera can't be read"):
        camera[0]
    odd.file.unlink()
    gone = obtura.open(saving.filename)[12]
    assert (gone.state, gone.start_time, gone.points) == ("missing", None, 0)
    with pytest.raises(UsageError, match=r"scan 12.1 can't be read, its file is missing: .*scan0012.h5"):
        _ = gone.user


WRITER = (
    WITH_STREAM
    + """
from obtura.data.saver import HDF5Saver
saver = HDF5Saver(saving_in(sys.argv[1]))
saver.open(began(), say)
for first in (0, 2):
    saver.receive(list(rows(first, [0.0, 1.0], [4.0, 5.0])))
    print("written", flush=True)
    sys.stdin.readline()
"""
)


def test_a_running_scan_grows_and_one_whose_program_was_killed_keeps_what_it_has(saving, tmp_path):
    with python(WRITER, tmp_path) as writer:
        line_of(writer)
        scan = obtura.open(saving.filename).last
        diode = scan["diode"]
        assert (scan.state, scan.end_time, scan.points, len(diode)) == ("running", None, 2, 2)
        writer.stdin.write("\n")
        writer.stdin.flush()
        line_of(writer)
        assert (scan.points, diode[:].tolist(), len(scan.to_pandas())) == (4, [4.0, 5.0, 4.0, 5.0], 4)
        writer.kill()
        writer.wait()
    assert (scan.state, scan.end_reason, scan.points) == ("crashed", "", 4)
    assert list(scan.to_pandas()["diode"]) == [4.0, 5.0, 4.0, 5.0]


def test_a_scan_that_runs_in_this_process_is_read_as_well(saving):
    saver = HDF5Saver(saving)
    saver.open(began(number=4), say)
    try:
        saver.receive([*rows(0, [0.0], [4.0])])
        assert obtura.open(saving.filename).last["diode"][:].tolist() == [4.0]
    finally:
        saver.close()


# -- tables -----------------------------------------------------------------------------------------------


def test_a_data_frame_has_the_scalars_and_says_what_is_left_out(odd):
    frame = odd.to_pandas()
    assert list(frame) == ["elapsed_time", "epoch", "roby", DIODE, "z", "n"]
    assert frame.index.name == "point" and len(frame) == 3
    assert frame["n"].dtype == "int64" and frame["n"][1] == 2**60
    assert np.isnan(frame[DIODE][1])
    assert frame.attrs["units"] == {"elapsed_time": "s", "epoch": "s", "roby": "mm", DIODE: "A"}
    assert sorted(frame.attrs["left_out"]) == ["camera", "mca", "slow"]


def test_a_dataset_has_everything_with_axes_as_coordinates(odd):
    data = odd.to_xarray()
    assert list(data.coords) == ["roby"] and data["roby"].attrs["units"] == "mm"
    assert data["mca"].dims == ("point", "mca_channel")
    assert data["slow"].dims == ("slow_point",)
    assert "camera" not in data
    assert odd.to_xarray(frames=True)["camera"].dims == ("point", "camera_y", "camera_x")
    assert data.attrs["scan"] == "12.1"


def test_each_top_master_is_a_table_of_its_own(saving):
    file = obtura.open(record_two_branches(saving))
    assert [len(file[name].to_pandas()) for name in ("13.1", "13.2")] == [2, 3]
    assert file["13.2"].to_pandas()["robz"].tolist() == [5.0, 6.0, 7.0]


def test_a_scan_without_points_is_an_empty_table(saving):
    record(HDF5Saver(saving), began(number=1), end=ended("FAILURE", "no beam"))
    scan = obtura.open(saving.filename).last
    assert (len(scan.to_pandas()), list(scan.to_pandas())) == (0, ["elapsed_time", "diode"])
    assert scan.to_xarray().sizes == {"point": 0}
    assert scan.end_message == "no beam"


@pytest.mark.parametrize(("module", "method"), [("pandas", "to_pandas"), ("xarray", "to_xarray")])
def test_a_missing_extra_answers_with_the_line_to_type(odd, monkeypatch, module, method):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"this needs {module} .*pip install 'obtura\[analysis\]'"):
        getattr(odd, method)()


def test_a_file_of_somebody_else_is_read_as_far_as_it_is_alike(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["1.1/title"] = "ascan"
        file["1.1/end_reason"] = "SUCCESS"
        file["1.1/measurement/diode"] = [1.0, 2.0]
        file["1.1/measurement/word"] = ["a", "µ"]
    scan = obtura.open(path).last
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scan.to_pandas()["word"].tolist() == list(scan["word"]) == ["a", "µ"]
    assert (scan.start_time, scan.user, scan.scan_info, scan.positioners, scan.metadata) == (None, "", {}, {}, {})
