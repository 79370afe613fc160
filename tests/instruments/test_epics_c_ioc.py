"""A real IOC in C, by Channel Access and by PV Access: the same devices, the same scans, the IOC's own log of puts."""

import math
import subprocess
import sys

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.contracts import looking
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.instruments.epics import PVCounter, connect
from obtura.instruments.epics.link import Link


def beam(x):
    return 5.0 + 1000.0 * math.exp(-2.0 * (x - 1.0) ** 2)


def test_a_loopscan_with_a_shutter_per_point_is_what_the_ioc_saw(c_beamline):
    diode, shutter = c_beamline.counter(), c_beamline.shutter()
    scan = obtura.loopscan(3, 0.02, diode, run=False, save=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    assert c_beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")] * 3
    assert list(scan.get_data(diode)) == pytest.approx([beam(0.0)] * 3)


def test_an_ascan_with_a_shutter_per_point_moves_before_it_opens(c_beamline):
    diode, axis, shutter = c_beamline.counter(), c_beamline.axis(), c_beamline.shutter()
    scan = obtura.ascan(axis, 0, 2, 4, 0.02, diode, run=False, save=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    positions = [0.0, 0.5, 1.0, 1.5, 2.0]
    assert c_beamline.puts() == [
        put for x in positions for put in (("axis", x), ("shutter", "Open"), ("shutter", "Closed"))
    ]
    assert list(scan.get_data(diode)) == pytest.approx(list(map(beam, positions)))


def test_units_limits_and_states_are_the_iocs(c_beamline):
    axis, mode = c_beamline.axis(), c_beamline.counter("mode")
    assert (axis.unit, axis.limits) == ("mm", (-10.0, 10.0))
    assert c_beamline.counter().unit == "nA"
    assert mode.states == ("single bunch", "16 bunch", "uniform")
    assert mode.read() == 2.0
    assert "2 (uniform)" in mode.__info__()


def test_values_that_are_not_valid_are_refused(c_beamline):
    with pytest.raises(DeviceError, match=r"dead.read failed: PV .*C:dead has no valid value \(INVALID, UDF\)"):
        c_beamline.counter("dead").read()


@pytest.mark.parametrize("value", ["Bogus", "Ajar"])
def test_a_state_that_the_enum_lacks_is_an_error_that_names_those_it_has(c_beamline, value, seconds):
    shutter = c_beamline.shutter()
    shutter.open_value = value
    took, error = seconds(shutter.open)
    assert f"C:shutter has no state '{value}', there are Closed, Open" in str(error)
    assert took < 30


def test_text_and_long_text_are_read_and_put_as_text(c_beamline):
    message, long_text = (Link("test", c_beamline.pv(name)) for name in ("message", "long_text"))
    assert message.read_text("read") == "beam available"
    assert long_text.read_text("read") == "a text of more than forty characters, in an array of them"


def test_a_read_only_process_puts_nothing(c_beamline, monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    for call in (c_beamline.shutter().open, lambda: c_beamline.axis().move(1.0)):
        with pytest.raises(DeviceError, match="read-only"):
            call()
    assert c_beamline.puts() == []
    assert c_beamline.counter().read() == 5.0


def test_devices_tell_how_they_are_connected_and_what_was_said(c_beamline):
    shutter = c_beamline.shutter()
    connect(shutter)
    shutter.open()
    assert shutter.connection.startswith(f"2 of 2 PVs connected; {c_beamline.protocol} C:shutter: connected since ")
    told = [(each.sent.rpartition("//")[2], each.answer) for each in shutter.trace]
    assert ("C:shutter := Open", "") in told
    assert ("C:shutter:status", "Open") in told
    assert all(each.when > 1e9 and each.took < 60 for each in shutter.trace)


def test_a_pv_that_nobody_has_is_waited_for_in_vain(c_beamline, seconds):
    lost = PVCounter("lost", c_beamline.pv("no_such_pv"), timeout=0.2)
    took, error = seconds(lost.read)
    assert took < 30
    assert isinstance(error, DeviceTimeoutError)
    asked = "EPICS_PVA_ADDR_LIST=" if c_beamline.protocol == "pva" else "EPICS_CA_ADDR_LIST="
    assert asked in str(error)
    assert "no answer from any IOC since" in lost.connection


def test_a_shutter_is_closed_by_the_guard_when_the_process_dies(c_beamline, script):
    text = f"""
import time
from obtura.devices.soft import SoftCounter
class Dark(obtura.ScanPreset):
    def start(self, scan):
        print("READY", flush=True)
        time.sleep(60)
shutter = PVShutter("shutter", "{c_beamline.pv("shutter")}", "{c_beamline.pv("shutter:status")}", "Open", "Closed")
scan = obtura.loopscan(1, 0.0, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(shutter, safety=True))
scan.add_preset(Dark())
scan.run()
"""
    pipes = {name: subprocess.PIPE for name in ("stdout", "stderr")}
    with subprocess.Popen([sys.executable, script(text)], text=True, **pipes) as process:
        assert process.stdout.readline() == "READY\n", process.communicate()[1]
        process.kill()
        said = process.communicate(timeout=120)[1]
    assert "shutter.close done" in said
    assert c_beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]


@pytest.mark.parametrize(
    ("extra", "package", "name"), [("epics", "caproto", "X:diode"), ("pva", "p4p", "pva://X:diode")]
)
def test_only_a_pv_that_needs_it_asks_for_an_extra(extra, package, name):
    others = {"X:diode": "pva://X:diode", "pva://X:diode": "X:diode"}
    code = f"""
import sys
sys.modules[{package!r}] = None
from obtura.instruments.epics import PVCounter
PVCounter("good", {others[name]!r})
try:
    PVCounter("diode", {name!r})
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"pip install 'obtura[{extra}]'" in done.stdout


@pytest.mark.parametrize(
    ("name", "what"), [("pvx://X:a", "there is no protocol pvx://; there are ca, pva"), ("ca://", "is no name of a PV")]
)
def test_a_name_that_is_none_is_refused(name, what):
    with pytest.raises(obtura.UsageError, match=what):
        PVCounter("diode", name)
