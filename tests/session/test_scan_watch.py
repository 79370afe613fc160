"""Functions that follow every scan of a session."""

import pytest

from obtura.bliss.table import NAMES
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.ground.errors import UsageError
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        yield Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)


class Told:
    """Keeps what the callbacks are told."""

    def __init__(self):
        self.calls = []
        self.rows = []

    def new(self, scan, scan_info):
        self.calls.append(("new", scan.name, scan_info["npoints"]))

    def data(self, scan_info, values):
        self.calls.append(("data", scan_info["scan_nb"]))
        self.rows.append(values)

    def end(self, scan_info):
        self.calls.append(("end", scan_info["end_reason"]))


def test_they_are_called_at_the_beginning_at_each_point_and_at_the_end(session):
    told = Told()
    session.set_scan_watch_callbacks(told.new, told.data, told.end)
    scan = session.ascan(session.roby, 0, 1, 1, 0.01, session.monitor, session.mca, save=False)
    number = scan.scan_number
    assert told.calls == [("new", "ascan", 2), ("data", number), ("data", number), ("end", "SUCCESS")]
    assert [row["axis:roby"] for row in told.rows] == [0, 1]
    assert told.rows[0]["simulation:monitor"] == scan.get_data("monitor")[0]
    assert "mca:spectrum" not in told.rows[0]


def test_each_is_called_in_every_scan_until_others_are_set(session):
    first, second = Told(), Told()
    session.set_scan_watch_callbacks(scan_end=first.end)
    session.sct(0, session.monitor)
    session.ct(0, session.monitor)
    session.set_scan_watch_callbacks(scan_end=second.end)
    session.sct(0, session.monitor)
    session.set_scan_watch_callbacks()
    session.sct(0, session.monitor)
    assert first.calls == [("end", "SUCCESS")] * 2
    assert second.calls == [("end", "SUCCESS")]


def test_the_end_is_told_of_a_scan_that_failed_too(session):
    told = Told()
    session.set_scan_watch_callbacks(scan_end=told.end)
    session.diode.conversion_function = lambda value: 1 / 0
    with pytest.raises(ZeroDivisionError):
        session.sct(0, session.diode)
    assert told.calls == [("end", "FAILURE")]


def test_one_that_raises_does_not_end_the_scan(session):
    told = Told()
    session.set_scan_watch_callbacks(lambda scan, scan_info: 1 / 0, told.data, told.end)
    assert len(session.loopscan(2, 0, session.monitor, save=False).get_data("monitor")) == 2
    assert told.calls == []


def test_what_is_no_function_is_refused_and_changes_nothing(session):
    told = Told()
    session.set_scan_watch_callbacks(scan_end=told.end)
    with pytest.raises(UsageError, match="scan_data must be a function, got 5"):
        session.set_scan_watch_callbacks(scan_data=5)
    session.sct(0, session.monitor)
    assert told.calls == [("end", "SUCCESS")]


def test_it_is_where_scripts_for_bliss_look_for_it(session):
    place = NAMES["bliss.scanning.scan"]["set_scan_watch_callbacks"].place
    assert session.namespace()[place.removeprefix("session:")] == session.set_scan_watch_callbacks
