"""`scan.get_data()`: the points so far, also while the scan runs; and the channels they come through."""

import threading

import numpy as np
import pytest
from cast import OwnPace, Repeating, Slave, Timer
from doubles import Around, MemoryAxis, diode, make_bench, make_scan
from hypothesis import given
from hypothesis import strategies as st
from recording import World
from test_ending import Endless, Patient, two_branches

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import SamplingCounter
from obtura.engine.data import Column, complete_rows
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanStateError, UsageError
from obtura.ground.events import ScanEnded
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


# -- columns ----------------------------------------------------------------------------------------------------

pieces = st.lists(st.lists(st.floats(allow_nan=False), max_size=5) | st.floats(allow_nan=False), max_size=20)


@given(pieces, st.lists(st.integers(0, 19), max_size=3))
def test_a_column_keeps_points_and_blocks_in_order_however_often_it_is_looked_at(pieces, looks):
    column, expected = Column(float, ()), []
    for number, piece in enumerate(pieces):
        assert column.append(np.array(piece) if isinstance(piece, list) else (piece,)) == len(expected)
        expected += piece if isinstance(piece, list) else [piece]
        if number in looks:
            assert column.array().tolist() == expected
    assert column.array().tolist() == expected
    assert column.count == len(expected)


def test_what_was_handed_out_does_not_change_and_can_not_be_changed():
    column = Column(float, ())
    column.append((1.0,))
    before = column.array()
    column.append((2.0,))
    assert before.tolist() == [1.0]
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 5


def test_single_points_go_the_short_way_between_blocks_and_looks():
    column = Column(float, ())
    column.add(1.0)
    column.append(np.array([2.0, 3.0]))
    column.add(4.0)
    assert column.array().tolist() == [1.0, 2.0, 3.0, 4.0]
    column.add(5.0)
    assert column.count == 5
    assert column.array().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=5))
def test_rows_are_complete_when_all_channels_have_them(counts):
    rows = complete_rows(counts)
    if max(counts) - min(counts) <= 1:
        assert rows == min(counts)
    else:
        assert rows is None


# -- keys -------------------------------------------------------------------------------------------------------


def test_data_are_found_by_full_name_short_name_counter_or_axis():
    axis, counter = MemoryAxis(), diode()
    scan = make_bench().ascan(axis, 0, 2, 2, 0, counter)
    data = scan.get_data()
    for key in ("axis:roby", "roby", axis):
        assert data[key].tolist() == scan.get_data(key).tolist() == [0.0, 1.0, 2.0]
    for key in ("diode_sim:diode", "diode", counter):
        assert data[key].tolist() == [4.0, 4.0, 4.0]
    assert set(data) == {"axis:roby", "timer:elapsed_time", "timer:epoch", "diode_sim:diode"}
    assert len(data) == 4
    assert "diode_sim:diode: 3 points" in repr(data)


def test_an_unknown_and_an_ambiguous_name_are_answered_with_what_there_is():
    one, two = diode("one"), diode("two")
    two.controller.name = "second_sim"
    SamplingCounter("one", two.controller)
    scan = make_bench().loopscan(1, 0, one, two.controller)
    with pytest.raises(KeyError, match="'three' is no channel of this scan; there are timer:elapsed_time"):
        scan.get_data("three")
    with pytest.raises(KeyError, match="'one' is ambiguous, it could be one_sim:one, second_sim:one"):
        scan.get_data("one")
    with pytest.raises(KeyError, match="is no channel"):
        scan.get_data(diode("other"))


def test_two_channels_of_one_name_are_told_apart():
    chain, world = AcquisitionChain(), World()
    timer = Timer(0, npoints=1).in_world(world)
    for name in ("left", "right"):
        slave = Slave(name)
        slave.channels[0].name = "camera:roi"
        chain.add(timer, slave.in_world(world))
    scan = make_scan(chain)
    scan.run()
    assert {"left:roi", "right:roi"} <= set(scan.get_data())


def test_before_a_run_there_are_no_data():
    scan = make_bench().loopscan(1, 0, diode(), run=False)
    assert dict(scan.get_data()) == {}


def test_data_can_be_read_while_the_scan_runs_from_any_thread():
    counter, seen = diode(), []
    scan = make_bench().loopscan(200, 0, counter, run=False)
    done = threading.Event()

    def look():
        while not done.is_set():
            data = scan.get_data()
            lengths = {len(array) for array in data.values()}
            seen.append(lengths)

    thread = threading.Thread(target=look)
    thread.start()
    scan.run()
    done.set()
    thread.join(60)
    assert all(len(lengths) <= 1 for lengths in seen), "arrays of a branch have equal length"
    assert len(scan.get_data(counter)) == 200


def test_a_point_that_was_cut_off_in_its_middle_is_left_out():
    class Half(Repeating):
        def trigger(self):
            self.trigger_slaves()
            if len(points) == 2:
                raise ValueError("no more")
            points.append(1)
            self.channels[0].emit(1.0)

    points, chain = [], AcquisitionChain()
    chain.add(Half("timer", 5), Slave("diode").in_world(World()))
    scan = make_scan(chain)
    with pytest.raises(ValueError, match="no more"):
        scan.run()
    assert {name: len(array) for name, array in scan.get_data().items()} == {"timer:value": 2, "diode:value": 2}


def test_blocks_of_a_slave_at_its_own_pace_are_no_rows_and_are_all_there():
    chain, world = AcquisitionChain(), World()
    chain.add(Timer(0, npoints=2).in_world(world), OwnPace("mca", 7).in_world(world))
    scan = make_scan(chain)
    scan.run()
    assert len(scan.get_data("mca:value")) == 7
    assert len(scan.get_data("elapsed_time")) == 2


