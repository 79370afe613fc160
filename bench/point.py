#!/usr/bin/env python3
"""Where a microsecond of a point goes: what a point costs, case by case, beside the bare loop that does the same.

    python bench/point.py [CASE ...] [--calls]

Each case is a scan of devices in memory that answer at once, nothing is saved and nothing listens. Its floor is a plain
loop over the same `read` calls that stamps and appends. Cost and floor are measured in turns, in one process; both are
medians of the processor's time, the cost as the slope between a long and a short scan, so that what a scan costs once
is not in it. `--calls`: how many calls a point takes, which no other load on the machine changes.
"""

import argparse
import cProfile
import gc
import os
import platform
import pstats
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import SamplingCounter, SamplingCounterController
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.devices.sim import SimulatedAxis
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel

REPETITIONS = 9


class Box(SamplingCounterController):
    """Answers at once."""

    def read(self, counter: SamplingCounter) -> float:
        return 1.5


class Empty(ChainIterationPreset):
    """Hooks that do nothing."""

    def prepare(self) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class EachPoint(ChainPreset):
    """An empty preset at each point."""

    def get_iterator(self, acq_chain: AcquisitionChain) -> Iterator[Empty]:
        while True:
            yield Empty()


class BareMaster(AcquisitionMaster):
    """Iterates, and does nothing else."""

    blocking = False

    def __iter__(self) -> Iterator[object]:
        for _ in range(self.npoints):
            yield self


class BareTrigger(BareMaster):
    """Triggers what is below it."""

    def start(self) -> None:
        self.trigger_slaves()


class BareSlave(AcquisitionSlave):
    """Does nothing when it is triggered."""

    blocking = False

    def reading(self) -> None: ...


class BareEmitter(BareSlave):
    """Emits a number."""

    def __init__(self) -> None:
        super().__init__(name="bare", prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("bare"))

    def reading(self) -> None:
        self.channels[0].emit(1.5)


def boxes(devices: int, counters: int) -> list[list[SamplingCounter]]:
    """Counters of each device."""
    made = []
    for number in range(devices):
        box = Box(f"box{number}", blocking=False)
        made.append([SamplingCounter(f"c{number}_{index}", box) for index in range(counters)])
    return made


def bare(npoints: int, devices: list[list[SamplingCounter]]) -> None:
    """The floor: read, stamp, append."""
    columns = [(counter.controller.read, counter, [], []) for counters in devices for counter in counters]
    now = time.time
    if len(columns) == 1:
        read, counter, values, stamps = columns[0]
        for _ in range(npoints):
            values.append(read(counter))
            stamps.append(now())
        return
    for _ in range(npoints):
        for read, counter, values, stamps in columns:
            values.append(read(counter))
            stamps.append(now())


def counting(npoints: int, devices: list[list[SamplingCounter]], presets: int = 0) -> Scan:
    """A timer, below it the devices."""
    timer = SoftwareTimerMaster(0.0, npoints=npoints)
    return scanning(timer, timer, npoints, devices, presets)


def moving(npoints: int, devices: list[list[SamplingCounter]]) -> Scan:
    """A motor that arrives at once, below it the timer."""
    axis = SimulatedAxis("roby", unit="mm", velocity=float("inf"), acceleration=float("inf"))
    top = LinearStepTriggerMaster(npoints, axis, 0.0, 10.0)
    return scanning(top, SoftwareTimerMaster(0.0, npoints=npoints), npoints, devices)


def scanning(
    top: AcquisitionMaster,
    timer: AcquisitionMaster,
    npoints: int,
    devices: list[list[SamplingCounter]],
    presets: int = 0,
) -> Scan:
    """A scan of such a chain."""
    chain = AcquisitionChain()
    if top is not timer:
        chain.add(top, timer)
    for counters in devices:
        chain.add(timer, SamplingCounterAcquisitionSlave(*counters, count_time=0.0, npoints=npoints))
    for _ in range(presets):
        chain.add_preset(EachPoint())
    return Scan(chain, "point")


