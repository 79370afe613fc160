"""Channels that emit what others emit: doubled, from outside, attached."""

import numpy as np
import pytest

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.devices.sim import SimulatedController, SimulatedDiode
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel, attach_channels, duplicate_channel
from obtura.ground.errors import ScanStateError, UsageError


def connected(*channels):
    """What each channel hands over, by its name."""
    received = {channel.name: [] for channel in channels}
    for channel in channels:
        channel.connect(lambda own, block: received[own.name].extend(np.asarray(block).tolist()))
    return received


def test_a_double_emits_what_its_source_emits_converted():
    source = AcquisitionChannel("axis:roby", unit="mm")
    double = duplicate_channel(source, "axis:roby_um", conversion=lambda points: points * 1000, unit="um")
    same = duplicate_channel(source, "axis:again", dtype=int)
    received = connected(source, double, same)
    source.emit(1.5)
    source.emit([2.0, 3.0])
    assert received == {"axis:roby": [1.5, 2, 3], "axis:roby_um": [1500, 2000, 3000], "axis:again": [1, 2, 3]}
    assert (double.unit, same.unit, same.dtype.kind) == ("um", "mm", "i")


def test_a_listener_hears_points_after_they_were_handed_over_until_it_is_told_off():
    channel = AcquisitionChannel("a:b")
    log = []
    channel.connect(lambda own, block: log.append("scan"))

    def listener(own, block):
        log.append(("listener", own.name, list(block)))

    channel.listen(listener)
    channel.emit(1.0)
    channel.unlisten(listener)
    channel.unlisten(listener)
    channel.emit(2.0)
    assert log == ["scan", ("listener", "a:b", [1.0]), "scan"]


def test_slow_channels_repeat_their_value_for_each_point_of_the_fast_one():
    slow, fast = AcquisitionChannel("axis:slow"), AcquisitionChannel("axis:fast")
    attach_channels([slow], fast)
    received = connected(slow, fast)
    slow.emit(1.0)
    fast.emit(0.0)
    fast.emit([0.1, 0.2])
    slow.emit(2.0)
    fast.emit([0.0, 0.1])
    assert received == {"axis:slow": [1, 1, 1, 2, 2], "axis:fast": [0, 0.1, 0.2, 0, 0.1]}


def test_a_spectrum_can_be_repeated():
    slow, fast = AcquisitionChannel("mca:spectrum", int, (2,)), AcquisitionChannel("axis:fast")
    attach_channels([slow], fast)
    received = connected(slow, fast)
    slow.emit([1, 2])
    fast.emit([0.0, 0.1])
    assert received["mca:spectrum"] == [[1, 2], [1, 2]]


def test_a_slow_channel_without_a_value_yet_is_an_error():
    slow, fast = AcquisitionChannel("axis:slow"), AcquisitionChannel("axis:fast")
    attach_channels([slow], fast)
    connected(slow, fast)
    with pytest.raises(ScanStateError, match="channel axis:slow has no value to repeat yet"):
        fast.emit(1.0)


def test_a_value_of_the_scan_before_is_not_repeated():
    slow, fast = AcquisitionChannel("axis:slow"), AcquisitionChannel("axis:fast")
    attach_channels([slow], fast)
    connected(slow, fast)
    slow.emit(1.0)
    connected(slow, fast)
    with pytest.raises(ScanStateError, match="no value to repeat yet"):
        fast.emit(1.0)


def test_a_channel_can_not_be_attached_to_itself():
    channel = AcquisitionChannel("axis:slow")
    with pytest.raises(UsageError, match="channel axis:slow can't be attached to itself"):
        attach_channels([channel], channel)


# -- in a scan ------------------------------------------------------------------------------------------------


class Step(AcquisitionMaster):
    """Goes through `positions`; emits each before it triggers what is below."""

    blocking = False

    def __init__(self, name, positions):
        super().__init__(name=name, npoints=len(positions))
        self.positions = positions
        self.channels.append(AcquisitionChannel(f"axis:{name}", unit="mm"))

    def __iter__(self):
        for position in self.positions:
            self.now = position
            yield self

    def start(self):
        if self.parent is None:
            self.trigger()

    def trigger(self):
        if self.emits_first:
            self.channels[0].emit(self.now)
        self.trigger_slaves()
        if not self.emits_first:
            self.channels[0].emit(self.now)
        self.wait_slaves()


