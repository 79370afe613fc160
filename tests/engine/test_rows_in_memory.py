"""Rows: numbers that a device emits at one moment, and what is seen of them while they come in."""

import sys
import threading

import pytest
from doubles import make_scan

from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.data import Column
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel, ChannelRow
from obtura.ground.errors import ScanStateError
from obtura.ground.events import Points, Row
from obtura.testing.watching import Around, Watcher
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


class Pair(AcquisitionSlave):
    """Emits two numbers at one moment."""

    blocking = False

    def __init__(self) -> None:
        super().__init__(name="pair", prepare_once=True)
        self.channels += [AcquisitionChannel("left"), AcquisitionChannel("right")]
        self.row = ChannelRow(*self.channels)
        self.number = 0.0

    def reading(self) -> None:
        self.number += 1
        self.row.emit((self.number, -self.number))


def paired(npoints=3):
    chain, pair = AcquisitionChain(), Pair()
    chain.add(SoftwareTimerMaster(0, npoints=npoints), pair)
    return make_scan(chain), pair


def test_a_row_is_emitted_as_its_channels_would_be():
    scan, _ = paired()
    scan.run()
    data = scan.get_data()
    assert data["left"].tolist() == [1.0, 2.0, 3.0]
    assert data["right"].tolist() == [-1.0, -2.0, -3.0]


def test_a_row_reaches_who_reads_the_record_who_listens_and_whoever_stands_in_for_emit():
    scan, pair = paired()
    heard, stood_in = [], []
    left, right = pair.channels
    left.listen(lambda channel, block: heard.append(list(block)))
    emit = right.emit
    right.emit = lambda data: (stood_in.append(data), emit(data))
    scan.run()
    assert heard == [[1.0], [2.0], [3.0]]
    assert stood_in == [-1.0, -2.0, -3.0]
    assert scan.get_data()["right"].tolist() == stood_in


class TakesRows(Watcher):
    takes_rows = True


class TakesDown(TakesRows):
    """Witnesses points, too."""

    witnesses = True

    def __init__(self, takes_rows):
        super().__init__("witness", essential=True)
        self.takes_rows = takes_rows
        self.seen = []

    def witness(self, event):
        if isinstance(event, Row | Points):
            self.seen.append(event)


def test_a_row_is_one_event_for_who_takes_rows_and_points_of_each_channel_for_others():
    together, apart = TakesDown(True), TakesDown(False)
    around = Around(together, apart)
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=2), Pair())
    make_scan(chain, around).run()
    counted = [event for event in together.of(Row) if event.values[0] >= 1 and event.values[1] == -event.values[0]]
    assert [(event.first, event.values) for event in counted] == [(0, (1.0, -1.0)), (1, (2.0, -2.0))]
    assert not together.of(Points)
    assert together.seen == together.of(Row)
    one_by_one = [points for row in together.of(Row) for points in row.points]
    assert apart.of(Points) == apart.seen == around.viewer.of(Points) == one_by_one
    assert not apart.of(Row)
    assert not around.viewer.of(Row)


def test_a_row_of_which_a_channel_got_a_point_by_itself_before_is_told_channel_by_channel():
    taker = TakesRows()
    chain, pair = AcquisitionChain(), Pair()
    chain.add(SoftwareTimerMaster(0, npoints=1), pair)
    reading = pair.reading
    pair.reading = lambda: (pair.channels[0].emit(7.0), reading())
    scan = make_scan(chain, Around(taker))
    scan.run()
    assert [(points.first, points.values) for points in taker.of(Points)] == [(0, (7.0,)), (1, (1.0,)), (0, (-1.0,))]
    assert len(taker.of(Row)) == 1  # the stamps of the timer


def test_a_row_outside_of_a_running_scan_is_an_error():
    scan, pair = paired()
    scan.run()
    with pytest.raises(ScanStateError, match="left: emit\\(\\) outside of a running scan"):
        pair.row.emit((1.0, 2.0))


def test_numbers_that_come_while_a_column_is_looked_at_are_all_kept():
    column, ended = Column(float, ()), threading.Event()

    def look():
        while not ended.is_set():
            column.array()

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(20_000):
        column.add(float(number))
    ended.set()
    looking.join()
    assert column.array().tolist() == list(range(20_000))


def test_snapshots_of_rows_that_nobody_reads_have_equal_lengths():
    chain, pair = AcquisitionChain(), Pair()
    chain.add(SoftwareTimerMaster(0, npoints=3000), pair)
    scan, lengths = Scan(chain, "rows"), []

    def look():
        while scan.state is not ScanState.DONE:
            lengths.append({len(column) for column in scan.get_data().values()})

    looking = threading.Thread(target=look)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        looking.start()
        scan.run()
        looking.join()
    finally:
        sys.setswitchinterval(interval)
    assert {len(found) for found in lengths} <= {0, 1}
    assert len(scan.get_data()["left"]) == 3000
