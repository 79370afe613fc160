"""ShutterPreset: the shutter is open while the scan counts, and closed whatever happens."""

import pytest

from obtura.contracts.presets import ScanPreset
from obtura.ground.errors import DeviceError
from obtura.presets import ShutterPreset


@pytest.fixture
def shutter(lab):
    lab.watch(lab.line.shutter, "open", "close")
    return lab.line.shutter


class Bad(ScanPreset):
    """Fails in one of its hooks."""

    def __init__(self, hook):
        self.hook = hook

    def prepare(self, scan):
        self.fail("prepare")

    def start(self, scan):
        self.fail("start")

    def fail(self, hook):
        if hook == self.hook:
            raise ValueError(hook)


@pytest.mark.parametrize("level", ["scan", "chain"])
def test_it_opens_after_the_first_move_and_closes_at_the_end(lab, shutter, level):
    scan = lab.scan()
    (scan if level == "scan" else scan.acq_chain).add_preset(ShutterPreset(shutter))
    scan.run()
    assert lab.log == ["move 0", "open", "move 10", "close"]
    assert shutter.is_closed


def test_per_point_it_is_never_open_while_the_motor_moves(lab, shutter):
    scan = lab.scan()
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
    scan.run()
    assert lab.log == ["move 0", "open", "close", "move 10", "open", "close"]


def test_the_diode_sees_light_at_each_point(lab, shutter):
    scan = lab.scan(npoints=3)
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
    scan.run()
    assert scan.get_data("diode") == pytest.approx([44, 1000, 44], abs=150)
    assert abs(lab.line.diode.read()) < 10


def test_one_that_is_open_is_closed_for_the_first_move(lab, shutter):
    lab.line.shutter.blade.go(out=True)
    scan = lab.scan(npoints=1)
    lab.line.roby.move(-1)
    lab.log.clear()
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
    scan.run()
    assert lab.log == ["close", "move 0", "open", "close"]


@pytest.mark.parametrize("hook", ["prepare", "start"])
def test_it_is_closed_after_an_error_of_another_preset(lab, shutter, hook):
    scan = lab.scan()
    scan.add_preset(ShutterPreset(shutter))
    scan.add_preset(Bad(hook))
    with pytest.raises(ValueError, match=hook):
        scan.run()
    assert lab.log[-1] == "close"
    assert shutter.is_closed


def test_it_is_closed_after_an_error_of_a_device(lab, shutter):
    scan = lab.scan()
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))

    def broken():
        raise DeviceError("diode: no answer")

    lab.line.diode.raw = broken
    with pytest.raises(DeviceError, match="no answer"):
        scan.run()
    assert lab.log == ["move 0", "open", "close"]


def test_one_that_fails_to_open_is_closed(lab, shutter):
    shutter.timeout = 0.01
    scan = lab.scan()
    scan.add_preset(ShutterPreset(shutter))
    with pytest.raises(DeviceError, match=r"shutter\.open failed"):
        scan.run()
    assert lab.log == ["move 0", "open", "close"]


def test_a_shutter_of_ones_own_needs_only_two_methods(lab):
    class Flag:
        def open(self):
            lab.log.append("up")

        def close(self):
            lab.log.append("down")

    scan = lab.scan(npoints=1)
    scan.add_preset(ShutterPreset(Flag()))
    scan.run()
    assert lab.log == ["move 0", "up", "down"]


def test_the_file_is_told_which_shutter_it_was(lab, shutter):
    scan = lab.scan()
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
    scan.run()
    (info,) = lab.viewer.presets
    assert info.name == "ShutterPreset"
    assert dict(info.parameters) == {"shutter": "shutter", "per_point": "True", "safety": "False"}


def test_one_whose_mode_forbids_to_open_it_is_refused_before_anything_moves(lab, shutter):
    shutter.mode = "CONFIGURATION"
    scan = lab.scan()
    scan.add_preset(ShutterPreset(shutter))
    with pytest.raises(DeviceError, match="it is in mode CONFIGURATION"):
        scan.run()
    assert "move 0" not in lab.log
