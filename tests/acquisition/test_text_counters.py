"""Counters whose points are texts, in scans: what is kept of them, and what can't be done with them."""

import enum

import numpy as np
import pytest
from meters import Meter, bench

from obtura.contracts.calculation import CalcCounterController
from obtura.contracts.counters import (
    Counter,
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
    SamplingMode,
)
from obtura.contracts.presets import ScanPreset
from obtura.devices.expression import ExpressionCalcCounter
from obtura.devices.sim import SimulatedAxis
from obtura.devices.soft import SoftCounter
from obtura.ground.channels import AcquisitionChannel, attach_channels, duplicate_channel
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.texts import NOT_READ
from obtura.presets.protect import ProtectPreset
from obtura.works.clock import virtual_time


class Color(enum.StrEnum):
    RED = "red"


def text(readings=("a",), mode=None, **options):
    return SamplingCounter("phase", Meter(readings, **options), mode=mode, dtype=str)


def counted(*counters, npoints=3, count_time=0.0):
    with virtual_time():
        return bench().loopscan(npoints, count_time, *counters).get_data()


def channel(name="s:phase", **options):
    return AcquisitionChannel(name, str, **options)


def emitted(made, *values):
    """What comes out of a channel for each emit."""
    seen = []
    made.connect(lambda channel, block: seen.append(block))
    for value in values:
        made.emit(value)
    return seen


# -- channels ---------------------------------------------------------------------------------------------


def test_a_text_is_a_point_and_a_list_of_them_a_block():
    blocks = emitted(channel(), "ready", "", ["a", "b"], np.array(["c", "d"]), np.str_("e"), Color.RED)
    assert [block.tolist() for block in blocks] == [["ready"], [""], ["a", "b"], ["c", "d"], ["e"], ["red"]]
    assert {type(each) for block in blocks for each in block} == {str}


@pytest.mark.parametrize("value", [3.5, None, b"bytes", ["a", 1.0], [["a", "b"], ["c", "d"]]])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(UsageError, match="channel s:phase: got|channel s:phase: .* is not of type str: .* is no text"):
        emitted(channel(), value)


def test_any_type_of_texts_is_text_of_any_length_and_there_are_no_arrays_of_them():
    assert AcquisitionChannel("s:phase", "U3").dtype == np.dtype(str)
    assert repr(channel()) == "AcquisitionChannel('s:phase', str, ())"
    with pytest.raises(UsageError, match=r"channel s:phase: a point is one text, there are no arrays of them"):
        channel(shape=(2,))
    with pytest.raises(UsageError, match=r"phase: a point of text is one text: its shape must be \(\), not \(2,\)"):
        Counter("phase", Meter(), dtype=str, shape=(2,))


def test_it_can_be_doubled_and_repeated():
    fast, slow = AcquisitionChannel("s:fast"), channel()
    double = duplicate_channel(slow, "s:upper", lambda block: [each.upper() for each in block])
    attach_channels([slow], fast)
    seen = {}
    for each in (fast, slow, double):
        each.connect(lambda channel, block: seen.setdefault(channel.short_name, []).extend(block))
    slow.emit("up")
    fast.emit([1.0, 2.0])
    assert seen == {"fast": [1.0, 2.0], "phase": ["up", "up"], "upper": ["UP", "UP"]}


# -- scans ------------------------------------------------------------------------------------------------


def test_its_points_are_texts_of_python():
    data = counted(text(["a", "", "über"]))
    assert data["phase"].dtype == object and data["phase"].tolist() == ["a", "", "über"]
    assert {type(each) for each in data["phase"]} == {str}
    assert [info.dtype for info in data.channels if info.is_text] == ["str"]


@pytest.mark.parametrize(("mode", "expected"), [(None, "c"), ("LAST", "c"), ("SINGLE", "a")])
def test_of_several_readings_the_last_or_the_first_is_the_point(mode, expected):
    counter = text(["a", "b", "c"], mode, seconds=0.01, max_sampling_frequency=10)
    assert counted(counter, npoints=1, count_time=0.3)["phase"].tolist() == [expected]
    assert counter.statistics.N >= 1 and np.isnan(counter.statistics.mean)


@pytest.mark.parametrize("mode", ["MEAN", "STATS", "SAMPLES", "INTEGRATE", "INTEGRATE_STATS"])
def test_it_has_no_mean(mode):
    with pytest.raises(
        UsageError, match=f"phase gives text, which has no mean: its mode must be SINGLE or LAST, not {mode}$"
    ):
        text(mode=mode)
    counter = text()
    with pytest.raises(UsageError, match="has no mean"):
        counter.mode = SamplingMode[mode]
    assert counter.mode is SamplingMode.LAST


def test_numbers_beside_it_are_as_they_were():
    class Both(SamplingCounterController):
        def read_all(self, *counters):
            return ["a" if counter.is_text else 2.5 for counter in counters]

    both = Both("both", blocking=False)
    SamplingCounter("number", both)
    SamplingCounter("phase", both, dtype=str)
    data = counted(both)
    assert data["number"].tolist() == [2.5] * 3 and data["phase"].tolist() == ["a"] * 3


