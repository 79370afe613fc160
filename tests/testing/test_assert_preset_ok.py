"""`assert_preset_ok` lets good presets pass, and says of bad ones what is wrong with them, in words."""

import asyncio
import functools
import logging
import os
import signal
import threading
import time

import pytest
from tried import BothAtAnyRate, OneAfterTheOther, Opens

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.errors import UsageError
from obtura.presets import DetectorCoverPreset, MultiplexerPreset, ShutterPreset, WaitForBeam, WaitForRefill
from obtura.testing import assert_preset_ok, try_preset
from obtura.works.clock import clock

# a Ctrl-C that lands in a callback of a weak reference is swallowed by CPython, which says so
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

AROUND_A_SCAN = "step scan, preset of the scan"
FIRST_CALLS = f"call 1, {AROUND_A_SCAN}"


def message(preset, **options):
    with pytest.raises(AssertionError) as caught:
        assert_preset_ok(preset, **options)
    return str(caught.value)


def test_a_good_preset_survives_every_fault_in_every_scan():
    report = assert_preset_ok(Opens)
    assert report.ok and report.faults > 500
    assert set(report.tried) == {"step scan", "mesh", "two top-masters"}
    calls, longest = report.seconds["Opens.start"]
    assert calls == 3 and longest >= 0.05  # what the shutter takes on virtual time


READY_MADE = {
    "shutter": ShutterPreset,
    "shutter at each point": lambda shutter: ShutterPreset(shutter, per_point=True),
    "cover": DetectorCoverPreset,
    "multiplexer": lambda multiplexer: MultiplexerPreset(multiplexer, "trigger", "roby"),
    "beam": lambda monitor: WaitForBeam(monitor, 50),
    "refill": WaitForRefill,
}


@pytest.mark.parametrize("preset", READY_MADE.values(), ids=READY_MADE)
def test_the_ready_made_presets_survive_every_fault(preset):
    assert try_preset(preset, only=", call 1, step scan").findings == []


class Forgets(Opens):
    """The commonest bug."""

    def prepare(self, scan):
        self.before = self.shutter.state

    def stop(self, scan):
        if self.before == "CLOSED":
            self.shutter.close()


def test_a_stop_that_needs_what_prepare_had_no_time_to_set():
    text = message(Forgets, only=FIRST_CALLS)
    assert "Forgets.stop itself raised AttributeError: 'Forgets' object has no attribute 'before'" in text
    assert "set in __init__ what it needs" in text
    assert "raise before Forgets.prepare, call 1, step scan" in text


def test_the_line_in_the_message_runs_that_case_and_no_other():
    only = try_preset(Forgets, only=FIRST_CALLS).findings[0].case
    report = try_preset(Forgets, only=only)
    assert report.faults == 1
    assert [finding.case for finding in report.findings] == [only]


def test_the_same_is_found_each_time():
    first, second = (try_preset(Forgets, only=FIRST_CALLS) for _ in range(2))
    assert (first.faults, first.findings) == (second.faults, second.findings)


class ClosesInTheEndOnly(Opens):
    def stop(self, scan):
        if not scan.errors:
            self.shutter.close()


def test_a_device_that_is_not_put_back_is_named():
    text = message(ClosesInTheEndOnly, only=FIRST_CALLS)
    assert "shutter was not put back: state is OPEN, it was CLOSED" in text


def test_one_device_that_fails_in_stop_must_not_keep_another_from_being_put_back():
    assert try_preset(BothAtAnyRate, only=FIRST_CALLS).findings == []
    (finding,) = try_preset(OneAfterTheOther, only=FIRST_CALLS).findings
    assert finding.what.startswith("shutter was not put back")
    assert "cover.set_in" in finding.case


class LeavesAThread(Opens):
    over = threading.Event()

    def start(self, scan):
        super().start(scan)
        threading.Thread(target=self.over.wait, name="watch the beam", daemon=True).start()


def test_a_thread_that_is_left_is_named():
    text = message(LeavesAThread, only=f"no fault, {AROUND_A_SCAN}")
    LeavesAThread.over.set()
    assert "threads were left: watch the beam" in text


