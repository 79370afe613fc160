"""Files as other people's programs see them: the NeXus definitions, and what silx would draw."""

import re

import h5py
import numpy as np
import pytest
import silx.io
from nexus_validator import complaints, complaints_of
from scan_zoo import KINDS, all_kinds
from silx.io.nxdata import get_default

from obtura.data.contents import list_entries
from obtura.session.plot_file import measured_in

KNOWN = (
    r"WARNING .*/instrument/[^/]+/data: Units of NX_ANY not specified",  # nobody has said them
    r"WARNING /[^/]+/(end_reason|end_message|session|scan_info): This field is not defined in NXentry",
    r"WARNING .*/instrument/camera/(readout_time|binning): This field is not defined in NXdetector",  # it says so
    r"WARNING .*/said_\w+: This field is not defined in NX\w+",  # the user's own words
)
"""What it warns of, rightly, and what has to be so. There is no error among them."""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """Scans of all kinds, once for all tests."""
    return all_kinds(tmp_path_factory.mktemp("zoo"))


@pytest.fixture
def entry(zoo):
    """The entry of a kind of scan, in its own file."""
    opened = []

    def of(kind, branch=1):
        scan = zoo.scans[kind]
        opened.append(h5py.File(zoo.file(scan)))
        return opened[-1][f"{scan.scan_number}.{branch}"]

    yield of
    for file in opened:
        file.close()


# -- the definitions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_of_every_kind_is_as_the_nexus_definitions_want_it(zoo, kind):
    assert [line for line in complaints(zoo.file(zoo.scans[kind])) if not _is_known(line)] == []


@pytest.mark.parametrize("kind", ["camera", "camera_mesh"])
def test_so_is_a_file_of_frames(zoo, kind):
    own = zoo.file(zoo.scans[kind])
    assert [line for line in complaints(own.with_suffix("") / "camera.h5") if not _is_known(line)] == []


def test_the_validator_finds_what_is_wrong(zoo, tmp_path):
    copy = tmp_path / "wrong.h5"
    copy.write_bytes(zoo.file(zoo.scans["ascan"]).read_bytes())
    with h5py.File(copy, "r+") as file:
        one = next(iter(file.values()))
        one["instrument"].attrs["NX_class"] = "NXnonsense"
        del one["plot/roby"]
        one["plot"].create_dataset("roby", data=[1.0])
    found = complaints(copy)
    assert any("NXnonsense" in line and line.startswith("ERROR") for line in found)
    assert any("inconsistent" in line and line.startswith("ERROR") for line in found)


def _is_known(line):
    return any(re.fullmatch(pattern, line) for pattern in KNOWN)


ROTATION_CAMERA = (  # what NXscan wants, besides what every entry of ours has
    r"ERROR .*/definition: This required field is not in the NeXus file",
    r"ERROR NX(sample|monitor): This required group is not in the NeXus file",  # whose rotation, which monitor
    r"ERROR .*/plot\w*/(data|rotation_angle): This required field is not in the NeXus file",
    r"WARNING .*/instrument/\w+/data: This field is not a valid NX_INT",  # every detector counts whole numbers
)


@pytest.mark.parametrize("kind", ["ascan", "camera"])
def test_of_nxscan_a_step_scan_lacks_only_what_makes_it_one_of_a_rotation_camera(zoo, kind):
    scan = zoo.scans[kind]
    found = complaints_of("NXscan", zoo.file(scan), f"{scan.scan_number}.1")
    assert found, "else the entry could say that it is an NXscan"
    assert [line for line in found if not any(re.fullmatch(pattern, line) for pattern in ROTATION_CAMERA)] == []


# -- what the numbers mean --------------------------------------------------------------------------------

NO_UNIT = r".*/instrument/(diode2?|monitor|spectrum|iron|copper|deadtime|scans|camera)/data"
"""Counters of which nobody has said a unit, and ratios: a guess would be worse than none."""


def names_of_datasets(group, at=""):
    """Every dataset under each of its names, (path, dataset); not those in other files."""
    for name in group:
        path = f"{at}/{name}"
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            each = group[name]
            if isinstance(each, h5py.Dataset):
                yield path, each
            elif each.attrs.get("target", path) == path:  # else it is a group under its other name
                yield from names_of_datasets(each, path)


