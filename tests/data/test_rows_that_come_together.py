"""Numbers of several channels in one event: in the journal, in the file and to whoever wants them one by one."""

import h5py
import numpy as np
import pytest
from scan_stream import began, channel, ended, record, rows, saving_in, say, timer
from test_journal import crash

from obtura.data.journal import read_journal
from obtura.data.layout import journal_file, scan_file
from obtura.data.recovery import recover_all
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError
from obtura.ground.events import Points, Row, unfolded

EPOCH = channel("timer:epoch", "timer", "s")
CHANNELS = (timer(), EPOCH, channel("s:d"), channel("mca:m", shape=(2,)))


def point(number):
    """As of a loopscan: the counter's first, an array, then the stamps of the timer."""
    spectrum = Points(3, number, np.full((1, 2), float(number)))
    return [Row((2,), number, (10.0 + number,)), spectrum, Row((0, 1), number, (0.5 * number, 100.0 + number))]


def check(file, count):
    data = file["12.1/measurement"]
    assert data["elapsed_time"][:].tolist() == [0.5 * number for number in range(count)]
    assert data["epoch"][:].tolist() == [100.0 + number for number in range(count)]
    assert data["d"][:].tolist() == [10.0 + number for number in range(count)]
    assert data["m"][:].tolist() == [[number, number] for number in range(count)]


def test_they_are_saved(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(*CHANNELS), *(event for number in range(4) for event in point(number)))
    with h5py.File(saving.filename) as file:
        check(file, 4)


@pytest.fixture
def saver(tmp_path):
    saver = HDF5Saver(saving_in(tmp_path))
    yield saver
    saver.close()


def test_one_that_completes_a_point_writes_it_into_the_journal_as_one_item(saver, tmp_path):
    saver.open(began(*CHANNELS[:3]), say)
    journal = journal_file(scan_file(tmp_path / "demo" / "data.h5", 12))
    for number in range(2):
        counter, _, stamps = point(number)
        saver.witness(counter)
        assert len(list(read_journal(journal))) == 1 + number
        saver.witness(stamps)
        *_, last = read_journal(journal)
        assert (last.kind, *last.content[:2]) == ("R", 0, number)
        assert last.content[2].tolist() == [0.5 * number, 100.0 + number, 10.0 + number]


def test_after_a_crash_they_are_there(tmp_path):
    saver = HDF5Saver(saving_in(tmp_path))
    saver.open(began(*CHANNELS), say)
    for event in [event for number in range(3) for event in point(number)]:
        saver.witness(event)
    crash(saver)
    master = tmp_path / "demo" / "data.h5"
    assert [each.points for each in recover_all(master, lambda number: False, tmp_path)] == [3]
    with h5py.File(master) as file:
        check(file, 3)


def test_channels_may_emit_alone_in_between_and_those_of_a_row_need_not_be_neighbours(tmp_path):
    saving = saving_in(tmp_path)
    channels = timer(), channel("s:a"), channel("t:b"), channel("s:c")
    events = [
        *[Row((1, 3), 0, (1.0, 3.0)), Points(2, 0, (2.0,)), Points(0, 0, (0.0,))],
        *[Points(1, 1, (11.0,)), Points(3, 1, (13.0,)), Points(2, 1, (12.0,)), Points(0, 1, (10.0,))],
        *[Row((1, 3), 2, (21.0, 23.0)), Points(2, 2, (22.0,)), Row((0,), 2, (20.0,))],
    ]
    record(HDF5Saver(saving), began(*channels), *events)
    with h5py.File(saving.filename) as file:
        data = file["12.1/measurement"]
        assert [data[name][:].tolist() for name in ("elapsed_time", "a", "b", "c")] == [
            [tens + ones for tens in (0.0, 10.0, 20.0)] for ones in range(4)
        ]


def test_one_that_is_missing_is_told(saver):
    saver.open(began(), say)
    with pytest.raises(SavingError, match="point 2 came where 1 was expected"):
        saver.receive([Row((0, 1), 0, (0.0, 1.0)), Row((0, 1), 2, (0.0, 1.0)), ended()])


def test_who_does_not_take_them_gets_the_points_they_are_made_of():
    last = ended()
    assert unfolded([Row((0, 1), 5, (0.5, 1.5)), last]) == [*rows(5, [0.5], [1.5]), last]
