"""Scans on a live IOC: what it saw, in its order, and what is left when it dies."""

import math

import h5py
import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

import obtura
from obtura.instruments.epics.link import Link

AT_ZERO = 5.0 + 1000.0 * math.exp(-2.0)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def saved(scan):
    """The entry of a scan in its file."""
    with h5py.File(scan.scan_info["filename"]) as file:
        entry = file[f"{scan.scan_number}.1"]
        return {
            "end_reason": entry["end_reason"][()].decode(),
            **{name: list(data[()]) for name, data in entry["measurement"].items()},
        }


class Noting:
    """Puts its name and what is called to a PV, so that the IOC has the order of calls."""

    def __init__(self, beamline, name):
        self.link = Link(name, beamline.pv("note"))
        self.name = name

    def note(self, what):
        self.link.put(f"{self.name}.{what}", "note").wait(math.inf)


class NotingPreset(Noting, obtura.ScanPreset):
    def prepare(self, _scan):
        self.note("prepare")

    def start(self, _scan):
        self.note("start")

    def stop(self, _scan):
        self.note("stop")


class NotingChainPreset(Noting, obtura.ChainPreset):
    def __init__(self, beamline, name):
        super().__init__(beamline, name)
        self.beamline = beamline

    def prepare(self, _chain):
        self.note("prepare")

    def start(self, _chain):
        self.note("start")

    def before_stop(self, _chain):
        self.note("before_stop")

    def stop(self, _chain):
        self.note("stop")

    def get_iterator(self, _chain):
        return [NotingIteration(self.beamline, f"I{i}") for i in range(2)]


class NotingIteration(Noting, obtura.ChainIterationPreset):
    def prepare(self):
        self.note("prepare")

    def start(self):
        self.note("start")

    def stop(self):
        self.note("stop")


class NotingSlave(obtura.AcquisitionSlave):
    """A device on a lane of its own, prepared and started for each point."""

    def __init__(self, noting):
        super().__init__(noting, npoints=2)
        self.channels.append(obtura.AcquisitionChannel("D:value"))

    def prepare(self):
        self.device.note("prepare")

    def start(self):
        self.device.note("start")

    def reading(self):
        self.device.note("reading")
        self.channels[0].emit(1.0)

    def stop(self):
        self.device.note("stop")


DESIGN_2_1 = [
    "S.prepare",
    "C.prepare",
    "I0.prepare",
    "D.prepare",
    "S.start",
    "C.start",
    "I0.start",
    "D.start",
    "D.reading",
    "I0.stop",
    "I1.prepare",
    "D.prepare",
    "I1.start",
    "D.start",
    "D.reading",
    "I1.stop",
    "C.before_stop",
    "D.stop",
    "C.stop",
    "S.stop",
]


def test_the_ioc_sees_presets_and_devices_in_the_order_of_the_design(beamline):
    chain = obtura.AcquisitionChain()
    timer = obtura.SoftwareTimerMaster(0.01, npoints=2)
    chain.add(timer, NotingSlave(Noting(beamline, "D")))
    chain.add_preset(NotingChainPreset(beamline, "C"))
    scan = obtura.Scan(chain, save=False)
    scan.add_preset(NotingPreset(beamline, "S"))
    scan.run()
    assert [text for _, text in beamline.puts()] == DESIGN_2_1


def test_a_shutter_pv_opens_and_closes_around_each_point_of_a_loopscan(beamline):
    diode, shutter = beamline.counter("diode"), beamline.shutter()
    scan = obtura.loopscan(3, 0.05, diode, run=False)
    scan.add_preset(NotingPreset(beamline, "S"))
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    assert beamline.puts() == [
        ("note", "S.prepare"),
        ("note", "S.start"),
        *[("shutter", "Open"), ("shutter", "Closed")] * 3,
        ("note", "S.stop"),
    ]
    assert list(scan.get_data()["diode"]) == pytest.approx([AT_ZERO] * 3)
    assert saved(scan)["diode"] == pytest.approx([AT_ZERO] * 3)
    assert shutter.is_closed


