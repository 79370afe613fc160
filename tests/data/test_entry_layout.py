"""What is where in a scan's file."""

import json
import platform
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from pint import Quantity
from scan_stream import PresetInfo, axis, began, channel, ended, hook, record, rows, saving_in, say, timer

from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError
from obtura.ground.events import Points
from obtura.works.clock import virtual_time


@pytest.fixture
def saved(tmp_path):
    """Record a scan and open its master."""
    opened = []

    def save(beginning, *events, end=None):
        saving = saving_in(tmp_path)
        with virtual_time(beginning.start_time.timestamp()):
            record(HDF5Saver(saving), beginning, *events, end=end)
        opened.append(h5py.File(saving.filename))
        return opened[-1]

    yield save
    for file in opened:
        file.close()


def text(dataset):
    return dataset.asstr()[()]


def classes(group):
    return {name: each.attrs.get("NX_class") for name, each in group.items() if isinstance(each, h5py.Group)}


def test_an_entry_says_what_when_who_and_how_it_ended(saved):
    entry = saved(began(), *rows(0, [0.0], [4.0]), end=ended("FAILURE", "diode: no answer"))["12.1"]
    assert entry.attrs["NX_class"] == "NXentry"
    assert text(entry["title"]) == "loopscan 2 0.1"
    assert text(entry["start_time"]) == "2019-03-13T11:06:11+01:00"
    assert text(entry["end_time"]) == "2019-03-13T11:06:20.830967+01:00"
    assert text(entry["end_reason"]) == "FAILURE"
    assert text(entry["end_message"]) == "diode: no answer"
    assert text(entry["user/name"]) == "seb" and entry["user"].attrs["NX_class"] == "NXuser"
    assert text(entry["session"]) == "demo"
    assert text(entry["program_name"]) == "obtura"


def test_times_are_iso_8601_with_a_zone_also_when_given_without(saved):
    entry = saved(began()._replace(start_time=datetime(2019, 3, 13, 11, 6, 11)))["12.1"]
    moment = datetime.fromisoformat(text(entry["start_time"]))
    assert moment == datetime(2019, 3, 13, 11, 6, 11).astimezone()
    assert moment.tzinfo is not None


def test_the_versions_of_what_wrote_it_are_kept(saved):
    program = dict(saved(began())["12.1/program_name"].attrs)
    assert program.pop("version")
    assert program == {
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
        "h5py_version": h5py.__version__,
        "hdf5_version": h5py.version.hdf5_version,
        "platform": platform.platform(),
    }


def test_a_counter_is_a_detector_an_axis_a_positioner_and_both_are_in_measurement(saved):
    beginning = began(timer(), axis("roby"), channel("simulation:diode", unit="A"), title="ascan roby 0 1 1 0.1")
    entry = saved(beginning, *rows(0, [0.0, 0.1], [5.0, 6.0], [1.0, 2.0]))["12.1"]
    instrument = entry["instrument"]
    assert classes(instrument) == {
        "elapsed_time": "NXdetector",
        "roby": "NXpositioner",
        "diode": "NXdetector",
        "positioners_start": "NXcollection",
        "positioners_end": "NXcollection",
    }
    assert list(entry["measurement"]) == ["elapsed_time", "roby", "diode"], "in the order of the chain"
    for name, path, values, unit in [
        ("elapsed_time", "elapsed_time/data", [0.0, 0.1], "s"),
        ("roby", "roby/value", [5.0, 6.0], "mm"),
        ("diode", "diode/data", [1.0, 2.0], "A"),
    ]:
        assert entry["measurement"][name] == instrument[path], "a link, no copy"
        assert instrument[path][:].tolist() == values
        assert instrument[path].attrs["units"] == unit
        assert instrument[path].attrs["target"] == f"/12.1/instrument/{path}", "where it is itself"
    assert instrument["diode/data"].attrs["channel"] == "simulation:diode"


def test_the_positions_of_all_axes_at_start_and_end_are_kept(saved):
    instrument = saved(began(), end=ended(roby=3.5, robz=-1.0))["12.1/instrument"]
    start, end = instrument["positioners_start"], instrument["positioners_end"]
    assert {name: each[()] for name, each in start.items()} == {"roby": 1.5, "robz": -2.0}
    assert {name: each[()] for name, each in end.items()} == {"roby": 3.5, "robz": -1.0}
    assert start["roby"].attrs["units"] == end["roby"].attrs["units"] == "mm"
    assert "units" not in start["robz"].attrs


