"""`ScanPreset.connect_data_channels`: callbacks with the new points."""

import threading
import time

import numpy as np
import pytest
from cast import OwnPace, Timer
from doubles import Around, Diode, MemoryAxis, diode, make_bench, make_scan
from harness import outcome_of
from recording import World

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import SamplingCounter
from obtura.contracts.presets import ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanAbort, ScanStateError, UsageError
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def bench():
    return make_bench(Around())


class Listening(ScanPreset):
    """Connects counters to a callback in one of its hooks; by default it keeps what comes."""

    def __init__(self, *counters, callback=None, hook="prepare"):
        self.counters = counters
        self.callback = callback or (lambda counter, name, data: self.got.append((counter, name, data.tolist())))
        self.hook = hook
        self.got = []
        self.stopped = False

    def prepare(self, scan):
        if self.hook == "prepare":
            self.connect_data_channels(self.counters, self.callback)

    def start(self, scan):
        if self.hook == "start":
            self.connect_data_channels(self.counters, self.callback)

    def stop(self, scan):
        self.stopped = True


def listened(scan, *presets):
    for preset in presets:
        scan.add_preset(preset)
    scan.run()
    return [preset.got for preset in presets]


@pytest.mark.parametrize("hook", ["prepare", "start"])
def test_the_callback_gets_counter_channel_name_and_an_array_of_the_new_points(bench, hook):
    counter = diode()
    types = set()
    preset = Listening(counter, hook=hook)
    preset.callback = lambda counter, name, data: (types.add(type(data)), preset.got.append((counter, name, *data)))
    listened(bench.loopscan(3, 0, counter, run=False), preset)
    assert preset.got == [(counter, "diode_sim:diode", 4.0)] * 3
    assert types == {np.ndarray}


def test_a_controller_stands_for_all_its_counters_and_an_axis_for_its_positions(bench):
    controller, axis = Diode("sim"), MemoryAxis()
    counters = [SamplingCounter(name, controller) for name in ("one", "two")]
    scan = bench.ascan(axis, 0, 1, 1, 0, *counters, run=False)
    by_controller, by_axis = listened(scan, Listening(controller), Listening(axis))
    assert [(name, data) for _, name, data in by_controller] == [("sim:one", [4.0]), ("sim:two", [4.0])] * 2
    assert by_axis == [(axis, "axis:roby", [0.0]), (axis, "axis:roby", [1.0])]


