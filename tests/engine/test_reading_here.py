"""A counter that may be interrupted is read on the scan's own thread, if it is the only one that blocks."""

import threading

import pytest

import obtura
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import SamplingCounter, SamplingCounterController


class Box(SamplingCounterController):
    """Notes on which threads it is read."""

    is_interruptible = True

    def __init__(self, name):
        super().__init__(name)
        self.counter = SamplingCounter(name, self)
        self.threads = set()

    def read(self, counter):
        self.threads.add(threading.get_ident())
        return 1.0


class Rigid(Box):
    """What a class says of its code holds for no code that another one adds."""


def read_here(*boxes, count_time=0.0):
    """Which of the boxes are read on this thread in a scan."""
    obtura.loopscan(2, count_time, *(box.counter for box in boxes), save=False)
    return [box.threads == {threading.get_ident()} for box in boxes]


def test_the_only_one_that_blocks_is_read_on_the_scans_own_thread():
    assert read_here(Box("one")) == [True]


def test_of_two_each_has_its_lane_so_that_they_are_read_together():
    assert read_here(Box("one"), Box("other")) == [False, False]
    assert read_here(Box("one"), Rigid("other")) == [False, False]


def test_one_that_says_nothing_of_interruptions_has_a_lane():
    assert read_here(Rigid("one")) == [False]


def test_one_that_counts_for_a_time_has_a_lane():
    assert read_here(Box("one"), count_time=0.01) == [False]


@pytest.mark.parametrize("policy", ["optional", "retry 2", "wait 60"])
def test_one_that_may_be_waited_for_has_a_lane(policy):
    box = Box("one")
    box.counter.policy = policy
    assert read_here(box) == [False]


def test_beside_devices_in_memory_it_is_alone():
    memory = SamplingCounterController("memory", blocking=False)
    memory.read = lambda counter: 2.0
    box, other = Box("one"), SamplingCounter("other", memory)
    obtura.loopscan(2, 0, box.counter, other, save=False)
    assert box.threads == {threading.get_ident()}


def test_what_it_raises_fails_the_scan_and_names_the_point():
    box = Box("one")
    box.read_all = lambda *counters: 1 / 0 if box.threads else [box.read(counter) for counter in counters]
    with pytest.raises(ZeroDivisionError) as caught:
        obtura.loopscan(3, 0, box.counter, save=False)
    assert "in one.reading, point 1 of 3" in caught.value.__notes__


class Counting(AcquisitionSlave):
    """Counts its calls."""

    is_interruptible = True
    calls = 0


class Async(Counting):
    async def trigger(self):
        self.calls += 1


class Wired(Counting):
    def reading(self):
        self.calls += 1


@pytest.mark.parametrize("slave", [Async(name="one", npoints=3), Wired(name="one", npoints=3, trigger_type="HARDWARE")])
def test_an_async_device_and_one_that_reads_by_itself_keep_their_lane(slave):
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=3), slave)
    obtura.Scan(chain, save=False).run()
    assert slave.calls == 3


def test_a_slave_of_ones_own_counters_knows():
    assert SamplingCounterAcquisitionSlave(Box("one").counter, count_time=0).is_interruptible
    assert not SamplingCounterAcquisitionSlave(Box("one").counter, count_time=1).is_interruptible