def test_a_position_that_is_not_known_at_the_end_is_nan(saved):
    assert np.isnan(saved(began(), end=ended(other=1.0))["12.1/instrument/positioners_end/roby"][()])


def test_the_presets_that_were_active_are_kept(saved):
    presets = (
        PresetInfo("ShutterPreset", "chain", 0, {"shutter": "sh1", "per_point": "True"}),
        PresetInfo("WaitForBeam", "scan", None, {"minimum": "0.5"}),
        PresetInfo("ShutterPreset", "scan", None, {}),
    )
    group = saved(began(presets=presets))["12.1/presets"]
    assert list(group) == ["ShutterPreset", "WaitForBeam", "ShutterPreset_2"]
    shutter = group["ShutterPreset"]
    assert (text(shutter["name"]), text(shutter["level"]), shutter["branch"][()]) == ("ShutterPreset", "chain", 1)
    assert {name: text(each) for name, each in shutter["parameters"].items()} == {"shutter": "sh1", "per_point": "True"}
    assert group["WaitForBeam/branch"][()] == 0, "none"
    assert text(group["ShutterPreset_2/name"]) == "ShutterPreset"


def test_every_hook_call_is_kept(saved):
    with virtual_time() as time:
        now = time.time()
    calls = [
        hook("Preset", "prepare", now + 9.5, 9.0),
        hook("Preset.Iterator", "start", now + 10.0, 0.25, branch=0, point=3),
        hook("Preset", "stop", now + 11.0, 0.5, error="DeviceError: stuck"),
    ]
    table = saved(began(), *calls)["12.1/hooks"]
    names = table["names"].asstr()[:]
    assert [names[index] for index in table["owner"]] == ["Preset", "Preset.Iterator", "Preset"]
    assert [names[index] for index in table["hook"]] == ["prepare", "start", "stop"]
    assert table["branch"][:].tolist() == [0, 1, 0]
    assert table["point"][:].tolist() == [-1, 3, -1]
    assert table["start"][:] == pytest.approx([0.5, 9.75, 10.5])
    assert table["seconds"][:].tolist() == [9.0, 0.25, 0.5]
    assert table["error"][:2].tolist() == [-1, -1]
    assert names[table["error"][2]] == "DeviceError: stuck"
    assert table["seconds"].attrs["units"] == "s"


def test_scan_info_is_json_that_other_programs_read(saved):
    beginning = began(
        count_time=0.1,
        positions=np.array([1.0, np.nan]),
        nested={"a": (1, np.int64(2)), 3: {"x"}},
        when=datetime(2019, 3, 13),
        odd=object,
    )
    info = json.loads(text(saved(beginning)["12.1/scan_info"]), parse_constant=pytest.fail)
    assert info["name"] == "loopscan" and info["count_time"] == 0.1
    assert info["positions"] == [1.0, "nan"]
    assert info["nested"] == {"a": [1, 2], "3": ["x"]}
    assert info["when"].startswith("2019-03-13T00:00:00")
    assert info["odd"] == "<class 'object'>"


def test_metadata_of_devices_goes_into_their_groups(saved):
    metadata = {
        "diode": {"gain": 3, "range": "1 nA", "data": "taken already", "nothing": None},
        "filters": {"@NX_class": "NXattenuator", "thickness": np.arange(3), "names": ["a", "bµ"], "on": True},
        "empty": {},
    }
    instrument = saved(began(metadata=metadata), *rows(0, [0.0], [4.0]))["12.1/instrument"]
    assert instrument["diode/gain"][()] == 3
    assert text(instrument["diode/range"]) == "1 nA"
    assert text(instrument["diode/data_2"]) == "taken already"
    assert instrument["diode/data"][:].tolist() == [4.0]
    filters = instrument["filters"]
    assert filters.attrs["NX_class"] == "NXattenuator"
    assert filters["thickness"][:].tolist() == [0, 1, 2]
    assert filters["names"].asstr()[:].tolist() == ["a", "bµ"]
    assert filters["on"][()]
    assert "nothing" not in instrument["diode"] and "empty" not in instrument


