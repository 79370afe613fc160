"""`scan.explain()` says what will happen, in the order in which it will, and runs nothing of it."""

import io

import pytest
from cast import Async, Chained, Master, Motor, OwnPace, Slave, Timer, Whole, named
from doubles import Around, MemoryAxis, make_scan
from doubles import diode as counter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording import World

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.engine.states import ScanState
from obtura.works.clock import virtual_time


def explanation(scan):
    """What explain() prints: lines, each the calls that are made together."""
    text = io.StringIO()
    scan.explain(text)
    return [line.split() for line in text.getvalue().splitlines() if " more" not in line]


def plainly(name):
    """`C[0].start` of the explanation is `CI0.start` in the log."""
    return name.replace("[", "I").replace("]", "")


TOLD = ("prepare", "start", "before_stop", "stop", "get_iterator", "trigger", "reading", "wait_ready")


def happened(world, tops):
    """The calls that the engine made; the trigger of a top-master is a call of its own `start`."""
    return [
        name
        for name in world.names()
        if name.rpartition(".")[2] in TOLD and name not in {f"{top}.trigger" for top in tops}
    ]


def assert_same_order(lines, calls):
    """Each line's calls come together, in any order, where the line stands."""
    at = 0
    for line in lines:
        told = sorted(plainly(name) for name in line)
        assert sorted(calls[at : at + len(line)]) == told, f"explained {told}, called {calls[at : at + len(line)]}"
        at += len(line)
    assert at == len(calls), f"not explained: {calls[at:]}"


class Bare(AcquisitionSlave):
    """Overrides nothing but `reading` and `stop`."""

    def __init__(self, name, world):
        super().__init__(name=name)
        self.world = world
        self.blocking = False

    def reading(self):
        self.world.call(f"{self.name}.reading")

    def stop(self):
        self.world.call(f"{self.name}.stop")


slaves = st.lists(st.sampled_from(["inline", "once", "armed", "bare", "each"]), max_size=3, unique=True)


def slave_of(kind, name, world):
    match kind:
        case "bare":
            return Bare(name, world)
        case "once":
            return Slave(name, prepare_once=True).in_world(world)
        case "armed":
            return Slave(name, prepare_once=True, start_once=True).in_world(world)
    return Slave(name).in_world(world)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    levels=st.lists(slaves, min_size=1, max_size=3),
    npoints=st.integers(1, 4),
    presets=st.integers(0, 2),
    counts=st.lists(st.just(None), max_size=2),
)
def test_the_order_it_tells_is_the_order_in_which_calls_are_made(levels, npoints, presets, counts):
    """Chains of one to three levels of masters with slaves of many kinds at each."""
    world = World()
    chain = AcquisitionChain()
    master = None
    for depth, kinds in enumerate(levels):
        upper, master = master, Master(f"master{depth}", npoints).in_world(world)
        if upper is None:
            chain.add(master)
        else:
            chain.add(upper, master)
        for kind in kinds:
            chain.add(master, slave_of(kind, f"{kind}{depth}", world))
    scan = make_scan(chain, Around(watched=False))
    for number in range(presets):
        scan.add_preset(named(Whole, f"S{number}", world))
    for number, count in enumerate(counts):
        chain.add_preset(named(Chained, f"C{number}", world, count))
    lines = explanation(scan)
    assert world.log == [], "explain() called something"
    with virtual_time():
        scan.run()
    assert scan.state is ScanState.DONE
    names = [name for name in world.keys() if name.rpartition("#")[0].rpartition(".")[2] in (*TOLD, "next")]  # noqa: SIM118
    if npoints > 2:  # two iterations are written out; the rest is told in one line
        third, end = names.index("master0.next#2"), names.index(f"master0.next#{npoints}")
        names = names[:third] + names[end:]
    calls = [name.rpartition("#")[0] for name in names]
    told = [line for line in lines if line[0] != "..."]
    assert_same_order(told, [name for name in calls if not name.endswith(".next") and name != "master0.trigger"])


