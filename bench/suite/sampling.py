"""Dead time: what a point takes beyond its count time, when a counter is sampled during it."""

import time
from typing import Any

import numpy as np

from bench.cases import Trial, case
from bench.lab import Lab

COUNT_TIME = 0.001
POINTS = 200


@case("sampling", "MEAN over 1 ms: dead time", "point (median)")
def dead_time(lab: Lab) -> Trial:
    dead: list[float] = []

    def work(count: int) -> float:
        scan = lab.session.loopscan(count + 1, COUNT_TIME, lab.counter, save=False)
        these = np.diff(scan.get_data("timer:elapsed_time")) - COUNT_TIME
        dead.extend(these)
        return float(np.median(these)) * count

    def remark() -> str:
        return f"dead time p50 {np.quantile(dead, 0.5) * 1e6:.0f} us, p99 {np.quantile(dead, 0.99) * 1e6:.0f} us"

    return Trial(
        work, _bare(lab.counter), "read in a loop, mean, append", count=POINTS, floor_count=POINTS, remark=remark
    )


def _bare(counter: Any) -> Any:
    def work(count: int) -> float:
        read, now = counter.controller.read, time.perf_counter
        values: list[float] = []
        stamps: list[float] = []
        for _ in range(count + 1):
            began = now()
            stamps.append(began)
            total, number = read(counter), 1
            while now() < began + COUNT_TIME:
                total += read(counter)
                number += 1
            values.append(total / number)
        return float(np.median(np.diff(stamps) - COUNT_TIME)) * count

    return work
