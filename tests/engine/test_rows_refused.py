"""A row that is no row of numbers: nothing of it is kept, and the next one follows the last that was whole."""

import numpy as np
import pytest

from obtura import (
    AcquisitionChain,
    AcquisitionChannel,
    AcquisitionSlave,
    SamplingCounter,
    SamplingCounterController,
    SoftwareTimerMaster,
)
from obtura.contracts.consumers import Consumer, reading_along
from obtura.engine.scan import Scan
from obtura.ground.channels import ChannelRow
from obtura.ground.errors import DeviceError
from obtura.ground.events import Row


class Rows(Consumer):
    takes_rows = True

    def __init__(self):
        self.rows = []

    def receive(self, events):
        self.rows += [event for event in events if isinstance(event, Row) and len(event.channels) == 2]


class TriesAgain(AcquisitionSlave):
    """Its second row is none at first."""

    blocking = False

    def __init__(self, refused):
        super().__init__(name="pair")
        self.refused = refused
        self.point = 0
        self.channels += [AcquisitionChannel(f"pair:{name}", float, ()) for name in "ab"]
        self.row = ChannelRow(*self.channels)

    def trigger(self):
        self.point += 1
        if self.point == 2:
            with pytest.raises((TypeError, ValueError)):
                self.row.emit(self.refused)
        self.row.emit((float(self.point), -1.0))


@pytest.mark.parametrize("refused", [(7.0, "x"), ("x", 7.0), (7.0,), (7.0, 7.0, 7.0)])
def test_nothing_of_it_is_kept(refused):
    chain, rows = AcquisitionChain(), Rows()
    chain.add(SoftwareTimerMaster(0, npoints=3), TriesAgain(refused))
    scan = Scan(chain, "rows", save=False)
    with reading_along(lambda: rows):
        scan.run()
    assert scan.get_data("a").tolist() == [1.0, 2.0, 3.0]
    assert scan.get_data("b").tolist() == [-1.0, -1.0, -1.0]
    pairs = [(row.first, row.values) for row in rows.rows if -1.0 in row.values]
    assert pairs == [(0, (1.0, -1.0)), (1, (2.0, -1.0)), (2, (3.0, -1.0))]


def test_an_array_of_no_dimension_is_told_as_too_few_values():
    class Odd(SamplingCounterController):
        def read_all(self, *counters):
            return np.array(5.0)

    counter = SamplingCounter("odd", Odd("box"))
    with pytest.raises(DeviceError, match="must give a value for each of odd"):
        counter.controller.sample([counter])