def test_two_branches_are_told_one_after_the_other_each_in_its_order():
    world = World()
    chain = AcquisitionChain()
    for top in ("A", "B"):
        chain.add(Master(top).in_world(world), Slave(f"{top}slave").in_world(world))
        chain.top_masters[-1].terminator = False
    for letter, top in zip("CD", chain.top_masters, strict=True):
        chain.add_preset(named(Chained, letter, world), top)
    scan = make_scan(chain)
    scan.add_preset(named(Whole, "S", world))
    lines = explanation(scan)
    heads = [number for number, line in enumerate(lines) if line[0] == "--"]
    assert [lines[number][2] for number in heads] == ["A,", "B,"]
    with virtual_time():
        scan.run()
    calls = happened(world, "AB")
    begun = calls.index("S.start") + 1
    assert_same_order(lines[: heads[0]], calls[:begun])
    parts = (lines[heads[0] + 1 : heads[1]], lines[heads[1] + 1 : -1])
    for part, owners in zip(parts, (("A", "C"), ("B", "D")), strict=True):
        assert_same_order(part, [name for name in calls[begun:] if name[0] in owners])


def test_slaves_of_every_kind_and_a_motor_are_told():
    world = World()
    chain = AcquisitionChain()
    motor, timer = Motor(2, MemoryAxis(), 0, 1).in_world(world), Timer(0.1, npoints=2).in_world(world)
    chain.add(motor, timer)
    chain.add(timer, Async("async1", blocking=True).in_world(world))
    chain.add(timer, OwnPace("mca", 4).in_world(world))
    chain.add(timer, Slave("wired", trigger_type=Slave.HARDWARE).in_world(world))
    told = [" ".join(line) for line in explanation(make_scan(chain))]
    assert told[:14] == [
        *("async1.prepare mca.prepare wired.prepare", "timer.prepare", "axis.prepare"),
        *("mca.start wired.start async1.start", "mca.reading", "wired.reading", "timer.start", "axis.start"),
        *("timer.trigger", "async1.trigger async1.reading"),
        *("axis.wait_ready", "timer.wait_ready", "async1.wait_ready wired.wait_ready", "async1.prepare wired.prepare"),
    ]
    assert told[-4:] == ["wait for mca", "axis.stop", "timer.stop", "async1.stop mca.stop wired.stop"]


def test_an_endless_scan_is_told_with_two_points():
    chain = AcquisitionChain()
    chain.add(Timer(0.1, npoints=0).in_world(World()))
    text = io.StringIO()
    make_scan(chain).explain(text)
    assert text.getvalue().count("timer.start") == 2
    assert "and so on, until it is stopped" in text.getvalue()


class Untouchable(AcquisitionMaster):
    """Everything that is called is a mistake."""

    def _no(self, *_):
        raise AssertionError("explain() ran user code")

    prepare = start = stop = trigger = wait_ready = validate = get_acquisition_metadata = __iter__ = _no


class UntouchablePreset(ScanPreset):
    def _no(self, *_):
        raise AssertionError("explain() ran user code")

    prepare = start = stop = _no


def test_it_runs_no_user_code_and_leaves_no_trace():
    chain = AcquisitionChain()
    chain.add(Untouchable(name="top", npoints=3))
    scan = make_scan(chain)
    scan.add_preset(UntouchablePreset())
    lines = explanation(scan)
    assert ["UntouchablePreset.prepare"] in lines
    assert scan.state is ScanState.IDLE
    assert scan.explain(io.StringIO()) is None


@pytest.mark.parametrize("moment", ["prepare", "start", "stop"])
def test_told_in_a_hook_of_the_running_scan_it_disturbs_nothing(moment):
    world, got = World(), []
    chain = AcquisitionChain()
    slave = Slave("diode")
    slave.devices = (device := counter("mca"),)
    chain.add(Timer(0.1, npoints=2).in_world(world), slave.in_world(world))

    class Curious(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([device], lambda *_: got.append(1))
            self.look("prepare", scan)

        def start(self, scan):
            self.look("start", scan)

        def stop(self, scan):
            self.look("stop", scan)

        def look(self, hook, scan):
            if hook == moment:
                scan.explain(io.StringIO())
                assert self.acq_chain is chain

    scan = make_scan(chain)
    scan.add_preset(Curious())
    with virtual_time():
        scan.run()
    assert scan.state is ScanState.DONE
    assert got == [1, 1]
