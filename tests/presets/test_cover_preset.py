"""DetectorCoverPreset: the cover is out while the scan runs."""

import pytest

from obtura.ground.errors import DeviceError
from obtura.presets import DetectorCoverPreset, ShutterPreset


@pytest.fixture
def cover(lab):
    lab.watch(lab.line.cover, "set_in", "set_out")
    return lab.line.cover


@pytest.mark.parametrize("level", ["scan", "chain"])
def test_it_is_out_before_anything_is_prepared_and_in_afterwards(lab, cover, level):
    scan = lab.scan()
    (scan if level == "scan" else scan.acq_chain).add_preset(DetectorCoverPreset(cover))
    scan.run()
    assert lab.log == ["set_out", "move 0", "move 10", "set_in"]
    assert cover.is_in


def test_per_point_it_is_out_for_each_point(lab, cover):
    scan = lab.scan()
    scan.acq_chain.add_preset(DetectorCoverPreset(cover, per_point=True))
    scan.run()
    assert lab.log == ["set_out", "move 0", "set_in", "set_out", "move 10", "set_in"]


def test_it_goes_in_also_when_it_did_not_come_out(lab, cover):
    cover.timeout = 0.01
    scan = lab.scan()
    scan.add_preset(DetectorCoverPreset(cover))
    with pytest.raises(DeviceError, match=r"cover\.set_out failed"):
        scan.run()
    assert lab.log == ["set_out", "set_in"]


def test_with_a_shutter_preset_added_after_it_the_detector_is_open_first_and_covered_last(lab, cover):
    lab.watch(lab.line.shutter, "open", "close")
    scan = lab.scan(npoints=1)
    scan.add_preset(DetectorCoverPreset(cover))
    scan.add_preset(ShutterPreset(lab.line.shutter))
    scan.run()
    assert lab.log == ["set_out", "move 0", "open", "close", "set_in"]
