"""A bench to align on: axes that are there at once, and counters that depend on where they stand, without noise."""

import math

from obtura.contracts.consumers import Surroundings
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.scans.bench import Bench


class Stage:
    """Something with a position; `failing` is raised by its moves, once."""

    def __init__(self, position=0.0):
        self.position = position
        self.failing = None

    def move(self, target):
        if self.failing is not None:
            error, self.failing = self.failing, None
            raise error
        self.position = target


class Here(Surroundings):
    """Keeps what commands say."""

    def __init__(self):
        self.told = []

    def tell(self, text):
        self.told.append(text)


class Lab:
    """`bench`; axes `x`, `y` on stages; counters `peak` at (3, -1), `dip`, `step` at x = 2, `flat`."""

    def __init__(self):
        here = Here()
        self.bench = Bench(here)
        self.told = here.told
        self.stages = Stage(1.0), Stage(0.5)
        self.x, self.y = (
            SoftAxis(
                name, stage, move="move", low_limit=-100, high_limit=100, unit=unit, tolerance=math.inf, blocking=False
            )
            for name, stage, unit in zip("xy", self.stages, ("mm", None), strict=True)
        )
        self.peak = self.counter("peak", lambda x, y: math.exp(-((x - 3) ** 2) / 2 - (y + 1) ** 2 / 2))
        self.dip = self.counter("dip", lambda x, y: -math.exp(-((x - 3) ** 2) / 2))
        self.step = self.counter("step", lambda x, y: math.erf(x - 2))
        self.flat = self.counter("flat", lambda x, y: 4.0)

    def counter(self, name, function):
        def read():
            return function(*(stage.position for stage in self.stages))

        return SoftCounter(value=read, name=name, blocking=False)

    def ascan(self, *counters, start=-2, stop=8, intervals=100):
        return self.bench.ascan(self.x, start, stop, intervals, 0, *(counters or [self.peak]), save=False)

    def mesh(self, *counters, **options):
        mesh = self.x, -1, 7, 16, self.y, -4, 2, 12
        return self.bench.amesh(*mesh, 0, *(counters or [self.peak]), save=False, **options)

    @property
    def positions(self):
        return tuple(stage.position for stage in self.stages)
