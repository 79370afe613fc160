"""Presets and devices that a scan refuses before any device is touched."""

import threading

import pytest
from cast import Chained, Whole, named
from doubles import Around, Watcher, diode, make_bench, make_scan
from harness import outcome_of
from recording import World
from refusing import Lab

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, DeviceError, HookError, LimitError, UsageError
from obtura.ground.events import ScanBegan, ScanClosed, ScanEnded
from obtura.works.clock import virtual_time


@pytest.fixture
def lab():
    lab = Lab()
    yield lab
    lab.assert_untouched()


# -- presets ----------------------------------------------------------------------------------------------------


class NoHook(ScanPreset):
    def setup(self, scan):
        """Not a hook."""


class NearMiss(ScanPreset):
    def prepair(self, scan):
        """Meant to be prepare."""


class TooMany(ScanPreset):
    def prepare(self, scan, extra):
        """One argument too many."""


class TooFew(ChainPreset):
    def prepare(self):
        """One argument missing."""


class NoChainHook(ChainPreset):
    pass


class Judging(ScanPreset):
    def prepare(self, scan):
        """Fine."""

    def retake(self, scan):
        """Not for a ScanPreset."""


class JudgingPoint(ChainIterationPreset):
    def start(self):
        """Fine."""

    def retake(self, acq_chain):
        """Not for an iteration preset."""


class Good(ScanPreset):
    def prepare(self, scan):
        """Fine."""


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        (None, "Expected ScanPreset instance, got None"),
        ("preset", "Expected ScanPreset instance"),
        (Good, "give an object: add the brackets"),
        (ChainPreset(), r"Expected ScanPreset instance.*for a chain: scan\.acq_chain\.add_preset"),
        (ChainIterationPreset(), r"Expected ScanPreset instance.*give it in get_iterator\(\) of a ChainPreset"),
        (Judging(), r"Judging\.retake is never called: only a ChainPreset may have a point taken again"),
        (ScanPreset(), "overrides no hook of ScanPreset"),
        (NoHook(), r"NoHook overrides no hook of ScanPreset \(prepare, start, pause, resume, stop\)"),
        (NearMiss(), r"NearMiss.prepair is never called: did you mean prepare\?"),
        (TooMany(), r"TooMany.prepare must be called as prepare\(self, scan\)"),
    ],
)
def test_what_is_no_scan_preset_is_refused_when_it_is_added(lab, preset, words):
    scan = lab.bench.loopscan(1, 0, lab.diode, run=False)
    with pytest.raises(UsageError, match=words):
        scan.add_preset(preset)


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        (None, "Expected ChainPreset instance"),
        (Good(), r"Expected ChainPreset instance.*for a whole scan: scan\.add_preset"),
        (
            ChainIterationPreset(),
            r"it is for one point: give it in get_iterator\(\) of a ChainPreset, and add that one",
        ),
        (NoChainHook(), "NoChainHook overrides no hook of ChainPreset"),
        (TooFew(), r"TooFew.prepare must be called as prepare\(self, acq_chain\)"),
    ],
)
def test_what_is_no_chain_preset_is_refused_when_it_is_added(lab, preset, words):
    scan = lab.bench.loopscan(1, 0, lab.diode, run=False)
    for add in (scan.acq_chain.add_preset, lab.bench.default_chain.add_preset):
        with pytest.raises(UsageError, match=words):
            add(preset)


def test_a_preset_of_a_point_that_would_judge_it_is_refused():
    class Each(ChainPreset):
        def get_iterator(self, acq_chain):
            return [JudgingPoint()]

    scan = make_bench().loopscan(1, 0.0, diode(), run=False)
    scan.acq_chain.add_preset(Each())
    with pytest.raises(HookError, match=r"Each.get_iterator: JudgingPoint.retake is never called: .*get_iterator\(\)"):
        scan.run()


def test_a_near_miss_beside_real_hooks_is_a_warning(lab):
    class Near(Good):
        def stopp(self, scan):
            """Meant to be stop."""

    scan = lab.bench.loopscan(1, 0, lab.diode, run=False)
    with pytest.warns(UserWarning, match="Near.stopp is never called: did you mean stop"):
        scan.add_preset(Near())


def test_the_same_preset_twice_is_refused(lab):
    class Both(ScanPreset, ChainPreset):
        def prepare(self, it):
            """At two levels."""

    scan = lab.bench.loopscan(1, 0, lab.diode, run=False)
    preset, chained, both = Good(), named(Chained, "C", World()), Both()
    scan.add_preset(preset)
    with pytest.raises(UsageError, match="this Good is on the scan already"):
        scan.add_preset(preset)
    scan.acq_chain.add_preset(chained)
    with pytest.raises(UsageError, match="this C is on the chain already"):
        scan.acq_chain.add_preset(chained)
    scan.add_preset(both)
    scan.acq_chain.add_preset(both)
    with pytest.raises(UsageError, match="the same preset is twice on loopscan"):
        scan.run()


def test_a_preset_of_a_master_that_is_no_top_master_any_more_is_refused(lab):
    from cast import Master

    world = World()
    chain = AcquisitionChain()
    timer, motor = Master("timer").in_world(world), Master("motor").in_world(world)
    chain.add(timer)
    chain.add_preset(named(Chained, "C", world), timer)
    chain.add(motor, timer)
    with pytest.raises(UsageError, match="C: timer is no top-master any more"):
        make_scan(chain).run()
    assert world.log == []


# -- in use -----------------------------------------------------------------------------------------------------


