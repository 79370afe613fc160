"""How long a scan will take and how much disk it needs, from what its devices say and from scans before."""

import logging
import math
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from obtura.contracts.acquisition import AcquisitionMaster, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.plan import paces
from obtura.ground.errors import one_line

__all__ = ["Estimate", "devices_key", "estimated", "known"]

log = logging.getLogger(__name__)

FILE = 100_000
"""Bytes of a scan's file without a point."""


class Estimate(NamedTuple):
    """Seconds of motion, counting, waiting on purpose, and dead time (by experience); bytes on disk.

    `points` 0: no end is known, then times are inf and bytes those of one point.
    """

    points: int
    motion: float
    counting: float
    waiting: float
    overhead: float
    bytes: int

    @property
    def total(self) -> float:
        """Seconds in all."""
        return self.motion + self.counting + self.waiting + self.overhead

    def __str__(self) -> str:
        if not self.points:
            return "Endless, until it is stopped"
        parts = {"motion": self.motion, "count": self.counting, "wait": self.waiting}
        told = ", ".join(f"{name}: {_told(seconds)}" for name, seconds in parts.items() if seconds >= 0.5)
        return f"Total {self.points} points, {_told(self.total)}" + (f" ({told})" if told else "")


def _told(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))) if math.isfinite(seconds) else "for ever"


def devices_key(chain: AcquisitionChain) -> str:
    """The devices of a chain in one text: what their dead time is remembered under."""
    return " ".join(sorted({node.name for node in chain.nodes_list}))


def estimated(chain: AcquisitionChain, dead_time: Callable[[str], float]) -> Estimate:
    """The estimate of a scan. `dead_time(devices)`: what a point with these devices lost lately, in s.

    Branches run side by side: the longest counts.
    """
    dead = dead_time(devices_key(chain))
    branches = [_branch(top, dead) for top in chain.top_masters]
    longest = max(branches, key=lambda one: one.total)
    return longest._replace(bytes=FILE + sum(one.bytes for one in branches))


def _branch(top: AcquisitionMaster, dead: float) -> Estimate:
    motion = counting = waiting = 0.0
    size = points = 0
    for node, pace in paces(top).items():
        expected = top.npoints * pace // top.triggers
        effort = node.effort(expected or math.inf)
        motion += effort.motion
        counting = max(counting, effort.counting)  # a timer and what it triggers count at once
        waiting += effort.waiting
        own = node.npoints if node.trigger_type is TriggerMode.HARDWARE and node.start_once else 0
        size += (own or expected or 1) * sum(
            one.dtype.itemsize * math.prod(one.shape) for one in node.channels if not one.is_ragged
        )
        points = max(points, expected)
    return Estimate(points, motion, counting, waiting, dead * (points or math.inf) if dead else 0.0, size)


def known(chain: AcquisitionChain, dead_time: Callable[[str], float]) -> Estimate | None:
    """The estimate, or None when a device fails to give its own: a scan does not depend on it."""
    try:
        return estimated(chain, dead_time)
    except Exception as error:  # it is for information only
        log.warning("no estimate of the scan: %s", one_line(error), exc_info=error)
        return None