def test_a_preset_may_connect_several_times_and_one_counter_to_several_callbacks(bench):
    counter, got = diode(), []

    class Twice(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([counter], lambda *_: got.append("first"))
            self.connect_data_channels([counter, counter], lambda *_: got.append("second"))

    scan = bench.loopscan(1, 0, counter, run=False)
    scan.add_preset(Twice())
    scan.run()
    assert got == ["first", "second", "second"]


def test_what_is_not_in_the_scan_is_skipped_with_a_warning(bench):
    counter, other = diode(), diode("other")
    with pytest.warns(UserWarning, match="other is not in this scan: its data callback is never called"):
        [got] = listened(bench.loopscan(1, 0, counter, run=False), Listening(other, counter))
    assert [found for found, _, _ in got] == [counter]


@pytest.mark.parametrize(
    ("counters", "callback"),
    [
        ("diode", print),
        ([], print),
        (None, print),
        ([5], print),
        (["diode"], print),
        ([diode()], "print"),
        ([diode()], lambda counter: None),
    ],
)
def test_what_could_never_be_called_is_refused(bench, counters, callback):
    scan = bench.loopscan(1, 0, diode(), run=False)
    scan.add_preset(preset := Listening(callback=callback))
    preset.counters = counters
    raised = outcome_of(scan)
    assert isinstance(raised, UsageError)
    assert str(raised).startswith("connect_data_channels(counters, callback): ")


def test_a_block_comes_as_one_array_with_the_new_points_only():
    world = World()
    chain = AcquisitionChain()
    slave = OwnPace("mca", npoints=5)
    chain.add(Timer(0.1, npoints=2).in_world(world), slave.in_world(world))
    slave.devices = (device := diode("mca"),)
    [got] = listened(make_scan(chain), Listening(device))
    assert got == [(device, "mca:value", block) for block in ([0.0, 1.0], [2.0, 3.0], [4.0])]


def test_a_spectrum_comes_with_its_shape(bench):
    class Mca(Diode):
        def read(self, counter):
            return np.arange(3.0)

    counter = SamplingCounter("mca", Mca(), shape=(3,))
    shapes = []
    scan = bench.loopscan(2, 0, counter, run=False)
    listened(scan, Listening(counter, callback=lambda counter, name, data: shapes.append(data.shape)))
    assert shapes == [(1, 3), (1, 3)]
    assert scan.get_data(counter).shape == (2, 3)


def test_outside_of_a_running_scan_it_is_refused(bench):
    counter = diode()
    preset = Listening(counter)
    with pytest.raises(ScanStateError, match=r"call it in prepare\(\) or start\(\)"):
        preset.connect_data_channels([counter], print)
    listened(bench.loopscan(1, 0, counter, run=False), preset)
    with pytest.raises(ScanStateError, match="no scan is running with this preset"):
        preset.connect_data_channels([counter], print)
    assert preset.acq_chain is None


def test_connections_end_with_the_scan(bench):
    counter = diode()
    preset = Listening(counter)
    for _ in range(2):
        scan = bench.loopscan(2, 0, counter, run=False)
        scan.add_preset(preset)
        scan.run()
    assert len(preset.got) == 4


@pytest.mark.parametrize("kind", [ValueError, SystemExit, StopIteration])
@pytest.mark.parametrize("count_time", [0, 0.1])
def test_an_error_in_a_callback_ends_the_scan_and_is_blamed_on_the_preset(bench, kind, count_time):
    counter, error = diode(), kind("no")

    def callback(*_):
        raise error

    scan = bench.loopscan(50, count_time, counter, run=False)
    scan.add_preset(preset := Listening(counter, callback=callback))
    assert outcome_of(scan) is error
    assert scan.state is ScanState.KILLED
    assert error.__notes__[0] == "in a data callback of Listening, on diode_sim:diode"
    assert preset.stopped
    assert len(scan.get_data(counter)) == 1, "the point that was emitted is kept, no further one is taken"


def test_no_callback_is_called_during_or_after_the_stop_of_its_preset():
    """A slave emits all the time, on its own thread, also while presets are stopped."""
    calls, stopping, ended = [], threading.Event(), threading.Event()

    class Restless(AcquisitionSlave):
        def __init__(self):
            super().__init__(diode("mca"), name="mca", npoints=1, trigger_type=self.HARDWARE, start_once=True)
            self.channels.append(AcquisitionChannel("mca:value"))
            self.thread = threading.Thread(target=self.emit, daemon=True)

        def reading(self):
            self.thread.start()

        def emit(self):
            while not ended.is_set():
                try:
                    self.channels[0].emit(1.0)
                except ScanStateError:
                    return
                time.sleep(0)

        def stop(self):
            """Does not stop at all."""

    class Slow(Listening):
        def stop(self, scan):
            stopping.set()
            before = len(calls)
            time.sleep(0.02)
            self.during = len(calls) - before

    chain = AcquisitionChain()
    slave = Restless()
    chain.add(Timer(0.1, npoints=200).in_world(World()), slave)
    late = []
    preset = Slow(slave.device, callback=lambda *_: (calls.append(1), stopping.is_set() and late.append(1)))
    scan = make_scan(chain)
    scan.add_preset(preset)
    scan.run()
    ended.set()
    slave.thread.join(60)
    assert len(calls) > 0
    assert preset.during == 0
    assert not late
    assert scan.state is ScanState.DONE


def test_callbacks_of_a_scan_never_run_two_at_once(bench):
    counters = [diode(f"diode{number}", blocking=True) for number in range(4)]
    inside, overlaps, threads = [], [], set()

    def callback(counter, name, data):
        threads.add(threading.get_ident())
        if inside:
            overlaps.append(name)
        inside.append(name)
        time.sleep(0.0005)
        inside.remove(name)

    listened(bench.loopscan(10, 0, *counters, run=False), Listening(*counters, callback=callback))
    assert not overlaps
    assert len(threads) > 1, "the lanes emit on their own threads"


def test_a_callback_may_stop_the_scan(bench):
    counter = diode()
    scan = bench.timescan(0, counter, run=False)
    points = []
    listened(scan, Listening(counter, callback=lambda *_: points.append(1) or (len(points) == 3 and scan.stop())))
    assert len(scan.get_data(counter)) == 3
    assert scan.state is ScanState.DONE


@pytest.mark.parametrize("count_time", [0, 0.01])
def test_a_callback_may_abort_the_scan(bench, count_time):
    counter = diode()
    scan = bench.loopscan(50, count_time, counter, run=False)
    scan.add_preset(Listening(counter, callback=lambda *_: scan.abort()))
    assert isinstance(outcome_of(scan), ScanAbort)
    assert scan.state is ScanState.USER_ABORTED