class Holding(ScanPreset):
    """Keeps its scan in `prepare` until it is let go."""

    def __init__(self):
        self.entered, self.let_go = threading.Event(), threading.Event()

    def prepare(self, scan):
        self.entered.set()
        assert self.let_go.wait(60)


@pytest.fixture
def holder(lab):
    """A scan of the lab's devices that runs on another thread, held in its first hook."""
    preset = Holding()
    scan = lab.bench.ascan(lab.roby, 0, 1, 1, 0, lab.diode, run=False)
    scan.add_preset(preset)
    thread = threading.Thread(target=outcome_of, args=(scan,))
    thread.start()
    assert preset.entered.wait(60)
    yield scan, preset
    lab.assert_untouched()
    preset.let_go.set()
    thread.join(60)
    assert scan.state is ScanState.DONE
    lab.roby.touched.clear()
    lab.diode.controller.touched = 0


def test_a_device_in_use_by_another_running_scan_is_refused(lab, holder):
    other = diode("other")
    for make, device in (
        (lambda: lab.bench.loopscan(1, 0, lab.diode), "diode_sim"),
        (lambda: lab.bench.ascan(lab.roby, 0, 1, 1, 0, other), "roby"),
        (lambda: lab.bench.dscan(lab.roby, 0, 1, 1, 0, other), "roby"),
    ):
        with pytest.raises(DeviceBusyError, match=rf"{device} is in use by ascan \(scan 1\), which is running"):
            make()
    assert other.controller.touched == 0
    lab.bench.loopscan(1, 0, other)
    assert other.controller.touched == 1, "a scan of other devices runs beside it"


def test_a_preset_in_use_by_another_running_scan_is_refused(lab, holder):
    _, preset = holder
    scan = lab.bench.loopscan(1, 0, diode("other"), run=False)
    scan.add_preset(preset)
    with pytest.raises(UsageError, match="this Holding is in use by ascan"):
        scan.run()


def test_a_chain_in_use_by_another_running_scan_is_refused_and_left_alone(lab, holder):
    running, _ = holder
    said = []
    running.write_text = said.append
    with pytest.raises(Exception, match="a chain runs once"):
        make_scan(running.acq_chain).run()
    running.acq_chain.say("still heard")
    events = lab.around.viewer.events
    assert any("still heard" in getattr(event, "text", "") for event in events) or lab.around.viewer.opened


# -- before the first preset ------------------------------------------------------------------------------------


def test_an_empty_chain_is_refused():
    with pytest.raises(UsageError, match="the acquisition chain is empty"):
        make_scan(AcquisitionChain()).run()


@pytest.mark.parametrize("method", ["validate", "get_acquisition_metadata"])
@pytest.mark.parametrize("blocking", [False, True])
def test_a_device_that_is_not_ready_refuses_the_scan(lab, method, blocking):
    world = World()
    slave = AcquisitionSlave(name="camera")
    slave.blocking = blocking
    touched = []
    slave.prepare = slave.stop = lambda: touched.append(1)

    def fail():
        raise DeviceError("camera: not connected; switch it on")

    setattr(slave, method, fail)
    scan = lab.bench.loopscan(1, 0, lab.diode, run=False)
    scan.acq_chain.add(scan.acq_chain.top_masters[0], slave)
    scan.add_preset(named(Whole, "S", world))
    with pytest.raises(DeviceError, match="switch it on") as caught:
        scan.run()
    assert caught.value.__notes__[0] == f"in camera.{method}"
    assert world.log == touched == []
    assert not lab.around.viewer.opened


class Refusing(Watcher):
    def open(self, began, say):
        super().open(began, say)
        say("stdout", "no room")
        raise OSError("disk full")


def test_a_consumer_that_cannot_open_refuses_the_scan_and_all_opened_are_closed(lab):
    last = Watcher("last")
    around = Around(Refusing("full"), last)
    world = World()
    scan = make_bench(around).loopscan(1, 0, lab.diode, run=False)
    scan.add_preset(named(Whole, "S", world))
    with pytest.raises(OSError, match="disk full"):
        scan.run()
    assert world.log == []
    full = around.extra[0]
    assert (full.opened, full.closed, full.events) == (1, 1, [])
    assert (last.opened, last.closed) == (0, 0)
    for watcher in (around.viewer, around.saver):
        assert (watcher.opened, watcher.closed) == (1, 1)
        assert isinstance(watcher.events[0], ScanBegan), "also when another one writes as it is opened"
        assert isinstance(watcher.events[-1], ScanClosed)
        assert [event.end_reason for event in watcher.of(ScanEnded)] == ["FAILURE"]


@pytest.mark.parametrize("method", ["number", "consumers", "scan_info", "positions"])
def test_surroundings_that_fail_refuse_the_scan(lab, method):
    around = Around()
    world = World()

    def fail(*_):
        raise OSError("no directory")

    setattr(around, method, fail)
    scan = make_bench(around).loopscan(1, 0, lab.diode, run=False)
    scan.add_preset(named(Whole, "S", world))
    with pytest.raises(OSError, match="no directory"):
        scan.run()
    assert world.log == []
    assert around.ended == [scan]


def test_after_a_refusal_the_next_scan_runs():
    lab = Lab()
    with pytest.raises(LimitError):
        lab.bench.ascan(lab.robz, 0, 2, 5, 0, lab.diode)
    with virtual_time():
        scan = lab.bench.ascan(lab.robz, 0, 1, 5, 0, lab.diode)
    assert len(scan.get_data("robz")) == 6
