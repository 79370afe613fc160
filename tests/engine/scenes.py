"""More scans on which every fault is tried: those that users run, and scans in and after one another.

Whoever adds a kind of scan to the engine adds its world here or in `worlds`: it is part of the proof from then on.
"""

from cast import Async, Chained, Master, Motor, Noted, OwnPace, Slave, Timer, Whole, named
from doubles import MemoryAxis, scan_class
from worlds import WORLDS, Played, Stage, outcome_of, played, small

from obtura.acquisition.continuous import SoftwarePositionTriggerMaster
from obtura.acquisition.motor import MeshStepTriggerMaster
from obtura.devices.sim import SimulatedAxis
from obtura.engine.sequence import SequenceOfScans
from obtura.engine.states import ScanState


class Mesh(Noted, MeshStepTriggerMaster):
    """Two axes over a grid."""


class Passing(Noted, SoftwarePositionTriggerMaster):
    """An axis that moves while what is below is triggered."""


def another(around, axes):
    """Surroundings of the same kind for a further scan."""
    return type(around)(axes=axes, watched=around.watched)


def presets_of(world, count=None):
    """One preset of each level."""
    return [named(Whole, "S1", world)], [(named(Chained, "C1", world, count), 0)]


def inline(world):
    """A timer over one counter, all inline: every call happens in the same order each time."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(timer, Slave("inline1").in_world(world))

    return Stage(world, build, *presets_of(world))


def step_scan(world):
    """A motor over a timer over a counter."""

    def build(chain, world, axis, npoints, count_time):
        motor = Motor(npoints, axis, 0.0, 1.0).in_world(world)
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(motor, timer)
        chain.add(timer, Slave("inline1").in_world(world))

    return Stage(world, build, *presets_of(world, 1))


def mesh(world):
    """Two by two points of two motors."""
    other = MemoryAxis("robz")

    def build(chain, world, axis, npoints, count_time):
        motors = Mesh(axis, 0.0, 1.0, npoints, other, 0.0, 1.0, npoints).in_world(world)
        chain.add(motors, Slave("inline1").in_world(world))

    stage = Stage(world, build, *presets_of(world, 2))
    stage.axes.append(other)
    return stage


def continuous(world):
    """A motor that does not stop at its points."""
    turning = SimulatedAxis("rot", velocity=1.0, acceleration=10.0)

    def build(chain, world, axis, npoints, count_time):
        master = Passing(turning, 0.0, 1.0, npoints, time=2.0).in_world(world)
        chain.add(master, Slave("inline1").in_world(world))

    stage = Stage(world, build, *presets_of(world))
    stage.axes.append(turning)
    return stage


def nested_masters(world):
    """A master over a master over a master over counters."""

    def build(chain, world, axis, npoints, count_time):
        outer = Master("outer", npoints=npoints).in_world(world)
        middle = Master("middle", npoints=npoints, blocking=True).in_world(world)
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(outer, middle)
        chain.add(outer, Slave("beside").in_world(world))
        chain.add(middle, timer)
        chain.add(timer, Slave("lane1", blocking=True).in_world(world))

    return Stage(world, build, *presets_of(world))


def different_ends(world):
    """Two top-masters: one has one point more than the other."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints + 1).in_world(world)
        chain.add(timer, Slave("inline1").in_world(world))
        other = Master("other", npoints=npoints).in_world(world)
        chain.add(other, Slave("inline2").in_world(world))
        timer.terminator = other.terminator = False

    presets, chained = presets_of(world)
    return Stage(world, build, presets, [*chained, (named(Chained, "D1", world), 1)])


def async_devices(world):
    """A timer over two devices whose drivers are `async def`."""

    def build(chain, world, axis, npoints, count_time):
        timer = Timer(count_time, npoints=npoints).in_world(world)
        for name in ("async1", "async2"):
            chain.add(timer, Async(name, blocking=True).in_world(world))

    return Stage(world, build, *presets_of(world))


def hardware_triggered(world):
    """Below a master a device on a wire that reads all points by itself, and one that reads a point at a time."""

    def build(chain, world, axis, npoints, count_time):
        master = Master("top", npoints=npoints).in_world(world)
        chain.add(master, OwnPace("own_pace", npoints=2 * npoints).in_world(world))
        wired = Slave("lane1", blocking=True, npoints=npoints, trigger_type=Slave.HARDWARE)
        chain.add(master, wired.in_world(world))

    return Stage(world, build, *presets_of(world))