@pytest.mark.parametrize(
    ("counter", "words"),
    [
        (lambda: text([3.5]), "counter phase read 3.5, which is no text"),
        (
            lambda: SamplingCounter("level", Meter(["up"])),
            "counter level read 'up', which is no number; text is counted",
        ),
    ],
)
def test_a_text_is_no_number_nor_a_number_a_text(counter, words):
    with pytest.raises(DeviceError, match=words):
        counted(counter())


def test_a_conversion_makes_a_text_of_a_number():
    counter = SamplingCounter("state", Meter([1.0, 0.0]), lambda raw: ("shut", "open")[int(raw)], dtype=str)
    assert counted(counter, npoints=2)["state"].tolist() == ["open", "shut"]


class Failing(SamplingCounterController):
    """Fails at the second point."""

    def __init__(self):
        super().__init__("box", blocking=False)
        self.point = -1

    def read(self, counter):
        self.point += 1
        if self.point == 1:
            raise RuntimeError("no answer")
        return "there"


def test_one_that_could_not_be_read_is_empty(capsys):
    counter = SamplingCounter("phase", Failing(), dtype=str, is_critical=False)
    data = counted(counter)
    assert data["phase"].tolist() == ["there", "", "there"] and data["phase"][1] is NOT_READ
    assert capsys.readouterr().err == "!!! box:phase can't be read and is empty: RuntimeError: no answer\n"


def test_an_optional_one_drops_out(capsys):
    counter = SamplingCounter("phase", Failing(), dtype=str)
    counter.policy = "optional"
    assert counted(counter)["phase"].tolist() == ["there", "", ""]
    assert "box:phase dropped out, it is empty since then: RuntimeError: no answer" in capsys.readouterr().err


class Card(IntegratingCounterController):
    """Says how many points it has."""

    def __init__(self):
        super().__init__("card", blocking=False)
        self.done = 0

    def trigger(self, *counters):
        self.done += 1

    def get_values(self, from_index, *counters):
        return [[f"point {number}" for number in range(from_index, self.done)] for _ in counters]


def test_a_device_that_counts_by_itself_may_give_texts():
    assert counted(IntegratingCounter("said", Card(), dtype=str))["said"].tolist() == ["point 0", "point 1", "point 2"]


def test_a_function_that_gives_texts_is_a_counter():
    words = iter(["a", "b"])
    counter = SoftCounter(value=lambda: next(words), name="word", as_text=True)
    assert counted(counter, npoints=2)["word"].tolist() == ["a", "b"]
    assert SoftCounter(value=lambda: "x", name="word", as_text=True).__info__() == "counter word:word = x"


def test_a_calculation_gets_the_texts_and_may_give_some():
    phase = text(["up", "down", "up"])
    outputs = ["is_up", {"name": "shout", "dtype": str}]
    calc = CalcCounterController(
        "calc",
        [phase],
        outputs,
        lambda given: {"is_up": given["phase"] == "up", "shout": [each.upper() for each in given["phase"]]},
    )
    data = counted(phase, calc)
    assert data["is_up"].tolist() == [1.0, 0.0, 1.0]
    assert data["shout"].tolist() == ["UP", "DOWN", "UP"]
    assert calc.read()["shout"].tolist() == ["UP"]


def test_presets_hear_of_them():
    heard = []
    phase = text(["a", "b", "c"])

    class Hears(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([phase], lambda counter, name, data: heard.append((name, data.tolist())))

    with virtual_time():
        scan = bench().loopscan(3, 0, phase, run=False)
        scan.add_preset(Hears())
        scan.run()
    assert heard == [("meter:phase", ["a"]), ("meter:phase", ["b"]), ("meter:phase", ["c"])]


# -- what is for numbers ----------------------------------------------------------------------------------


def scanned(*counters):
    here = bench()
    with virtual_time():
        here.ascan(SimulatedAxis("roby"), 0, 2, 2, 0, *counters)
    return here


def test_alignment_looks_at_the_first_number_and_refuses_a_text():
    phase = text()
    here = scanned(phase, SamplingCounter("diode", Meter([1.0, 5.0, 2.0], name="other")))
    assert here.peak() == 1.0
    for find in (here.cen, here.peak, here.com, here.fwhm):
        with pytest.raises(UsageError, match=r"'meter:phase' has texts, no numbers; there are diode"):
            find(phase)


def test_of_a_scan_of_texts_only_nothing_can_be_found():
    with pytest.raises(UsageError, match="phase|counter"):
        scanned(text()).cen()


def test_a_plot_of_it_is_refused_before_anything_moves():
    with virtual_time():
        scan = bench().loopscan(1, 0, text(), run=False)
        scan.scan_info.add_curve_plot(x="elapsed_time", yleft=["phase"])
        with pytest.raises(UsageError, match="asks for 'phase', which is text: only numbers can be plotted"):
            scan.run()


def test_a_formula_has_no_place_for_it():
    with pytest.raises(UsageError, match="sum: meter:phase gives text: take a CalcCounterController"):
        ExpressionCalcCounter("sum", "phase + 1", [text()])


def test_it_protects_nothing():
    with pytest.raises(UsageError, match="phase gives text, and only numbers have a maximum or a minimum"):
        ProtectPreset(text(), maximum=1.0, action="end")
