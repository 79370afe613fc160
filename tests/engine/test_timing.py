"""Every scan knows where its time went: the parts of the thread that ran it sum to the whole."""

import asyncio
import signal
import threading
import time

import pytest
from cast import Repeating
from doubles import Around, MemoryAxis, diode, make_bench, make_scan
from harness import outcome_of

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave, Effort, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.devices.sim.mca import SimulatedMCA
from obtura.devices.sim.world import World
from obtura.engine import audience
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanAbort, ScanStateError, UsageError
from obtura.works.clock import clock, virtual_time


class Slave(AcquisitionSlave):
    """Takes `seconds` for each trigger; `wired`: reads by itself."""

    def __init__(self, name, seconds, blocking=True, wired=False):
        mode = TriggerMode.HARDWARE if wired else TriggerMode.SOFTWARE
        super().__init__(name=name, trigger_type=mode, start_once=wired, prepare_once=wired)
        self.seconds, self.blocking = seconds, blocking
        self.channels.append(AcquisitionChannel(f"{name}:value"))

    def prepare(self):
        clock.sleep(self.seconds / 10)

    def reading(self):
        clock.sleep(self.seconds)
        self.channels[0].emit(1.0)


class AsyncSlave(AcquisitionSlave):
    async def trigger(self):
        await asyncio.sleep(0.02)


class Sleeps(ScanPreset):
    def prepare(self, scan):
        clock.sleep(3)

    def stop(self, scan):
        clock.sleep(1)


class SleepsAtPoints(ChainPreset):
    class Iteration(ChainIterationPreset):
        def start(self):
            clock.sleep(2)

    def get_iterator(self, chain):
        clock.sleep(1)
        while True:
            yield self.Iteration()


def scan_of(*tops, around=None, npoints=3):
    chain = AcquisitionChain()
    for number, slaves in enumerate(tops):
        top = Repeating(f"timer{number}" if number else "timer", npoints)
        top.terminator = not number
        chain.add(top)
        for slave in slaves:
            chain.add(top, slave)
    return make_scan(chain, around, name="loopscan")


def shares(scan, branch=None):
    """Kind, whose, what: seconds, without those of no time."""
    found = {}
    for row in scan.timings.of(branch):
        key = " ".join(filter(None, (row.kind, row.owner, row.what)))
        found[key] = found.get(key, 0.0) + row.seconds
    return {key: pytest.approx(seconds, abs=1e-9) for key, seconds in found.items() if seconds > 1e-9}


def busy(scan, owner):
    return sum(row.busy for row in scan.timings.rows if row.owner == owner)


def whole(scan):
    """How long the thread of `run()` was in it, whatever it did."""
    strands = scan._keeper.wholes[0]
    return strands[-1].now - strands[0].made


def check_sums(scan):
    assert scan.timings.seconds() == pytest.approx(whole(scan), rel=1e-9)
    assert all(row.seconds >= 0 and row.busy >= -1e-12 for row in scan.timings.rows)


# -- on virtual time, where each number is known ------------------------------------------------------------


@pytest.fixture
def virtual():
    with virtual_time():
        yield


def test_hooks_of_each_level_have_lines_of_their_own(virtual):
    scan = scan_of([])
    scan.add_preset(Sleeps())
    scan.acq_chain.add_preset(SleepsAtPoints())
    scan.run()
    assert shares(scan) == {
        "hook Sleeps prepare": 3,
        "hook Sleeps stop": 1,
        "hook SleepsAtPoints get_iterator": 1,
        "hook Iteration start": 6,
    }
    (row,) = [row for row in scan.timings.rows if row.owner == "Iteration"]
    assert (row.phase, row.calls, row.longest, row.point) == ("points", 3, 2, 0)
    check_sums(scan)


def test_a_step_scan_is_motion_settling_counting_and_the_return():
    with virtual_time():
        scan = make_bench(Around()).dscan(MemoryAxis(), -5, 5, 2, 0.1, diode(), stab_time=0.5)
        check_sums(scan)
        found = shares(scan)
    assert found["motion roby prepare"] == 1.5
    assert found["motion return of roby"] == 0.5
    assert found["waiting roby prepare"] == 1.5
    assert sum(row.seconds for row in scan.timings.rows if row.kind == "counting") == pytest.approx(0.3)
    assert scan.timings.seconds("motion") == pytest.approx(2)


def test_a_timer_counts_for_the_count_time_and_sleeps_between(virtual):
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(2, 5, npoints=3))
    scan = make_scan(chain)
    scan.run()
    assert shares(scan) == {"counting timer trigger": 6, "waiting timer trigger": 10}


