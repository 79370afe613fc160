"""The scans on which every fault is tried: a chain and presets, made anew over the same devices each time."""

import signal
from typing import Any, NamedTuple

from cast import Async, AsyncWhole, Chained, Master, Motor, OwnPace, Pausing, Retaking, Slave, Timer, Whole, named
from doubles import Around, MemoryAxis, make_scan

from obtura.contracts.chain import AcquisitionChain


class Played(NamedTuple):
    """A scan that ended, who surrounded it, its first error, whose calls belong to it, what came out of it."""

    scan: Any
    around: Around
    first: BaseException | None
    owners: set
    raised: BaseException | None


def played(scan, around, raised, owners):
    """After SIGTERM what comes out is the end of the process, not the scan's first error."""
    is_the_end = isinstance(raised, SystemExit) and raised.code == 128 + signal.SIGTERM
    first = (scan.errors or [None])[0] if is_the_end else raised
    return Played(scan, around, first, owners, raised)


def outcome_of(scan):
    """What `run()` raised, or None."""
    try:
        scan.run()
    except BaseException as error:  # SystemExit and Ctrl-C are among what is tried
        return error
    return None


class Stage:
    """The presets of a world and what its chain is made of; `chain(world)` gives a new chain."""

    def __init__(self, world, build, scan_presets, chain_presets):
        self.build = build
        self.scan_presets = scan_presets
        self.chain_presets = chain_presets  # [(preset, index of the top-master)]
        self.axis = MemoryAxis()
        self.axes = [self.axis]
        self.set_world(world)

    def set_world(self, world):
        """From now on write into `world`."""
        self.world = world
        for preset in [*self.scan_presets, *(preset for preset, _ in self.chain_presets)]:
            preset.world = world

    def scan(self, around=None, npoints=2, count_time=0.1):
        """A new scan with these devices and presets."""
        chain = AcquisitionChain()
        self.build(chain, self.world, self.axis, npoints, count_time)
        scan = make_scan(chain, around or Around(axes=[self.axis]))
        for preset in self.scan_presets:
            scan.add_preset(preset)
        for preset, branch in self.chain_presets:
            chain.add_preset(preset, chain.top_masters[branch])
        return scan

    def owners(self, scan):
        """The names of the devices and presets whose calls belong to `scan`."""
        presets = [*self.scan_presets, *(preset for preset, _ in self.chain_presets)]
        return {node.name for node in scan.acq_chain.nodes_list} | {type(preset).__name__ for preset in presets}

    def play(self, around, **options):
        """Run a new scan; returns what there was to see, the outermost scan last."""
        scan = self.scan(around, **options)
        self.world.scan, self.world.around = scan, around
        raised = outcome_of(scan)
        return [played(scan, around, raised, self.owners(scan))]


def one_branch(world):
    """A timer, below it a counter on a lane and two that are called inline."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints).in_world(world)
        for slave in (Slave("lane1", blocking=True), Slave("inline1"), Slave("inline2")):
            chain.add(timer, slave.in_world(world))

    presets = [named(Whole, "S1", world), named(Whole, "S2", world)]
    chained = [(named(Chained, "C1", world), 0), (named(Chained, "C2", world, 1), 0)]
    return Stage(world, build, presets, chained)


def two_branches(world):
    """A motor over a timer over counters, and beside it a master over a counter; both with presets of their own."""

    def build(chain, world, axis, npoints, count_time):
        motor = Motor(npoints, axis, 0.0, 1.0).in_world(world)
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(motor, timer)
        for slave in (Slave("lane1", blocking=True), Slave("inline1"), Slave("lane2", blocking=True)):
            chain.add(timer, slave.in_world(world))
        other = Master("other", npoints=npoints).in_world(world)
        chain.add(other, Slave("lane3", blocking=True).in_world(world))
        motor.terminator = other.terminator = False  # so that every call happens in every run

    presets = [named(Whole, "S1", world), named(Whole, "S2", world)]
    chained = [
        (named(Chained, "C1", world), 0),
        (named(Chained, "D1", world), 1),
        (named(Chained, "C2", world, 1), 0),
        (named(Chained, "D2", world, 2), 1),
    ]
    return Stage(world, build, presets, chained)


def every_kind(world):
    """One branch whose master and slaves are blocking, async and hardware-triggered; async hooks."""

    def build(chain, world, axis, npoints, count_time):
        master = Master("top", npoints=npoints, blocking=True).in_world(world)
        own_pace = OwnPace("own_pace", npoints=2 * npoints)
        for slave in (Async("async1", blocking=True), Async("async2", blocking=True), own_pace, Slave("inline1")):
            chain.add(master, slave.in_world(world))

    presets = [named(AsyncWhole, "SA", world), named(Whole, "S2", world)]
    chained = [(named(Chained, "C1", world), 0), (named(Chained, "C2", world, 2), 0)]
    return Stage(world, build, presets, chained)


def paused(world):
    """Two branches that pause after their first point, with presets at each level."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(timer, Slave("lane1", blocking=True).in_world(world))
        other = Master("other", npoints=npoints).in_world(world)
        chain.add(other, Slave("inline1").in_world(world))
        timer.terminator = other.terminator = False

    presets = [named(Pausing, "S1", world), named(Whole, "S2", world)]
    chained = [(named(Chained, "C1", world), 0), (named(Chained, "C2", world, 1), 0), (named(Chained, "D1", world), 1)]
    return Stage(world, build, presets, chained)


def retaken(world):
    """A motor over a timer over counters, whose first point is taken three times; beside it a branch that goes on."""

    def build(chain, world, axis, npoints, count_time):
        motor = Motor(npoints, axis, 0.0, 1.0).in_world(world)
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(motor, timer)
        for slave in (Slave("lane1", blocking=True), Slave("inline1")):
            chain.add(timer, slave.in_world(world))
        other = Master("other", npoints=npoints).in_world(world)
        chain.add(other, Slave("lane2", blocking=True).in_world(world))
        motor.terminator = other.terminator = False

    chained = [(named(Retaking, "C1", world), 0), (named(Chained, "C2", world), 0), (named(Chained, "D1", world, 1), 1)]
    return Stage(world, build, [named(Whole, "S1", world)], chained)


WORLDS = {world.__name__: world for world in (one_branch, two_branches, every_kind, paused, retaken)}


def small(world):
    """A timer over a counter on a lane and one called inline; a preset of each level."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints).in_world(world)
        for slave in (Slave("lane1", blocking=True), Slave("inline1")):
            chain.add(timer, slave.in_world(world))

    return Stage(world, build, [named(Whole, "S1", world)], [(named(Chained, "C1", world), 0)])
