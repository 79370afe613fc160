"""A point that was cut off: what the table says of it agrees with the file."""

import threading

import h5py
import pytest

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.consumers import Consumer
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.display.page import ScanPage
from obtura.ground.channels import AcquisitionChannel
from obtura.session.session import Session


class Reader(Consumer):
    """Keeps what a display would print."""

    name = "reader"

    def __init__(self, lines):
        self.lines = lines

    def open(self, began, say):
        self.page = ScanPage(began)

    def receive(self, events):
        self.lines += [self.page.take(event) for event in events]


class Late(AcquisitionSlave):
    """Gives a spectrum a point; that of the last point never comes, though its numbers are there already."""

    def __init__(self, timer, points):
        super().__init__(name="late", npoints=points, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("late:spectrum", shape=(3,)))
        self.there = threading.Event()
        self.points, self.told, self.taken = points, 0, 0
        timer.channels[-1].listen(self.tell)

    def tell(self, channel, block):
        self.told += 1
        if self.told == self.points:
            self.there.set()

    def reading(self):
        self.taken += 1
        if self.taken == self.points:
            assert self.there.wait(60)
            raise RuntimeError("no spectrum")
        self.channels[0].emit([1.0, 2.0, 3.0])


def test_a_row_without_its_spectrum_is_not_shown_not_counted_and_not_in_the_file(tmp_path):
    lines = []
    session = Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)
    session.add_consumer(lambda: Reader(lines))
    scan = session.loopscan(3, 0, session.monitor, run=False)
    timer = scan.acq_chain.top_masters[0]
    scan.acq_chain.add(timer, Late(timer, points=3))
    with pytest.raises(RuntimeError, match="no spectrum"):
        scan.run()
    shown = "".join(lines).splitlines()
    assert [line.split()[0] for line in shown if line.strip()[:1].isdigit()] == ["0", "1"]
    assert "Failed after 2 of 3 points" in shown
    with h5py.File(session.scan_saving.filename) as file:
        assert {len(column) for column in file["1.1/measurement"].values()} == {2}
    assert len(scan.get_data("monitor")) == 2
