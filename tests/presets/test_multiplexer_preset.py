"""MultiplexerPreset: outputs are switched for the time of a scan."""

import pytest

from obtura.ground.errors import DeviceError, UsageError
from obtura.presets import MultiplexerPreset


@pytest.fixture
def multiplexer(lab):
    lab.watch(lab.line.multiplexer, "switch")
    return lab.line.multiplexer


@pytest.mark.parametrize("level", ["scan", "chain"])
def test_it_is_switched_before_anything_is_prepared_and_back_afterwards(lab, multiplexer, level):
    scan = lab.scan(npoints=1)
    preset = MultiplexerPreset(multiplexer, "trigger", "roby")
    (scan if level == "scan" else scan.acq_chain).add_preset(preset)
    scan.run()
    assert lab.log == ["switch trigger roby", "move 0", "switch trigger timer"]


def test_several_settings_are_restored_in_reverse(lab, multiplexer):
    scan = lab.scan(npoints=1)
    scan.add_preset(MultiplexerPreset(multiplexer, "trigger", "roby", "gate", "timer"))
    scan.run()
    assert lab.log == [
        *("switch trigger roby", "switch gate timer", "move 0"),
        *("switch gate off", "switch trigger timer"),
    ]


def test_what_somebody_set_in_between_two_scans_is_restored(lab, multiplexer):
    preset = MultiplexerPreset(multiplexer, "gate", "shutter")
    for before in ("timer", "off"):
        multiplexer.switch("gate", before)
        scan = lab.scan(npoints=1)
        scan.add_preset(preset)
        scan.run()
        assert multiplexer.get_output("gate") == before


def test_without_restore_it_stays_as_the_scan_had_it(lab, multiplexer):
    scan = lab.scan(npoints=1)
    scan.add_preset(MultiplexerPreset(multiplexer, "gate", "shutter", restore=False))
    scan.run()
    assert multiplexer.get_output("gate") == "shutter"


def test_per_point_it_is_switched_around_each_point(lab, multiplexer):
    scan = lab.scan()
    scan.acq_chain.add_preset(MultiplexerPreset(multiplexer, "gate", "shutter", per_point=True))
    scan.run()
    assert lab.log == [
        *("switch gate shutter", "move 0", "switch gate off"),
        *("switch gate shutter", "move 10", "switch gate off"),
    ]


class Brittle:
    """Switches until it meets an output that is broken."""

    name = "mux"

    def __init__(self, log, broken):
        self.log = log
        self.broken = broken

    def switch(self, output, input):
        self.log.append(f"{output} {input}")
        if (output, input) in self.broken:
            raise DeviceError(f"{output} is broken")

    def get_output(self, output):
        return "old"


def test_when_it_fails_half_way_what_was_begun_is_restored(lab):
    brittle = Brittle(lab.log, {("b", "new")})
    scan = lab.scan()
    scan.add_preset(MultiplexerPreset(brittle, "a", "new", "b", "new", "c", "new"))
    with pytest.raises(DeviceError, match="b is broken"):
        scan.run()
    assert lab.log == ["a new", "b new", "b old", "a old"]


def test_when_one_cannot_be_restored_the_others_are(lab):
    brittle = Brittle(lab.log, {("b", "old"), ("c", "old")})
    scan = lab.scan(npoints=1)
    scan.add_preset(MultiplexerPreset(brittle, "a", "new", "b", "new", "c", "new"))
    with pytest.raises(DeviceError, match="c is broken") as caught:
        scan.run()
    assert "then b is broken" in caught.value.__notes__
    assert lab.log[-3:] == ["c old", "b old", "a old"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("triger", "roby"), "did you mean 'trigger'"),
        (("trigger", "rboy"), "did you mean 'roby'"),
        (("trigger", "roby", "gate"), "'gate' has no input"),
    ],
)
def test_settings_that_do_not_exist_are_refused_and_nothing_is_switched(lab, multiplexer, names, message):
    with pytest.raises(UsageError, match=message):
        MultiplexerPreset(multiplexer, *names)
    assert lab.log == []


def test_the_file_is_told_the_settings(lab, multiplexer):
    preset = MultiplexerPreset(multiplexer, "trigger", "roby", "gate", "timer")
    for _ in range(2):
        scan = lab.scan(npoints=1)
        scan.add_preset(preset)
        scan.run()
        assert dict(lab.viewer.presets[0].parameters) == {
            "multiplexer": "multiplexer",
            "settings": "[[trigger, roby], [gate, timer]]",
            "restore": "True",
            "per_point": "False",
        }
