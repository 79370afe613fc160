"""States, and the ways in which a scan ends well or is ended: stop, abort, terminators, a second run."""

import threading
import time

import pytest
from cast import Chained, Master, Repeating, Slave, named
from doubles import Around, diode, make_bench, make_scan
from harness import outcome_of
from recording import World

from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort, ScanStateError
from obtura.ground.events import IterationDone
from obtura.testing.faults import press
from obtura.works.clock import virtual_time


class Doing(ScanPreset):
    """Calls functions in its hooks: `Doing(prepare=f, stop=g)`."""

    def __init__(self, **functions):
        self.functions = functions

    def prepare(self, scan):
        self.functions.get("prepare", lambda: None)()

    def start(self, scan):
        self.functions.get("start", lambda: None)()

    def stop(self, scan):
        self.functions.get("stop", lambda: None)()


class AtPoint(ChainPreset):
    """Calls a function in the start hook of one point."""

    def __init__(self, point, function):
        self.point = point
        self.function = function

    def get_iterator(self, acq_chain):
        preset = self

        class Each(ChainIterationPreset):
            def __init__(self, number):
                self.number = number

            def start(self):
                if self.number == preset.point:
                    preset.function()

        number = 0
        while True:
            yield Each(number)
            number += 1


@pytest.fixture
def bench():
    return make_bench(Around())