@pytest.mark.parametrize(
    "value",
    [
        *("", "a\0b", "\udc80", "µ" * 5000, b"x", 2**70, 1j, np.nan, object, np.datetime64("2019-03-13")),
        *([], [[1], [2, 3]], [None, 1], np.zeros((2, 0, 3))),
        *({}, {"": 1, "/": 2, "..": 3}, {"@units": "mm", "value": 3}, {1: {2: {3: 4}}}),
    ],
    ids=repr,
)
def test_no_metadata_is_too_odd_to_be_saved(saved, value):
    instrument = saved(began(metadata={"box": {"odd": value}}))["12.1/instrument"]
    assert "odd" in instrument["box"]


def test_names_that_clash_are_written_in_full(saved):
    channels = [channel("one:diode"), channel("two:diode"), channel("one:other"), channel("x:positioners_start")]
    entry = saved(began(*channels), *rows(0, [1.0], [2.0], [3.0], [4.0]))["12.1"]
    assert list(entry["measurement"]) == ["one_diode", "two_diode", "other", "positioners_start_2"]
    assert entry["instrument/two_diode/data"][0] == 2.0


@pytest.mark.parametrize("name", ["a b/c", "..", ".", "", "µ-Strom (1)", "x\0y", "1.5 keV"])
def test_any_name_of_a_counter_is_made_fit(saved, name):
    entry = saved(began(channel("box:" + name)), *rows(0, [4.0]))["12.1"]
    (column,) = entry["measurement"].values()
    assert column[:].tolist() == [4.0]
    assert len(entry["instrument"]) == 3


# -- the plot ---------------------------------------------------------------------------------------------


def test_a_viewer_is_led_to_the_first_counter_over_the_axis(saved):
    beginning = began(timer(), axis("roby"), channel("s:a"), channel("s:b"), channel("s:c"), title="ascan roby 0 1 1 1")
    file = saved(beginning, *rows(0, [0.0], [5.0], [1.0], [2.0], [3.0]))
    plot = file[file.attrs["default"]][file["12.1"].attrs["default"]]
    assert plot.attrs["NX_class"] == "NXdata"
    assert plot.attrs["signal"] == "a"
    assert list(plot.attrs["axes"]) == ["roby"]
    assert list(plot.attrs["auxiliary_signals"]) == ["b", "c"]
    assert text(plot["title"]) == "ascan roby 0 1 1 1"
    assert {name: each[:].tolist() for name, each in plot.items() if name != "title"} == {
        "roby": [5.0],
        "a": [1.0],
        "b": [2.0],
        "c": [3.0],
    }
    own = file["12.1"].file
    assert own.attrs["default"] == "12.1", "the scan's own file alone leads there, too"


def test_without_an_axis_the_counter_is_plotted_over_time(saved):
    plot = saved(began())["12.1/plot"]
    assert list(plot.attrs["axes"]) == ["elapsed_time"]
    assert "auxiliary_signals" not in plot.attrs


def test_a_mesh_is_plotted_over_both_axes(saved):
    beginning = began(axis("roby"), axis("robz"), channel("s:diode"), title="amesh", data_dim=2)
    assert list(saved(beginning)["12.1/plot"].attrs["axes"]) == ["roby", "robz"]


def test_a2scan_is_plotted_over_its_first_axis(saved):
    beginning = began(axis("roby"), axis("robz"), channel("s:diode"), title="a2scan")
    assert list(saved(beginning)["12.1/plot"].attrs["axes"]) == ["roby"]


def test_a_spectrum_is_plotted_when_there_is_nothing_smaller(saved):
    beginning = began(timer(), channel("mca:spectrum", shape=(4,)))
    points = [Points(0, 0, (0.0,)), Points(1, 0, np.arange(4.0)[np.newaxis])]
    plot = saved(beginning, *points)["12.1/plot"]
    assert plot.attrs["signal"] == "spectrum"
    assert plot.attrs["interpretation"] == "spectrum"
    assert list(plot.attrs["axes"]) == ["elapsed_time", "."]
    assert plot["spectrum"][0].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_what_comes_at_its_own_pace_is_plotted_when_there_is_nothing_else(saved):
    channels = [channel("oven:scans", per_point=False), channel("oven:temperature", per_point=False)]
    plot = saved(began(*channels), *rows(0, [1.0, 2.0], [300.0]))["12.1/plot"]
    assert plot.attrs["signal"] == "scans" and list(plot.attrs["axes"]) == ["."]


