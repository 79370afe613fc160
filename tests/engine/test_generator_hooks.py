"""A hook that holds a `yield` runs nothing when it is called, so it is refused when the preset is added."""

import pytest
from doubles import diode, make_bench

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import HookError, UsageError
from obtura.works.clock import virtual_time


@pytest.fixture
def scan():
    with virtual_time():
        yield make_bench().loopscan(2, 0.1, diode(), run=False)


def test_a_scan_preset_whose_hook_is_a_generator_is_refused(scan):
    class Around(ScanPreset):
        def prepare(self, scan):
            yield

    with pytest.raises(UsageError, match="Around.prepare holds a `yield`, so calling it runs nothing"):
        scan.add_preset(Around())


def test_a_chain_preset_whose_hook_is_an_async_generator_is_refused(scan):
    class Around(ChainPreset):
        async def start(self, acq_chain):
            yield

    with pytest.raises(UsageError, match="Around.start holds a `yield`"):
        scan.acq_chain.add_preset(Around())


def test_get_iterator_may_be_a_generator(scan):
    class Each(ChainPreset):
        def get_iterator(self, acq_chain):
            yield from ()

    scan.acq_chain.add_preset(Each())
    scan.run()
    assert scan.state is ScanState.DONE


def test_an_iteration_preset_whose_hook_is_a_generator_fails_the_scan(scan):
    class Point(ChainIterationPreset):
        def start(self):
            yield

    class Each(ChainPreset):
        def get_iterator(self, acq_chain):
            yield Point()

    scan.acq_chain.add_preset(Each())
    with pytest.raises(HookError, match=r"Each.get_iterator: Point.start holds a `yield`"):
        scan.run()
