"""ProtectPreset: what stands in the beam is protected within the point, once each time it gets dangerous."""

import math
import random
import threading
import time

import pytest

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import SamplingCounter, SamplingCounterController
from obtura.contracts.presets import ScanPreset
from obtura.devices.shutter_driver import ShutterState
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, ScanAbort, UsageError
from obtura.presets import ProtectPreset, ShutterPreset
from obtura.presets.protector import AGAIN, IN_VAIN, Protector
from obtura.testing import assert_preset_ok

PATIENCE = 60.0


def wait_until(is_so):
    """Return when something on another thread is so."""
    late = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < late, "it never was so"
        time.sleep(0.001)


class Flux(SamplingCounterController):
    """Reads one value after the other, then the last one for ever. `at(n, call)`: calls it before the n-th reading."""

    def __init__(self, *values):
        super().__init__("flux", blocking=False, max_sampling_frequency=100)
        self.values, self.readings, self.calls = values, 0, {}

    def read(self, counter):
        if self.readings in self.calls:
            self.calls[self.readings]()
        value = self.values[min(self.readings, len(self.values) - 1)]
        self.readings += 1
        if isinstance(value, BaseException):
            raise value
        return value


class Gauge:
    """Something outside of the scan."""

    name = "gauge"
    unit = "mbar"

    def __init__(self, value=0.0):
        self.value = value
        self.reads = 0

    def read(self):
        self.reads += 1
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


class Heard(Gauge):
    """One that tells."""

    def __init__(self, value=0.0):
        super().__init__(value)
        self.callbacks = []

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def tell(self, value):
        self.value = value
        for callback in list(self.callbacks):
            callback(value, timestamp=0.0)


class Meanwhile(ScanPreset):
    """Does something when the scan has started."""

    def __init__(self, start):
        self._start = start

    def start(self, scan):
        self._start(scan)


@pytest.fixture
def shutter(lab):
    lab.line.shutter.open()
    lab.watch(lab.line.shutter, "close")
    return lab.line.shutter


def closes(lab):
    return lab.log.count("close")


def counted(lab, flux, npoints=3, count_time=0.1):
    """A scan of one counter that is read ten times at each point."""
    scan = lab.scan()
    counter = SamplingCounter("current", flux, unit="A")
    chain = AcquisitionChain()
    timer = SoftwareTimerMaster(count_time, npoints=npoints)
    chain.add(timer, SamplingCounterAcquisitionSlave(counter, count_time=count_time, npoints=npoints))
    return type(scan)(chain, "loopscan"), counter


# -- what is seen ------------------------------------------------------------------------------------------------


def test_a_reading_within_a_point_is_acted_upon_before_the_point_is_over(lab, shutter):
    flux = Flux(1, 1, 1, 50, 1)
    scan, counter = counted(lab, flux)
    flux.calls[5] = lambda: wait_until(lambda: shutter.is_closed)  # the first point goes on for some readings
    scan.add_preset(ProtectPreset(counter, 20, shutter=shutter))
    scan.run()
    assert scan.state is ScanState.DONE and shutter.is_closed
    assert closes(lab) == 1
    assert max(scan.get_data("current")) < 20  # the mean of no point would have told
    (comment,) = scan.comments
    assert "current reads 50 A, above 20; shutter is closed" in comment.text
    assert f"!!! {comment.text}" in lab.viewer.text


def test_a_counter_is_as_it_was_afterwards(lab, shutter):
    scan, counter = counted(lab, Flux(1))
    scan.add_preset(ProtectPreset(counter, 10, shutter=shutter))
    scan.run()
    assert counter.conversion_function is None and closes(lab) == 0
    assert scan.comments == []


def test_a_conversion_is_seen_as_it_is_recorded(lab, shutter):
    flux = Flux(3)
    scan, counter = counted(lab, flux)
    counter.conversion_function = lambda raw: raw * 10
    scan.add_preset(ProtectPreset(counter, 10, shutter=shutter))
    scan.run()
    assert closes(lab) == 1 and scan.get_data("current")[0] == 30