def on_a_thread(function):
    """Start `function` on a thread; join it with `.join(60)`."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def test_hooks_see_the_state_that_the_scan_is_in(bench):
    seen = []
    scan = bench.loopscan(2, 0, diode(), run=False)
    look = lambda: seen.append(scan.state.name)  # noqa: E731
    scan.add_preset(Doing(prepare=look, start=look, stop=look))
    scan.acq_chain.add_preset(AtPoint(1, look))
    assert scan.state is ScanState.IDLE
    scan.run()
    assert seen == ["PREPARING", "STARTING", "RUNNING", "STOPPING"]
    assert scan.state is ScanState.DONE


def test_any_thread_can_wait_for_a_state(bench):
    may_go, seen = threading.Event(), []
    scan = bench.loopscan(1, 0, diode(), run=False)
    scan.add_preset(Doing(start=lambda: may_go.wait(60)))
    assert not scan.wait_state(ScanState.STARTING, timeout=0.01)
    waiting = on_a_thread(lambda: (scan.wait_state(ScanState.STARTING), seen.append(scan.state), may_go.set()))
    scan.run()
    waiting.join(60)
    assert seen == [ScanState.STARTING]
    assert scan.wait_state(ScanState.DONE, timeout=0)
    assert scan.wait_state(ScanState.RUNNING, timeout=0), "a later state will do"


@pytest.mark.parametrize("ending", ["well", "badly"])
def test_a_scan_runs_once(bench, ending):
    counter = diode()
    scan = bench.loopscan(1, 0, counter, run=False)
    if ending == "badly":
        scan.add_preset(Doing(prepare=lambda: 1 / 0))
    outcome_of(scan)
    touched, errors = counter.controller.touched, scan.errors
    with pytest.raises(ScanStateError, match="loopscan is .*: a scan runs once; make a new one"):
        scan.run()
    assert counter.controller.touched == touched
    assert scan.errors == errors


def test_a_chain_runs_once(bench):
    counter = diode()
    first = bench.loopscan(1, 0, counter)
    again = make_scan(first.acq_chain)
    touched = counter.controller.touched
    with pytest.raises(ScanStateError, match="chain"):
        again.run()
    assert counter.controller.touched == touched


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_no_preset_can_be_added_once_the_scan_runs(bench, hook):
    scan = bench.loopscan(1, 0, diode(), run=False)
    world, refused = World(), []

    def add():
        for adding, preset in ((scan.add_preset, Doing()), (scan.acq_chain.add_preset, named(Chained, "C", world))):
            with pytest.raises(ScanStateError, match="before run"):
                adding(preset)
            refused.append(adding)

    scan.add_preset(Doing(**{hook: add}))
    scan.run()
    assert len(refused) == 2
    with pytest.raises(ScanStateError, match="before run"):
        scan.add_preset(Doing())


# -- stop -------------------------------------------------------------------------------------------------------


def test_stop_lets_the_point_end_and_begins_no_new_one(bench):
    counter = diode()
    scan = bench.timescan(0, counter, run=False)
    scan.acq_chain.add_preset(AtPoint(2, scan.stop))
    scan.run()
    assert scan.state is ScanState.DONE
    assert len(scan.get_data(counter)) == 3
    assert scan.errors == []


def test_stop_returns_at_once_on_another_thread(bench):
    def took_a_point(scan):
        while not len(scan.get_data("diode")):
            time.sleep(0.001)

    scan = bench.timescan(0.01, diode(), run=False)
    stopping = on_a_thread(lambda: (scan.wait_state(ScanState.RUNNING), took_a_point(scan), scan.stop()))
    scan.run()
    stopping.join(60)
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) >= 1


def test_stop_before_run_takes_no_point_but_enters_and_leaves(bench):
    scan = bench.loopscan(3, 0, diode(), run=False)
    entered = []
    scan.add_preset(Doing(prepare=lambda: entered.append("prepare"), stop=lambda: entered.append("stop")))
    scan.stop()
    scan.run()
    assert entered == ["prepare", "stop"]
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) == 0


# -- abort ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_abort_in_a_hook_ends_the_scan_as_ctrl_c_does(bench, hook):
    scan = bench.loopscan(3, 0, diode(), run=False)
    after = []
    scan.add_preset(Doing(**{hook: lambda: (scan.abort(), after.append("went on"))}))
    assert isinstance(outcome_of(scan), ScanAbort)
    assert scan.state is ScanState.USER_ABORTED
    assert bool(after) == (hook == "stop"), "forward hooks are interrupted, those of the way out never"


def test_abort_from_another_thread_interrupts_a_hook_that_sleeps(bench):
    scan = bench.loopscan(3, 0, diode(), run=False)
    scan.add_preset(Doing(prepare=lambda: time.sleep(100)))
    on_a_thread(lambda: (scan.wait_state(ScanState.PREPARING), time.sleep(0.05), scan.abort()))
    began = time.monotonic()
    assert isinstance(outcome_of(scan), ScanAbort)
    assert time.monotonic() - began < 60


def run_on_a_thread(scan):
    """Run a scan on a thread; gives the thread and a list that will hold what it raised."""
    raised = []
    return on_a_thread(lambda: raised.append(outcome_of(scan))), raised


@pytest.mark.parametrize("count_time", [0.0, 0.01])
def test_a_scan_runs_on_any_thread(bench, count_time):
    scan = bench.loopscan(2, count_time, diode(), run=False)
    thread, raised = run_on_a_thread(scan)
    thread.join(60)
    assert raised == [None]
    assert list(scan.get_data("diode")) == [4.0, 4.0]


@pytest.mark.parametrize("blocking", [False, True])
def test_abort_ends_a_long_count_also_of_a_scan_on_another_thread(bench, blocking):
    scan = bench.loopscan(3, 60, diode(blocking=blocking), run=False)
    thread, raised = run_on_a_thread(scan)
    assert scan.wait_state(ScanState.RUNNING, timeout=60)
    time.sleep(0.05)
    scan.abort()
    thread.join(60)
    assert not thread.is_alive(), "the count went on"
    assert isinstance(raised[0], ScanAbort)
    assert scan.state is ScanState.USER_ABORTED


def test_abort_of_a_scan_on_another_thread_leaves_the_one_of_this_thread_alone(bench):
    other = bench.loopscan(1, 60, diode("other"), run=False)
    thread, raised = run_on_a_thread(other)
    assert other.wait_state(ScanState.RUNNING, timeout=60)
    mine = bench.loopscan(2, 0, diode(), run=False)
    mine.add_preset(Doing(prepare=other.abort))
    mine.run()
    thread.join(60)
    assert mine.state is ScanState.DONE
    assert other.state is ScanState.USER_ABORTED
    assert isinstance(raised[0], ScanAbort)


def test_abort_after_a_run_does_nothing(bench):
    scan = bench.loopscan(1, 0, diode(), run=False)
    scan.run()
    scan.abort()
    assert scan.state is ScanState.DONE
    assert scan.errors == []


def test_a_scan_aborted_before_it_runs_touches_nothing(bench):
    counter, entered = diode(), []
    scan = bench.loopscan(1, 0, counter, run=False)
    scan.add_preset(Doing(prepare=lambda: entered.append(1)))
    scan.abort()
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort)
    assert str(raised) == "aborted by scan.abort()"
    assert scan.state is ScanState.USER_ABORTED
    assert (entered, counter.controller.touched) == ([], 0)
    assert raised.__notes__ == ["loopscan ended before it began: nothing was moved, no preset was entered"]


def test_ctrl_c_while_the_scan_is_still_checked_is_no_refusal(bench):
    class Pressed(Repeating):
        def validate(self):
            press()

    chain = AcquisitionChain()
    chain.add(Pressed("top", npoints=1))
    raised = outcome_of(scan := make_scan(chain))
    assert isinstance(raised, ScanAbort)
    assert raised.__notes__[-1] == "scan ended before it began: nothing was moved, no preset was entered"
    assert scan.state is ScanState.USER_ABORTED


# -- terminators ------------------------------------------------------------------------------------------------


class Endless(Repeating):
    """A master whose second point lasts until it is stopped."""

    def __init__(self, name):
        super().__init__(name, npoints=10)
        self.ended = threading.Event()
        self.calls = []

    def start(self):
        self.calls.append("start")
        if len(self.calls) > 1:
            assert self.ended.wait(60), "nobody stopped it"
            return
        super().start()

    def stop(self):
        self.calls.append("stop")
        self.ended.set()


def two_branches(first, second):
    chain = AcquisitionChain()
    chain.add(first)
    chain.add(second)
    return chain


class Patient(Master):
    """Takes its points only when the other master is in its second one."""

    def __init__(self, name, other):
        super().__init__(name, npoints=2)
        self.other = other

    def start(self):
        while len(self.other.calls) < 2:
            time.sleep(0.001)
        super().start()


def test_when_a_terminator_ends_the_others_are_cut_and_the_scan_is_done():
    world, around, endless = World(), Around(), Endless("endless")
    chain = two_branches(Patient("timer", endless).in_world(world), endless)
    chain.add_preset(named(Chained, "C", world), endless)
    scan = make_scan(chain, around)
    with virtual_time():
        scan.run()
    assert scan.state is ScanState.DONE
    assert endless.calls == ["start", "start", "stop"]
    assert list(scan.get_data("endless:value")) == [1.0], "the complete point is kept"
    assert list(scan.get_data("timer:value")) == [1.0, 1.0]
    assert [name for name in world.names() if name.startswith("C")][-5:] == [
        "CI1.start",
        "C.before_stop",
        "CI1.stop",
        "C.close",
        "C.stop",
    ]


def test_a_master_that_is_no_terminator_ends_alone():
    world, around = World(), Around()
    short, long = Master("short", 1).in_world(world), Master("long", 20).in_world(world)
    short.terminator = False
    scan = make_scan(two_branches(short, long), around)
    with virtual_time():
        scan.run()
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("long:value")) == 20
    assert len([event for event in around.viewer.of(IterationDone) if event.branch == 1]) == 20


def test_stop_ends_all_branches():
    world = World()
    masters = [Master(name, 10_000).in_world(world) for name in ("one", "two")]
    scan = make_scan(two_branches(*masters))
    masters[0].trigger_slaves = scan.stop
    with virtual_time():
        scan.run()
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("one:value")) == 1
    assert len(scan.get_data("two:value")) < 10_000


@pytest.mark.parametrize("failing", ["one", "two"])
def test_when_one_branch_fails_the_other_is_left_too(failing):
    world = World()
    masters = [Master(name, 10_000).in_world(world) for name in ("one", "two")]
    chain = two_branches(*masters)
    for name, master in zip("CD", masters, strict=True):
        chain.add(master, Slave(f"slave{name}").in_world(world))
        chain.add_preset(named(Chained, name, world), master)
    bad = masters[failing == "two"]
    calls = []
    bad.wait_slaves = lambda: calls.append(1) or (len(calls) == 3 and 1 / 0)
    scan = make_scan(chain)
    with virtual_time():
        raised = outcome_of(scan)
    assert isinstance(raised, ZeroDivisionError)
    assert raised.__notes__[0] == f"in {failing}.start, point 2 of 10000"
    for name in ("C", "D", "one", "two", "slaveC", "slaveD"):
        assert world.began(f"{name}.stop") == 1


def test_when_the_second_branch_fails_in_its_first_prepare_the_first_is_left_and_no_preset_is_started():
    world = World()
    masters = [Master(name).in_world(world) for name in ("one", "two")]
    chain = two_branches(*masters)
    chain.add_preset(named(Chained, "C", world), masters[0])
    chain.add_preset(named(Chained, "D", world), masters[1])
    masters[1].prepare = lambda: world.call("two.prepare", lambda: 1 / 0)
    scan = make_scan(chain)
    scan.add_preset(preset := Doing(start=lambda: world.call("S.start")))
    assert preset
    raised = outcome_of(scan)
    assert isinstance(raised, ZeroDivisionError)
    hooks = [name for name in world.names() if name.rpartition(".")[2] in ("prepare", "start", "before_stop", "stop")]
    assert hooks == [
        *("C.prepare", "CI0.prepare", "one.prepare", "D.prepare", "DI0.prepare", "two.prepare"),
        *("C.before_stop", "one.stop", "CI0.stop", "C.stop"),
        *("D.before_stop", "two.stop", "DI0.stop", "D.stop"),
    ]
