"""PVs as counters, read from a live IOC."""

import pytest

from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.ground.errors import DeviceError
from obtura.works.clock import clock

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.instruments.epics import PVCounter, PVReader, connect

DARK = 5.0
IN_THE_BEAM = 1005.0


def test_a_counter_reads_its_pv_in_the_pvs_unit(beamline):
    diode = beamline.counter("diode")
    assert diode.unit == "nA"
    assert diode.read() == DARK
    beamline.put(shutter__delay=0.0, shutter="Open", axis__velocity=1e6, axis=1.0)
    assert diode.read() == IN_THE_BEAM


def test_a_given_unit_is_kept_and_a_pv_without_unit_gives_none(beamline):
    assert beamline.counter("diode", unit="cps").unit == "cps"
    assert beamline.counter("axis:done").unit is None


def test_a_counter_is_a_blocking_sampling_counter(beamline):
    diode = beamline.counter("diode")
    assert isinstance(diode, SamplingCounter)
    assert isinstance(diode.controller, SamplingCounterController)
    assert diode.controller.blocking
    assert diode.fullname == "diode:diode"
    assert diode.controller.sample([diode]) == [DARK]


def test_values_are_converted(beamline):
    diode = beamline.counter("diode", conversion_function=lambda current: 2 * current)
    assert diode.read() == 2 * DARK


def test_counters_of_one_reader_are_read_together(beamline):
    reader = PVReader("currents")
    diode, i0 = (PVCounter(name, beamline.pv(name), controller=reader) for name in ("diode", "i0"))
    assert i0.fullname == "currents:i0"
    assert reader.sample([i0, diode]) == [1000.0, DARK]
    reader.check()
    connect(reader)
    assert [link.connected for link in reader.links] == [True, True]


@pytest.mark.parametrize(
    ("pv", "what"),
    [
        ("message", r"is text \('beam available'\), not a number"),
        ("spectrum", "is an array of 3, not a number"),
        ("dead", r"has no valid value \(INVALID, COMM\)"),
    ],
)
def test_what_is_no_valid_number_is_refused_before_a_scan_and_in_it(beamline, pv, what):
    counter = beamline.counter(pv)
    with pytest.raises(DeviceError, match=rf"^{pv}: PV T:{pv} {what}"):
        counter.controller.check_counters(counter)
    with pytest.raises(DeviceError, match=rf"^{pv}.read failed: PV T:{pv} {what}"):
        counter.read()


def test_one_pv_of_several_that_fails_is_named(beamline):
    reader = PVReader("currents")
    for name in ("diode", "dead"):
        PVCounter(name, beamline.pv(name), controller=reader)
    with pytest.raises(DeviceError, match="PV T:dead"):
        reader.check_counters(*reader.counters.values())


def test_a_counter_shows_its_value_and_since_when_it_is_connected(beamline):
    shown = beamline.counter("diode")
    shown.check()
    first, second = shown.__info__().splitlines()
    assert first == "counter diode: 5 nA"
    assert second.startswith("  PV T:diode: connected since ")


def test_a_counter_without_a_valid_value_shows_why(beamline):
    first, second = beamline.counter("dead").__info__().splitlines()
    assert first.startswith("counter dead: dead.read failed: PV T:dead has no valid value (INVALID, COMM)")
    assert second.startswith("  PV T:dead: connected since ")


def test_the_simulated_ioc_tells_of_what_changes_by_time(beamline):
    diode = beamline.counter("diode", monitor=True)
    dark = diode.read()
    beamline.shutter().open()
    until = clock.time() + 5
    while diode.read() == dark and clock.time() < until:
        clock.sleep(0.01)
    assert diode.read() > dark
