"""Presets for any level: where they are added says when they act."""

import pytest

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset, check_preset
from obtura.devices.sim import demo_beamline
from obtura.ground.errors import UsageError
from obtura.presets import (
    AnyLevelPreset,
    DetectorCoverPreset,
    MultiplexerPreset,
    ShutterPreset,
    WaitForBeam,
)

LINE = demo_beamline()
PRESETS = [
    ShutterPreset(LINE.shutter),
    DetectorCoverPreset(LINE.cover),
    MultiplexerPreset(LINE.multiplexer, "gate", "shutter"),
    WaitForBeam(LINE.monitor, 10),
]


class Told(AnyLevelPreset):
    """Tells the log what it is asked to do."""

    def __init__(self, log, per_point=False, fails_in=None):
        self.log = log
        self.per_point = per_point
        self.fails_in = fails_in

    def set_up(self, say):
        self.tell("set up")
        say("set up")

    def begin(self, say):
        self.tell("begin")

    def put_back(self):
        self.tell("put back")

    def tell(self, what):
        self.log.append(what)
        if what == self.fails_in:
            raise ValueError(what)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: type(preset).__name__)
@pytest.mark.parametrize("kind", [ScanPreset, ChainPreset])
def test_ready_made_presets_are_presets_of_both_levels(preset, kind):
    assert check_preset(preset, kind) is None


@pytest.mark.parametrize("level", ["scan", "chain"])
def test_around_a_scan_or_a_branch_it_acts_once(lab, level):
    scan = lab.scan()
    (scan if level == "scan" else scan.acq_chain).add_preset(Told(lab.log))
    scan.run()
    assert lab.log == ["set up", "move 0", "begin", "move 10", "put back"]
    assert lab.viewer.text == "set up\n"


def test_per_point_it_acts_around_each_point(lab):
    scan = lab.scan()
    scan.acq_chain.add_preset(Told(lab.log, per_point=True))
    scan.run()
    assert lab.log == [
        *("set up", "move 0", "begin", "put back"),
        *("set up", "move 10", "begin", "put back"),
    ]
    assert lab.viewer.text == "set up\n" * 2


def test_per_point_on_a_scan_is_refused_in_plain_words_and_nothing_moves(lab):
    with pytest.raises(UsageError, match=r"Told\(per_point=True\) .* scan\.acq_chain\.add_preset"):
        lab.scan().add_preset(Told(lab.log, per_point=True))
    assert lab.log == []


@pytest.mark.parametrize("per_point", [False, True])
@pytest.mark.parametrize("fails_in", ["set up", "begin", "put back"])
def test_it_is_put_back_exactly_once_whatever_fails(lab, per_point, fails_in):
    scan = lab.scan()
    scan.acq_chain.add_preset(Told(lab.log, per_point, fails_in))
    with pytest.raises(ValueError, match=fails_in):
        scan.run()
    assert lab.log.count("put back") == 1
    assert lab.log[-1] == "put back"


def test_messages_name_the_preset_also_per_point(lab):
    scan = lab.scan()
    scan.acq_chain.add_preset(Told(lab.log, per_point=True, fails_in="begin"))
    with pytest.raises(ValueError) as caught:
        scan.run()
    assert any("Told.start" in note for note in caught.value.__notes__)


def test_the_points_of_a_preset_are_iteration_presets(lab):
    points = iter(Told(lab.log, per_point=True).get_iterator(lab.scan().acq_chain))
    assert check_preset(next(points), ChainIterationPreset) is None
    assert Told(lab.log).get_iterator(lab.scan().acq_chain) is None


def test_one_object_serves_in_consecutive_scans(lab):
    preset = Told(lab.log, per_point=True)
    for _ in range(2):
        scan = lab.scan(npoints=1)
        scan.acq_chain.add_preset(preset)
        scan.run()
    assert lab.log == ["set up", "move 0", "begin", "put back"] * 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ShutterPreset(LINE.diode),
            r"needs a shutter with open\(\), close\(\); .*:diode'\) has no open\(\) and no close\(\)",
        ),
        (lambda: ShutterPreset(type(LINE.shutter)), "SimulatedShutter is a class: give an object"),
        (lambda: ShutterPreset(None), "None has no open"),
        (lambda: DetectorCoverPreset(LINE.shutter), r"DetectorCoverPreset needs a cover with set_in\(\), set_out\(\)"),
        (lambda: MultiplexerPreset(LINE.roby, "gate", "off"), "MultiplexerPreset needs a multiplexer"),
        (lambda: WaitForBeam(LINE.roby, 10), r"WaitForBeam needs a counter with read\(\); .*'roby'.* has no read\(\)"),
    ],
)
def test_a_device_of_the_wrong_kind_is_refused_and_named(make, message):
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("value", ["no", "yes", 1, None])
def test_a_switch_is_true_or_false(value):
    with pytest.raises(UsageError, match="ShutterPreset: safety must be True or False"):
        ShutterPreset(LINE.shutter, safety=value)
    with pytest.raises(UsageError, match="ShutterPreset: per_point must be True or False"):
        ShutterPreset(LINE.shutter, per_point=value)
