"""On the way out nobody sits before a silent prompt: what takes long is named, in order with everything else."""

import signal
import threading

import pytest
from cast import Repeating
from doubles import Around, make_scan
from harness import outcome_of

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.engine import vigil
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.ground.events import HookLeft, ScanClosed, Text


class Said(Consumer):
    """A consumer that lets something go once a line was said."""

    name = "said"
    essential = takes_frames = False

    def __init__(self):
        self.events = []
        self.spoken = threading.Event()

    def open(self, began, say):
        """Nothing."""

    def receive(self, events):
        self.events += events
        if any(isinstance(event, Text) for event in events):
            self.spoken.set()

    def close(self):
        """Nothing."""

    @property
    def lines(self):
        return [event.text for event in self.events if isinstance(event, Text)]


@pytest.fixture
def said(monkeypatch):
    monkeypatch.setattr(vigil, "PATIENCE", 2.0)  # what is not slow is not named, however busy
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=20.0, device=20.0))
    return Said()


class Slow(AcquisitionSlave):
    """One of its methods returns once a line was said."""

    def __init__(self, said, method):
        super().__init__(name="counter")
        self.said, self.method = said, method
        self.reached = threading.Event()

    def at(self, method):
        if method == self.method:
            self.reached.set()
            assert self.said.spoken.wait(60), "nothing was said"

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


class Failing(ScanPreset):
    def start(self, scan):
        raise ArithmeticError("wrong")


class SlowPreset(ScanPreset):
    def __init__(self, said):
        self.said = said

    def start(self, scan):
        """Nothing."""

    def stop(self, scan):
        assert self.said.spoken.wait(60), "nothing was said"


class SlowChain(ChainPreset):
    def __init__(self, said):
        self.said = said

    def before_stop(self, chain):
        assert self.said.spoken.wait(60), "nothing was said"


def scan_of(said, *slaves):
    chain = AcquisitionChain()
    top = Repeating("timer", 2)
    for slave in slaves:
        chain.add(top, slave)
    if not slaves:
        chain.add(top)
    return make_scan(chain, Around(said))


def test_a_call_that_does_not_return_after_a_stop_is_named_with_its_deadline(said):
    scan = scan_of(said, slow := Slow(said, "trigger"))
    threading.Thread(target=lambda: (slow.reached.wait(60), scan.abort())).start()
    outcome_of(scan)
    assert said.lines == ["Waiting for counter.trigger to return, counter was stopped; it is given up after 20 s\n"]
    assert scan.state.name == "USER_ABORTED" and len(scan.errors) == 1


def test_the_stop_of_a_device_is_named_with_its_deadline_only_when_something_is_wrong(said):
    scan = scan_of(said, Slow(said, "stop"))
    scan.add_preset(Failing())
    outcome_of(scan)
    assert said.lines == ["Waiting for counter.stop; it is given up after 20 s\n"]


def test_while_the_scan_goes_well_the_stop_of_a_device_is_named_too(said):
    scan_of(said, Slow(said, "stop")).run()
    assert said.lines == ["Waiting for counter.stop\n"]


def test_a_hook_is_named_when_something_is_wrong_and_in_order(said):
    scan = scan_of(said)
    scan.add_preset(SlowPreset(said))
    scan.add_preset(Failing())
    outcome_of(scan)
    assert said.lines == ["Waiting for SlowPreset.stop; it is given up after 20 s\n"]
    kinds = [event for event in said.events if isinstance(event, Text | HookLeft)]
    assert isinstance(kinds[-2], Text) and (kinds[-1].owner, kinds[-1].hook) == ("SlowPreset", "stop")


def test_before_stop_is_named_too(said):
    scan = scan_of(said)
    scan.acq_chain.add_preset(SlowChain(said))
    scan.add_preset(Failing())
    outcome_of(scan)
    assert said.lines == ["Waiting for SlowChain.before_stop; it is given up after 20 s\n"]


def test_a_hook_of_a_good_scan_may_take_its_time_in_silence(said):
    class Long(ScanPreset):
        def stop(self, scan):
            assert not said.spoken.wait(1.5 * vigil.PATIENCE)

    scan = scan_of(said)
    scan.add_preset(Long())
    scan.run()
    assert said.lines == []


def test_no_thread_is_left_and_none_is_made_where_nothing_is_waited_for(said, monkeypatch):
    started, start = [], threading.Thread.start

    def noted(thread):
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    scan_of(said, Slow(said, "nothing")).run()
    names = [thread.name for thread in started]
    assert "lane counter" in names and "vigil" not in names
    scan_of(said, Slow(said, "stop")).run()
    vigils = [thread for thread in started if thread.name == "vigil"]
    assert len(vigils) == 1 and not vigils[0].is_alive()


def test_nothing_is_said_after_the_last_event(said):
    class Late(Said):
        """Takes its time over the last event, and Ctrl-C is pressed meanwhile."""

        essential = True

        def receive(self, events):
            super().receive(events)
            if isinstance(events[-1], ScanClosed):
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                threading.Event().wait(4 * vigil.LOOK)

    late = Late()
    scan = scan_of(late)
    scan.add_preset(Failing())
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        outcome_of(scan)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(late.events[-1], ScanClosed)
