"""Points whose length changes, in files: all values in a row, and where each point begins and ends."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from processes import WITH_STREAM, ask, outcome, python
from scan_stream import began, channel, ended, record, rows, saving_in, say, timer

from obtura.data.layout import scan_file
from obtura.data.reader import list_entries, showing
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points, ScanClosed
from obtura.ground.ragged import ragged_block
from obtura.session.plot_file import measured_in


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def events(dtype="uint32", **options):
    return channel("detector:events", unit="ns", shape=(-1,), dtype=dtype, **options)


def points_of(index, first, *points, dtype="uint32"):
    return Points(index, first, ragged_block([np.array(point, dtype) for point in points]))


def points_in(group):
    return [group["data"][begin:end].tolist() for begin, end in group["index"]]


def test_the_values_are_in_a_row_and_an_index_says_where_each_point_is(saving):
    given = [[5, 6], [], [7], [8, 9, 10]]
    stream = [*rows(0, [0.0, 0.1, 0.2, 0.3]), points_of(1, 0, *given[:1]), points_of(1, 1, *given[1:])]
    record(HDF5Saver(saving), began(timer(), events(), npoints=4), *stream)
    with h5py.File(saving.filename) as master:
        for path in ("measurement/events", "instrument/events/points"):
            group = master["12.1"][path]
            assert group["data"][:].tolist() == [5, 6, 7, 8, 9, 10]
            assert group["index"][:].tolist() == [[0, 2], [2, 2], [2, 3], [3, 6]]
            assert points_in(group) == given
        assert group["data"].dtype == "uint32" and group["data"].attrs["units"] == "ns"
        assert group["data"].attrs["channel"] == "detector:events"
        assert group.attrs["NX_class"] == "NXcollection"
        assert master["12.1/instrument/events"].attrs["NX_class"] == "NXdetector"


def test_chunks_suit_a_long_list_and_a_short_scan(saving):
    record(HDF5Saver(saving), began(timer(), events(), npoints=10), end=ended("FAILURE"))
    with h5py.File(saving.filename) as master:
        group = master["12.1/measurement/events"]
        assert (group["data"].chunks, group["index"].chunks) == ((16384,), (64, 2))


def test_many_values_are_written_in_blocks_and_all_are_there(saving):
    chance = np.random.default_rng(0)
    given = [chance.integers(0, 2**32, chance.integers(0, 3000), "uint32") for _ in range(60)]
    stream = []
    for number, point in enumerate(given):
        stream += [*rows(number, [0.1 * number]), points_of(1, number, point)]
    record(HDF5Saver(saving), began(timer(), events(), npoints=60), *stream)
    with h5py.File(saving.filename) as master:
        group = master["12.1/measurement/events"]
        assert all(
            np.array_equal(group["data"][a:b], point) for (a, b), point in zip(group["index"], given, strict=True)
        )
        assert len(group["data"]) == sum(map(len, given))


def test_a_point_that_was_cut_off_leaves_no_values(saving):
    stream = [*rows(0, [0.0]), points_of(1, 0, [1, 2], [3, 4, 5])]
    record(HDF5Saver(saving), began(timer(), events()), *stream, end=ended("FAILURE"))
    with h5py.File(saving.filename) as master:
        group = master["12.1/measurement/events"]
        assert points_in(group) == [[1, 2]] and len(group["data"]) == 2


def test_a_list_at_its_own_pace_is_kept_whole(saving):
    stream = [*rows(0, [0.0]), points_of(1, 0, [1], [2, 3])]
    record(HDF5Saver(saving), began(timer(), events(per_point=False)), *stream)
    with h5py.File(saving.filename) as master:
        assert points_in(master["12.1/measurement/events"]) == [[1], [2, 3]]


def test_the_default_plot_leaves_them_out(saving):
    stream = [*rows(0, [0.0, 0.1]), points_of(1, 0, [1], [2, 3]), Points(2, 0, (5.0, 6.0))]
    record(HDF5Saver(saving), began(timer(), events(), channel("simulation:diode")), *stream)
    with h5py.File(saving.filename) as master:
        assert master["12.1/plot"].attrs["signal"] == "diode"
    assert sorted(measured_in(Path(saving.filename)).values) == ["diode", "elapsed_time"]
    assert list_entries(saving.filename)[0].points == 2
    assert "events  uint32, 2 points  3 values, a changing number at each point" in showing(saving.filename, 12)


def test_alone_with_the_time_they_have_no_plot(saving):
    record(HDF5Saver(saving), began(timer(), events()), *rows(0, [0.0]), points_of(1, 0, [1]))
    with h5py.File(saving.filename) as master:
        assert "plot" not in master["12.1"]
    assert list_entries(saving.filename)[0].points == 1


READER = """
import sys, json, h5py
with h5py.File(sys.argv[1], swmr=True) as file:
    index, data = file["12.1/measurement/events/index"], file["12.1/measurement/events/data"]
    for line in sys.stdin:
        index.refresh()
        data.refresh()
        print(json.dumps([data[a:b].tolist() for a, b in index if b <= len(data)]), flush=True)
"""


def test_another_process_sees_them_grow(saving):
    saver = HDF5Saver(saving)
    beginning = began(timer(), events(), npoints=4)
    saver.open(beginning, say)
    saver.receive([beginning])
    given = [[5, 6], [], [7], list(range(40_000))]
    with python(READER, saving.filename) as reader:
        assert json.loads(ask(reader)) == []
        for count in range(1, 5):
            saver.receive([*rows(count - 1, [0.0]), points_of(1, count - 1, given[count - 1])])
            assert json.loads(ask(reader)) == given[:count]
        saver.receive([ended(), ScanClosed("DONE", 9.8, ())])
        saver.close()
        assert json.loads(ask(reader)) == given


KILLED = """
import os, signal
import numpy as np
from obtura.ground.events import Points
from obtura.data.saver import HDF5Saver
from obtura.ground.ragged import ragged_block
saver = HDF5Saver(saving_in(sys.argv[1]))
info = channel("detector:events", shape=(-1,), dtype="uint32")
saver.open(began(timer(), info), say)
for number in range(50):
    block = ragged_block([np.full(number, number, "uint32")])
    saver.receive([*rows(number, [0.0]), Points(1, number, block)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_written_can_be_read(saving, tmp_path):
    status, _, errors = outcome(WITH_STREAM + KILLED, tmp_path)
    assert status == -9, errors
    with h5py.File(scan_file(Path(saving.filename), 12), swmr=True) as file:
        assert points_in(file["12.1/measurement/events"]) == [[number] * number for number in range(50)]
