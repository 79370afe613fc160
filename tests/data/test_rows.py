"""Which points are in the file, while the scan runs and when it has ended."""

import io

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_stream import axis, began, channel, ended, hand, record, rows, saving_in, say, timer

from obtura.data.columns import Column, Rows
from obtura.data.drawing import draw
from obtura.data.saver import HDF5Saver
from obtura.data.sketch import Sketch
from obtura.data.tree import column, group
from obtura.data.validity import Flags
from obtura.ground.errors import SavingError
from obtura.ground.events import Points


@pytest.fixture
def running(tmp_path):
    """Have a saver in the middle of a scan: call with the channels, get it and a look at its columns."""
    savers = []

    def start(*channels):
        saving = saving_in(tmp_path)
        saver = HDF5Saver(saving)
        savers.append(saver)
        beginning = began(*channels)
        saver.open(beginning, say)
        hand(saver, [beginning])
        return saver, lambda: columns_of(saving.filename)

    yield start
    for saver in savers:
        saver.close()


def columns_of(path):
    with h5py.File(path, swmr=True) as file:
        return {name: each[:].tolist() for name, each in file["12.1/measurement"].items()}


def test_while_the_scan_runs_only_complete_rows_are_in_the_file(running):
    saver, look = running(timer(), axis("roby"), channel("s:diode"))
    hand(saver, list(rows(0, [0.0, 1.0, 2.0], [5.0, 6.0])))
    assert look() == {"elapsed_time": [], "roby": [], "diode": []}
    hand(saver, [Points(2, 0, (1.0,))])
    assert look() == {"elapsed_time": [0.0], "roby": [5.0], "diode": [1.0]}
    hand(saver, [Points(2, 1, (2.0,))])
    assert look() == {"elapsed_time": [0.0, 1.0], "roby": [5.0, 6.0], "diode": [1.0, 2.0]}


def test_a_channel_that_goes_at_its_own_pace_is_written_as_it_comes(running):
    saver, look = running(timer(), channel("s:own", per_point=False))
    hand(saver, [Points(1, 0, np.arange(5.0))])
    assert look() == {"elapsed_time": [], "own": [0.0, 1.0, 2.0, 3.0, 4.0]}


def test_the_rows_of_one_branch_do_not_wait_for_another_branch(running):
    saver, look = running(timer(), channel("s:diode"), timer(branch=1))
    hand(saver, list(rows(0, [0.0], [1.0])))
    assert look()["diode"] == [1.0]


def test_an_iteration_that_was_cut_leaves_no_half_row(tmp_path):
    saving = saving_in(tmp_path)
    beginning = began(timer(), axis("roby"), channel("s:diode"), channel("s:own", per_point=False))
    cut = rows(0, [0.0, 1.0], [5.0, 6.0], [1.0], [9.0, 9.0, 9.0])
    record(HDF5Saver(saving), beginning, *cut, end=ended("USER_ABORT"))
    assert columns_of(saving.filename) == {
        "elapsed_time": [0.0],
        "roby": [5.0],
        "diode": [1.0],
        "own": [9.0, 9.0, 9.0],
    }


def test_when_a_device_delivered_nothing_all_the_rest_is_kept(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(), *rows(0, [0.0, 1.0, 2.0], []), end=ended("FAILURE"))
    assert columns_of(saving.filename) == {"elapsed_time": [0.0, 1.0, 2.0], "diode": []}


def test_what_comes_in_the_last_batch_is_in_the_file(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    hand(saver, [began(), *rows(0, [0.0, 1.0], [4.0, 5.0]), ended()])
    assert columns_of(saving.filename) == {"elapsed_time": [0.0, 1.0], "diode": [4.0, 5.0]}
    saver.close()


def test_points_that_went_missing_are_an_error_not_a_shift(running):
    saver, _ = running(timer())
    hand(saver, [Points(0, 0, (1.0,))])
    with pytest.raises(SavingError, match=r"timer:elapsed_time: point 2 came where 1 was expected"):
        hand(saver, [Points(0, 2, (1.0,))])


def test_a_value_of_the_wrong_type_names_its_channel_and_the_file_ends_in_order(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(timer(), channel("s:n", dtype="int32")), say)
    hand(saver, list(rows(0, [0.0], [1.0])))
    with pytest.raises(SavingError, match=r"channel s:n: a value is not of type int32"):
        hand(saver, [Points(0, 1, (1.0,)), Points(1, 1, (float("nan"),))])
    saver.close()
    assert columns_of(saving.filename) == {"elapsed_time": [0.0], "n": [1]}
    with h5py.File(saving.filename) as file:
        assert file["12.1/end_reason"].asstr()[()] == "FAILURE"
        assert "s:n" in file["12.1/end_message"].asstr()[()]


blocks = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans()), max_size=40)


@settings(max_examples=60, deadline=None)
@given(blocks=blocks, shape=st.sampled_from([(), (3,), (2, 2)]), rows_of_a_chunk=st.sampled_from([1, 4, 64]))
def test_whatever_comes_in_whatever_pieces_columns_grow_together_and_hold_what_came(blocks, shape, rows_of_a_chunk):
    with h5py.File(io.BytesIO(), "w") as file:
        sketch = Sketch()
        places = [column(sketch.root, str(i), np.dtype(float), shape, rows_of_a_chunk).place() for i in range(3)]
        columns = [Column(str(i), place, np.dtype(float), shape) for i, place in enumerate(places)]
        sent = [[], [], []]
        flags = Flags.new(group(sketch.root, "valid", "NXcollection"))
        draw(sketch, file.id, 0)
        sketch.attach(file.id)
        together = Rows(columns, flags)
        for index, count, single in blocks:
            first = len(sent[index])
            values = [np.full(shape, index * 1000 + first + i) for i in range(count)]
            sent[index] += values
            if single and not shape:
                for value in values:
                    columns[index].take((float(value),))
            else:
                columns[index].take(np.array(values, dtype=float).reshape(count, *shape))
            together.write()
            complete = min(map(len, sent))
            assert [each.shape[0] for each in (*map(file.get, "012"), file["valid/flags"])] == [complete] * 4
        together.finish()
        counts = [len(each) for each in sent]
        cut = min(counts) if max(counts) - min(counts) <= 1 else None
        for i, each in enumerate(sent):
            assert file[str(i)][()].tolist() == [value.tolist() for value in each[:cut]]
        good = file["valid/flags"][:] == 0
        assert len(good) == (max(counts) if cut is None else cut) and sum(good) == min(counts)
