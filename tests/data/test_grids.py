"""Meshes as grids: every point in its cell, from the first one on, whichever way the lines go."""

import math

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scan_stream import axis, began, channel, ended, record, rows, saving_in, timer

import obtura
from obtura.data.grid import Grid, cells
from obtura.data.layout import scan_file
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


def grid_of(shape, turning):
    return Grid(("x",) * len(shape), tuple(np.arange(float(length)) for length in shape), turning)


def walk(shape, turning):
    """The cells in the order of a mesh, by counting: the last axis is the fastest, and may turn at its ends."""
    places, ways = [0] * len(shape), [1] * len(shape)
    for _ in range(math.prod(shape)):
        yield tuple(places)
        for index in reversed(range(len(shape))):
            step = places[index] + ways[index]
            if 0 <= step < shape[index]:
                places[index] = step
                break
            if turning:
                ways[index] = -ways[index]
            else:
                places[index] = 0


@given(shape=SHAPES, turning=st.booleans())
def test_a_point_is_where_the_motors_were(shape, turning):
    found = cells(range(math.prod(shape)), shape, turning)
    assert list(zip(*(each.tolist() for each in found), strict=True)) == list(walk(shape, turning))


@given(shape=SHAPES, turning=st.booleans(), data=st.data())
def test_points_are_written_in_boxes_each_once_and_a_box_is_full(shape, turning, data):
    size = math.prod(shape)
    first, stop = sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size + 3))))
    boxes = list(grid_of(shape, turning).boxes(first, stop))
    assert [point for box in boxes for point in box] == list(range(first, min(stop, size)))
    assert len(boxes) <= 2 * len(shape), "few, however many points there are"
    for box in boxes:
        sides = [place.max() - place.min() + 1 for place in cells(box, shape, turning)]
        assert math.prod(sides) == len(box)


# -- in files ---------------------------------------------------------------------------------------------

MESH = {"axes": ["roby", "robz"], "start": [0, 5], "stop": [2, 6], "npoints": [3, 2]}
"""3 points of roby in each of 2 lines."""

CHANNELS = axis("roby"), axis("robz"), timer(), channel("s:diode", unit="A"), channel("s:hits", dtype="int64")


def mesh(*channels, title="amesh roby 0 2 2 robz 5 6 1 1", backnforth=False, **more):
    return began(*(channels or CHANNELS), title=title, data_dim=2, grid={**MESH, "backnforth": backnforth}, **more)


def points(upto, first=0):
    """Of all CHANNELS; the diode counts 0, 1, 2... whatever the motors do."""
    for number in range(first, upto):
        for index in range(len(CHANNELS)):
            yield Points(index, number, (number,))


@pytest.fixture
def saved(tmp_path):
    """Record a scan and open its file."""
    opened = []

    def save(beginning, *events, end=None):
        saving = saving_in(tmp_path)
        record(HDF5Saver(saving), beginning, *events, end=end)
        opened.append(h5py.File(saving.filename))
        return opened[-1]["12.1"]

    yield save
    for file in opened:
        file.close()


def test_the_plot_of_a_mesh_is_its_grid_with_the_fast_axis_last(saved):
    entry = saved(mesh(), *points(6))
    plot = entry[entry.attrs["default"]]
    assert plot.name == "/12.1/plot"
    assert (plot.attrs["NX_class"], plot.attrs["signal"]) == ("NXdata", "diode")
    assert list(plot.attrs["axes"]) == ["robz", "roby"]
    assert list(plot.attrs["auxiliary_signals"]) == ["hits"]
    assert plot["diode"][:].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert plot["roby"][:].tolist() == [0, 1, 2] and plot["robz"][:].tolist() == [5, 6]
    assert plot["diode"].attrs["interpretation"] == "image"
    assert [plot[name].attrs["units"] for name in ("diode", "roby", "robz")] == ["A", "mm", "mm"]
    assert entry["measurement/diode"][:].tolist() == [0, 1, 2, 3, 4, 5], "as it was counted"


def test_a_line_that_goes_back_is_turned_round(saved):
    plot = saved(mesh(backnforth=True), *points(6))["plot"]
    assert plot["diode"][:].tolist() == [[0, 1, 2], [5, 4, 3]]


@pytest.mark.parametrize(("backnforth", "second"), [(False, [3, np.nan, np.nan]), (True, [np.nan, np.nan, 3])])
def test_cells_of_a_mesh_that_was_interrupted_are_nan(saved, backnforth, second):
    plot = saved(mesh(backnforth=backnforth), *points(4), end=ended("USER_ABORT"))["plot"]
    for name in ("diode", "hits"):
        assert np.array_equal(plot[name][:], [[0, 1, 2], second], equal_nan=True), name


def test_points_that_come_in_blocks_are_in_the_same_cells(saved):
    blocks = [Points(index, first, np.arange(first, stop)) for first, stop in ((0, 2), (2, 6)) for index in range(5)]
    assert saved(mesh(backnforth=True), *blocks)["plot/hits"][:].tolist() == [[0, 1, 2], [5, 4, 3]]


def test_more_points_than_cells_are_in_the_column_only(saved):
    entry = saved(mesh(), *points(8))
    assert entry["plot/diode"][:].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert len(entry["measurement/diode"]) == 8