def test_a_plot_has_the_title_of_the_scan_unless_a_counter_is_called_so(saved):
    plot = saved(began(channel("s:title")), *rows(0, [1.0]))["12.1/plot"]
    assert plot.attrs["signal"] == "title" and plot["title"][:].tolist() == [1.0]


def test_a_quantity_of_metadata_keeps_its_unit(saved):
    oven = saved(began(metadata={"oven": {"setpoint": Quantity(300.0, "K")}}))["12.1/instrument/oven"]
    assert oven["setpoint"][()] == 300.0 and oven["setpoint"].attrs["units"] == "K"


def test_without_counters_there_is_no_plot(saved):
    entry = saved(began(timer(), axis("roby")))["12.1"]
    assert "plot" not in entry and "default" not in entry.attrs


# -- two top-masters, kinds of values -------------------------------------------------------------------------


def test_each_top_master_has_an_entry_in_one_file_and_they_share_what_is_the_scans(saved, tmp_path):
    channels = [timer(), channel("s:diode"), timer(branch=1), channel("s:slow", branch=1)]
    metadata = {"s": {"both": 1}}
    calls = [hook("Preset", "start", 1.0, 0.1)]
    beginning = began(*channels, branches=("timer", "other"), metadata=metadata)
    file = saved(beginning, *rows(0, [0.0, 1.0], [1.0, 2.0], [0.5], [3.0]), *calls)
    one, two = file["12.1"], file["12.2"]
    assert one["measurement/diode"][:].tolist() == [1.0, 2.0]
    assert list(two["measurement"]) == ["elapsed_time", "slow"]
    assert two["measurement/slow"][:].tolist() == [3.0]
    assert text(two["end_reason"]) == "SUCCESS"
    for name in ("title", "hooks", "presets", "scan_info", "user", "instrument/positioners_end"):
        assert one[name] == two[name], name
        assert two[name].attrs["target"] == f"/12.1/{name}"
    assert two["plot"].attrs["signal"] == "slow"
    assert [path.name for path in (tmp_path / "demo" / "data").glob("*.h5")] == ["scan0012.h5"]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int64", 2**60 + 1), ("uint8", 255), ("bool", True), ("complex128", 1 + 2j), ("float32", 0.5), ("int16", -1)],
)
def test_values_keep_their_type(saved, dtype, value):
    points = Points(0, 0, np.array([value], dtype))
    dataset = saved(began(channel("s:c", dtype=dtype)), points)["12.1/measurement/c"]
    assert dataset.dtype == np.dtype(dtype)
    assert dataset[0] == value


def test_points_of_any_shape_are_saved(saved):
    frames = np.arange(2 * 3 * 5).reshape(2, 3, 5)
    file = saved(
        began(channel("cam:image", shape=(3, 5), dtype="int32")), Points(0, 0, frames[:1]), Points(0, 1, frames[1:])
    )
    assert file["12.1/measurement/cam"][:].tolist() == frames.tolist()


@pytest.mark.parametrize("dtype", ["object", "str_", "datetime64[s]", "bytes80"])
def test_values_that_are_no_numbers_are_refused_before_the_scan(tmp_path, dtype):
    saver = HDF5Saver(saving_in(tmp_path))
    with pytest.raises(SavingError, match=r"channel s:c:.*can't be saved"):
        saver.open(began(channel("s:c", dtype=dtype)), say)
    saver.close()
    assert [path.name for path in tmp_path.rglob("*.h5*")] == []


def test_chunks_hold_at_most_1024_scalars_and_few_in_short_scans(saved):
    channels = [channel("s:long"), channel("s:spectrum", shape=(100,)), channel("s:frame", shape=(64, 64))]
    entry = saved(began(*channels, npoints=0))["12.1/measurement"]
    assert [entry[name].chunks for name in ("long", "spectrum", "frame")] == [(1024,), (10, 100), (1, 64, 64)]


def test_chunks_of_a_short_scan_are_short(saved):
    assert saved(began(npoints=2))["12.1/measurement/diode"].chunks == (64,)


def test_the_format_is_old_enough_for_every_hdf5_since_1_10(saved, tmp_path):
    saved(began(), *rows(0, [0.0], [1.0]))
    head = (tmp_path / "demo" / "data" / "scan0012.h5").read_bytes()[:9]
    assert head == b"\x89HDF\r\n\x1a\n" + bytes([3]), "superblock version 3"
    assert Path(saving_in(tmp_path).filename).read_bytes()[8] <= 3