class Line(Step):
    """Takes all its positions at each trigger."""

    def __iter__(self):
        yield self

    def trigger(self):
        for position in self.positions:
            self.trigger_slaves()
            self.channels[0].emit(position)
            self.wait_slaves()


class Count(AcquisitionSlave):
    blocking = False

    def __init__(self, npoints):
        super().__init__(name="count", npoints=npoints, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("count:number", int))
        self.number = 0

    def reading(self):
        self.channels[0].emit(self.number)
        self.number += 1


@pytest.mark.parametrize("to", ["fast", "axis:fast"])
def test_the_lines_of_a_grid_have_the_slow_position_at_each_point(to):
    slow, fast = Step("slow", [10.0, 20.0]), Line("fast", [0.0, 1.0, 2.0])
    slow.attach_channels(fast, to)
    chain = AcquisitionChain()
    chain.add(slow, fast)
    chain.add(fast, Count(6))
    scan = Scan(chain, save=False)
    scan.run()
    data = scan.get_data()
    assert data["slow"].tolist() == [10, 10, 10, 20, 20, 20]
    assert data["fast"].tolist() == [0, 1, 2, 0, 1, 2]
    assert data["number"].tolist() == [0, 1, 2, 3, 4, 5]


def test_the_fast_master_may_attach_the_slow_one_to_its_own_channel():
    slow, fast = Step("slow", [10.0]), Line("fast", [0.0, 1.0])
    fast.attach_channels(slow, "fast")
    assert (slow.emits_first, fast.emits_first) == (True, False)
    assert (slow.channels[0].is_held, fast.channels[0].is_held) == (True, False)


def test_a_master_can_show_what_another_object_emits():
    master, count = Step("slow", [10.0, 20.0]), Count(2)
    master.add_external_channel(count, "number", "twice", conversion=lambda points: 2 * points, dtype=float)
    chain = AcquisitionChain()
    chain.add(master, count)
    scan = Scan(chain, save=False)
    scan.run()
    assert scan.get_data("twice").tolist() == [0.0, 2.0]
    assert scan.get_data("twice").dtype == float


def test_a_channel_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(UsageError, match=r"count has no channel 'nmber' \(it has: count:number\)"):
        Step("slow", [1.0]).add_external_channel(Count(1), "nmber")
    with pytest.raises(UsageError, match="fast has no channel 'pos'"):
        Step("slow", [1.0]).attach_channels(Line("fast", [1.0]), "pos")


def test_a_conversion_that_gives_none_is_an_error_not_nan():
    master, count = Step("slow", [10.0]), Count(1)
    master.add_external_channel(count, "number", "twice", conversion=lambda points: None, dtype=float)
    chain = AcquisitionChain()
    chain.add(master, count)
    with pytest.raises(UsageError, match="channel twice: got None, which is no point"):
        Scan(chain, save=False).run()


def test_channels_can_be_attached_to_those_of_a_master_below_only():
    slow, fast = Step("slow", [10.0, 20.0]), Line("fast", [0.0, 1.0, 2.0])
    fast.attach_channels(slow, "slow")  # the wrong way round: nothing of fast would ever be emitted
    chain = AcquisitionChain()
    chain.add(slow, fast)
    chain.add(fast, Count(6))
    message = "the channels of fast are attached to slow, which is not below it in the chain"
    with pytest.raises(UsageError, match=message):
        Scan(chain, save=False).run()


def test_what_has_no_channels_is_refused():
    counter = SimulatedDiode("diode", SimulatedController("diodes"))
    with pytest.raises(UsageError, match="expected an acquisition object, which has channels, got SimulatedDiode"):
        Step("slow", [1.0]).add_external_channel(counter, "diode")
    with pytest.raises(UsageError, match="expected the master whose channels are to be attached, got "):
        Line("fast", [1.0]).attach_channels(counter, "fast")
