"""Presets, devices and errors that do what nobody expects: the way out is taken all the same."""

import signal
import threading
import time
from dataclasses import dataclass, field

import pytest
from cast import Repeating, Slave, Timer
from doubles import Around, MemoryAxis, diode, make_bench, make_scan
from harness import noted_presses, outcome_of
from recording import World

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanAbort
from obtura.ground.events import Failed, ScanEnded
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


# -- errors -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frozen(Exception):
    """Refuses attributes, and so notes."""

    code: int = 7


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Slotted(Exception):
    __slots__ = ()


class NotesOfItsOwn(Exception):
    __notes__ = "not a list"


class Stubborn(Exception):
    def __setattr__(self, name, value):
        raise RuntimeError("no attribute")

    def add_note(self, note):
        raise RuntimeError("no note")


class Abstruse(BaseException):
    """Derives from BaseException directly."""


ERRORS = [
    Frozen,
    Unprintable,
    Slotted,
    NotesOfItsOwn,
    Stubborn,
    Abstruse,
    StopIteration,
    StopAsyncIteration,
    GeneratorExit,
    SystemExit,
    MemoryError,
    RecursionError,
    lambda: BaseExceptionGroup("several", [KeyboardInterrupt(), SystemExit()]),
    lambda: ExceptionGroup("several", [ValueError("one"), ValueError("two")]),
]


class Raising(ScanPreset):
    """Raises in its hooks what it is told to: `Raising(prepare=make_error)`."""

    def __init__(self, **errors):
        self.errors = errors
        self.log = []

    def at(self, hook):
        self.log.append(hook)
        if hook in self.errors:
            raise self.errors[hook]()

    def prepare(self, scan):
        self.at("prepare")

    def start(self, scan):
        self.at("start")

    def stop(self, scan):
        self.at("stop")


class RaisingSlave(AcquisitionSlave):
    """The same for a device."""

    def __init__(self, blocking, **errors):
        super().__init__(name="device")
        self.blocking = blocking
        self.errors = errors
        self.log = []

    def at(self, method):
        self.log.append(method)
        if method in self.errors:
            raise self.errors[method]()

    def prepare(self):
        self.at("prepare")

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


def scan_of(*slaves, around=None, npoints=2):
    chain = AcquisitionChain()
    chain.add(top := Timer(0.0, npoints=npoints).in_world(World()))
    for slave in slaves:
        chain.add(top, slave)
    return make_scan(chain, around)


@pytest.mark.parametrize("make", ERRORS)
@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_whatever_a_hook_raises_is_raised_by_run_and_everybody_is_left(make, hook):
    around = Around()
    scan = scan_of(around=around)
    first, bad, last = Raising(), Raising(**{hook: make}), Raising()
    for preset in (first, bad, last):
        scan.add_preset(preset)
    raised = outcome_of(scan)
    assert type(raised) is type(make())
    assert scan.state is ScanState.KILLED
    assert first.log[-1] == bad.log[-1] == "stop"
    assert last.log[-1:] == ([] if hook == "prepare" else ["stop"])
    assert around.saver.of(ScanEnded)[0].end_reason == "FAILURE"
    assert around.viewer.closed == around.saver.closed == 1
    outcome_of(scan_of())


@pytest.mark.parametrize("make", ERRORS)
@pytest.mark.parametrize("method", ["prepare", "trigger", "stop"])
@pytest.mark.parametrize("blocking", [False, True])
def test_whatever_a_device_raises_is_raised_by_run_and_everybody_is_left(make, method, blocking):
    slave = RaisingSlave(blocking, **{method: make})
    scan = scan_of(slave)
    scan.add_preset(preset := Raising())
    raised = outcome_of(scan)
    assert type(raised) is type(make())
    assert slave.log.count("stop") == 1
    assert preset.log[-1] == "stop"
    assert scan.state is ScanState.KILLED


