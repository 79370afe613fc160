"""PVs that are told of by their servers: one that hangs tells nothing, as one whose value does not change."""

import math
import os
import signal

import pytest

pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceTimeoutError
from obtura.instruments.epics import PVReader
from obtura.presets.epics_watch import EpicsWatch
from obtura.works.clock import clock

STALE, TIMEOUT = 0.3, 2.0
LATEST = 15.0  # of 40 s until the clients find it out; a shared machine may be late


@pytest.fixture
def hanging(mortal_c_beamline):
    """A beamline, and what makes its IOC hang and go on; it goes on in the end."""
    pid = mortal_c_beamline.ioc.process.pid

    def hang(is_hanging=True):
        os.kill(pid, signal.SIGSTOP if is_hanging else signal.SIGCONT)

    yield mortal_c_beamline, hang
    hang(False)


class AfterPoint(obtura.ScanPreset):
    """After each point of a counter `strike()` is called."""

    def __init__(self, counter, strike):
        self.counter, self.strike = counter, strike

    def prepare(self, scan):
        self.connect_data_channels([self.counter], lambda *_: self.strike())


def test_an_ioc_that_hangs_is_noticed_and_so_is_that_it_goes_on(hanging, seconds, in_the_end):
    beamline, hang = hanging
    current = beamline.counter("current", monitor=True, stale=STALE, timeout=TIMEOUT)
    assert in_the_end(current.read) == 200.0
    hang()
    clock.sleep(STALE)
    took, error = seconds(current.read)
    assert took < LATEST
    assert isinstance(error, DeviceTimeoutError)
    assert "has told nothing for" in str(error) and "did not answer within 2 s; does the IOC hang?" in str(error)
    hang(False)
    assert in_the_end(current.read) == 200.0


def test_a_value_that_does_not_change_is_asked_for_once_in_a_while(c_beamline, monkeypatch):
    current = c_beamline.counter("current", monitor=True, stale=STALE)
    wire = current.link.wire
    sent, send = [], type(wire).send
    monkeypatch.setattr(type(wire), "send", lambda self, these: (sent.append(len(these)), send(self, these)))
    current.read()
    until = clock.time() + 5 * STALE
    while clock.time() < until:
        assert current.read() == 200.0
        clock.sleep(0.01)
    assert 1 <= sum(sent) <= 5


def test_those_that_are_read_together_are_asked_together(c_beamline, monkeypatch):
    reader = PVReader("reader", monitor=True, stale=0.05)
    counters = [c_beamline.counter(name, controller=reader) for name in ("current", "axis")]
    reader.sample(counters)
    wire = counters[0].link.wire
    sent, send = [], type(wire).send
    monkeypatch.setattr(type(wire), "send", lambda self, these: (sent.append(len(these)), send(self, these)))
    clock.sleep(0.1)
    assert reader.sample(counters) == [200.0, 0.0]
    assert sent == [2]


def test_a_scan_fails_at_the_point_during_which_its_ioc_began_to_hang(hanging, seconds):
    beamline, hang = hanging
    current = beamline.counter("current", monitor=True, stale=STALE, timeout=TIMEOUT)
    scan = obtura.loopscan(100, 0.2, current, run=False, save=False)
    scan.add_preset(AfterPoint(current, hang))
    took, error = seconds(scan.run)
    assert took < LATEST
    assert "has told nothing for" in str(error)
    assert 1 <= len(scan.get_data(current)) < 10


def test_one_that_may_drop_out_is_nan_from_then_on(hanging, capsys):
    beamline, hang = hanging
    current = beamline.counter("current", monitor=True, stale=STALE, timeout=TIMEOUT)
    current.policy = "optional"
    scan = obtura.loopscan(10, 0.2, current, run=False, save=False)
    scan.add_preset(AfterPoint(current, hang))
    scan.run()
    points = list(scan.get_data(current))
    assert points[0] == 200.0 and math.isnan(points[-1])
    assert "drops out and is NaN from here on" in capsys.readouterr().err


def test_a_watch_takes_no_point_for_good_whose_ioc_hung(hanging, seconds):
    beamline, hang = hanging
    watch = EpicsWatch(beamline.pv("current"), "> 5", timeout=TIMEOUT, patience=1.0)
    watch._watched.stale = STALE
    one = obtura.SoftCounter(value=lambda: 1.0, name="one")
    scan = obtura.loopscan(3, 0.5, one, run=False, save=False)
    scan.acq_chain.add_preset(watch)
    scan.add_preset(AfterPoint(one, hang))
    took, error = seconds(scan.run)
    assert took < LATEST
    assert "Waiting for" in str(error) and "does the IOC hang?" in str(error)
