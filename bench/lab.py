"""Where cases are measured: a directory of its own, a session, devices that answer at once."""

import contextlib
import logging
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.cases import THE_LOOP, Trial, Work
from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.data.saving import ScanSaving
from obtura.devices.sim import SimulatedAxis
from obtura.session.session import Session

__all__ = ["Box", "Lab", "points_of"]

log = logging.getLogger("obtura")


class Box(SamplingCounterController):
    """A device in memory whose counters always read 4."""

    def __init__(self, name: str, counters: int = 1, blocking: bool = False) -> None:
        super().__init__(name, blocking=blocking)
        self.all = [SamplingCounter(f"{name}_{number}", self) for number in range(counters)]

    def read(self, counter: Any) -> float:
        """The constant."""
        return 4.0


class Lab:
    """A session without a display whose files go to a temporary directory; in a `with` statement."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="obtura-bench-")))
        self._stack.callback(log.setLevel, log.level)
        log.setLevel(logging.CRITICAL + 1)
        saving = ScanSaving("bench", "bench", self.directory)
        self.session: Any = self._stack.enter_context(Session("bench", {}, saving, display=False))
        self.counter = Box("box").all[0]

    def axis(self, name: str) -> SimulatedAxis:
        """A motor that is there at once."""
        return SimulatedAxis(name, velocity=math.inf, acceleration=math.inf)

    def enter(self, context: contextlib.AbstractContextManager[Any]) -> Any:
        """Enter a context that is left when the case is over."""
        return self._stack.enter_context(context)

    def listen(self, make: Callable[[], Consumer]) -> Callable[[], None]:
        """Have further scans read by a consumer; returns what ends that."""
        self.session.add_consumer(make)
        return lambda: self.session.remove_consumer(make)

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def points_of(
    lab: Lab, counted: Sequence[Any], floor: Work, floor_name: str = THE_LOOP,
    count: int | None = None,
) -> Trial:  # fmt: skip
    """Points of a loopscan that counts all that, nothing listening; what a scan of one point takes is subtracted."""

    def scan(npoints: int) -> None:
        lab.session.loopscan(npoints, 0, *counted, save=False)

    return Trial(lambda points: scan(points + 1), floor, floor_name, less=lambda points: scan(1), count=count)
