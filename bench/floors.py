"""Floors: the least that a piece of work could be in Python."""

import time
from collections.abc import Sequence
from typing import Any

from bench.cases import Work

__all__ = ["bare_loop"]


def bare_loop(counters: Sequence[Any]) -> Work:
    """Reads each counter by the method of its device, stamps the value and appends both. 0.2 to 0.5 us for one."""

    def loop(count: int) -> None:
        if len(counters) == 1:
            _one(counters[0], count)
        else:
            _several(counters, count)

    return loop


def _one(counter: Any, count: int) -> None:
    now, read = time.time, counter.controller.read
    values: list[float] = []
    stamps: list[float] = []
    for _ in range(count):
        values.append(read(counter))
        stamps.append(now())


def _several(counters: Sequence[Any], count: int) -> None:
    now = time.time
    reads: list[tuple[Any, Any, list[float], list[float]]] = [(one.controller.read, one, [], []) for one in counters]
    for _ in range(count):
        for read, counter, values, stamps in reads:
            values.append(read(counter))
            stamps.append(now())
