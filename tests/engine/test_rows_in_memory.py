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