@pytest.mark.parametrize("kind", [Gauge, Heard])
def test_a_signal_outside_of_the_scan_is_polled_or_heard(lab, shutter, kind):
    gauge = kind()
    rises = (lambda: gauge.tell(5)) if kind is Heard else (lambda: setattr(gauge, "value", 5))
    poll = 100.0 if kind is Heard else 0.001
    scan = lab.scan()
    scan.add_preset(ProtectPreset(gauge, 2, shutter=shutter, poll=poll))
    scan.add_preset(Meanwhile(lambda scan: (rises(), wait_until(lambda: shutter.is_closed))))
    scan.run()
    assert closes(lab) == 1
    assert "gauge reads 5 mbar, above 2" in scan.comments[0].text
    assert kind is Gauge or gauge.callbacks == []


@pytest.mark.parametrize("value", [math.nan, OSError("gone"), "words", None, [1.0, math.nan]])
def test_what_is_no_number_is_dangerous_unless_told_otherwise(lab, shutter, value):
    for dangerous in (True, False):
        scan = lab.scan()
        scan.add_preset(ProtectPreset(Gauge(value), 2, shutter=shutter, unreadable_is_danger=dangerous))
        scan.run()
        assert bool(closes(lab)) is dangerous
        lab.log.clear()


@pytest.mark.parametrize("value", [1.0, 5.0])
def test_a_signal_whose_unit_can_not_be_had_is_looked_at_all_the_same(lab, shutter, value):
    class Hung(Gauge):
        @property
        def unit(self):
            raise DeviceError("gauge.unit did not answer within 1 s")

    gauge, scan = Hung(value), lab.scan()
    scan.add_preset(ProtectPreset(gauge, 2, shutter=shutter, poll=0.001))
    scan.add_preset(Meanwhile(lambda scan: wait_until(lambda: gauge.reads > 2)))
    scan.run()
    assert [comment.text for comment in scan.comments] == (
        ["protection: gauge reads 5, above 2; shutter is closed"] if value > 2 else []
    )


def test_a_minimum_and_arrays(lab, shutter):
    scan = lab.scan()
    scan.add_preset(ProtectPreset(Gauge([3, 0.5]), minimum=1, shutter=shutter))
    scan.run()
    assert "gauge reads 0.5 mbar, below 1" in scan.comments[0].text


# -- what is done ------------------------------------------------------------------------------------------------


def test_a_pause_closes_the_shutter_and_acts_again_when_resumed_in_danger(lab, shutter):
    gauge, pauses = Gauge(5), []
    scan = lab.scan()

    def go_on():
        for times, then in ((1, 5), (2, 1)):
            wait_until(lambda times=times: lab.viewer.text.count("Paused;") == times)
            pauses.append(closes(lab))
            gauge.value = then
            scan.resume()

    scan.add_preset(ProtectPreset(gauge, 2, "pause", shutter=shutter, poll=1000))
    helper = threading.Thread(target=go_on)
    helper.start()
    scan.run()
    helper.join()
    assert scan.state is ScanState.DONE and pauses == [1, 2]
    assert "the scan is paused after this point" in scan.comments[0].text
    assert len(scan.get_data("diode")) == 2


def test_end_cuts_the_point_off_and_the_scan_ends_well(lab, shutter):
    flux = Flux(*[1] * 14, 50)
    scan, counter = counted(lab, flux, npoints=100)
    flux.calls[16] = lambda: wait_until(lambda: scan.state is not ScanState.RUNNING or scan._outcome.cutting)
    scan.add_preset(ProtectPreset(counter, 10, "end", shutter=shutter))
    scan.run()
    assert scan.state is ScanState.DONE and shutter.is_closed
    assert len(scan.get_data("current")) <= 2  # of 100; the point that was being taken may have come to its end
    assert scan.comments[0].text.endswith("shutter is closed, the scan is ended")


def test_a_shutter_that_can_not_be_closed_fails_the_scan(lab, shutter, monkeypatch):
    def stuck():
        raise DeviceError("shutter.close failed: stuck")

    monkeypatch.setattr(shutter, "close", stuck)
    scan = lab.scan()
    scan.add_preset(ProtectPreset(Gauge(5), 2, shutter=shutter))
    with pytest.raises(DeviceError, match="stuck"):
        scan.run()
    assert scan.state is ScanState.KILLED and "could NOT be closed" in scan.comments[0].text


