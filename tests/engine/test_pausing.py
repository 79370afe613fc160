"""`scan.pause()` and `scan.resume()`: between two points, from any thread."""

import os
import signal
import threading

import pytest
from cast import Master, Slave
from doubles import Around, diode, make_bench, make_scan
from recording import World

from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.contracts.watchdog import WatchdogCallback
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.ground.events import Comment, StateChanged, Text
from obtura.presets.shutter import ShutterPreset
from obtura.works.clock import clock, virtual_time

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


class Whole(ScanPreset):
    """Notes its hooks in a log that all share."""

    def __init__(self, name, log):
        self.name = name
        self.log = log

    def prepare(self, scan):
        self.log.append(f"{self.name}.prepare")

    def pause(self, scan):
        self.log.append(f"{self.name}.pause")

    def resume(self, scan):
        self.log.append(f"{self.name}.resume")

    def stop(self, scan):
        self.log.append(f"{self.name}.stop")


class Chained(Whole, ChainPreset):
    """The same around a top-master, with a note at each point."""

    class Point(ChainIterationPreset):
        def __init__(self, owner):
            self.owner = owner

        def start(self):
            self.owner.log.append(f"{self.owner.name} point")
            self.owner.at_point()

    def at_point(self):
        """For a test to do something in a point."""

    def get_iterator(self, acq_chain):
        while True:
            yield self.Point(self)


def meanwhile(scan, act):
    """Act once the scan is paused, from another thread."""

    def wait():
        assert scan.wait_state("PAUSED", PATIENCE)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.fixture
def around():
    return Around()


@pytest.fixture
def scan(around):
    return make_bench(around).loopscan(2, 0.1, diode(), run=False)


@pytest.fixture
def log(scan):
    """Of two scan presets and a chain preset that has the scan pause in its first point."""
    log = []
    scan.add_preset(Whole("S1", log))
    scan.add_preset(Whole("S2", log))
    chained = Chained("C", log)
    chained.at_point = lambda: scan.pause() if "S1.pause" not in log else None
    scan.acq_chain.add_preset(chained)
    return log


BEFORE = ["S1.prepare", "S2.prepare", "C.prepare", "C point", "C.pause", "S2.pause", "S1.pause"]


def test_presets_pause_in_reverse_and_resume_in_order_between_two_points(scan, log):
    states = []
    thread = meanwhile(scan, lambda: (states.append(scan.state), scan.resume()))
    scan.run()
    thread.join()
    assert log == [*BEFORE, "S1.resume", "S2.resume", "C.resume", "C point", "C.stop", "S2.stop", "S1.stop"]
    assert states == [ScanState.PAUSED]
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) == 2


def test_the_record_has_states_lines_and_times(scan, log, around):
    def resume():
        clock.sleep(60.0)
        scan.resume()

    thread = meanwhile(scan, resume)
    scan.run()
    thread.join()
    states = [event.state for event in around.viewer.of(StateChanged)]
    assert states == ["STARTING", "RUNNING", "PAUSED", "RUNNING", "STOPPING"]
    assert [event.text for event in around.viewer.of(Text)] == [
        "Pause asked for: it begins after this point\n",
        "Paused; scan.resume() goes on, scan.stop() ends it well, Ctrl-C aborts it\n",
        "Resumed after 60.0 s\n",
    ]
    paused, resumed = around.viewer.of(Comment)
    assert paused.text.startswith("Paused")
    assert resumed.text == "Resumed after 60.0 s"
    assert (resumed.time - paused.time).total_seconds() == pytest.approx(60.0)


def test_waiting_for_paused_is_over_when_the_scan_has_ended(scan):
    scan.run()
    assert scan.wait_state("PAUSED", 0)


def test_paused_is_waited_for_anew_after_it_was_resumed(scan, log):
    seen = []
    thread = meanwhile(scan, scan.resume)

    class Look(ScanPreset):
        def resume(self, scan):
            seen.append(scan.wait_state("PAUSED", 0))

        def stop(self, scan):
            seen.append(scan.wait_state("RUNNING", 0))

    scan.add_preset(Look())
    scan.run()
    thread.join()
    assert seen == [True, True]
    assert scan.states.state is ScanState.DONE


