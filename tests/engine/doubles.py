"""Doubles for what surrounds the engine: scans that are watched, and an axis in memory."""

from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.engine.scan import Scan
from obtura.ground.errors import LimitError
from obtura.scans.bench import Bench
from obtura.testing import Around, Watcher
from obtura.works.clock import Flag, clock

__all__ = ["Around", "Diode", "MemoryAxis", "Watcher", "diode", "make_bench", "make_scan", "scan_class"]


def scan_class(around):
    """The class of scans in these surroundings."""
    return type("Scan", (Scan,), {"surroundings": around})


def make_scan(chain, around=None, **options):
    """A scan of `chain` watched by `around`."""
    return scan_class(around or Around())(chain, **options)


def make_bench(around=None):
    """The standard scans in these surroundings."""
    return Bench(around or Around())


class Diode(SamplingCounterController):
    """Reads 4; counts how often it was touched."""

    def __init__(self, name="sim", blocking=False, max_sampling_frequency=10.0):
        super().__init__(name, blocking=blocking, max_sampling_frequency=max_sampling_frequency)
        self.touched = 0

    def read(self, counter):
        self.touched += 1
        return 4.0


def diode(name="diode", **options):
    """A counter of its own controller."""
    return SamplingCounter(name, Diode(f"{name}_sim", **options))


class MemoryAxis:
    """An axis in memory that moves 10 units a second; notes what it was asked to do."""

    blocking = False
    speed = 10.0

    def __init__(self, name="roby", limits=(-100.0, 100.0), unit="mm", world=None):
        self.name = name
        self.unit = unit
        self.bounds = limits
        self.world = world
        self.touched = []
        self.moving = False
        self._from, self._to, self._began = 0.0, 0.0, 0.0
        self._halted = Flag()

    @property
    def limits(self):
        return self.bounds

    @property
    def is_moving(self):
        return self.moving

    @property
    def position(self):
        way = self._to - self._from
        if not self.moving or not way:
            return self._to
        return self._from + way * min(1.0, (clock.time() - self._began) * self.speed / abs(way))

    def check(self):
        return

    def check_target(self, target):
        low, high = self.limits
        if not low <= target <= high:
            raise LimitError(f"{self.name}: {target:g} is outside of {low:g} to {high:g}")

    def move(self, target, wait=True):
        self.check_target(target)
        self.touched.append(("move", target))
        self._halted = Flag()
        self._from, self._to, self._began = self.position, target, clock.time()
        self.moving = True
        if wait:
            self.wait_move()

    def wait_move(self):
        if self.moving and not clock.wait(self._halted, self.estimate(self._to)):
            self.moving = False

    def stop(self):
        self.touched.append(("stop",))
        self._to, self.moving = self.position, False
        self._halted.set()

    def estimate(self, target):
        return abs(target - self.position) / self.speed
