"""A preset may have a point taken again: the same index, everything set up anew, nothing of it in the data."""

import threading

import pytest
from cast import Master, Slave
from doubles import Around, MemoryAxis, diode, make_bench, make_scan
from recording import World

from obtura.acquisition.integrating import IntegratingCounterAcquisitionSlave
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.devices.expression import ExpressionCalcCounter
from obtura.devices.sim import SimulatedAxis, SimulatedCard
from obtura.engine.attempts import LEFT
from obtura.engine.states import ScanState
from obtura.ground.errors import HookError, UsageError
from obtura.ground.events import Attempt, IterationDone, Points, ScanBegan, Text
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def around():
    return Around()


class Judge(ChainPreset):
    """Rejects attempts by their number, over all points; notes what is called."""

    def __init__(self, *bad, log=None):
        self.bad = bad
        self.log = [] if log is None else log
        self.asked = 0

    class Point(ChainIterationPreset):
        def __init__(self, log, number):
            self.log = log
            self.number = number

        def prepare(self):
            self.log.append(f"{self.number}.prepare")

        def start(self):
            self.log.append(f"{self.number}.start")

        def stop(self):
            self.log.append(f"{self.number}.stop")

    def get_iterator(self, acq_chain):
        for number in range(100):
            self.log.append(f"next {number}")
            yield self.Point(self.log, number)

    def retake(self, acq_chain):
        self.asked += 1
        self.log.append("retake")
        return "beam lost" if self.asked - 1 in self.bad else None


ONCE = ["prepare", "start", "retake", "stop"]


def attempt(number):
    return [f"{number}.prepare", f"{number}.start", "retake", f"{number}.stop"]


@pytest.mark.parametrize("bad", [(), (0,), (1,), (2,), (0, 1, 3)])
def test_the_same_iteration_presets_are_left_and_prepared_again(around, bad):
    scan = make_bench(around).loopscan(3, 0.1, diode(), run=False)
    judge = Judge(*bad)
    scan.acq_chain.add_preset(judge)
    scan.run()
    expected, asked = [], 0
    for point in range(3):
        expected.append(f"next {point}")
        expected += attempt(point)
        while asked in bad:
            asked += 1
            expected += attempt(point)
        asked += 1
    assert judge.log == expected
    assert [len(scan.get_data(name)) for name in ("diode", "elapsed_time")] == [3, 3]
    assert [event.point for event in around.viewer.of(IterationDone)] == [0, 1, 2]


def test_the_record_has_what_was_not_kept_and_a_line_says_why(around):
    counter = diode()
    values = iter([1.0, 2.0, 3.0, 4.0])
    counter.controller.read = lambda counter: next(values)
    scan = make_bench(around).loopscan(3, 0.0, counter, run=False)
    scan.acq_chain.add_preset(Judge(1))
    scan.run()
    assert list(scan.get_data("diode")) == [1.0, 3.0, 4.0]
    began = around.viewer.of(ScanBegan)[0]
    number = [info.short_name for info in began.channels].index("diode")
    (event,) = around.viewer.of(Attempt)
    assert event[:3] == (0, 1, 0)
    assert event.reason == "beam lost"
    assert [list(block) for block in event.values[number]] == [[2.0]]
    assert began.retakes == (0,)
    points = [value for event in around.viewer.of(Points) if event.channel == number for value in event.values]
    assert points == [1.0, 3.0, 4.0]
    assert [event.text for event in around.viewer.of(Text)] == ["point 1 is taken again: beam lost\n"]