class LeavesAFile(Opens):
    def prepare(self, scan):
        self.descriptors = [*getattr(self, "descriptors", ()), os.open(os.devnull, os.O_RDONLY)]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors can't be counted here")
def test_a_file_that_is_left_open_is_found():
    assert "descriptors were left open" in message(LeavesAFile, only=f"no fault, {AROUND_A_SCAN}")


class OnceOnly(Opens):
    used = False

    def prepare(self, scan):
        if self.used:
            raise RuntimeError("used already")
        self.used = True


def test_a_preset_that_can_be_used_once_only():
    what = [finding.what for finding in try_preset(OnceOnly, only=f"no fault, {AROUND_A_SCAN}").findings]
    assert what == ["the next scan with the same preset failed: RuntimeError: used already"]


class WaitsForWhatNeverComes(Opens):
    def prepare(self, scan):
        while self.shutter.state != "FAULT":
            time.sleep(1)


def test_a_preset_that_waits_for_ever_is_ended():
    text = message(WaitsForWhatNeverComes, only=f"no fault, {AROUND_A_SCAN}")
    what = "prepare waits for what never comes; it was ended after an hour of virtual time"
    assert f"WaitsForWhatNeverComes.{what}: {__file__}:" in text
    assert "in prepare: time.sleep(1)" in text


class WaitsInStop(Opens):
    def stop(self, scan):
        WaitsForWhatNeverComes.prepare(self, scan)


def test_one_that_does_so_in_stop_is_told_in_plain_words():
    text = message(WaitsInStop, only=f"no fault, {AROUND_A_SCAN}")
    assert "WaitsInStop.stop waits for what never comes" in text
    assert "Endless" not in text


class LeavesAnAxis(ScanPreset):
    def __init__(self, robz):
        self.robz = robz

    def start(self, scan):
        self.robz.move(3)


def test_an_axis_must_be_back_unless_it_may_change():
    only = f"no fault, {AROUND_A_SCAN}"
    assert "robz was not put back: position is 3.0, it was 0.0" in message(LeavesAnAxis, only=only)
    assert assert_preset_ok(LeavesAnAxis, may_change=["robz"], only=only).ok


class ReadsAxes(ScanPreset):
    def __init__(self, roby, robz):
        self.axes = roby, robz

    def start(self, scan):
        self.positions = [axis.position for axis in self.axes]


@pytest.mark.parametrize("world", ["step scan", "mesh", "two top-masters"])
def test_axes_that_a_preset_only_reads_are_where_they_were(world):
    assert assert_preset_ok(ReadsAxes, only=f"no fault, {world}").ok


class OpensTooEarly(Opens):
    def __init__(self, shutter):
        super().__init__(shutter)
        shutter.open()


def test_a_preset_must_touch_nothing_when_it_is_made():
    text = message(OpensTooEarly, only=f"no fault, {AROUND_A_SCAN}")
    assert "OpensTooEarly changes shutter when it is made" in text
    assert "do this in prepare or start" in text


def test_that_is_told_of_a_single_case_too_and_nothing_that_comes_of_it():
    text = message(OpensTooEarly, only=f"raise before OpensTooEarly.start, {FIRST_CALLS}")
    assert "OpensTooEarly changes shutter when it is made" in text
    assert "was not put back" not in text


class Asynchronous(Opens):
    async def start(self, scan):
        await asyncio.sleep(100)
        await asyncio.to_thread(self.shutter.open)

    async def stop(self, scan):
        await asyncio.to_thread(self.shutter.close)


class Blocking(Asynchronous):
    async def start(self, scan):
        self.shutter.open()


def test_an_async_hook_must_not_block():
    # Errors only: who is cancelled amid `to_thread` leaves a thread behind that opens after all.
    assert try_preset(Asynchronous, only="raise before").findings == []
    text = message(Blocking, only=f"no fault, {AROUND_A_SCAN}")
    assert "Blocking.start is `async def` and blocks for 0.05 s between two awaits" in text