def test_what_a_slave_needs_beyond_the_count_time_is_its_own(virtual):
    class Late(Slave):
        def effort_of(self, method):
            return super().effort_of(method)._replace(counting=1.0 if method == "reading" else 0.0)

    scan = scan_of([Late("camera", 3, blocking=False)], npoints=2)
    scan.run()
    assert shares(scan) == {"device camera prepare": 0.6, "counting camera reading": 2, "device camera reading": 4}


def counted_by(scan, name):
    return sum(row.busy for row in scan.timings.rows if (row.owner, row.kind) == (name, "counting"))


def test_an_analyser_counts_for_its_count_time(virtual):
    scan = make_bench(Around()).loopscan(2, 0.5, SimulatedMCA("mca", world=World()))
    assert counted_by(scan, "mca") == pytest.approx(1)


def test_a_sampling_slave_with_a_trigger_of_its_own_counts_too(virtual):
    class Triggered(SamplingCounterAcquisitionSlave):
        def trigger(self):
            clock.sleep(0.125)

    slave = Triggered(diode(), count_time=0.5, npoints=2)
    scan = scan_of([slave], npoints=2)
    scan.run()
    assert counted_by(scan, slave.name) == pytest.approx(1)


def test_a_scan_that_was_refused_knows_its_time_too(virtual):
    class Refuses(Slave):
        def validate(self):
            clock.sleep(2)
            raise UsageError("no")

    scan = scan_of([Refuses("camera", 1, blocking=False)])
    assert isinstance(outcome_of(scan), UsageError)
    assert shares(scan) == {"device camera validate": 2}
    check_sums(scan)