def test_a_step_motor_is_prepared_again_at_the_same_position(around):
    axis = MemoryAxis()
    scan = make_bench(around).ascan(axis, 0, 2, 2, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(Judge(1))
    scan.run()
    assert [target for what, *target in axis.touched if what == "move"] == [[0.0], [1.0], [1.0], [2.0]]
    assert list(scan.get_data(axis)) == [0.0, 1.0, 2.0]


def test_callbacks_see_what_was_accepted(around):
    seen = []

    class Look(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([counter], lambda counter, name, data: seen.extend(data))

    counter = diode()
    values = iter([1.0, 2.0, 3.0])
    counter.controller.read = lambda counter: next(values)
    scan = make_bench(around).loopscan(2, 0.0, counter, run=False)
    scan.add_preset(Look())
    scan.acq_chain.add_preset(Judge(0))
    scan.run()
    assert seen == [2.0, 3.0]


def test_calculated_channels_hold_back_what_they_make_of_it(around):
    counter = diode()
    values = iter([1.0, 2.0, 3.0])
    counter.controller.read = lambda counter: next(values)
    double = ExpressionCalcCounter("double", "2 * x", {"x": counter})
    scan = make_bench(around).loopscan(2, 0.0, counter, double, run=False)
    scan.acq_chain.add_preset(Judge(0))
    scan.run()
    assert list(scan.get_data("double")) == [4.0, 6.0]
    assert sorted(len(blocks) for blocks in around.viewer.of(Attempt)[0].values.values()) == [1, 1, 1, 1]


def test_several_presets_are_all_asked_and_all_reasons_said(around):
    first, second = Judge(0), Judge(0)
    scan = make_bench(around).loopscan(1, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(first)
    scan.acq_chain.add_preset(second)
    scan.run()
    assert first.asked == second.asked == 2
    assert around.viewer.of(Attempt)[0].reason == "beam lost; beam lost"


def test_it_may_be_async(around):
    class Slowly(ChainPreset):
        asked = 0

        async def retake(self, acq_chain):
            self.asked += 1
            return "again" if self.asked == 1 else ""

    preset = Slowly()
    scan = make_bench(around).loopscan(1, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(preset)
    scan.run()
    assert preset.asked == 2


def test_only_the_branch_of_the_preset_holds_its_points_back(around):
    world = World()
    chain = AcquisitionChain()
    for name in ("one", "two"):
        master = Master(name, npoints=2).in_world(world)
        master.terminator = False
        chain.add(master, Slave(f"{name}_counter", blocking=True).in_world(world))
    scan = make_scan(chain, around)
    chain.add_preset(Judge(0, 1), chain.top_masters[1])
    scan.run()
    assert world.names().count("one_counter.reading") == 2
    assert world.names().count("two_counter.reading") == 4
    assert world.names().count("two_counter.prepare") == 4
    assert world.names().count("two.next") == 3  # two points and the end
    assert len(scan.get_data("two_counter:value")) == 2
    assert around.viewer.of(ScanBegan)[0].retakes == (1,)


@pytest.mark.parametrize("end", ["stop", "raise", "abort"])
def test_a_point_that_is_not_accepted_when_the_scan_ends_is_no_point(around, end):
    class Ends(ChainPreset):
        def retake(self, acq_chain):
            if end == "raise":
                raise RuntimeError("stuck")
            (scan.stop if end == "stop" else scan.abort)()
            return "beam lost"

    scan = make_bench(around).loopscan(2, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(Ends())
    if end == "stop":
        scan.run()
    else:
        with pytest.raises((RuntimeError, KeyboardInterrupt)):
            scan.run()
    assert len(scan.get_data("diode")) == 0
    (event,) = around.viewer.of(Attempt)
    assert event.reason == ("beam lost" if end == "stop" else LEFT)
    if end == "stop":
        assert "point 0 is not kept: beam lost\n" in [event.text for event in around.viewer.of(Text)]
        assert scan.state is ScanState.DONE


def test_a_pause_may_come_between_two_attempts(around):
    scan = make_bench(around).loopscan(1, 0.0, diode(), run=False)
    judge = Judge(0)
    scan.acq_chain.add_preset(judge)
    scan.pause()
    seen = []

    def resume():
        scan.wait_state("PAUSED", 10)
        seen.append(judge.asked)
        scan.resume()

        scan.wait_state("PAUSED", 10)

    thread = threading.Thread(target=resume)
    thread.start()
    scan.run()
    thread.join()
    assert seen == [1]
    assert judge.asked == 2


def test_an_answer_that_is_no_reason_fails_the_scan(around):
    class Wrong(ChainPreset):
        def retake(self, acq_chain):
            return True

    scan = make_bench(around).loopscan(1, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(Wrong())
    with pytest.raises(HookError, match=r"Wrong.retake must give a reason or None, got True"):
        scan.run()


def test_a_device_that_is_started_for_each_point_is_started_again(around):
    bench, card, axis = make_bench(around), SimulatedCard("card", {"i0": 10_000}), MemoryAxis()
    bench.default_chain.set_settings([{"device": card, "acquisition_settings": {"trigger_type": "HARDWARE"}}])
    scan = bench.ascan(axis, 0, 1, 1, 0.1, card, run=False)
    scan.acq_chain.add_preset(Judge(1))
    scan.run()
    assert len(scan.get_data(axis)) == len(scan.get_data("i0")) == 2
    assert len(around.viewer.of(Attempt)) == 1


class Armed(IntegratingCounterController):
    def __init__(self):
        super().__init__("card", blocking=False)


def armed(**options):
    return IntegratingCounterAcquisitionSlave(
        IntegratingCounter("counts", Armed()), count_time=0.0, npoints=2, **options
    )


@pytest.mark.parametrize(
    "slave",
    [
        armed(),
        armed(start_once=False),
        armed(prepare_once=False, trigger_type=AcquisitionSlave.HARDWARE),
    ],
)
def test_slaves_armed_for_the_whole_scan_are_refused_before_anything_moves(around, slave):
    world = World()
    chain = AcquisitionChain()
    chain.add(Master("top", npoints=2).in_world(world), slave)
    scan = make_scan(chain, around)
    judge = Judge()
    chain.add_preset(judge)
    with pytest.raises(UsageError, match="Judge may have a point taken again, and card can't|counts can't"):
        scan.run()
    assert judge.log == []
    assert "top.prepare" not in world.names()


def test_a_pass_of_many_points_is_refused(around):
    axis = SimulatedAxis("roby")
    scan = make_bench(around).cscan(axis, 0, 10, 5, 1.0, diode(), run=False)
    scan.acq_chain.add_preset(Judge())
    with pytest.raises(UsageError, match="takes 5 points in one pass|takes 6 points in one pass"):
        scan.run()
    assert axis.position == 0.0
    assert scan.errors[0].__notes__[-1].startswith(f"{scan.name} was refused")
