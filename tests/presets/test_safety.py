"""`safety=True`: what is done by another process when this one dies. That it is done: tests/guard."""

import pytest

from obtura.contracts.presets import ScanPreset
from obtura.contracts.safety import SafeAction, action_of
from obtura.devices.sim import BoxedShutter, SimulatedShutter, shutter_box
from obtura.engine import safety
from obtura.ground.errors import UsageError
from obtura.presets import DetectorCoverPreset, ShutterPreset
from obtura.works.ledger import Ledger


def test_where_no_guard_is_possible_it_says_so_and_goes_on(lab):
    scan = lab.scan()
    scan.add_preset(ShutterPreset(SimulatedShutter("shutter"), safety=True))
    scan.run()
    line = "no guard for shutter.close: no other process can call it, for ShutterBlade has no action_of()"
    assert lab.viewer.text.count(line) == 1
    assert len(scan.get_data("diode")) == 2


def test_safety_needs_a_method_that_says_what_to_do(lab):
    class Open(ScanPreset):
        safety = True

        def start(self, scan):
            pass

    with pytest.raises(UsageError, match="Open has safety = True, so it needs safety_action"):
        lab.scan().add_preset(Open())


def test_per_point_it_is_armed_for_the_whole_scan(lab, monkeypatch):
    told = []
    monkeypatch.setattr(safety.guard, "arm", lambda name, *_: told.append(f"arm {name}") or 1)
    monkeypatch.setattr(safety.guard, "disarm", lambda number: told.append("disarm"))
    scan = lab.scan()
    with shutter_box(travel=0.0) as box:
        preset = ShutterPreset(BoxedShutter("shutter", box.address), per_point=True, safety=True)
        scan.acq_chain.add_preset(preset)
        scan.run()
        assert [command for _, command in box.log()] == ["OPEN", "CLOSE"] * 2
    assert told == ["arm shutter.close", "disarm"]


def test_a_cover_is_put_in(lab):
    preset = DetectorCoverPreset(lab.line.cover, safety=True)
    with pytest.raises(UsageError, match="no other process can call it"):
        preset.safety_action()
    lab.line.cover.action_of = lambda method: SafeAction("os:getpid", {"method": method})
    assert preset.safety_action() == SafeAction("os:getpid", {"method": "set_in"}, "cover.set_in")


def test_a_shutter_that_others_drive_can_not_be_closed_from_elsewhere():
    shutter = BoxedShutter("shutter", "127.0.0.1:1")
    assert action_of(shutter, "close").name == "shutter.close"
    shutter.mode = "EXTERNAL"
    with pytest.raises(UsageError, match="mode EXTERNAL"):
        action_of(shutter, "close")


@pytest.mark.parametrize(
    ("function", "arguments", "complaint"),
    [
        ("close", {}, "expected a function as 'module:name'"),
        ("__main__:close", {}, "put it into a module"),
        ("os:getpid", {"of": object()}, "must be what JSON has"),
    ],
)
def test_an_action_must_make_sense_in_another_process(function, arguments, complaint):
    with pytest.raises(UsageError, match=complaint):
        SafeAction(function, arguments)


def test_a_ledger_that_can_not_be_written_is_told_and_the_scan_goes_on(lab, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(safety.guard, "arm", lambda *_: 1)
    monkeypatch.setattr(safety.guard, "disarm", lambda number: None)
    scan = lab.scan()
    scan.surroundings.ledger = Ledger(tmp_path / "file" / "lab.ledger")
    with shutter_box(travel=0.0) as box:
        scan.add_preset(ShutterPreset(BoxedShutter("shutter", box.address), safety=True))
        scan.run()
    assert "lab.ledger can't be written" in lab.viewer.text
    assert len(scan.get_data("diode")) == 2