def test_it_is_done_once_and_again_only_after_it_was_safe_or_when_somebody_opens():
    done, undone = [], []
    protector = Protector(done.append, lambda: bool(undone))
    for danger in ("a", "b", "", "", "c", "d"):
        protector.see(danger)
    wait_until(lambda: len(done) == 2)
    undone.append(True)

    def again():
        protector.see("e")
        return len(done) == 3

    wait_until(again)
    undone.clear()
    protector.rearm()
    protector.see("f")
    protector.end()
    assert done == ["a", "c", "e", "f"]


def test_what_is_seen_while_a_slow_shutter_closes_is_no_reason_to_close_it_again():
    done, begun, go_on = [], threading.Event(), threading.Event()

    def close(danger):
        done.append(danger)
        begun.set()
        assert go_on.wait(PATIENCE)

    protector = Protector(close, lambda: True)
    protector.see("a")
    assert begun.wait(PATIENCE)
    for _ in range(100):
        protector.see("b")
    time.sleep(2 * AGAIN)
    go_on.set()
    protector.end()
    assert done == ["a"]


def test_what_was_done_in_vain_is_not_done_again_for_the_scan_has_failed():
    done = []
    protector = Protector(lambda danger: done.append(danger) or IN_VAIN, lambda: True)
    for danger in ("a", "", "b"):
        protector.see(danger)
    protector.end()
    assert done == ["a"]


@pytest.mark.parametrize("seed", range(30))
def test_it_is_done_once_for_each_passing_however_fast(seed):
    chance, done = random.Random(seed), []
    protector = Protector(done.append, lambda: False)
    row = [chance.choice(["", "", "high"]) for _ in range(200)]
    for danger in row:
        protector.see(danger)
    protector.end()
    passings = sum(bool(now) and not before for before, now in zip(["", *row], row, strict=False))
    assert len(done) == passings


@pytest.mark.parametrize("at", [0, 1, 7, 9, 10, 11, 25, 29])
def test_the_action_always_comes_even_for_the_last_reading_and_after_ctrl_c(lab, at):
    for ending in ("well", "failure", "abort"):
        lab.line.shutter.open()
        flux = Flux(*[1] * at, 50, 1)
        scan, counter = counted(lab, flux)

        def leave(scan=scan, ending=ending):
            if ending == "abort":
                scan.abort()
            elif ending == "failure":
                raise DeviceError("unplugged")

        flux.calls[at + 1] = leave
        scan.add_preset(ProtectPreset(counter, 10, shutter=lab.line.shutter))
        try:
            scan.run()
        except (DeviceError, ScanAbort):
            assert ending != "well"
        assert lab.line.shutter.state is ShutterState.CLOSED
        assert len(scan.comments) == 1


# -- with others ---------------------------------------------------------------------------------------------------


def test_it_goes_with_a_shutter_preset(lab):
    shutter = lab.line.shutter
    gauge = Heard(1)
    scan = lab.scan()
    scan.add_preset(ShutterPreset(shutter))
    scan.add_preset(ProtectPreset(gauge, 2, shutter=shutter))
    scan.add_preset(Meanwhile(lambda scan: (gauge.tell(3), wait_until(lambda: shutter.is_closed))))
    scan.run()
    assert scan.get_data("diode") == pytest.approx([0, 0], abs=10)


def test_every_fault():
    assert_preset_ok(
        lambda shutter, diode: ProtectPreset(diode, -100, shutter=shutter), may_change=["shutter"], only="step scan"
    )


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda shutter: ProtectPreset(Gauge(), shutter=shutter), "give a maximum, a minimum, or both"),
        (lambda shutter: ProtectPreset(Gauge(), 1), "needs a shutter with open"),
        (lambda shutter: ProtectPreset(3, 1, shutter=shutter), "needs a counter with read"),
        (lambda shutter: ProtectPreset(Gauge(), 1, "explode", shutter=shutter), "action"),
        (lambda shutter: ProtectPreset(Gauge(), 1, minimum=2, shutter=shutter), "the minimum 2 is above"),
        (lambda shutter: ProtectPreset(Gauge(), 1, shutter=shutter, poll=0), "poll"),
    ],
)
def test_what_makes_no_sense_is_refused(lab, make, words):
    with pytest.raises(UsageError, match=words):
        make(lab.line.shutter)
