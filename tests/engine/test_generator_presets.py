"""Presets written as a function with one `yield`."""

import asyncio
import os
import signal

import pytest
from doubles import Around, diode, make_bench

import obtura
from obtura.contracts.generators import chain_preset, iteration_preset, scan_preset
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import HookError, ScanAbort, UsageError
from obtura.ground.events import ScanBegan
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def around():
    return Around()


@pytest.fixture
def scan(around):
    return make_bench(around).loopscan(2, 0.1, diode(), run=False)


class Device:
    name = "shutter"

    def __init__(self):
        self.log = []


@scan_preset
def with_shutter(shutter, start=1):
    """Open."""
    shutter.log.append("open")
    yield
    shutter.log.append("close")


def test_it_is_exported_at_the_top():
    assert obtura.scan_preset is scan_preset
    assert obtura.chain_preset is chain_preset
    assert obtura.iteration_preset is iteration_preset


def test_before_the_yield_is_prepare_and_after_it_is_stop(scan, around):
    shutter = Device()
    preset = with_shutter(shutter)
    assert isinstance(preset, ScanPreset)
    scan.add_preset(preset)
    scan.run()
    assert shutter.log == ["open", "close"]
    assert around.viewer.hooks() == ["with_shutter.prepare", "with_shutter.stop"]
    (info,) = around.viewer.of(ScanBegan)[0].presets
    assert info.parameters == {"shutter": "shutter", "start": "1"}


def test_one_object_serves_in_one_scan_after_the_other(scan, around):
    shutter = Device()
    preset = with_shutter(shutter)
    for each in (scan, make_bench(around).loopscan(1, 0, diode(), run=False)):
        each.add_preset(preset)
        each.run()
    assert shutter.log == ["open", "close"] * 2


def test_it_is_given_the_scan_and_the_chain_when_it_asks(scan):
    seen = []

    @scan_preset
    def whole(scan, word):
        seen.append((scan, word))
        yield

    @chain_preset
    def branch(acq_chain):
        seen.append(acq_chain)
        yield

    @chain_preset
    def other(chain, word="a"):
        seen.append((chain, word))
        yield

    scan.add_preset(whole("b"))
    scan.acq_chain.add_preset(branch())
    scan.acq_chain.add_preset(other(word="c"))
    scan.run()
    assert seen == [(scan, "b"), scan.acq_chain, (scan.acq_chain, "c")]


def test_one_iteration_preset_is_run_anew_at_each_point(scan):
    log = []

    @iteration_preset
    def point(number):
        log.append(f"in {number}")
        yield
        log.append(f"out {number}")

    class Each(ChainPreset):
        def get_iterator(self, acq_chain):
            one = point(7)
            assert isinstance(one, ChainIterationPreset)
            while True:
                yield one

    scan.acq_chain.add_preset(Each())
    scan.run()
    assert log == ["in 7", "out 7"] * 2


def test_what_fails_before_the_yield_runs_its_own_finally_only(scan):
    log = []

    @scan_preset
    def fails():
        try:
            raise ValueError("no water")
            yield
            log.append("after")
        finally:
            log.append("finally")

    scan.add_preset(fails())
    with pytest.raises(ValueError, match="no water"):
        scan.run()
    assert log == ["finally"]
    assert len(scan.errors) == 1


def test_what_fails_elsewhere_has_what_comes_after_the_yield_run(scan):
    shutter = Device()

    class Fails(ScanPreset):
        def start(self, scan):
            raise ValueError("elsewhere")

    scan.add_preset(with_shutter(shutter))
    scan.add_preset(Fails())
    with pytest.raises(ValueError, match="elsewhere"):
        scan.run()
    assert shutter.log == ["open", "close"]


def test_ctrl_c_before_the_yield_runs_its_own_finally_only(scan):
    log = []

    @scan_preset
    def pressed():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            yield
            log.append("after")
        finally:
            log.append("finally")

    scan.add_preset(pressed())
    with pytest.raises(ScanAbort):
        scan.run()
    assert log == ["finally"]


def test_an_async_function_does_as_well(scan):
    log = []

    @chain_preset
    async def slowly(chain, seconds):
        await asyncio.sleep(seconds)
        log.append("in")
        yield
        await asyncio.sleep(seconds)
        log.append("out")

    scan.acq_chain.add_preset(slowly(0.001))
    scan.run()
    assert log == ["in", "out"]


def test_an_async_function_that_fails_before_its_yield_is_done(scan):
    log = []

    @scan_preset
    async def fails():
        try:
            await asyncio.sleep(0)
            raise ValueError("no water")
            yield
            log.append("after")
        finally:
            log.append("finally")

    scan.add_preset(fails())
    with pytest.raises(ValueError, match="no water"):
        scan.run()
    assert log == ["finally"]
    assert len(scan.errors) == 1


@pytest.mark.parametrize("make", [scan_preset, chain_preset, iteration_preset])
def test_a_function_without_a_yield_is_refused(make):
    def nothing():
        return None

    with pytest.raises(UsageError, match="nothing has no `yield`"):
        make(nothing)


def test_other_arguments_than_its_own_are_refused():
    with pytest.raises(UsageError, match=r"with_shutter\(shutter, start=1\): missing a required argument"):
        with_shutter()


def test_a_yield_that_is_not_come_to_fails_the_scan(scan):
    @scan_preset
    def early():
        if scan.name:
            return
        yield

    scan.add_preset(early())
    with pytest.raises(HookError, match="early came to its end without a `yield`"):
        scan.run()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_second_yield_fails_the_scan_when_it_is_come_to(scan, is_async):
    log = []

    def twice():
        try:
            yield
            log.append("closed")
            yield
            log.append("never")
        finally:
            log.append("finally")

    async def twice_async():
        for value in twice():
            yield value

    scan.add_preset(scan_preset(twice_async if is_async else twice)())
    with pytest.raises(HookError, match="came to a second `yield`"):
        scan.run()
    assert scan.state is ScanState.KILLED
    assert "closed" in log
    assert "never" not in log