def test_a_pause_withdrawn_before_it_begins_is_none(scan, log, around):
    scan.pause()
    scan.resume()
    log.append("S1.pause")  # so that the chain preset asks for none
    scan.run()
    assert "PAUSED" not in [event.state for event in around.viewer.of(StateChanged)]


def test_one_asked_for_before_the_scan_begins_after_its_first_point(scan):
    log = []
    scan.acq_chain.add_preset(Chained("C", log))
    scan.pause()
    thread = meanwhile(scan, scan.resume)
    scan.run()
    thread.join()
    assert log == ["C.prepare", "C point", "C.pause", "C.resume", "C point", "C.stop"]


def test_asking_twice_is_asking_once(scan, log, around):
    def twice():
        scan.pause()
        scan.pause()
        scan.resume()

    thread = meanwhile(scan, twice)
    scan.run()
    thread.join()
    assert log.count("S1.pause") == log.count("S1.resume") == 1


def test_stop_while_paused_ends_well_without_resume(scan, log):
    thread = meanwhile(scan, scan.stop)
    scan.run()
    thread.join()
    assert log == [*BEFORE, "C.stop", "S2.stop", "S1.stop"]
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) == 1


@pytest.mark.parametrize("by", ["abort", "ctrl-c"])
def test_abort_while_paused_goes_straight_out(scan, log, by):
    press = scan.abort if by == "abort" else lambda: os.kill(os.getpid(), signal.SIGINT)
    thread = meanwhile(scan, press)
    with pytest.raises(ScanAbort):
        scan.run()
    thread.join()
    assert log == [*BEFORE, "C.stop", "S2.stop", "S1.stop"]
    assert scan.state is ScanState.USER_ABORTED


def test_a_pause_that_raises_fails_the_scan(scan, log):
    class Fails(ScanPreset):
        def pause(self, scan):
            raise RuntimeError("stuck")

    scan.add_preset(Fails())
    with pytest.raises(RuntimeError, match="stuck"):
        scan.run()
    assert log == [*BEFORE[:-2], "C.stop", "S2.stop", "S1.stop"]
    assert scan.state is ScanState.KILLED


def test_a_shutter_is_closed_meanwhile(around):
    calls = []

    class Shutter:
        name = "shutter"

        def open(self):
            calls.append("open")

        def close(self):
            calls.append("close")

    for level, per_point in (("scan", False), ("chain", False), ("chain", True)):
        scan = make_bench(around).loopscan(2, 0.1, diode(), run=False)
        preset = ShutterPreset(Shutter(), per_point)
        scan.add_preset(preset) if level == "scan" else scan.acq_chain.add_preset(preset)
        scan.pause()
        thread = meanwhile(scan, lambda: (calls.append("paused"), scan.resume()))  # noqa: B023
        scan.run()
        thread.join()
        between = ["close", "paused", "open"]
        assert calls == ["open", *between, "close"], (level, per_point)
        calls.clear()


def test_branches_all_stand_before_presets_pause(around):
    world = World()
    chain = AcquisitionChain()
    log = []
    for name in ("fast", "slow"):
        master = Master(name, npoints=3).in_world(world)
        master.terminator = False
        chain.add(master, Slave(f"{name}_counter", blocking=True).in_world(world))
    scan = make_scan(chain, around)
    scan.add_preset(Whole("S", log))
    for top in chain.top_masters:
        chain.add_preset(Chained(top.name, log), top)

    inside = []

    class Look(ScanPreset):
        def pause(self, scan):
            inside.append(scan.in_iteration)

    scan.add_preset(Look())
    scan.pause()
    thread = meanwhile(scan, scan.resume)
    scan.run()
    thread.join()
    hooks = [entry for entry in log if entry.endswith(("pause", "resume"))]
    assert hooks == ["slow.pause", "fast.pause", "S.pause", "S.resume", "fast.resume", "slow.resume"]
    assert inside == [False]
    assert [len(scan.get_data(f"{name}_counter:value")) for name in ("fast", "slow")] == [3, 3]


