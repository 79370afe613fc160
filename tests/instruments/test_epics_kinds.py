"""Kinds of PVs as counters: waveforms, enums, text; asked for, or told by monitors."""

import numpy as np
import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceError
from obtura.instruments.epics import PVCounter, PVReader
from obtura.instruments.epics.link import Link
from obtura.works.clock import clock


def test_a_waveform_is_a_spectrum(c_beamline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spectrum = c_beamline.counter("spectrum", shape=(3,))
    scan = obtura.loopscan(2, 0.02, spectrum)
    assert np.array_equal(scan.get_data(spectrum), [[1, 2, 3], [1, 2, 3]])


def test_an_array_whose_length_changes_is_ragged(c_beamline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    peaks = c_beamline.counter("peaks", shape=[-1])
    scan = obtura.loopscan(2, 0.02, peaks)
    assert [list(point) for point in scan.get_data(peaks)] == [[7, 8], [7, 8]]


@pytest.mark.parametrize(
    ("pv", "options", "what"),
    [
        (
            "message",
            {},
            "is text ('beam available'), not a number; as_text counts it, and among the facts of a PVReader",
        ),
        ("spectrum", {}, "is an array of 3, not a number; shape=(3,) counts an array, shape=(-1,) one of any length"),
        ("peaks", {"shape": (5,)}, "is an array of 2, expected shape (5,); shape (-1,) takes any length"),
        ("message", {"shape": (3,)}, "is no array of numbers (beam available)"),
    ],
)
def test_what_it_is_not_is_refused_before_the_scan_with_what_to_do(c_beamline, pv, options, what):
    scan = obtura.loopscan(2, 0.02, c_beamline.counter(pv, **options), run=False, save=False)
    with pytest.raises(DeviceError) as caught:
        scan.run()
    assert what in str(caught.value)


def test_an_enum_is_counted_by_number_and_kept_by_name_as_a_fact(c_beamline):
    reader = PVReader("machine", facts={"mode": c_beamline.pv("mode"), "message": c_beamline.pv("message")})
    mode = PVCounter("mode", c_beamline.pv("mode"), controller=reader)
    scan = obtura.ct(0.01, mode, save=False)
    assert list(scan.get_data(mode)) == [2.0]
    assert reader.scan_metadata() == {"mode": "uniform", "message": "beam available"}


def test_a_fact_that_is_not_known_keeps_no_scan_from_running(c_beamline):
    reader = PVReader("machine", timeout=2.0, facts={"gas": c_beamline.pv("no_such_pv")})
    PVCounter("diode", c_beamline.pv("diode"), controller=reader)
    obtura.ct(0.01, reader, save=False)
    assert reader.scan_metadata()["gas"].startswith("not known: machine.gas failed: PV ")


@pytest.fixture
def requests(monkeypatch):
    """How many requests for a value went out, by either client."""
    sent = []
    for name in ("ca", "pva"):
        module = pytest.importorskip(f"obtura.instruments.epics.{name}")
        wire = type(module.wire())
        send = wire.send
        monkeypatch.setattr(wire, "send", lambda self, these, _send=send: (sent.append(len(these)), _send(self, these)))
    return sent


def test_a_monitored_point_is_the_mean_of_what_came_and_nobody_is_asked(c_beamline, requests):
    tick = c_beamline.counter("tick", monitor=True, mode="STATS")
    assert tick.read() > 0
    tick.unit  # noqa: B018 - asked for once
    requests.clear()
    scan = obtura.loopscan(2, 2.5, tick, save=False)
    points, numbers = scan.get_data(tick), scan.get_data("tick:tick_N")
    assert sum(requests) == 0
    assert all(3 <= number <= 50 for number in numbers)  # 25, but for a busy machine
    assert list(scan.get_data("tick:tick_p2v")) == [number - 1 for number in numbers]
    assert list(points) == sorted(points)


def test_a_monitored_value_that_does_not_change_is_the_last_one(c_beamline):
    current = c_beamline.counter("current", monitor=True)
    scan = obtura.loopscan(2, 0.02, current, save=False)
    assert list(scan.get_data(current)) == [200.0, 200.0]
    Link("test", c_beamline.pv("current")).put(150.0, "put").wait(clock.time() + 5)
    assert list(obtura.loopscan(2, 0.1, current, save=False).get_data(current))[-1] == 150.0


def test_a_monitored_waveform_is_an_array(c_beamline):
    spectrum = c_beamline.counter("spectrum", shape=(3,), monitor=True)
    assert np.array_equal(obtura.ct(0.02, spectrum, save=False).get_data(spectrum), [[1, 2, 3]])


def test_a_value_that_is_not_valid_is_refused_when_it_is_told_too(c_beamline):
    dead = c_beamline.counter("dead", monitor=True)
    with pytest.raises(DeviceError, match="has no valid value"):
        obtura.ct(0.02, dead, save=False)


def test_a_counter_can_not_monitor_by_a_reader_that_asks(c_beamline):
    with pytest.raises(obtura.UsageError, match="say monitor=True there"):
        c_beamline.counter(monitor=True, controller=PVReader("reader"))
