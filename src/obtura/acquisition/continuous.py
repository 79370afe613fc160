"""Masters of a motion under way: devices are triggered while an axis moves."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from obtura.acquisition.passing import PassingMaster
from obtura.acquisition.regions import regions_of, triggers_in
from obtura.contracts.acquisition import AcquisitionObject
from obtura.contracts.together import at_rest
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock

__all__ = ["JogMotorMaster", "MotorMaster", "SoftwarePositionTriggerMaster", "SweepMotorMaster"]

LOOK = 0.02
"""Seconds between two looks whether a jog is to end."""


class MotorMaster(PassingMaster):
    """`MotorMaster(roby, 0, 10, time=5)`: triggers its slaves once, as the axis passes `start`.

    For devices that go on by themselves: a card on a wire, a camera in free run. Arguments as `PassingMaster`.
    """

    def during(self, start: float, end: float) -> None:
        """Trigger at `start`, wait for the slaves."""
        self.reach(start)
        if not self._ended.is_set:
            self.trigger_slaves()
            self.wait_slaves()


class SoftwarePositionTriggerMaster(PassingMaster):
    """`SoftwarePositionTriggerMaster(roby, 0, 10, 100, time=5)`: triggers at 100 positions while the axis moves.

    The range is divided into `npoints` equal intervals; at the beginning of each the slaves are triggered and
    `axis:NAME` is emitted, the position at that moment, with `timestamps` also the seconds since the first trigger,
    `NAME_time`. The slaves must be done before the next position: one that comes late by more than half an interval
    ends the scan with an error that says how long they took.

    `start`, `end` and `npoints` may be lists, for several regions that are passed in one go: `(roby, [0, 6], [2, 10],
    [20, 8], time=5)` triggers 20 times from 0 to 2 and 8 times from 6 to 10. `time` (s) is that from 0 to 10.
    """

    def __init__(
        self,
        axis: Any,
        start: float | Sequence[float],
        end: float | Sequence[float],
        npoints: int | Sequence[int] = 1,
        time: float = 0.0,
        *,
        timestamps: bool = False,
        **passing: Any,
    ) -> None:
        self.regions = regions_of(getattr(axis, "name", "axis"), start, end, npoints)
        first, last = self.regions[0], self.regions[-1]
        super().__init__(axis, first.start, last.end, time, npoints=sum(one.npoints for one in self.regions), **passing)
        self.channels.append(AcquisitionChannel(f"axis:{axis.name}", unit=axis.unit))
        if timestamps:
            self.channels.append(AcquisitionChannel(f"axis:{axis.name}_time", unit="s"))
        self._first: float | None = None

    def during(self, start: float, end: float) -> None:
        """Trigger at the beginning of each interval."""
        there = start == self.start_position
        took = 0.0
        for point, (position, interval) in enumerate(triggers_in(self.regions, there)):
            here = self.reach(position)
            if self._ended.is_set:
                return
            if (here - position) / interval > 0.5:
                raise self._late(point, abs(interval), took)
            began = clock.time()
            self.trigger_slaves()
            self._tell(here, began)
            self.wait_slaves()
            took = clock.time() - began

    def _tell(self, here: float, now: float) -> None:
        self._first = now if self._first is None else self._first
        for channel, value in zip(self.channels, (here, now - self._first), strict=False):
            channel.emit(value)

    def _late(self, point: int, interval: float, took: float) -> DeviceError:
        names = ", ".join(_leaves(self)) or "nothing"
        given = interval / self.velocity
        return DeviceError(
            f"{self._axis.name} was past point {point} of {self.triggers} before it could be triggered: "
            f"the point before took {took:.3g} s ({names}), an interval takes {given:.3g} s; "
            "count for a shorter time, or give the intervals more: fewer points, a larger latency_time, a longer time"
        )


class SweepMotorMaster(PassingMaster):
    """`SweepMotorMaster(roby, 0, 10, time=5, npoints=10)`: sweeps through each of 10 intervals while the slaves count.

    Each interval is a pass of its own, with its own run-up: the slaves have all the time they need between two, and
    count over the whole interval. `time` (s) is that of all intervals together. Emits `axis:NAME`, their middles.
    """

    def __init__(
        self, axis: Any, start: float, end: float, time: float = 0.0, npoints: int = 1, **passing: Any
    ) -> None:
        super().__init__(axis, start, end, time, npoints=npoints, **passing)
        self.triggers = 1
        self._intervals = self._runs = npoints
        self.channels.append(AcquisitionChannel(f"axis:{axis.name}", unit=axis.unit))

    def ranges(self) -> list[tuple[float, float]]:
        """The intervals."""
        edges = np.linspace(self.start_position, self.end_position, self._intervals + 1).tolist()
        there = list(pairwise(edges))
        return [*there, *((end, start) for start, end in reversed(there))] if self.backnforth else there

    def __iter__(self) -> Iterator[object]:
        ranges = self.ranges()
        done = 0
        while self.parent is not None or done < self.npoints:
            self._range = ranges[done % len(ranges)]
            yield self
            done += 1

    def during(self, start: float, end: float) -> None:
        """Trigger at the beginning of the interval."""
        self.reach(start)
        if not self._ended.is_set:
            self.trigger_slaves()
            self.channels[0].emit((start + end) / 2)
            self.wait_slaves()


class JogMotorMaster(PassingMaster):
    """`JogMotorMaster(rotation, 0, 5.0, end)`: the axis turns on at constant speed until `end(axis)` says True.

    `jog_speed`: in unit/s, its sign is the direction. The slaves are triggered once, as the axis passes `start`.
    Without `end_jog_func` it goes on until the slaves are done. Its far limit is the axis' own: that the axis comes to
    rest there, before it is told to, is an error.
    """

    def __init__(
        self,
        axis: Any,
        start: float,
        jog_speed: float,
        end_jog_func: Callable[[Any], object] | None = None,
        undershoot: float | None = None,
        name: str = "axis",
    ) -> None:
        if not callable(getattr(axis, "jog", None)):
            raise UsageError(f"{getattr(axis, 'name', axis)} can't jog")
        if end_jog_func is not None and not callable(end_jog_func):
            raise UsageError(f"{axis.name}: end_jog_func must be a function of the axis, got {end_jog_func!r}")
        if not isinstance(jog_speed, int | float) or not math.isfinite(jog_speed) or not jog_speed:
            raise UsageError(f"{axis.name}: jog_speed must be a number other than 0, got {jog_speed!r}")
        # One second of it stands for the range: what matters are its beginning and its direction.
        super().__init__(axis, start, start + jog_speed, 1.0, undershoot=undershoot, name=name)
        self._speed = float(jog_speed)
        self._end = end_jog_func

    def _outside(self, start: float, end: float) -> tuple[float, float]:
        """Where it sets off; nobody knows where it ends."""
        return super()._outside(start, end)[0], start

    def trigger(self) -> None:
        """Set off, trigger, go on until told to end."""
        axis = self._axis
        try:
            axis.jog(self._speed)
            self.reach(self.start_position)
            if not self._ended.is_set:
                self.trigger_slaves()
            while self._end is not None and not self._ended.is_set and not self._end(axis):
                if not axis.is_moving:
                    raise self._came_to_rest("end_jog_func said that it is to end")
                clock.wait(self._ended, LOOK)
            if self._end is None:
                self.wait_slaves()
        finally:
            at_rest([axis])
        self.wait_slaves()


def _leaves(node: AcquisitionObject) -> list[str]:
    """The names of what is triggered last."""
    return [name for slave in node.slaves for name in (_leaves(slave) or [slave.name])]