def files_of(zoo, kind):
    own = zoo.file(zoo.scans[kind])
    return [own, *own.with_suffix("").glob("*.h5")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_leads_from_the_root_of_each_file_to_numbers(zoo, kind):
    for path in (zoo.master, *files_of(zoo, kind)):
        with h5py.File(path) as file:
            plot = file[file.attrs["default"]]
            while "default" in plot.attrs:
                plot = plot[plot.attrs["default"]]
            assert plot.attrs["NX_class"] == "NXdata" and plot[plot.attrs["signal"]].size


@pytest.mark.parametrize("kind", KINDS)
def test_every_plot_names_an_axis_for_each_dimension_and_says_what_its_points_are(zoo, kind):
    plots = 0
    for path in files_of(zoo, kind):
        with h5py.File(path) as file:
            groups = [each for entry in file.values() for each in entry.values() if isinstance(each, h5py.Group)]
            for plot in [each for each in groups if each.attrs["NX_class"] == "NXdata"]:
                plots += 1
                names, signal = list(plot.attrs["axes"]), plot[plot.attrs["signal"]]
                assert len(names) == signal.ndim
                sizes = {name: plot[name].size for name in names if name != "."}
                assert sizes == {name: signal.shape[at] for at, name in enumerate(names) if name != "."}
                kinds = {1: None, 2: "spectrum", 3: "image"} if "." in names[1:] else {1: None, 2: "image", 3: "image"}
                assert signal.attrs.get("interpretation") == kinds[signal.ndim], plot.name
    assert plots


@pytest.mark.parametrize("kind", KINDS)
def test_every_measured_number_has_its_unit_where_it_is_known(zoo, kind):
    checked = 0
    for path in files_of(zoo, kind):
        with h5py.File(path) as file:
            for name, column in names_of_datasets(file):
                is_measured = re.fullmatch(r".*/instrument/(positioners_\w+/\w+|[^/]+/(data|value))", name)
                if is_measured and not re.fullmatch(NO_UNIT, name):
                    assert column.attrs["units"], name
                    checked += 1
    assert checked


@pytest.mark.parametrize("kind", KINDS)
def test_a_dataset_of_several_names_says_which_is_its_own(zoo, kind):
    for path in files_of(zoo, kind):
        with h5py.File(path) as file:
            names = {}
            for name, each in names_of_datasets(file):
                names.setdefault(h5py.h5o.get_info(each.id).addr, []).append(name)
            several = [each for each in names.values() if len(each) > 1]
            assert several
            for each in several:
                assert file[each[0]].attrs["target"] in each


# -- the default plot -------------------------------------------------------------------------------------

DRAWN = {  # the rank of what is drawn, and over what
    "loopscan": (1, ["elapsed_time"]),
    "timescan": (1, ["elapsed_time"]),
    "sct": (1, ["elapsed_time"]),
    "ascan": (1, ["roby"]),
    "a2scan": (1, ["roby"]),
    "dscan": (1, ["roby"]),
    "calculated": (1, ["slits_hgap"]),
    "amesh": (2, ["robz", "roby"]),
    "backnforth": (2, ["robz", "roby"]),
    "interrupted_mesh": (2, ["robz", "roby"]),
    "a3mesh": (3, ["slits_hgap", "robz", "roby"]),
    "cscan": (1, ["roby"]),
    "cmesh": (2, ["robz", "roby"]),
    "spectrum": (1, ["elapsed_time"]),
    "spectrum_along": (2, ["roby", None]),
    "camera": (1, ["roby"]),
    "camera_mesh": (3, [None, None, None]),
    "two_top_masters": (1, ["elapsed_time"]),
    "sequence": (1, [None]),
    "aborted": (1, ["roby"]),
    "with_everything_said": (1, ["roby"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_silx_draws_the_plot_of_a_scan_from_the_master_down(zoo, kind):
    scan = zoo.scans[kind]
    with silx.io.open(str(zoo.master)) as master:
        entry = master[f"{scan.scan_number}.1"]
        plot = get_default(entry)
        assert plot is not None and plot.is_valid, plot and plot.issues
        rank, axes = DRAWN[kind]
        assert (plot.signal_ndim, plot.axes_dataset_names) == (rank, axes)
        assert plot.signal.size and plot.title == entry["title"].asstr()[()]


@pytest.mark.parametrize("kind", ["amesh", "backnforth", "interrupted_mesh", "a3mesh"])
def test_a_point_of_a_mesh_is_drawn_where_it_was_measured(zoo, kind):
    scan = zoo.scans[kind]
    with h5py.File(zoo.master) as master:
        entry = master[f"{scan.scan_number}.1"]
        plot, columns = entry["plot"], entry["measurement"]
        names = list(plot.attrs["axes"])
        step = min(np.abs(np.diff(plot[name][:])).min() for name in names)
        drawn = 0
        for place in np.argwhere(np.isfinite(plot["diode"][:])):
            there = [
                np.abs(columns[name][:] - plot[name][at]) < 0.6 * step for name, at in zip(names, place, strict=True)
            ]
            (point,) = np.flatnonzero(np.all(there, axis=0))
            assert plot["diode"][tuple(place)] == columns["diode"][point]
            drawn += 1
        assert drawn == len(columns["diode"]) == (7 if kind == "interrupted_mesh" else plot["diode"].size)


def test_a_line_of_a_cmesh_is_drawn_as_it_was_passed(entry):
    one = entry("cmesh")
    assert one["plot/roby"][:].tolist() == [3.5, 4.5, 5.5, 6.5], "the middle of each interval"
    lines = one["measurement/diode"][:].reshape(3, 4)
    assert one["plot/diode"][:].tolist() == [lines[0].tolist(), lines[1, ::-1].tolist(), lines[2].tolist()]


@pytest.mark.parametrize("kind", ["amesh", "a3mesh", "cmesh", "ascan", "calculated"])
def test_plot_finds_the_axes_of_a_scan_in_a_file_the_fastest_first(zoo, kind):
    scan = zoo.scans[kind]
    assert [along.name for along in measured_in(zoo.master, scan.scan_number).over] == {
        "amesh": ["roby", "robz"],
        "cmesh": ["roby", "robz"],
        "a3mesh": ["roby", "robz", "slits_hgap"],
        "ascan": ["roby"],
        "calculated": ["slits_hgap"],
    }[kind]


def test_the_points_of_a_mesh_are_counted_not_its_lines(zoo):
    points = {entry.number: entry.points for entry in list_entries(zoo.master)}
    assert points[zoo.scans["amesh"].scan_number] == 15
    assert points[zoo.scans["interrupted_mesh"].scan_number] == 7
