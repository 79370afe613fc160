"""A laboratory in memory: a device whose readings are known, and a bench that neither saves nor shows."""

from obtura.contracts.consumers import Surroundings
from obtura.contracts.counters import SamplingCounterController
from obtura.scans.bench import Bench
from obtura.works.clock import clock


class Meter(SamplingCounterController):
    """Gives the next of `readings`, the last one again and again; each takes `seconds`. `calls`: what was asked."""

    def __init__(self, readings=(1.0,), seconds=0.0, name="meter", **options):
        super().__init__(name, blocking=False, **options)
        self.readings = list(readings)
        self.seconds = seconds
        self.calls = []

    def read_all(self, *counters):
        self.calls.append([counter.name for counter in counters])
        if self.seconds:
            clock.sleep(self.seconds)
        value = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        return [value for _ in counters]


def bench():
    return Bench(Surroundings())
