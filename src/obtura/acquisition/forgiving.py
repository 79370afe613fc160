"""Counters that are not critical: where they can't be read there is NaN, and the scan goes on."""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from obtura.contracts.counters import Counter
from obtura.ground.errors import DeviceError, one_line
from obtura.works.clock import Flag

__all__ = ["Forgiving", "ReadCounters"]

log = logging.getLogger(__name__)

ReadCounters: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Reads counters of one device in one go: one result for each."""


class Forgiving:
    """Reads counters of one device in one scan, and forgives those that are not critical.

    `ended`: the flag that is set when the scan stops the device: what fails then is no news.
    """

    def __init__(self, ended: Flag) -> None:
        self._ended = ended
        self._told: set[Counter] = set()

    def values(self, read: ReadCounters, counters: Sequence[Any]) -> list[Any]:
        """What `read` gives, a value for each counter; NaN for what can't be read, or is no number."""
        found = self._found(read, counters)
        for number, counter in enumerate(counters):
            value = found[number]
            if counter.is_critical or _is_number(value):
                continue
            if value is not None or counter not in self._told:
                self._tell(counter, DeviceError(f"it read {value!r}, which is no number"))
            found[number] = np.full(counter.shape, np.nan) if counter.shape else float("nan")
        return found

    def blocks(self, read: ReadCounters, counters: Sequence[Any], wanted: int) -> list[Any]:
        """What `read` gives, a block of points for each counter; NaN for what can't be read.

        There are as many as of the others, or `wanted` when there is nothing to go by.
        """
        found = self._found(read, counters)
        count = min((len(block) for block in found if block is not None), default=wanted)
        return [
            np.full((count, *counter.shape), np.nan) if block is None else block
            for counter, block in zip(counters, found, strict=True)
        ]

    def _found(self, read: ReadCounters, counters: Sequence[Any]) -> list[Any]:
        """What `read` gives for all; when that fails, for one after the other, and None for one that fails."""
        try:
            return list(read(counters))
        except Exception as error:
            if len(counters) == 1:
                if counters[0].is_critical:
                    raise
                self._tell(counters[0], error)
                return [None]
            log.debug("read together, %d counters failed: %s", len(counters), one_line(error))
        return [value for counter in counters for value in self._found(read, [counter])]

    def _tell(self, counter: Counter, error: Exception) -> None:
        if counter in self._told or self._ended.is_set:
            return
        self._told.add(counter)
        log.info("%s is NaN: %s", counter.fullname, one_line(error), exc_info=error)
        # To where people look: into the record of the scan, where it has a display. The log alone nobody sees.
        sys.stderr.write(f"!!! {counter.fullname} can't be read and is NaN: {one_line(error)}\n")


def _is_number(value: Any) -> bool:
    return type(value) is float or np.asarray(value).dtype.kind in "biuf"
