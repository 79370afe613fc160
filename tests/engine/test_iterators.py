"""`get_iterator`: what it may give, how it ends, what happens when it misbehaves."""

import pytest
from cast import Chained, Slave, Timer, named
from doubles import Around, make_scan
from recording import World

from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import HookError
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


class Each(ChainIterationPreset):
    def __init__(self, log, number):
        self.log = log
        self.number = number

    def prepare(self):
        self.log.append(f"prepare {self.number}")

    def start(self):
        self.log.append(f"start {self.number}")

    def stop(self):
        self.log.append(f"stop {self.number}")


class Given(ChainPreset):
    """Gives whatever `give(log)` returns."""

    def __init__(self, give):
        self.log = []
        self.give = give

    def get_iterator(self, acq_chain):
        return self.give(self.log)

    def stop(self, acq_chain):
        self.log.append("stop")


def ran(give, npoints=2):
    """Run a scan with such a preset: the log, the scan, and what it raised."""
    world = World()
    chain = AcquisitionChain()
    chain.add(Timer(0.1, npoints=npoints).in_world(world), Slave("diode").in_world(world))
    preset = Given(give)
    chain.add_preset(preset)
    around = Around()
    scan = make_scan(chain, around)
    raised = None
    try:
        scan.run()
    except BaseException as error:  # every kind is tried
        raised = error
    assert scan.errors[:1] == ([raised] if raised else [])
    return preset.log, scan, raised


TWO = ["prepare 0", "start 0", "stop 0", "prepare 1", "start 1", "stop 1"]


def generator(log):
    number = 0
    try:
        while True:
            yield Each(log, number)
            number += 1
    finally:
        log.append("closed")


def test_a_generator_without_end_gives_one_preset_a_point_and_is_closed_just_before_stop():
    log, scan, _ = ran(generator)
    assert log == [*TWO, "closed", "stop"]
    assert scan.state is ScanState.DONE


def test_a_list_is_taken_from_its_beginning():
    log, _, _ = ran(lambda log: [Each(log, 0), Each(log, 1), Each(log, 2)])
    assert log == [*TWO, "stop"]


def test_an_iterator_that_is_exhausted_early_lets_the_scan_go_on_without():
    log, scan, _ = ran(lambda log: [Each(log, 0)], npoints=3)
    assert log == [*TWO[:3], "stop"]
    assert len(scan.get_data("diode:value")) == 3


@pytest.mark.parametrize("nothing", [None, (), iter(())])
def test_none_and_an_empty_iterator_mean_no_iteration_hooks(nothing):
    log, scan, _ = ran(lambda log: nothing)
    assert log == ["stop"]
    assert scan.state is ScanState.DONE


class Closing:
    """An iterator of one preset, with a `close` of its own."""

    def __init__(self, log, count=1, error=None):
        self.log, self.count, self.error, self.given = log, count, error, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.given == self.count:
            raise StopIteration
        self.given += 1
        return Each(self.log, self.given - 1)

    def close(self):
        self.log.append("closed")
        if self.error:
            raise self.error


@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_iterator_with_a_close_of_its_own_is_closed_once_also_when_it_was_exhausted(count):
    log, _, _ = ran(lambda log: Closing(log, count))
    assert log == [*TWO[: 3 * count], "closed", "stop"]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, StopIteration, GeneratorExit])
def test_a_close_that_raises_does_not_keep_stop_from_being_called(kind):
    error = kind("no")
    log, scan, raised = ran(lambda log: Closing(log, 2, error))
    assert raised is error
    assert log == [*TWO, "closed", "stop"]
    assert "in Given.get_iterator, on closing it" in raised.__notes__
    assert scan.state is ScanState.KILLED


@pytest.mark.parametrize("nonsense", [1, "text", None, object(), Each, ChainPreset])
def test_yielding_anything_but_an_iteration_preset_is_an_error_that_names_the_preset(nonsense):
    log, scan, raised = ran(lambda log: [Each(log, 0), nonsense])
    assert isinstance(raised, HookError)
    assert "Given.get_iterator" in str(raised)
    assert "ChainIterationPreset" in str(raised)
    assert log == [*TWO[:3], "stop"]
    assert len(scan.get_data("diode:value")) == 1


def test_yielding_an_iteration_preset_without_hooks_is_an_error():
    _, _, raised = ran(lambda log: [ChainIterationPreset()])
    assert isinstance(raised, HookError)
    assert "overrides no hook" in str(raised)


@pytest.mark.parametrize("nonsense", [5, 1.5, object()])
def test_giving_something_that_is_no_iterator_is_an_error_that_names_the_preset(nonsense):
    log, _, raised = ran(lambda log: nonsense)
    assert isinstance(raised, HookError)
    assert "Given.get_iterator must give an iterator" in str(raised)
    assert log == ["stop"]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, GeneratorExit])
@pytest.mark.parametrize("after", [0, 1])
def test_an_iterator_that_raises_ends_the_scan_and_the_preset_is_named(kind, after):
    error = kind("no")

    def give(log):
        for number in range(after):
            yield Each(log, number)
        raise error

    log, scan, raised = ran(give)
    assert raised is error
    assert raised.__notes__[0] == f"in Given.get_iterator, point {after} of 2"
    assert log == [*TWO[: 3 * after], "stop"]
    assert scan.state is ScanState.KILLED


def test_get_iterator_itself_may_raise():
    def give(log):
        raise ValueError("no")

    log, _, raised = ran(give)
    assert str(raised) == "no"
    assert raised.__notes__[0] == "in Given.get_iterator"
    assert log == ["stop"]


def test_several_presets_take_their_next_and_prepare_in_turn():
    world = World()
    chain = AcquisitionChain()
    chain.add(Timer(0.1, npoints=2).in_world(world))
    chain.add_preset(named(Chained, "C1", world))
    chain.add_preset(named(Chained, "C2", world, 1))
    make_scan(chain).run()
    names = [name for name in world.names() if name.startswith("C") and name.endswith((".next", "prepare", "close"))]
    assert names == [
        *("C1.prepare", "C2.prepare"),
        *("C1.next", "C1I0.prepare", "C2.next", "C2I0.prepare"),
        *("C1.next", "C1I1.prepare"),
        *("C2.close", "C1.close"),
    ]


def test_get_iterator_is_called_once_for_each_preset_after_its_prepare():
    world = World()
    chain = AcquisitionChain()
    chain.add(Timer(0.1, npoints=3).in_world(world))
    chain.add_preset(named(Chained, "C", world))
    make_scan(chain).run()
    assert world.began("C.get_iterator") == 1
    assert world.names().index("C.get_iterator") == world.names().index("C.prepare") + 1


def test_one_preset_object_may_be_yielded_again_and_again():
    log = []
    once = Each(log, 0)
    log_of, scan, _ = ran(lambda _: iter(lambda: once, None))
    assert log == TWO[:3] * 2
    assert log_of == ["stop"]
    assert scan.state is ScanState.DONE
