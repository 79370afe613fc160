"""An experiment hall for scans: two axes, a counter, a bench; every event of its scans is kept."""

import itertools

from obtura.contracts.consumers import Consumer, Surroundings
from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.devices.sim.motor import SimulatedAxis
from obtura.scans.bench import Bench


class Ledger(Consumer):
    """Keeps every event of every scan."""

    name = "ledger"

    def __init__(self, events):
        self.events = events

    def receive(self, events):
        self.events += events


class Four(SamplingCounterController):
    """Reads 4; `takes` seconds for it."""

    def __init__(self, name="four", blocking=False):
        super().__init__(name, blocking=blocking, max_sampling_frequency=1000.0)

    def read(self, counter):
        return 4.0


class Hall(Surroundings):
    """The surroundings of its own bench."""

    def __init__(self):
        self.events = []
        self.learnt = {}
        self._numbers = itertools.count(1)
        self.roby = SimulatedAxis("roby", unit="mm", limits=(-100.0, 100.0), velocity=10.0, acceleration=100.0)
        self.robz = SimulatedAxis("robz", unit="mm", limits=(-100.0, 100.0), velocity=10.0, acceleration=100.0)
        self.gap = SimulatedAxis("gap", unit="mm", limits=(-100.0, 100.0), velocity=10.0, acceleration=100.0)
        self.slit = SimulatedAxis("slit", unit="mm", limits=(-100.0, 100.0), velocity=10.0, acceleration=100.0)
        self.energy = SimulatedAxis("energy", unit="keV", limits=(-100.0, 100.0), velocity=10.0, acceleration=100.0)
        self.axes = [self.roby, self.robz, self.gap, self.slit, self.energy]
        self.diode = SamplingCounter("diode", Four())
        self.bench = Bench(self)

    def number(self, name, save, scan_saving):
        return next(self._numbers)

    def consumers(self, save, scan_saving):
        return [Ledger(self.events)]

    def dead_time(self, devices):
        return self.learnt.get(devices, 0.0)

    def learn(self, devices, seconds):
        self.learnt[devices] = seconds

    def default_counters(self):
        return [self.diode]

    def of(self, kind):
        """The events of one kind."""
        return [event for event in self.events if type(event) is kind]

    def scan(self, command, *arguments, **options):
        """A scan that counts the diode."""
        return getattr(self.bench, command)(*arguments, self.diode, **options)