@pytest.mark.parametrize("later", ERRORS)
def test_all_clean_up_steps_are_taken_whatever_each_of_them_raises(later):
    slave = RaisingSlave(True, trigger=lambda: ValueError("first"), stop=later)
    scan = scan_of(slave)
    presets = [Raising(stop=later) for _ in range(3)]
    for preset in presets:
        scan.add_preset(preset)
    raised = outcome_of(scan)
    assert str(raised) == "first"
    assert [preset.log[-1] for preset in presets] == ["stop"] * 3
    assert len(scan.errors) == 5
    assert sum(note.startswith("then ") for note in raised.__notes__) == 4


@pytest.mark.parametrize("make", [Frozen, Stubborn])
def test_an_error_that_refuses_attributes_says_where_it_happened_all_the_same(make):
    scan = scan_of()
    scan.add_preset(Raising(start=make))
    assert outcome_of(scan).__notes__[0] == "in Raising.start"


def test_the_cause_of_an_error_is_kept():
    def make():
        error = ValueError("no answer")
        error.__cause__ = OSError("cable")
        return error

    for blocking in (False, True):
        raised = outcome_of(scan_of(RaisingSlave(blocking, trigger=make)))
        assert str(raised.__cause__) == "cable"


@pytest.mark.parametrize("where", ["hook", "inline", "lane"])
def test_a_keyboard_interrupt_that_user_code_raises_is_a_ctrl_c(where):
    if where == "hook":
        scan = scan_of()
        scan.add_preset(Raising(start=KeyboardInterrupt))
    else:
        scan = scan_of(RaisingSlave(where == "lane", trigger=KeyboardInterrupt))
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort)
    assert isinstance(raised.__cause__, KeyboardInterrupt)
    assert scan.state is ScanState.USER_ABORTED


def test_every_error_is_in_the_record_with_its_place():
    around = Around()
    slave = RaisingSlave(True, trigger=lambda: ValueError("no answer"), stop=lambda: OSError("cable"))
    scan = scan_of(slave, around=around)
    scan.add_preset(Raising(stop=lambda: KeyError("shutter")))
    outcome_of(scan)
    assert around.viewer.of(Failed) == [
        ("ValueError: no answer", "device.trigger, point 0 of 2"),
        ("OSError: cable", "device.stop, point 0 of 2"),
        ("KeyError: 'shutter'", "Raising.stop"),
    ]


def test_devices_that_fail_together_are_all_named():
    """Two on lanes; a third, called inline, keeps the engine from looking until both have failed."""
    slaves = []
    for number in range(2):
        slaves.append(RaisingSlave(True, prepare=lambda number=number: ValueError(f"device {number}")))
        slaves[-1].name = f"device{number}"
    waiting = AcquisitionSlave(name="waiting")
    waiting.blocking = False
    scan = scan_of(*slaves, waiting)

    def wait():
        until = time.monotonic() + 5
        while not all(slave.log for slave in slaves):
            assert time.monotonic() < until
        time.sleep(0.01)

    waiting.prepare = wait
    raised = outcome_of(scan)
    assert raised is scan.errors[0]
    assert sorted(map(str, scan.errors)) == ["device 0", "device 1"]
    assert sorted(error.__notes__[0] for error in scan.errors) == [
        "in device0.prepare, point 0 of 2",
        "in device1.prepare, point 0 of 2",
    ]


# -- presets ----------------------------------------------------------------------------------------------------


class EqualToAll(Raising):
    def __eq__(self, other):
        return True

    __hash__ = None


@dataclass(frozen=True)
class FrozenPreset(ScanPreset):
    log: list = field(default_factory=list)

    def prepare(self, scan):
        self.log.append("prepare")
        assert self.acq_chain is scan.acq_chain

    def stop(self, scan):
        self.log.append("stop")


class SlottedPreset(ScanPreset):
    __slots__ = ("log",)

    def __init__(self):
        self.log = []

    def prepare(self, scan):
        self.log.append("prepare")

    def stop(self, scan):
        self.log.append("stop")


