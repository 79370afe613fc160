"""A session of 1,000 scans: what the thousandth costs, and what is left behind."""

import gc
import time
from typing import Any

import numpy as np

from bench.apart import apart, descriptors, memory, threads
from bench.cases import Figure, study
from bench.lab import Lab

SCANS = 1000
BEFORE = 100
"""Scans after which it is in its stride."""


@study("session/unsaved", "1,000 scans of 2 points in one session, not saved")
def unsaved(lab: Lab) -> list[Figure]:
    return _figures(apart(night, False))


@study("session/saved", "1,000 scans of 2 points in one session, saved")
def saved(lab: Lab) -> list[Figure]:
    return _figures(apart(night, True))


def night(save: bool) -> dict[str, Any]:
    """Seconds of the processor for each scan; threads, descriptors and memory after each BEFORE scans."""
    with Lab() as lab:
        seconds: list[float] = []
        counts = []
        for number in range(1, SCANS + 1):
            began = time.process_time()
            lab.session.loopscan(2, 0, lab.counter, save=save)
            seconds.append(time.process_time() - began)
            if number % BEFORE == 0:
                gc.collect()
                counts.append((threads(), descriptors(), memory()))
        return {"seconds": seconds, "counts": counts}


def _figures(found: dict[str, Any]) -> list[Figure]:
    seconds = np.array(found["seconds"][BEFORE:])
    numbers = np.arange(len(seconds))
    good = seconds < 3 * np.median(seconds)  # without the few in which something else happened
    slope, first = np.polyfit(numbers[good], seconds[good], 1)
    counts = np.array(found["counts"])
    threads_more, files_more, _ = counts[-1] - counts[0]
    half = counts[len(counts) // 2 :, 2]  # the allocator takes its time to settle
    growth = np.polyfit(np.arange(len(half)) * BEFORE, half, 1)[0]
    return [
        Figure("a scan, of the processor", float(np.median(seconds)) * 1e3, "ms"),
        Figure("fit: the last scan over the hundredth", float((first + slope * len(seconds)) / first), "", 1.25),
        Figure("threads more", int(threads_more), "", 0),
        Figure("descriptors more", int(files_more), "", 0),
        Figure("fit: memory more, each scan of the second half", float(growth) / 1e3, "kB", 5),
    ]
