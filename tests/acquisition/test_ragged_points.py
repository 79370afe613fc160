"""Points whose length changes: how they are emitted, counted, calculated from, and given back."""

import numpy as np
import pytest
from meters import Meter, bench

from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.calculation import CalcCounterController
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController, SamplingCounter
from obtura.contracts.presets import ScanPreset
from obtura.display.counts import Counts
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel, attach_channels, duplicate_channel
from obtura.ground.errors import UsageError
from obtura.ground.events import Points
from obtura.scans.measured import measured
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def taken():
    return []


@pytest.fixture
def channel(taken):
    made = AcquisitionChannel("detector:events", "uint32", (-1,))
    made.connect(lambda channel, block: taken.extend(block))
    return made


def lists(points):
    return [point.tolist() for point in points]


# -- emitting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "points"),
    [
        ([1, 2, 3], [[1, 2, 3]]),
        (np.array([1, 2]), [[1, 2]]),
        ([], [[]]),
        (np.empty(0), [[]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ([np.array([1, 2]), np.array([3, 4])], [[1, 2], [3, 4]]),
        ([[], [7]], [[], [7]]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.empty((0, 5)), []),
    ],
)
def test_an_array_is_a_point_and_a_list_of_arrays_is_a_block(channel, taken, data, points):
    channel.emit(data)
    assert lists(taken) == points
    assert all(point.dtype == "uint32" and not point.flags.writeable for point in taken)


def test_the_device_may_use_its_buffer_again(channel, taken):
    buffer = np.ones(3, "uint32")
    channel.emit(buffer)
    channel.emit([buffer[:1], buffer])
    buffer[:] = 9
    assert lists(taken) == [[1, 1, 1], [1], [1, 1, 1]]


@pytest.mark.parametrize("data", [3, None, "text", ["a", "b"], [[[1]]], np.zeros((1, 1, 1)), [[1], 2], np.array([1j])])
def test_what_is_no_list_of_numbers_is_refused(channel, taken, data):
    with pytest.raises(UsageError, match="channel detector:events"):
        channel.emit(data)
    assert taken == []


def test_only_points_of_one_dimension_may_change_in_length():
    with pytest.raises(UsageError, match=r"only a point of one dimension may change in length, shape \(-1,\)"):
        AcquisitionChannel("camera:image", shape=(-1, 5))


def test_they_can_be_duplicated_and_repeated(channel, taken):
    twice = duplicate_channel(channel, "twice", lambda points: [2 * point for point in points])
    doubled = []
    twice.connect(lambda channel, block: doubled.extend(block))
    channel.emit([[1, 2], [3]])
    assert lists(doubled) == [[2, 4], [6]]
    fast = AcquisitionChannel("fast")
    fast.connect(lambda channel, block: None)
    attach_channels([channel], fast)
    channel.emit([5, 6])
    fast.emit([0.0, 0.0])
    assert lists(taken) == [[1, 2], [3], [5, 6], [5, 6]]


# -- in scans -----------------------------------------------------------------------------------------------


READINGS = ([1.5], [2.5, 3.5], [], [4.5])


def peaks(**options):
    return SamplingCounter("peaks", Meter(READINGS, name="finder"), shape=(-1,), **{"mode": "LAST", **options})


def test_get_data_gives_a_list_of_arrays():
    scan = bench().loopscan(4, 0, peaks(), save=False)
    assert lists(scan.get_data("peaks")) == [[1.5], [2.5, 3.5], [], [4.5]]
    assert lists(scan.get_data("peaks")[1:3]) == [[2.5, 3.5], []]
    assert "finder:peaks: 4 points (n,)" in repr(scan.get_data())


def test_of_several_readings_the_first_or_the_last_is_kept():
    assert lists(bench().ct(0.0035, peaks(mode="LAST"), save=False).get_data("peaks")) == [[4.5]]
    assert lists(bench().ct(0.0035, peaks(mode="SINGLE"), save=False).get_data("peaks")) == [[1.5]]


@pytest.mark.parametrize("mode", ["MEAN", "STATS", "SAMPLES", "INTEGRATE"])
def test_a_mode_that_would_need_a_mean_is_refused_when_the_scan_is_made(mode):
    with pytest.raises(UsageError, match=r"finder:peaks .* have no mean: its mode must be SINGLE or LAST"):
        bench().loopscan(1, 0, peaks(mode=mode), run=False)


def test_a_counter_that_may_fail_has_a_point_that_says_so_which_these_have_not():
    with pytest.raises(UsageError, match="peaks: is_critical must be True"):
        peaks(is_critical=False)


class EventCard(IntegratingCounterController):
    """Gives n events at point n."""

    def __init__(self):
        super().__init__("card", blocking=False)
        self.done = 0
        IntegratingCounter("events", self, dtype="uint32", shape=(-1,))
        IntegratingCounter("number", self)

    def trigger(self, *counters):
        self.done += 1

    def get_values(self, from_index, *counters):
        numbers = range(from_index, self.done)
        found = {"events": [list(range(number)) for number in numbers], "number": list(numbers)}
        return [found[counter.name] for counter in counters]


def test_a_card_that_counts_by_itself_gives_them_in_blocks():
    scan = bench().loopscan(4, 0.1, EventCard(), save=False)
    assert lists(scan.get_data("events")) == [[], [0], [0, 1], [0, 1, 2]]
    assert scan.get_data("number").tolist() == [0, 1, 2, 3]


def test_numbers_are_calculated_from_them():
    counter = peaks()
    found = CalcCounterController(
        "calc", [counter], [{"name": "how_many"}], lambda values: {"how_many": [len(one) for one in values["peaks"]]}
    )
    scan = bench().loopscan(4, 0, counter, *found.outputs, save=False)
    assert scan.get_data("how_many").tolist() == [1, 2, 0, 1]


def test_callbacks_get_an_array_of_arrays():
    seen = []

    class Listening(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([counter], lambda counter, name, data: seen.extend(data))

    counter = peaks()
    scan = bench().loopscan(4, 0, counter, save=False, run=False)
    scan.add_preset(Listening())
    scan.run()
    assert lists(seen) == [list(reading) for reading in READINGS]


class Cut(AcquisitionSlave):
    """Fails in the middle of its third point."""

    blocking = False
    number = 0

    def __init__(self):
        super().__init__(name="cut", npoints=5, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("cut:events", int, (-1,)))
        self.channels.append(AcquisitionChannel("cut:number"))

    def reading(self):
        self.channels[0].emit([self.number])
        if self.number == 2:
            raise ValueError("no more")
        self.channels[1].emit(float(self.number))
        self.number += 1


def test_a_point_that_was_cut_off_is_left_out():
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=5), Cut())
    scan = Scan(chain, "cut", save=False)
    with pytest.raises(ValueError, match="no more"):
        scan.run()
    data = scan.get_data()
    assert lists(data["cut:events"]) == [[0], [1]] and data["cut:number"].tolist() == [0, 1]


def test_displays_and_plots_leave_them_out():
    counter, diode = peaks(), SamplingCounter("diode", Meter((7.0,)))
    scan = bench().loopscan(2, 0, counter, diode, save=False)
    seen = measured(scan)
    assert [info.short_name for info in seen.counters] == ["diode"]
    infos = scan.get_data().channels
    counts = Counts(infos, None)
    number = next(number for number, info in enumerate(infos) if info.short_name == "diode")
    assert counts.take(Points(number, 0, (7.0,))) == "diode = 7\nActivated counters not shown: peaks\n"
    assert counter.__info__() == "counter finder:peaks, n float64, LAST"