@pytest.mark.parametrize("make", [EqualToAll, FrozenPreset, SlottedPreset])
def test_presets_need_no_hash_no_identity_of_their_own_and_no_attributes(make):
    presets = [make() for _ in range(3)]
    scan = scan_of()
    for preset in presets:
        scan.add_preset(preset)
    scan.run()
    assert scan.state is ScanState.DONE
    assert all(
        (preset.log[0], preset.log[-1], len(preset.log)) in (("prepare", "stop", 2), ("prepare", "stop", 3))
        for preset in presets
    )


def test_chain_and_iteration_presets_need_no_hash_either():
    class Each(ChainIterationPreset):
        __hash__ = None

        def __eq__(self, other):
            return True

        def start(self):
            log.append("start")

        def stop(self):
            log.append("stop")

    class Chain(ChainPreset):
        __hash__ = None

        def __eq__(self, other):
            return True

        def get_iterator(self, acq_chain):
            return [Each(), Each()]

        def stop(self, acq_chain):
            log.append("C.stop")

    log = []
    scan = scan_of()
    for _ in range(2):
        scan.acq_chain.add_preset(Chain())
    scan.run()
    assert log == ["start", "start", "stop", "stop"] * 2 + ["C.stop", "C.stop"]


def test_a_preset_whose_truth_is_false_is_a_preset():
    class Empty(Raising):
        def __bool__(self):
            return False

        def __len__(self):
            return 0

    scan = scan_of()
    scan.add_preset(preset := Empty())
    scan.run()
    assert preset.log == ["prepare", "start", "stop"]