def test_a_grid_fills_while_a_viewer_looks_on(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    beginning = mesh(backnforth=True)
    saver.open(beginning, print)
    saver.receive([beginning, *points(1)])
    with h5py.File(scan_file(tmp_path / "demo" / "data.h5", 12), swmr=True) as file:
        grid, column = file["12.1/plot/diode"], file["12.1/measurement/diode"]
        assert np.nansum(grid[:] + 1) == 1 and len(column) == 1
        saver.receive(list(points(5, first=1)))
        grid.refresh()
        column.refresh()
        assert np.array_equal(grid[:], [[0, 1, 2], [np.nan, 4, 3]], equal_nan=True) and len(column) == 5
    saver.receive([ended("USER_ABORT")])
    saver.close()


def test_who_asks_for_another_plot_is_shown_that_and_has_the_grid_besides(saved):
    asked = [{"kind": "curve-plot", "x": "roby", "yleft": ["hits"], "yright": []}]
    entry = saved(mesh(plots=asked), *points(6))
    assert entry.attrs["default"] == "plot" and entry["plot"].attrs["signal"] == "hits"
    assert list(entry["plot"].attrs["axes"]) == ["roby"]
    assert entry["grid/diode"].shape == (2, 3)


def test_a_top_master_without_the_axes_of_the_mesh_has_no_grid(saved):
    channels = [*CHANNELS, timer(branch=1), channel("s:slow", branch=1)]
    entry = saved(mesh(*channels, branches=("timer", "other")), *points(6))
    assert entry["plot/diode"].shape == (2, 3)
    assert list(entry.file["12.2/plot"].attrs["axes"]) == ["elapsed_time"]


def test_a_mesh_of_spectra_alone_has_no_grid(saved):
    channels = [axis("roby"), axis("robz"), channel("mca:spectrum", shape=(4,))]
    events = [*rows(0, [0.0], [0.0]), Points(2, 0, np.arange(4.0)[np.newaxis])]
    plot = saved(mesh(*channels), *events, end=ended("USER_ABORT"))["plot"]
    assert list(plot.attrs["axes"]) == [".", "."] and plot["spectrum"].shape == (1, 4)


def test_bools_have_a_grid_too_and_complex_numbers(saved):
    channels = axis("roby"), axis("robz"), channel("s:on", dtype="bool"), channel("s:z", dtype="complex128")
    plot = saved(mesh(*channels), *rows(0, [0.0] * 2, [0.0] * 2, [True, False], [1j, 2j]), end=ended("FAILURE"))["plot"]
    assert plot["on"][0, :2].tolist() == [1.0, 0.0] and np.isnan(plot["on"][0, 2])
    assert plot["z"][0, :2].tolist() == [1j, 2j] and np.isnan(plot["z"][1, 2])


# -- in xarray --------------------------------------------------------------------------------------------


def dataset_of(directory, *channels, points, columns, **mesh):
    saving = saving_in(directory)
    beginning = began(axis("roby"), axis("robz"), *channels, title="amesh", data_dim=2, grid=MESH | mesh)
    events = [Points(index, 0, np.array(values[:points])) for index, values in enumerate(columns)]
    record(HDF5Saver(saving), beginning, *events)
    return obtura.open(saving.filename).last.to_xarray()


ROBY, ROBZ = [0.1, 1.1, 2.1, 2.1, 1.1, 0.1], [5.0, 5.0, 5.0, 6.0, 6.0, 6.0]


def test_a_mesh_comes_to_xarray_as_a_grid(tmp_path):
    columns = ROBY, ROBZ, np.arange(6, dtype="int64"), np.arange(12.0).reshape(6, 2)
    channels = channel("s:n", dtype="int64"), channel("mca:m", shape=(2,))
    data = dataset_of(tmp_path, *channels, points=6, columns=columns, backnforth=True)
    assert dict(data.sizes) == {"robz": 2, "roby": 3, "m_channel": 2}
    assert data["roby"].values.tolist() == [0, 1, 2] and data["roby"].attrs["units"] == "mm"
    assert data["n"].dims == ("robz", "roby") and data["n"].dtype == "int64"
    assert data["n"].values.tolist() == [[0, 1, 2], [5, 4, 3]]
    assert data["n"].sel(roby=2, robz=6) == 3
    assert data["roby_measured"].values.tolist() == [[0.1, 1.1, 2.1]] * 2
    assert data["m"].sel(robz=6, roby=0).values.tolist() == [10.0, 11.0]


def test_a_cell_without_a_point_is_nan_in_xarray(tmp_path):
    columns = ROBY, ROBZ, np.arange(6, dtype="int64")
    data = dataset_of(tmp_path, channel("s:n", dtype="int64"), points=4, columns=columns)
    assert np.array_equal(data["n"].values, [[0, 1, 2], [3, np.nan, np.nan]], equal_nan=True)


def test_a_grid_that_is_not_that_of_the_columns_leaves_rows(tmp_path):
    columns = ROBY, ROBZ, np.arange(6.0)
    data = dataset_of(tmp_path, channel("s:n"), points=6, columns=columns, axes=["other", "robz"])
    assert dict(data.sizes) == {"point": 6}