class EachPoint(ChainIterationPreset):
    def __init__(self, shutter):
        self.shutter = shutter

    def start(self):
        self.shutter.open()

    def stop(self):
        self.shutter.close()


class OverThem(ChainPreset):
    def __init__(self, shutter):
        self.shutter = shutter

    def get_iterator(self, acq_chain):
        for _ in range(2):
            yield EachPoint(self.shutter)


@pytest.mark.parametrize("preset", [EachPoint, OverThem])
def test_presets_of_points_and_chains_are_tested_too(preset):
    report = try_preset(preset, only="step scan")
    assert report.findings == [] and report.faults > 200
    assert "EachPoint.start" in report.seconds


class Careless(EachPoint):
    def prepare(self):
        self.before = self.shutter.is_open

    def stop(self):
        if not self.before:
            self.shutter.close()


def test_what_an_iterator_yields_is_tested_like_the_rest():
    def over(shutter):
        class Over(ChainPreset):
            def get_iterator(self, acq_chain):
                while True:
                    yield Careless(shutter)

        return Over()

    text = message(over, only=", call 1, step scan, preset of the chain")
    assert "Careless.stop itself raised AttributeError" in text


class Lamp:
    def __init__(self):
        self.power = 0


class Light(ScanPreset):
    def __init__(self, lamp, power):
        self.lamp = lamp
        self.power = power

    def start(self, scan):
        self.lamp.power = self.power


def test_devices_of_one_s_own_are_made_anew_and_must_be_put_back():
    text = message(functools.partial(Light, power=5), devices={"lamp": Lamp}, only=f"no fault, {AROUND_A_SCAN}")
    assert "lamp was not put back: power is 5, it was 0" in text


def test_what_can_not_be_tested_is_refused_in_words():
    with pytest.raises(UsageError, match=r"Light needs 'lamp'.*there are world,.*devices=\{'lamp': \.\.\.\}"):
        assert_preset_ok(Light)
    with pytest.raises(UsageError, match="expected a class of presets"):
        assert_preset_ok(Lamp)
    for nonsense in (None, 3, "Opens"):
        with pytest.raises(UsageError, match=f"function that makes one, got {nonsense!r}: assert_preset_ok.MyPreset"):
            assert_preset_ok(nonsense)
    with pytest.raises(UsageError, match="one that is made already: assert_preset_ok\\(Opens\\)"):
        assert_preset_ok(Opens(None))
    with pytest.raises(UsageError, match="no case of Opens is called 'nonsense'"):
        assert_preset_ok(Opens, only="nonsense")


def test_options_that_are_none_are_refused_with_a_hint():
    for options, words in {
        "only=3": "only must be a text, .*got 3: only='step scan'",
        "devices=['x']": r"devices must say .*got \['x'\]: devices=\{'lamp': Lamp\}",
        "devices={'lamp': 3}": r"devices must say .*got \{'lamp': 3\}",
        "may_change=['shuter']": "no device is called 'shuter'; did you mean 'shutter'",
        "may_change=['xyz']": "no device is called 'xyz'; there are world, ",
        "may_change='shutter'": r"a list of names of devices, got 'shutter': may_change=\['shutter'\]",
        "may_change=3": r"a list of names of devices, got 3: may_change=\['shutter'\]",
    }.items():
        with pytest.raises(UsageError, match=words):
            eval(f"assert_preset_ok(Opens, {options})")
    with pytest.raises(UsageError, match="expected a class of presets, .*got <class 'int'>"):
        assert_preset_ok(int)


def test_off_the_main_thread_it_is_refused():
    caught = []

    def attempt():
        try:
            assert_preset_ok(Opens)
        except UsageError as error:
            caught.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert caught == ["presets are tested in the main thread: only that one gets a Ctrl-C"]


def surroundings():
    return clock.source, time.sleep, asyncio.sleep, signal.getsignal(signal.SIGINT), logging.getLogger("obtura").level


def test_everything_is_afterwards_as_it_was_before():
    before = surroundings()
    try_preset(Forgets, only="before Forgets.prepare")
    assert surroundings() == before