class Looking(Whole):
    """A scan preset that runs another scan in its `start`."""

    def start(self, scan):
        self.world.call(f"{type(self).__name__}.start", self.look)


class WithALook(Stage):
    """A scan in whose hook another one runs; what both did is looked at apart."""

    def __init__(self, world, inner, *arguments):
        self.inner = inner
        super().__init__(world, *arguments)
        self.scan_presets[0].look = self.look

    def set_world(self, world):
        super().set_world(world)
        self.inner.set_world(world)

    def play(self, around, **options):
        self.looked = []
        self.options = options
        self.around = around
        outer = super().play(around, **options)
        return [*self.looked, *outer]

    def look(self):
        around = another(self.around, [])
        scan = self.inner.scan(around, **self.options)
        raised = outcome_of(scan)
        self.looked.append(played(scan, around, raised, self.inner.owners(scan)))
        if raised is not None:
            raise raised


def in_a_hook(world):
    """A scan in whose `start` a preset runs another scan."""

    def build(chain, world, axis, npoints, count_time):
        chain.add(Timer(count_time, npoints=npoints).in_world(world), Slave("inline1").in_world(world))

    def build_inner(chain, world, axis, npoints, count_time):
        inner = Timer(count_time, npoints=npoints, name="inner_timer").in_world(world)
        chain.add(inner, Slave("inner1").in_world(world))

    inner = Stage(world, build_inner, [named(Whole, "T1", world)], [(named(Chained, "E1", world), 0)])
    presets, chained = presets_of(world)
    return WithALook(world, inner, build, [named(Looking, "S2", world), *presets], chained)


class InSequence(Stage):
    """Two scans of a sequence, one after the other; what each did is looked at apart."""

    def __init__(self, world, *stages):
        self.stages = stages
        super().__init__(world, None, [], [])

    def set_world(self, world):
        super().set_world(world)
        for stage in self.stages:
            stage.set_world(world)

    def play(self, around, **options):
        scans = []
        sequence = type("Sequence", (SequenceOfScans,), {"Scan": scan_class(around)})(save=False)
        raised = outcome_of(_Body(sequence, self, scans, around, options))
        own = sequence.scan
        if own.state is ScanState.IDLE:
            return scans
        first = own.errors[0] if own.errors else None
        assert raised is None or own.state is not ScanState.DONE, f"{raised!r}, and the sequence is DONE"
        return [*scans, Played(own, around, first, set(), raised)]


class _Body:
    """What is inside of the sequence; `run` as that of a scan."""

    def __init__(self, sequence, stage, scans, around, options):
        self.sequence, self.stage, self.scans = sequence, stage, scans
        self.around, self.options = around, options

    def run(self):
        with self.sequence.sequence_context() as context:
            for stage in self.stage.stages:
                around = another(self.around, stage.axes)
                scan = stage.scan(around, **self.options)
                stage.world.scan, stage.world.around = scan, around
                raised = None
                try:
                    context.add_and_run(scan)
                except BaseException as error:
                    raised = error
                    raise
                finally:
                    if scan.state is not ScanState.IDLE:
                        self.scans.append(played(scan, around, raised, stage.owners(scan)))


def sequence(world):
    """Two scans of a sequence."""

    def build(chain, world, axis, npoints, count_time):
        chain.add(Timer(count_time, npoints=npoints).in_world(world), Slave("inline1").in_world(world))

    def build_second(chain, world, axis, npoints, count_time):
        second = Timer(count_time, npoints=npoints, name="second_timer").in_world(world)
        chain.add(second, Slave("second1").in_world(world))

    first = Stage(world, build, *presets_of(world))
    second = Stage(world, build_second, [named(Whole, "T1", world)], [(named(Chained, "E1", world), 0)])
    return InSequence(world, first, second)


SCENES = (inline, step_scan, mesh, continuous, nested_masters, different_ends)
SCENES += (async_devices, hardware_triggered, in_a_hook, sequence)

EVERY_WORLD = {"small": small, **WORLDS, **{scene.__name__: scene for scene in SCENES}}
"""All worlds, by name; what is added to `WORLDS`, a scan that pauses for example, is among them."""