# -- channels ---------------------------------------------------------------------------------------------------


class Emitting(AcquisitionSlave):
    """Emits what it is given, at its own pace."""

    def __init__(self, pieces, **channel):
        super().__init__(name="device", trigger_type=self.HARDWARE, prepare_once=True, start_once=True)
        self.pieces = pieces
        self.channels.append(AcquisitionChannel("device:value", **channel))

    def reading(self):
        for piece in self.pieces:
            self.channels[0].emit(piece)


def emitted(*pieces, **channel):
    chain = AcquisitionChain()
    chain.add(Timer(0, npoints=1).in_world(World()), Emitting(pieces, **channel))
    scan = make_scan(chain)
    scan.run()
    return scan.get_data("device:value")


@pytest.mark.parametrize(
    ("pieces", "channel", "expected"),
    [
        ((1.0, 2, np.float32(3), np.array(4)), {}, [1.0, 2.0, 3.0, 4.0]),
        ((1, True), {"dtype": int}, [1, 1]),
        (([1.0, 2.0], np.array([3.0])), {}, [1.0, 2.0, 3.0]),
        (([1, 2], np.array([[3, 4], [5, 6]])), {"shape": (2,)}, [[1, 2], [3, 4], [5, 6]]),
        (([], 1.0), {}, [1.0]),
        ((True, False), {"dtype": bool}, [True, False]),
    ],
)
def test_points_and_blocks_of_the_channels_shape_are_kept(pieces, channel, expected):
    assert emitted(*pieces, **channel).tolist() == expected


@pytest.mark.parametrize(
    ("piece", "channel"),
    [
        ([[1.0]], {}),
        (1.0, {"shape": (2,)}),
        ([1.0, 2.0, 3.0], {"shape": (2,)}),
        ("text", {}),
        (None, {"dtype": int}),
        (float("nan"), {"dtype": int}),
        ([[1.0, 2.0], [3.0]], {"shape": (2,)}),
    ],
)
def test_what_has_another_shape_or_type_is_an_error_that_names_the_channel(piece, channel):
    with pytest.raises(UsageError, match="channel device:value: "):
        emitted(piece, **channel)


def test_a_device_may_use_its_buffer_again_as_soon_as_emit_returns():
    buffer = np.zeros(3)

    class Reusing(Emitting):
        def reading(self):
            for _ in range(2):
                buffer[:] += 1
                self.channels[0].emit(buffer)

    chain = AcquisitionChain()
    chain.add(Timer(0, npoints=1).in_world(World()), Reusing([], shape=(3,)))
    scan = make_scan(chain)
    scan.run()
    assert scan.get_data("device:value").tolist() == [[1, 1, 1], [2, 2, 2]]


def test_emitting_outside_of_a_scan_is_refused():
    channel = AcquisitionChannel("device:value")
    with pytest.raises(ScanStateError, match="outside of a running scan"):
        channel.emit(1.0)
    slave = Emitting([1.0])
    chain = AcquisitionChain()
    chain.add(Timer(0, npoints=1).in_world(World()), slave)
    make_scan(chain).run()
    with pytest.raises(ScanStateError, match="outside of a running scan"):
        slave.channels[0].emit(1.0)


# -- one point more ----------------------------------------------------------------------------------------------


class OneMore(AcquisitionSlave):
    """Emits a point when it is prepared, before the first trigger: one more than there are iterations."""

    blocking = False

    def __init__(self, npoints):
        super().__init__(name="more", npoints=npoints, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("more:value"))

    def prepare(self):
        self.channels[0].emit(-1.0)

    def reading(self):
        self.channels[0].emit(1.0)


def test_a_device_that_gives_one_point_more_than_others_loses_none():
    chain, ends = AcquisitionChain(), Around()
    chain.add(Timer(0, npoints=3).in_world(World()), OneMore(3))
    scan = make_scan(chain, ends)
    scan.run()
    assert scan.get_data("more:value").tolist() == [-1.0, 1.0, 1.0, 1.0]
    assert len(scan.get_data("elapsed_time")) == 3
    assert [event.cut for event in ends.saver.of(ScanEnded)] == [()]


def test_a_saver_learns_which_branches_were_cut_off_in_the_middle_of_a_point():
    chain, ends = AcquisitionChain(), Around()

    class Failing(OneMore):
        def reading(self):
            raise ValueError("no more")

    chain.add(Timer(0, npoints=3).in_world(World()), Failing(3))
    with pytest.raises(ValueError, match="no more"):
        make_scan(chain, ends).run()
    assert [event.cut for event in ends.saver.of(ScanEnded)] == [(0,)]


class Torn(Endless):
    """One that is cut off between its two channels, and returns as if all were well."""

    def __init__(self, name):
        super().__init__(name)
        self.channels.append(AcquisitionChannel(f"{name}:more"))

    def start(self):
        self.channels[0].emit(1.0)
        self.calls.append("start")
        if len(self.calls) > 1:
            assert self.ended.wait(60), "nobody stopped it"
            return
        self.channels[1].emit(2.0)


def test_of_a_branch_that_is_cut_the_point_that_is_not_whole_is_left_out():
    around, torn = Around(), Torn("torn")
    scan = make_scan(two_branches(Patient("timer", torn).in_world(World()), torn), around)
    scan.run()
    assert scan.state is ScanState.DONE
    assert [len(scan.get_data(name)) for name in ("timer:value", "torn:value", "torn:more")] == [2, 1, 1]
    assert [event.cut for event in around.saver.of(ScanEnded)] == [(1,)]