def test_a_branch_that_is_left_is_not_waited_for(around):
    chain = AcquisitionChain()
    log = []
    world = World()
    for name, npoints in (("short", 1), ("long", 3)):
        master = Master(name, npoints=npoints).in_world(world)
        master.terminator = False
        chain.add(master, Slave(f"{name}_counter").in_world(world))
    scan = make_scan(chain, around)
    late = Chained("long", log)
    late.at_point = lambda: scan.pause() if log.count("long point") == 2 else None
    chain.add_preset(Chained("short", log), chain.top_masters[0])
    chain.add_preset(late, chain.top_masters[1])
    thread = meanwhile(scan, scan.resume)
    scan.run()
    thread.join()
    assert scan.state is ScanState.DONE
    assert log.count("long.pause") == log.count("long.resume") == 1


@pytest.mark.parametrize("end", ["abort", "stop", "ctrl-c"])
def test_several_branches_that_are_paused_can_be_ended(around, end):
    world = World()
    chain = AcquisitionChain()
    for name in ("one", "two"):
        chain.add(Master(name, npoints=3).in_world(world), Slave(f"{name}_counter", blocking=True).in_world(world))
    scan = make_scan(chain, around)
    scan.pause()
    act = {"abort": scan.abort, "stop": scan.stop, "ctrl-c": lambda: os.kill(os.getpid(), signal.SIGINT)}[end]
    thread = meanwhile(scan, act)
    if end == "stop":
        scan.run()
    else:
        with pytest.raises(ScanAbort):
            scan.run()
    thread.join()
    assert scan.state is (ScanState.DONE if end == "stop" else ScanState.USER_ABORTED)
    assert world.names().count("one.stop") == world.names().count("two.stop") == 1


def test_a_pass_is_said_to_be_paused_at_its_end_only(around):
    chain = AcquisitionChain()
    world = World()
    master = Master("top", npoints=1).in_world(world)
    below = Master("fast", npoints=5).in_world(world)
    below.triggers = 5
    chain.add(master, below)
    chain.add(below, Slave("counter").in_world(world))
    scan = make_scan(chain, around)
    log = []
    chained = Chained("C", log)
    chained.at_point = scan.pause
    chain.add_preset(chained)
    thread = meanwhile(scan, scan.resume)
    scan.run()
    thread.join()
    assert "Pause asked for: it begins at the end of this pass, within which there is none\n" in [
        event.text for event in around.viewer.of(Text)
    ]
    assert log == ["C.prepare", "C point", "C.pause", "C.resume", "C.stop"]


def test_a_watchdog_does_not_miss_data_in_a_pause(around):
    timeouts = []

    class Watch(WatchdogCallback):
        def on_timeout(self):
            timeouts.append(scan.state)

    scan = make_bench(around).loopscan(2, 0.0, diode(), run=False)
    scan.set_watchdog_callback(Watch(watchdog_timeout=5.0))
    scan.pause()

    def resume():
        reader = next(one for one, _ in scan._run._audience._readers if one.receiver.name == "watchdog")
        while reader.busy:
            reader.drained(lambda: None)
        clock.sleep(100.0)
        for _ in range(3):
            reader.receiver.idle()
        scan.resume()

    thread = meanwhile(scan, resume)
    scan.run()
    thread.join()
    assert ScanState.PAUSED not in timeouts


def test_a_scan_in_a_sequence_pauses_and_so_does_the_sequence(around):
    bench = make_bench(around)
    order = []
    first, second = (bench.loopscan(2, 0.0, diode(), run=False) for _ in range(2))
    sequence = bench.Sequence()
    first.pause()
    threads = [meanwhile(first, lambda: (order.append("first"), first.resume()))]
    with sequence.sequence_context() as context:
        context.add_and_run(first)
        sequence.pause()
        threads.append(meanwhile(sequence.scan, lambda: (order.append(second.state.name), sequence.resume())))
        context.add_and_run(second)
        sequence.pause()  # nothing comes any more that could wait
    for thread in threads:
        thread.join()
    assert order == ["first", "IDLE"]
    assert sequence.state is ScanState.DONE


def test_time_in_a_pause_is_no_dead_time(around):
    learnt = []
    around.learn = lambda devices, seconds: learnt.append(seconds)
    scan = make_bench(around).loopscan(2, 0.1, diode(), run=False)
    scan.pause()
    thread = meanwhile(scan, lambda: (clock.sleep(1000.0), scan.resume()))
    scan.run()
    thread.join()
    assert max(learnt) < 500
