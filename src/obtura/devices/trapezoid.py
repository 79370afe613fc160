"""Motion with a trapezoid of velocity: speed up, travel, slow down."""

import math
from typing import NamedTuple

__all__ = ["Motion", "trapezoid"]


class Motion(NamedTuple):
    """A motion along one axis, as a function of the seconds since it began.

    Positions are in the axis' unit, `peak` in unit/s, `acceleration` in unit/s^2; `up`, `flat` and `down` are
    the seconds of its parts. `sense` is 1 or -1.
    """

    start: float
    end: float
    sense: float
    peak: float
    acceleration: float
    up: float
    flat: float
    down: float

    @property
    def duration(self) -> float:
        """How long it takes, in s."""
        return self.up + self.flat + self.down

    def position(self, seconds: float) -> float:
        """Where it is then."""
        left = self.duration - seconds
        if left <= 0:
            return self.end
        if seconds <= 0:
            return self.start
        if seconds < self.up:
            return self.start + self.sense * self.acceleration * seconds**2 / 2
        if left < self.down:
            return self.end - self.sense * self.acceleration * left**2 / 2
        return self.start + self.sense * self.peak * (self.up / 2 + seconds - self.up)

    def velocity(self, seconds: float) -> float:
        """How fast it is then, without sign, in unit/s."""
        left = self.duration - seconds
        if left <= 0 or seconds < 0:
            return 0.0
        if seconds < self.up:
            return self.acceleration * seconds
        return self.acceleration * left if left < self.down else self.peak

    def braked(self, seconds: float) -> "Motion":
        """The motion from then on, to rest as soon as the acceleration allows."""
        start, peak = self.position(seconds), self.velocity(seconds)
        down = peak / self.acceleration
        end = start + self.sense * peak * down / 2
        return Motion(start, end, self.sense, peak, self.acceleration, 0.0, 0.0, down)


def trapezoid(start: float, target: float, velocity: float, acceleration: float) -> Motion:
    """The motion from rest at `start` to rest at `target`.

    `velocity`: at most, in unit/s; `acceleration`: in unit/s^2. Both are greater than 0 and may be infinite.
    """
    distance, sense = abs(target - start), math.copysign(1.0, target - start)
    if math.isinf(acceleration):
        return Motion(start, target, sense, velocity, acceleration, 0.0, distance / velocity, 0.0)
    peak = min(velocity, math.sqrt(acceleration * distance))
    up = peak / acceleration
    flat = max(distance / peak - up, 0.0) if peak else 0.0
    return Motion(start, target, sense, peak, acceleration, up, flat, up)
