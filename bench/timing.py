"""Timing on a computer that has other things to do.

A time alone says little there: the clock of the processor changes, other processes come and go. So each repetition
does the floor, the work and the floor again, and its result is their ratio; reported are the median of the ratios and
their quartiles. Before each, rubbish is collected; within, it is as for a user: the collector runs. What other
processes take is in these times. The time of the processor, in all threads and child processes, is measured too: it
does not know of them, nor of waiting.
"""

import gc
import itertools
import math
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bench.cases import Trial, Work

__all__ = ["LONG", "Measured", "Spread", "measured", "seconds_of", "spread"]

LONG = 0.15
"""Seconds that a repetition of work takes at least."""

SHARE = 3
"""The floor takes so much less of the time; it comes twice."""


class Spread(NamedTuple):
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


class Measured(NamedTuple):
    """Seconds per unit, `cpu` those of the processor; `ratio` is work by floor. Peers by name: their seconds per unit,
    and how many times those of obtura that is.
    """

    floor: Spread
    work: Spread
    ratio: Spread
    cpu: Spread
    cpu_ratio: Spread
    peers: dict[str, tuple[Spread, Spread]]
    units: int
    repetitions: int
    load: float
    remark: str


class _Run(NamedTuple):
    seconds: float
    cpu: float


def spread(values: list[float]) -> Spread:
    """Median and quartiles; with few values, the least and the greatest."""
    if len(values) < 4:
        return Spread(statistics.median(values), min(values), max(values))
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def seconds_of(work: Work, count: int) -> _Run:
    """Seconds, and seconds of the processor, for `count` units."""
    gc.collect()
    cpu, began = _processor(), time.perf_counter()
    own = work(count)
    seconds, used = time.perf_counter() - began, _processor() - cpu
    return _Run(own if isinstance(own, float) else seconds, used)


def _processor() -> float:
    """Seconds of the processor so far: of all threads, and of the child processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measured(trial: Trial, repetitions: int, peers: Mapping[str, Work] | None = None, long: float = LONG) -> Measured:
    """Warm up, then repeat floor, work and peers in turn; `long`: seconds that each takes at least."""
    parts: dict[str, Work] = {"work": trial.work}
    if trial.less is not None:
        parts["less"] = trial.less
    parts |= {f"peer {name}": work for name, work in (peers or {}).items()}
    counts = {name: _enough(_told(work), 2 * long) for name, work in parts.items() if name.startswith("peer ")}
    counts["work"] = counts["less"] = trial.count or _enough(_net_seconds(trial), long)
    floor_count = trial.floor_count or _enough(_seconds(trial.floor), long / SHARE)
    runs: dict[str, list[_Run]] = {name: [] for name in parts}
    floors = [_one(trial.floor, floor_count)]
    for number in range(repetitions):
        names = list(parts) if number % 2 else list(reversed(parts))  # nobody always comes first
        for name in names:
            runs[name].append(_one(parts[name], counts[name]))
        floors.append(_one(trial.floor, floor_count))
    runs["floor"] = [
        _Run((one.seconds + other.seconds) / 2, (one.cpu + other.cpu) / 2) for one, other in itertools.pairwise(floors)
    ]
    return _result(trial, runs, counts["work"], repetitions)


def _one(work: Work, count: int) -> _Run:
    run = seconds_of(work, count)
    return _Run(run.seconds / count, run.cpu / count)


def _seconds(work: Work) -> Callable[[int], float]:
    """What it takes by the clock, whatever it returns."""

    def run(count: int) -> float:
        began = time.perf_counter()
        work(count)
        return time.perf_counter() - began

    return run


def _told(work: Work) -> Callable[[int], float]:
    """What it says that it took: a peer subtracts by itself what does not count."""
    return lambda count: float(work(count))  # type: ignore[arg-type]


def _net_seconds(trial: Trial) -> Callable[[int], float]:
    if trial.less is None:
        return _seconds(trial.work)
    work, less = _seconds(trial.work), _seconds(trial.less)
    return lambda count: work(count) - less(count)


def _enough(seconds: Callable[[int], float], long: float) -> int:
    """How many units take so long; this warms up, too. What took long once by chance does not the next time."""
    seconds(1)
    count = 1
    while True:
        taken = seconds(count)
        if taken >= long / 2 and (taken := seconds(count)) >= long / 2:
            return count
        factor = long / max(taken, long / 20)
        count = math.ceil(count * max(factor, 1.5))


def _result(trial: Trial, runs: dict[str, list[_Run]], count: int, repetitions: int) -> Measured:
    def net(of: Callable[[_Run], float]) -> list[float]:
        if trial.less is None:
            return [of(run) for run in runs["work"]]
        return [(of(run) - of(less)) / trial.over for run, less in zip(runs["work"], runs["less"], strict=True)]

    floor = [run.seconds for run in runs["floor"]]
    floor_cpu = [max(run.cpu, 1e-9) for run in runs["floor"]]
    work, cpu = net(lambda run: run.seconds), net(lambda run: run.cpu)
    peers = {}
    for name, those in runs.items():
        if name.startswith("peer "):
            seconds = [run.seconds for run in those]
            peers[name.removeprefix("peer ")] = spread(seconds), spread(_ratios(seconds, work))
    return Measured(
        floor=spread(floor),
        work=spread(work),
        ratio=spread(_ratios(work, floor)),
        cpu=spread(cpu),
        cpu_ratio=spread(_ratios(cpu, floor_cpu)),
        peers=peers,
        units=count,
        repetitions=repetitions,
        load=os.getloadavg()[0],
        remark="" if trial.remark is None else trial.remark(),
    )


def _ratios(values: list[float], by: list[float]) -> list[float]:
    return [value / other for value, other in zip(values, by, strict=True)]