def layers(npoints: int, layer: str) -> Scan:
    """A part of a point only."""
    top: AcquisitionMaster = BareMaster(name="bare", npoints=npoints)
    slave: AcquisitionSlave | None = None
    if layer == "timer":
        top = SoftwareTimerMaster(0.0, npoints=npoints)
    elif layer != "loop":
        top = BareTrigger(name="bare", npoints=npoints)
        slave = BareEmitter() if layer == "emit" else BareSlave(name="slave", prepare_once=True, start_once=True)
    chain = AcquisitionChain()
    chain.add(top)
    if slave is not None:
        chain.add(top, slave)
    return Scan(chain, "point")


ONE, MANY, EACH = (1, 1), (1, 100), (100, 1)

CASES: dict[str, tuple[str, tuple[int, int], Callable[[int, Any], Scan], float, int]] = {
    "loop": ("the loop: next iteration, nothing is called", ONE, lambda n, _: layers(n, "loop"), 0, 20_000),
    "trigger": ("+ a trigger of an empty slave", ONE, lambda n, _: layers(n, "trigger"), 0, 20_000),
    "emit": ("+ that emits a number", ONE, lambda n, _: layers(n, "emit"), 0, 20_000),
    "timer": ("a timer without slaves: two stamps", ONE, lambda n, _: layers(n, "timer"), 0, 20_000),
    "loopscan": ("loopscan, 1 counter", ONE, counting, 40, 20_000),
    "preset": ("+ an empty iteration preset", ONE, lambda n, d: counting(n, d, 1), 60, 10_000),
    "presets": ("+ five of them", ONE, lambda n, d: counting(n, d, 5), 140, 5_000),
    "ascan": ("ascan, 1 motor, 1 counter", ONE, moving, 80, 10_000),
    "counters": ("100 counters of 1 controller", MANY, counting, 4, 2_000),
    "devices": ("100 devices", EACH, counting, 20, 1_000),
}
"""What, (devices, counters of each), how the scan is made, the budget in floors, points."""


def seconds(function: Callable[[], object]) -> float:
    """How long a call keeps the processor busy."""
    began = time.process_time()
    function()
    return time.process_time() - began


def slope(make: Callable[[int], Callable[[], object]], npoints: int) -> float:
    """Seconds a point."""
    short, long = make(npoints // 10), make(npoints)
    return (seconds(long) - seconds(short)) / (npoints - npoints // 10)


def measure(name: str) -> tuple[float, float, float]:
    """Seconds a point: the scan, its spread (half of the middle half), the floor."""
    _, (devices, counters), make, _, npoints = CASES[name]
    made = boxes(devices, counters)
    costs, floors = [], []
    for _ in range(REPETITIONS):
        gc.collect()
        floors.append(slope(lambda n: lambda: bare(n, made), npoints))
        costs.append(slope(lambda n: make(n, made).run, npoints))
    low, middle, high = statistics.quantiles(costs, n=4)
    return middle, (high - low) / 2, statistics.median(floors)


def calls(name: str) -> float:
    """Calls of functions, those written in C included, that a point takes."""
    _, (devices, counters), make, _, npoints = CASES[name]
    made = boxes(devices, counters)

    def count(points: int) -> int:
        scan, profile = make(points, made), cProfile.Profile()
        profile.runcall(scan.run)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    few = npoints // 20
    return (count(2 * few) - count(few)) / few


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}; all without")
    parser.add_argument("--calls", action="store_true", help="count calls as well")
    given = parser.parse_args()
    if unknown := [name for name in given.cases if name not in CASES]:
        parser.error(f"there is no case {unknown[0]!r}; there are {', '.join(CASES)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':44} {'us a point':>16} {'floor':>7} {'ratio':>6} {'budget':>6}" + "  calls" * given.calls)
    for name in given.cases or CASES:
        what, _, _, budget, _ = CASES[name]
        cost, spread, floor = measure(name)
        counted = f" {calls(name):6.0f}" if given.calls else ""
        said = f"{budget:6.0f}" if budget else " " * 6
        print(
            f"{what:44} {cost * 1e6:8.2f} +-{spread * 1e6:5.2f} {floor * 1e6:7.3f} {cost / floor:6.1f} {said}{counted}"
        )


if __name__ == "__main__":
    main()