def test_a_callback_is_its_presets(virtual):
    class Watches(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([counter], lambda *args: clock.sleep(0.25))

        def stop(self, scan):
            pass

    counter = diode()
    scan = make_bench(Around()).loopscan(2, 0, counter, run=False)
    scan.add_preset(Watches())
    scan.run()
    assert shares(scan)["hook Watches data callback"] == 0.5


def test_a_scan_within_a_hook_has_times_of_its_own(virtual):
    inner = scan_of([Slave("camera", 2, blocking=False)], npoints=1)

    class Looks(ScanPreset):
        def prepare(self, scan):
            clock.sleep(1)
            inner.run()

    scan = scan_of([])
    scan.add_preset(Looks())
    scan.run()
    assert shares(scan) == {"hook Looks prepare": 3.2}
    assert shares(inner) == {"device camera prepare": 0.2, "device camera reading": 2}


def test_while_it_runs_it_says_what_was_so_far(virtual):
    class Asks(ScanPreset):
        def start(self, scan):
            clock.sleep(1)
            self.seconds, self.text = scan.timings.seconds(), str(scan.timings)

    scan = scan_of([Slave("camera", 2, blocking=False)], npoints=1)
    scan.add_preset(preset := Asks())
    scan.run()
    assert preset.seconds == pytest.approx(1.2)
    assert preset.text.startswith("loopscan (scan 1): so far\n")
    assert "Asks.start" in preset.text


def test_while_a_count_is_waited_for_it_is_counting():
    class Counts(Slave):
        def effort_of(self, method):
            return Effort(counting=100.0 if method == "reading" else 0.0)

        def prepare(self):
            pass

        def reading(self):
            time.sleep(0.1)
            seen.append(scan.timings)
            self.channels[0].emit(1.0)

    seen = []
    scan = scan_of([Counts("camera", 0)], npoints=2)
    scan.run()
    for number, timings in enumerate(seen, 1):
        (row,) = [row for row in timings.rows if row.kind == "counting"]
        assert row.calls == number
        assert row.seconds >= 0.09 * number
        assert row.seconds <= row.busy <= row.calls * row.longest + 1e-9


def test_before_it_runs_it_knows_nothing():
    with pytest.raises(ScanStateError, match="loopscan is IDLE: it has spent no time yet"):
        scan_of([]).timing()


# -- on real time, with threads ------------------------------------------------------------------------------


def test_a_wait_for_several_devices_is_the_last_ones():
    scan = scan_of([Slave("quick", 0.01), Slave("slow", 2.0)], npoints=2)
    scan.run()
    check_sums(scan)
    rows = {(row.owner, row.what): row for row in scan.timings.rows if row.phase == "points"}
    quick, slow = rows["quick", "reading"], rows["slow", "reading"]
    assert slow.busy >= 4 and slow.seconds > slow.busy / 2
    assert slow.calls == quick.calls == 2
    assert quick.busy >= 0.02 and quick.seconds < slow.seconds / 2
    assert slow.point in (0, 1)


def test_async_devices_and_wired_ones_are_charged():
    scan = scan_of([AsyncSlave(name="remote"), Slave("card", 2.0, wired=True)])
    scan.run()
    check_sums(scan)
    assert busy(scan, "remote") >= 0.06
    assert busy(scan, "card") >= 2
    (card,) = [row for row in scan.timings.rows if (row.owner, row.what) == ("card", "reading")]
    assert 0 < card.seconds < card.busy


def test_several_top_masters_have_a_waterfall_each():
    scan = scan_of([Slave("a", 0.01, blocking=False)], [Slave("b", 0.02)])
    scan.acq_chain.add_preset(SleepsAtPoints())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep", lambda seconds: time.sleep(min(seconds, 0.02)))
        scan.run()
    check_sums(scan)
    timings = scan.timings
    assert timings.branches == [0, 1]
    assert timings.seconds("branches") > 0.02
    assert sum(row.seconds for row in timings.of() if row.owner == "Iteration") >= 0.06
    for branch in timings.branches:
        (strand,) = scan._keeper.wholes[branch + 1]
        assert timings.seconds(branch=branch) == pytest.approx(strand.now - strand.made, rel=1e-9)
    assert timings.seconds("hooks", branch=0) >= 0.06
    assert {row.owner for row in timings.of(0) if row.kind == "device"} == {"a", "timer"}
    assert {row.owner for row in timings.of(1) if row.kind == "device"} == {"b", "timer1"}
    assert "branch 2\n" in str(timings)


@pytest.mark.parametrize("where", ["device", "lane", "hook", "abort"])
def test_however_it_ends_the_parts_sum_to_the_whole(where):
    class Fails(Slave):
        def reading(self):
            raise ArithmeticError

    class FailsToStart(ScanPreset):
        def start(self, scan):
            if where == "hook":
                raise ArithmeticError
            if where == "abort":
                scan.abort()

    camera = (Fails if where in ("device", "lane") else Slave)("camera", 0.01, blocking=where != "device")
    scan = scan_of([camera])
    scan.add_preset(FailsToStart())
    error = outcome_of(scan)
    assert isinstance(error, ScanAbort if where == "abort" else ArithmeticError)
    check_sums(scan)
    assert [account.sort.kind for account, _ in scan._keeper.main.under_way] == ["engine"]


def test_a_thread_that_is_stuck_has_the_time_until_it_is_given_up(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=1.0, device=1.0))
    released = threading.Event()

    class Hangs(ScanPreset):
        def start(self, scan):
            scan.abort()
            signal.pthread_sigmask(signal.SIG_BLOCK, ())
            while not released.wait(0.01):
                pass

        def stop(self, scan):
            time.sleep(0.05)
            released.set()

    scan = scan_of([Slave("camera", 0.01)])
    scan.add_preset(Hangs())
    thread = threading.Thread(target=outcome_of, args=(scan,))
    thread.start()
    thread.join(60)
    assert scan.state is ScanState.USER_ABORTED
    assert len(scan._keeper.wholes[0]) == 2
    check_sums(scan)
    found = {(row.owner, row.what): row.seconds for row in scan.timings.rows}
    assert found["Hangs", "start"] >= 1
    assert found["Hangs", "stop"] >= 0.05


def test_a_pause_is_told():
    class Pauses(ChainPreset):
        class Iteration(ChainIterationPreset):
            def start(self):
                if scan.state is ScanState.RUNNING and not paused:
                    paused.append(1)
                    scan.pause()
                    threading.Thread(target=resume).start()

        def get_iterator(self, chain):
            while True:
                yield self.Iteration()

    resume = lambda: (scan.wait_state("PAUSED"), time.sleep(0.1), scan.resume())  # noqa: E731
    paused = []
    scan = scan_of([])
    scan.acq_chain.add_preset(Pauses())
    scan.run()
    assert scan.timings.seconds("paused") > 0.05
    check_sums(scan)


def test_waiting_for_a_saver_is_told(monkeypatch):
    monkeypatch.setattr(audience, "BACKLOG", 3)

    class Slow(Consumer):
        name, essential = "slow saver", True

        pauses = iter([0.5])  # s, the first time

        def receive(self, events):
            time.sleep(next(self.pauses, 0.03))

    scan = scan_of([Slave("camera", 0, blocking=False)], around=Around(Slow()), npoints=20)
    scan.run()
    check_sums(scan)
    found = {(row.phase, row.kind, row.owner, row.what): row.seconds for row in scan.timings.rows}
    assert found["points", "saver", "", ""] > 0
    assert found["close", "saver", "slow saver", "finish"] > 0