def test_an_axis_pv_is_scanned_through_the_beam(beamline):
    diode, axis, shutter = beamline.counter("diode"), beamline.axis(), beamline.shutter()
    scan = obtura.ascan(axis, 0, 2, 4, 0.03, diode, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    positions = [0.0, 0.5, 1.0, 1.5, 2.0]
    assert beamline.puts() == [
        put for x in positions for put in (("axis", str(x)), ("shutter", "Open"), ("shutter", "Closed"))
    ]
    beam = [5.0 + 1000.0 * math.exp(-0.5 * ((x - 1.0) / 0.5) ** 2) for x in positions]
    entry = saved(scan)
    assert entry["end_reason"] == "SUCCESS"
    assert entry["mx"] == pytest.approx(positions)
    assert entry["diode"] == pytest.approx(beam)


def test_a_dscan_of_an_axis_pv_returns(beamline):
    axis = beamline.axis()
    axis.move(0.5)
    obtura.dscan(axis, -0.2, 0.2, 2, 0.01, beamline.counter("diode"), save=False)
    assert axis.position == pytest.approx(0.5, abs=axis.tolerance)


def test_a_target_out_of_the_pvs_limits_is_refused_before_anything_is_put(beamline):
    scan = obtura.ascan(beamline.axis(), 0, 11, 4, 0.03, beamline.counter("diode"), run=False)
    scan.add_preset(NotingPreset(beamline, "S"))
    with pytest.raises(obtura.LimitError, match=r"mx: .* outside of the limits -10 to 10 mm of PV T:axis"):
        scan.run()
    assert beamline.puts() == []


def test_a_scan_with_a_dead_pv_is_refused_before_anything_is_put(beamline):
    scan = obtura.loopscan(3, 0.05, beamline.counter("dead"), run=False)
    scan.add_preset(NotingPreset(beamline, "S"))
    with pytest.raises(obtura.DeviceError, match="PV T:dead has no valid value"):
        scan.run()
    assert beamline.puts() == []


class KillsTheIoc(obtura.ChainPreset):
    """Before point `at`; keeps its own list of calls."""

    def __init__(self, ioc, at):
        self.ioc = ioc
        self.at = at
        self.calls = []

    def prepare(self, _chain):
        self.calls.append("prepare")

    def before_stop(self, _chain):
        self.calls.append("before_stop")

    def stop(self, _chain):
        self.calls.append("stop")

    def get_iterator(self, _chain):
        for _ in range(self.at):
            yield Nothing()
        yield Kill(self.ioc)


class Nothing(obtura.ChainIterationPreset):
    def start(self):
        """Let it count."""


class Kill(obtura.ChainIterationPreset):
    def __init__(self, ioc):
        self.ioc = ioc

    def start(self):
        self.ioc.kill()


def test_an_ioc_that_dies_in_mid_scan_is_named_and_the_way_out_is_done(mortal_beamline, seconds, in_the_end):
    diode, axis, shutter = (
        mortal_beamline.counter("diode", timeout=2.0),
        mortal_beamline.axis(timeout=2.0),
        mortal_beamline.shutter(timeout=2.0),
    )
    scan = obtura.ascan(axis, 0, 1, 10, 0.03, diode, run=False)
    killer = KillsTheIoc(mortal_beamline.ioc, at=3)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter))
    scan.acq_chain.add_preset(killer)
    took, error = seconds(scan.run)
    assert isinstance(error, obtura.DeviceError)
    assert mortal_beamline.ioc.prefix in str(error)
    assert "lost at" in str(error)
    assert took < 60
    assert killer.calls == ["prepare", "before_stop", "stop"]
    assert any("shutter.close failed" in str(each) for each in scan.errors)
    assert scan.state is obtura.ScanState.KILLED
    entry = saved(scan)
    assert entry["end_reason"] == "FAILURE"
    assert entry["mx"][:3] == pytest.approx([0.0, 0.1, 0.2])
    assert len(entry["diode"]) == 3

    mortal_beamline.ioc.start()
    again = in_the_end(lambda: obtura.ascan(axis, 0, 1, 2, 0.01, diode))
    assert saved(again)["mx"] == pytest.approx([0.0, 0.5, 1.0])
