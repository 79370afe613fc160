"""A simulated storage ring: the current decays, and is refilled now and then."""

import math
from collections.abc import Iterable

from obtura.devices.arguments import positive, quantity
from obtura.devices.machine import MachineDriver, MachineInfo
from obtura.devices.shutter_driver import ShutterState
from obtura.devices.sim.world import World
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive
from obtura.works.clock import clock

__all__ = ["SimulatedRing"]


class _Ring(MachineDriver):
    """Nothing runs: what it has follows from the clock."""

    blocking = False

    def __init__(self, full: float, lifetime: Positive, every: float, takes: float, shut: bool) -> None:
        self._full = full
        self._lifetime = lifetime
        self._every = every
        self._takes = takes
        self._shut = shut  # whether the front end closes for a refill
        self._filled = clock.time()
        self._planned: tuple[tuple[float, float], ...] | None = None
        self.is_dumped = False
        self.front_end_closed = False

    def plan(self, refills: Iterable[tuple[float, float]], shut: bool) -> None:
        self._planned, self._shut = tuple(sorted(refills)), shut

    def _times(self) -> tuple[float, float, float]:
        """Seconds since the last refill ended, until the next begins (negative during one), and until it ends."""
        now = clock.time()
        if now < self._filled:  # a clock that was set back begins anew
            self.fill()
        if self._planned is None:
            phase = math.fmod(now - self._filled, self._every)
            return phase, self._every - self._takes - phase, self._every - phase
        last = max([self._filled, *(end for _, end in self._planned if end <= now)])
        begin, end = next(((begin, end) for begin, end in self._planned if end > now), (math.inf, math.inf))
        return now - last, begin - now, end - now

    def fill(self) -> None:
        self._filled = clock.time()
        self.is_dumped = False

    def _left(self, seconds: float) -> float:
        return self._full * math.exp(-seconds / self._lifetime)

    def current(self) -> float:
        if self.is_dumped:
            return 0.0
        since, until, end = self._times()
        if until >= 0:
            return self._left(since)
        left = self._left(since + until)
        return left + (self._full - left) * -until / (end - until)

    def lifetime(self) -> float:
        return math.nan if self.is_dumped else self._lifetime

    def refill_countdown(self) -> float:
        return math.inf if self.is_dumped else max(self._times()[1], 0.0)

    def front_end(self) -> ShutterState:
        refilling = self._shut and self.refill_countdown() == 0.0
        return ShutterState.CLOSED if self.front_end_closed or refilling else ShutterState.OPEN

    def beam(self) -> float:
        """The part of the full beam that the beamline gets, from 0 to 1."""
        return self.current() / self._full if self.front_end() is ShutterState.OPEN else 0.0


class SimulatedRing(MachineInfo):
    """A storage ring that is filled to `full_current` (mA), and decays with `lifetime` (s).

    Every `refill_every` s a refill ends that took `refill_takes` s: 60 and 3 is top-up; infinite is never.
    `shut_for_refill`: whether the front end closes for it. The beam of `world`, where one is given, comes from
    this ring. Things that happen: `dump()`, `fill()`, `open_front_end()`, `close_front_end()`.
    """

    def __init__(
        self,
        name: str,
        full_current: Positive = 200.0,
        lifetime: Positive = 36_000.0,
        refill_every: Positive = 3_600.0,
        refill_takes: Positive = 60.0,
        shut_for_refill: bool = False,
        least_current: float = 1.0,
        world: World | None = None,
    ) -> None:
        every, takes = positive(f"{name}: refill_every", refill_every), positive(f"{name}: refill_takes", refill_takes)
        if takes >= every:
            raise UsageError(f"{name}: refill_takes must be less than refill_every, got {quantity(takes, 's')}")
        full, life = positive(f"{name}: full_current", full_current), positive(f"{name}: lifetime", lifetime)
        self._ring = _Ring(full, life, every, takes, shut_for_refill)
        super().__init__(name, self._ring, least_current)
        if world is not None:
            world.source = self._ring.beam

    def dump(self) -> None:
        """Lose the beam; `fill()` brings it back."""
        self._ring.is_dumped = True

    def fill(self) -> None:
        """Fill the ring, at once; the next refill ends `refill_every` s from now."""
        self._ring.fill()

    def plan_refills(self, refills: Iterable[tuple[float, float]], shut: bool = True) -> None:
        """Refill it at these times and no others: begin and end of each, in s of the clock.

        `shut`: whether the front end closes for it.
        """
        self._ring.plan(refills, shut)

    def close_front_end(self) -> None:
        """Let no beam into the beamline."""
        self._ring.front_end_closed = True

    def open_front_end(self) -> None:
        """Let the beam into the beamline."""
        self._ring.front_end_closed = False
