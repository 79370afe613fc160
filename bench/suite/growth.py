"""Growth with the length of a scan: what the millionth point costs, in time and memory.

Time is that of the processor in all threads: a scan of a million points takes long enough for other processes to come
and go. Each measurement is a process of its own. What a scan of one point takes is subtracted.
"""

import math
import statistics
import time
from typing import Any

import numpy as np

from bench.apart import apart, memory
from bench.cases import Figure, study
from bench.lab import Lab

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
TIMES = (20, 5, 2, 1)
KEPT = 3 * 8
"""Bytes of a point that `scan.get_data()` has to give: a value, two times."""


@study("growth/unsaved", "loopscan, 1 counter, of 10^3 to 10^6 points, nothing listening")
def unsaved(lab: Lab) -> list[Figure]:
    return _figures(apart(costs, False))


@study("growth/saved", "the same, saved")
def saved(lab: Lab) -> list[Figure]:
    return _figures(apart(costs, True))


def costs(save: bool) -> list[Any]:
    """For each length: its seconds per point, and the bytes of memory that came with it in all."""
    with Lab() as lab:

        def scan(points: int) -> tuple[float, Any]:
            began = time.process_time()
            made = lab.session.loopscan(points, 0, lab.counter, save=save)
            return time.process_time() - began, made

        for _ in range(3):
            scan(1000)
        nothing = statistics.median(scan(1)[0] for _ in range(20))
        found = []
        for points, times in zip(LENGTHS, TIMES, strict=True):
            before = memory()
            runs = [scan(points) for _ in range(times)]
            more = (memory() - before) / times
            found.append((statistics.median(seconds - nothing for seconds, _ in runs) / points, more))
        return found


def _figures(found: list[Any]) -> list[Figure]:
    each = [seconds for seconds, _ in found]
    slope, at_one = np.polyfit(np.log10(LENGTHS), each, 1)
    (_, shorter), (_, longest) = found[-2:]
    per_point = (longest - shorter) / (LENGTHS[-1] - LENGTHS[-2])
    costs_text = [
        Figure(f"cost per point, of 10^{round(math.log10(points))}", seconds * 1e6, "us")
        for points, seconds in zip(LENGTHS, each, strict=True)
    ]
    return [
        *costs_text,
        Figure("cost per point at 10^6 over that at 10^3", each[-1] / each[0], "", 1.1),
        Figure("fit: more with each power of ten", float(slope / (at_one + 3 * slope)) * 100, "%"),
        Figure(f"memory, of which {KEPT} are data to be kept", per_point, "bytes/point", 2 * KEPT),
    ]