@pytest.mark.parametrize("kind", [SystemExit, ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("hook", ["prepare", "stop"])
def test_an_async_hook_may_raise_anything(kind, hook):
    class Async(ScanPreset):
        async def prepare(self, scan):
            log.append("prepare")
            if hook == "prepare":
                raise kind("no")

        async def stop(self, scan):
            log.append("stop")
            if hook == "stop":
                raise kind("no")

    log = []
    scan = scan_of()
    scan.add_preset(Async())
    raised = outcome_of(scan)
    assert isinstance(raised, ScanAbort if kind is KeyboardInterrupt else kind)
    assert log == ["prepare", "stop"]


# -- devices ----------------------------------------------------------------------------------------------------


class Careless(Repeating):
    """Triggers its slaves `count` times a point, waiting for them in the end only."""

    def __init__(self, count, pause):
        super().__init__("careless", 1)
        self.count = count
        self.pause = pause

    def trigger(self):
        for _ in range(self.count):
            self.trigger_slaves()
            self.pause()
        self.wait_slaves()


def careless(slave, count, pause):
    chain = AcquisitionChain()
    chain.add(Careless(count, pause), slave)
    return make_scan(chain)


def test_a_slave_that_is_not_ready_at_its_next_trigger_is_an_error_that_names_it():
    class Slow(RaisingSlave):
        ended = threading.Event()

        def trigger(self):
            super().trigger()
            self.ended.wait(10)

        def stop(self):
            super().stop()
            self.ended.set()

    slave = Slow(True)
    raised = outcome_of(careless(slave, 2, lambda: time.sleep(0.02)))
    assert "Aborted due to bad triggering on slaves: device not ready for the next trigger" in str(raised)
    assert slave.log == ["prepare", "trigger", "stop"]


@pytest.mark.parametrize("blocking", [False, True])
def test_trigger_ready_is_asked_where_the_device_is_called(blocking):
    threads = set()

    class Asked(RaisingSlave):
        def trigger(self):
            threads.add(threading.get_ident())

        def trigger_ready(self):
            threads.add(threading.get_ident())
            return len(self.log) < 3

        def prepare(self):
            self.log.append("prepare")
            threads.add(threading.get_ident())

    slave = Asked(blocking)
    scan = scan_of(slave, npoints=5)
    slave.trigger = lambda: slave.log.append("trigger")
    raised = outcome_of(scan)
    assert "bad triggering on slaves: device" in str(raised)
    assert slave.log == ["prepare", "trigger", "prepare", "stop"] or slave.log[-1] == "stop"
    assert len(threads) == 1
    assert (threading.get_ident() in threads) != blocking


def test_an_error_of_a_trigger_that_nobody_waited_for_is_not_lost():
    slave = RaisingSlave(True, trigger=lambda: ValueError("overflow"))
    raised = outcome_of(careless(slave, 3, lambda: time.sleep(0.02)))
    assert str(raised) == "overflow"
    assert raised.__notes__[0] == "in device.trigger, point 0 of 1"
    assert slave.log.count("trigger") == 1


def test_a_device_that_reads_at_its_own_pace_and_fails_ends_the_scan_then():
    class OnAWire(AcquisitionSlave):
        def __init__(self):
            super().__init__(name="mca", trigger_type=self.HARDWARE, prepare_once=True, start_once=True)

        def reading(self):
            raise ValueError("overflow")

        def wait_ready(self):
            """Not called while it reads."""

    world = World()
    chain = AcquisitionChain()
    top = Repeating("timer", 1000)
    chain.add(top, OnAWire())
    top.wait_ready = lambda: (world.call("timer.wait_ready"), time.sleep(0.001))
    raised = outcome_of(make_scan(chain))
    assert str(raised) == "overflow"
    assert raised.__notes__[0].startswith("in mca.reading")
    assert world.began("timer.wait_ready") < 500


def test_wait_ready_of_a_device_that_reads_at_its_own_pace_does_not_hang_the_scan():
    class OnAWire(AcquisitionSlave):
        def __init__(self):
            super().__init__(name="mca", trigger_type=self.HARDWARE, prepare_once=True, start_once=True)
            self.last = threading.Event()

        def reading(self):
            assert self.last.wait(10), "the scan waited for it"

        def wait_ready(self):
            """Overridden, for some reason."""

    slave = OnAWire()
    chain = AcquisitionChain()
    top = Repeating("timer", 3)
    points = []
    top.wait_slaves = lambda: points.append(1) or (len(points) == 3 and slave.last.set())
    chain.add(top, slave)
    scan = make_scan(chain)
    scan.run()
    assert scan.state is ScanState.DONE


def test_waiting_for_slaves_one_by_one_is_possible():
    class OneByOne(Repeating):
        def trigger(self):
            self.trigger_slaves()
            for slave in self.slaves:
                self.crew.wait([slave])
            self.wait_slaves()

    chain = AcquisitionChain()
    top = OneByOne("timer", 2)
    for name in ("one", "two"):
        chain.add(top, Slave(name, blocking=True).in_world(World()))
    scan = make_scan(chain)
    scan.run()
    assert scan.state is ScanState.DONE


@pytest.mark.parametrize("error", [float("nan"), 1.5, None, "text", [1.0, 2.0], [[1.0]]])
def test_what_does_not_fit_a_channel_is_refused_or_kept_never_found_later(error):
    class Odd(RaisingSlave):
        def __init__(self):
            super().__init__(False)
            self.channels.append(AcquisitionChannel("device:counts", int))

        def trigger(self):
            self.channels[0].emit(error)

    scan = scan_of(Odd())
    raised = outcome_of(scan)
    assert scan.get_data()["device:counts"].dtype == int
    assert raised is None or "device:counts" in str(raised)


# -- surroundings -------------------------------------------------------------------------------------------------


def test_a_viewer_that_fails_is_detached_and_the_scan_goes_on():
    around = Around()
    around.viewer.receive = lambda events: 1 / 0
    scan = scan_of(around=around)
    scan.run()
    assert scan.state is ScanState.DONE
    assert around.viewer.closed == 1
    assert around.saver.of(ScanEnded)


@pytest.mark.parametrize("kind", [OSError, SystemExit])
def test_a_saver_that_fails_is_an_error_of_the_scan(kind):
    around = Around()

    def receive(events):
        raise kind("disk full")

    around.saver.receive = receive
    scan = scan_of(around=around, npoints=0)
    scan.add_preset(preset := Raising())
    raised = outcome_of(scan)
    assert type(raised) is kind
    assert raised.__notes__[0] == "in saver"
    assert preset.log[-1] == "stop"
    assert scan.state is ScanState.KILLED
    assert around.viewer.of(ScanEnded)[0].end_reason == "FAILURE"


@pytest.mark.parametrize("kind", [OSError, SystemExit])
def test_a_consumer_whose_close_fails_does_not_keep_the_others_open(kind):
    around = Around()

    def close():
        raise kind("no")

    around.saver.close = close
    scan = scan_of(around=around)
    assert type(outcome_of(scan)) is kind
    assert around.viewer.closed == 1


def test_positions_that_can_not_be_read_at_the_end_do_not_keep_the_end_from_the_saver():
    around = Around()
    around.asked = 0

    def positions():
        around.asked += 1
        if around.asked > 1:
            raise OSError("not connected")
        return {}

    around.positions = positions
    scan = scan_of(around=around)
    assert isinstance(outcome_of(scan), OSError)
    [ended] = around.saver.of(ScanEnded)
    assert (ended.end_reason, ended.positioners) == ("FAILURE", {})


def test_an_error_after_the_end_is_told_and_hides_no_earlier_one():
    for hook, first in (("start", ZeroDivisionError), (None, OSError)):
        around = Around()

        def finished(scan):
            raise OSError("no list of scans")

        around.finished = finished
        scan = scan_of(around=around)
        if hook:
            scan.add_preset(Raising(start=lambda: 1 / 0))
        assert type(outcome_of(scan)) is first


# -- the last steps -----------------------------------------------------------------------------------------------


class Step:
    """A last step of the way out."""

    name = "return of roby"

    def __init__(self, log, fails=()):
        self.log = log
        self.fails = fails

    def at(self, method):
        self.log.append(method)
        if method in self.fails:
            raise OSError(f"{method} fails")

    def validate(self):
        """Nothing to check."""

    def estimate(self):
        self.at("estimate")
        return 0.0

    def run(self):
        self.at("run")

    def stop(self):
        self.at("stop")
        return "it stands"


@pytest.mark.parametrize("fails", [(), ("estimate",), ("run",), ("estimate", "run")])
@pytest.mark.parametrize("hook", [None, "prepare", "stop"])
def test_a_last_step_is_taken_after_every_hook_however_the_scan_ends(fails, hook):
    log = []
    scan = scan_of()
    scan.on_way_out(Step(log, fails))
    scan.on_way_out(Step(other := []))
    scan.add_preset(preset := Raising(**({hook: ValueError} if hook else {})))
    raised = outcome_of(scan)
    assert log == ["estimate", "run"]
    assert other == ["estimate", "run"]
    assert preset.log[-1] == "stop"
    expected = ValueError if hook else OSError if fails else type(None)
    assert type(raised) is expected
    assert len(scan.errors) == len(fails) + bool(hook)


def test_a_scan_that_was_refused_takes_no_last_step_for_it_has_moved_nothing():
    axis = MemoryAxis()
    with pytest.raises(ValueError, match="outside"):
        make_bench().dscan(axis, 0, 1000, 2, 0, diode())
    assert axis.touched == []


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_a_relative_scan_returns_whatever_happens(hook):
    axis = MemoryAxis()
    axis.move(3.0)
    scan = make_bench().dscan(axis, 0, 10, 2, 0, diode(), run=False)
    scan.add_preset(Raising(**{hook: ZeroDivisionError}))
    outcome_of(scan)
    assert axis.position == 3.0
    assert not axis.is_moving


def test_a_ctrl_c_and_an_error_on_the_way_out_are_both_told():
    _, before = noted_presses()
    try:
        scan = scan_of()
        scan.add_preset(Raising(start=lambda: signal.raise_signal(signal.SIGINT), stop=lambda: OSError("stuck")))
        raised = outcome_of(scan)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(raised, ScanAbort)
    assert "then OSError: stuck (in Raising.stop)" in raised.__notes__
    assert scan.state is ScanState.USER_ABORTED
