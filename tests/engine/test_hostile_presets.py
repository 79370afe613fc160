"""Presets without hash, identity or truth, and async ones that raise anything."""

from dataclasses import dataclass, field

import pytest
from harness import outcome_of
from hostile import Raising, scan_of

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


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
