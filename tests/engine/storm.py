"""Scans in a storm: a motor that returns, shutters that write down their calls, presets at every level."""

import math
import random

from cast import Chained, Each, EachInTurn, Motor, Slave, Timer, Whole, named
from doubles import Around
from harness import goes_well_again, outcome_of
from invariants import Report
from recording import World
from worlds import Stage, every_kind, two_branches

from obtura.acquisition.motion import Return
from obtura.devices.shutter_driver import ShutterState
from obtura.devices.sim import SimulatedAxis, SimulatedShutter
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort
from obtura.presets.shutter import ShutterPreset
from obtura.testing import Leftovers, recorded

TRAVEL = 0.001
"""Seconds that a shutter takes."""


class Shut(ShutterPreset):
    """The shutter preset; its hooks are written down."""

    def __init__(self, world, shutter, **options):
        super().__init__(shutter, **options)
        self.world = world

    def prepare(self, where):
        self.world.call(f"{type(self).__name__}.prepare", lambda: super(Shut, self).prepare(where))

    def start(self, where):
        self.world.call(f"{type(self).__name__}.start", lambda: super(Shut, self).start(where))

    def stop(self, where):
        self.world.call(f"{type(self).__name__}.stop", lambda: super(Shut, self).stop(where))


class EachOpen(Each):
    """Opens a shutter for one point."""

    shutter = None

    def start(self):
        self.world.call(f"{self.name}.start", self.shutter.open)

    def stop(self):
        self.world.call(f"{self.name}.stop", self.shutter.close)


class PerPoint(Chained):
    """Has a shutter open at each point."""

    def __init__(self, world, shutter):
        super().__init__(world)
        self.shutter = shutter

    def get_iterator(self, acq_chain):
        self._noted("get_iterator")
        return _Opening(self)


class _Opening(EachInTurn):
    def take(self):
        self.point += 1
        each = named(EachOpen, f"{self.name}I", self.preset.world, f"{self.name}I{self.point - 1}")
        each.shutter = self.preset.shutter
        return each


def step_scan(world):
    """A motor over a timer over counters, as an `ascan`."""

    def build(chain, world, axis, npoints, count_time):
        motor = Motor(npoints, axis, 0.0, 1.0).in_world(world)
        timer = Timer(count_time, npoints=npoints).in_world(world)
        chain.add(motor, timer)
        for slave in (Slave("lane1", blocking=True), Slave("inline1")):
            chain.add(timer, slave.in_world(world))

    return Stage(world, build, [named(Whole, "S1", world)], [(named(Chained, "C1", world), 0)])


SKIES = (step_scan, two_branches, every_kind)


class Sky:
    """One of the worlds with two shutters, whose calls `gate` has, and a motor that goes back at the end."""

    def __init__(self, world_of):
        self.world, self.gate = World(), World()
        self.stage = stage = world_of(self.world)
        self.axis = stage.axis = SimulatedAxis("roby", velocity=1000.0, acceleration=math.inf)
        self.shutters = {
            owner: recorded(SimulatedShutter(name, travel=TRAVEL), self.gate, names=("open", "close"))
            for name, owner in (("slow", "S9"), ("fast", "C9I"))
        }
        stage.scan_presets.append(named(Shut, "S9", self.world, self.shutters["S9"]))
        stage.chain_presets.append((named(PerPoint, "C9", self.world, self.shutters["C9I"]), 0))

    def scan(self, around):
        """A scan that goes back to where the motor was."""
        scan = self.stage.scan(around, count_time=0.001)
        scan.on_way_out(Return([self.axis], [self.axis.position]))
        return scan

    def check(self, raised):
        """Nothing was torn, skipped or doubled at the shutters, and the motor is back."""
        log = self.gate.log
        for owner, shutter in self.shutters.items():
            assert shutter.state is ShutterState.CLOSED, f"{shutter.name} is {shutter.state}"
            closed = [entry for entry in log if entry.name == f"{shutter.name}.close"]
            began, ended = (sum(entry.what == what for entry in closed) for what in ("begin", "end"))
            assert began == ended, f"{shutter.name}.close began {began} times and ended {ended} times"
            stops = sum(entry.what == "begin" and is_stop_of(entry.name, owner) for entry in self.world.log)
            assert began == stops, f"{owner} was left {stops} times, {shutter.name} closed {began} times"
        where = self.axis.position
        was_stopped = "return of roby was stopped by Ctrl-C" in f"{raised} {getattr(raised, '__notes__', '')}"
        assert where == 0.0 or was_stopped, f"roby stands at {where} after {raised!r}"


def is_stop_of(name, owner):
    """Whether a call is the `stop` of a preset, or of one of its iteration presets."""
    who, _, hook = name.rpartition(".")
    return hook == "stop" and who.rstrip("0123456789" if owner.endswith("I") else "") == owner


def gusts(seed, duration):
    """Delays (s) between one and three presses: the first somewhere in the scan, the others soon after or later."""
    chance = random.Random(seed)
    delays = [chance.uniform(0, duration)]
    for _ in range(chance.choice([0, 1, 2])):
        delays.append(chance.choice([chance.uniform(0, duration / 2), chance.expovariate(1000.0), 0.0]))
    return delays


def weather(world_of, sender, delays):
    """Run a scan while Ctrl-C is pressed after these delays, and ask every invariant; then another, which is well."""
    sky = Sky(world_of)
    left = Leftovers()
    around = Around(axes=[sky.axis])
    scan = sky.scan(around)
    sender.press(*delays)
    raised = outcome_of(scan)
    sender.settle()
    left.check()
    if type(raised) is KeyboardInterrupt and scan.state is ScanState.DONE:
        raised = None  # pressed when the scan had ended already: it is not told that it was aborted
    if not isinstance(raised, ScanAbort | None):
        raise AssertionError(f"run() raised {raised!r}") from raised
    Report(scan, sky.world, raised, around).check_all()
    sky.check(raised)
    goes_well_again(sky.stage)
