"""An axis that passes through a range at constant speed: what all masters of a motion under way share.

The axis speeds up before the range and slows down after it. How far outside it goes, the undershoot, follows from its
acceleration; limits are checked with it before anything moves. The velocity is the scan's during a pass only.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, Effort, TriggerMode
from obtura.contracts.devices import is_movable
from obtura.contracts.scan_moves import ScanMoves
from obtura.contracts.together import Trip, at_rest, set_off
from obtura.contracts.turns import is_round, near
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.ground.many import check_positions
from obtura.works.clock import Flag, clock

__all__ = ["PassingMaster"]

LEAST = 1e-4
"""A position counts as reached so many seconds before it; no wait is shorter."""


class PassingMaster(AcquisitionMaster):
    """Passes from `start` to `end` (the axis' unit) in `time` s; override `during` for what happens on the way.

    `time` 0: at the present velocity. `undershoot`: how far before `start` it sets off and after `end` it stops, in the
    axis' unit, by default what speeding up needs; margins are added to it. `passes`: how often, below another master at
    each trigger of that; with `backnforth` every second pass goes from `end` to `start`.
    """

    role = "axis"

    def __init__(
        self,
        axis: Any,
        start: float,
        end: float,
        time: float = 0.0,
        *,
        npoints: int = 1,
        undershoot: float | None = None,
        undershoot_start_margin: float = 0.0,
        undershoot_end_margin: float = 0.0,
        trigger_type: TriggerMode = TriggerMode.SOFTWARE,
        backnforth: bool = False,
        passes: int = 1,
        name: str = "axis",
    ) -> None:
        _check_axis(axis)
        numbers = [start, end, time, undershoot or 0.0, undershoot_start_margin, undershoot_end_margin]
        if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
            raise UsageError(f"{axis.name}: start, end, time and undershoot must be finite numbers")
        if start == end or min(numbers[2:]) < 0 or passes < 1 or npoints < 1:
            raise UsageError(
                f"{axis.name}: start and end must differ, time and undershoot not be negative, "
                "passes and npoints at least 1"
            )
        check_positions(npoints * passes)
        super().__init__(axis, name=name, npoints=npoints * passes, trigger_type=trigger_type)
        self.triggers = npoints
        self.blocking = axis.blocking
        self.backnforth = backnforth
        self.start_position, self.end_position = float(start), float(end)
        self.time = float(time)
        self._axis = axis
        self._passes = passes
        self._runs = 1  # run-ups in a pass
        self._undershoot = undershoot
        self._margins = undershoot_start_margin, undershoot_end_margin
        self._range = self.start_position, self.end_position
        self._here = self.start_position  # as last seen
        self._blind = (getattr(axis, "modulo", None) or math.inf) / 4  # so far it may go unseen and the turn is known
        self._usual: float | None = None  # the velocity to go back to, during a pass
        self._ended = Flag()
        self._moves = ScanMoves([axis])

    # -- what it will do ------------------------------------------------------------------------------------

    @property
    def velocity(self) -> float:
        """How fast it passes, in unit/s."""
        length = abs(self.end_position - self.start_position)
        return length / self.time if self.time else float(self._axis.velocity)

    def undershoots(self) -> tuple[float, float]:
        """How far it goes before and after the range, in the axis' unit."""
        own = self._undershoot
        if own is None:
            own = 0.0 if math.isinf(self._axis.acceleration) else self.velocity**2 / (2 * self._axis.acceleration)
        return own + self._margins[0], own + self._margins[1]

    def validate(self) -> None:
        """Check the velocity, and every position against the limits, the undershoot included."""
        axis = self._axis
        axis.check()
        if axis.is_moving:
            raise DeviceBusyError(f"{axis.name} is moving; wait for it or stop it")
        self._check_velocity()
        for start, end in self.ranges():
            for target in self._outside(start, end):
                try:
                    axis.check_target(float(target))
                except LimitError as error:
                    before, after = self.undershoots()
                    raise LimitError(
                        f"{error}; it needs {max(before, after):.4g} {axis.unit or ''} outside of the scan's range "
                        f"to speed up and slow down at {self.velocity:.4g} {axis.unit or 'unit'}/s"
                    ) from error

    def ranges(self) -> list[tuple[float, float]]:
        """Every different (start, end) that it passes through."""
        there = self.start_position, self.end_position
        return [there, there[::-1]] if self.backnforth else [there]

    def _check_velocity(self) -> None:
        axis, velocity = self._axis, self.velocity
        slowest, fastest = getattr(axis, "velocity_limits", (0.0, math.inf))
        unit = f"{axis.unit or 'unit'}/s"
        if math.isinf(axis.velocity):
            raise UsageError(f"{axis.name} is there at once, it has no velocity to pass at; step it, e.g. with ascan")
        if math.isinf(fastest):  # nobody has said how fast it can go: then as fast as it is set to, no faster
            fastest = axis.velocity
        if not slowest <= velocity <= fastest * (1 + 1e-9):
            side, limit = ("fast", fastest) if velocity > fastest else ("slow", slowest)
            raise UsageError(
                f"{axis.name}: {velocity:.4g} {unit} is too {side}, the limit is {limit:.4g} {unit}; "
                f"take {'more' if side == 'fast' else 'less'} time"
                + (" or set its velocity higher" if limit == axis.velocity else "")
            )

    def effort(self, points: float) -> Effort:
        """The passes, and the ways to their beginnings."""
        passes = points / self.triggers if self.parent is not None else self._passes
        length = abs(self.end_position - self.start_position)
        velocity = self.velocity
        ramps = 2 * sum(self.undershoots()) / velocity
        here = float(self._axis.position)
        back = 0.0 if self.backnforth else float(self._axis.estimate(here + length + sum(self.undershoots())))
        first = float(self._axis.estimate(self._outside(*self._range)[0]))
        return Effort(
            motion=first + passes * self._runs * ramps + (passes - 1) * back, counting=passes * length / velocity
        )

    def effort_of(self, method: str) -> Effort:
        """It moves in all it does, while its slaves count."""
        return Effort(motion=math.inf)

    def _outside(self, start: float, end: float) -> tuple[float, float]:
        before, after = self.undershoots()
        sense = math.copysign(1.0, end - start)
        return start - sense * before, end + sense * after

    # -- doing it -------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[object]:
        done = 0
        while self.parent is not None or done < self._passes:
            there = self.start_position, self.end_position
            self._range = there[::-1] if self.backnforth and done % 2 else there
            yield self
            done += 1

    def prepare(self) -> None:
        """Go where the pass sets off, and wait until there."""
        self._moves.go([self._outside(*self._range)[0]], self._ended)

    def trigger(self) -> None:
        """Pass through the range; returns at rest, with what was triggered done."""
        axis, (start, end) = self._axis, self._range
        trip = Trip([axis])
        try:
            self._hurry()
            trip.begin([self._outside(start, end)[1]], self._set_off)
            if self._ended.is_set:
                at_rest([axis])
            self.during(start, end)
            if not self._ended.is_set:
                axis.wait_move()
        except BaseException as error:
            trip.abandon(error)
            raise
        finally:
            try:
                self._restore()
            finally:
                trip.leave()

    def _set_off(self, axes: Sequence[Any], targets: Sequence[float]) -> None:
        """A round axis goes all the way through the range, not the short way to its end."""
        if not is_round(self._axis):
            set_off(axes, targets)
            return
        self._here, end = self._outside(*self._range)
        self._axis.begin(end, end - self._here)

    def during(self, start: float, end: float) -> None:
        """What happens while the axis is under way from before `start` to behind `end`."""
        raise NotImplementedError(f"{type(self).__name__} must override during()")

    def reach(self, position: float) -> float:
        """Wait until the axis under way has come to `position`; returns where it is, at once when it was stopped.

        Raises:
            DeviceError: it came to rest before.
        """
        axis, (start, end), velocity = self._axis, self._range, self.velocity
        sense = math.copysign(1.0, end - start)
        before = math.inf
        while True:
            here = self._here = near(axis, float(axis.position), self._here)
            left = sense * (position - here)
            if left <= velocity * LEAST or self._ended.is_set:
                return here
            if left >= before and not axis.is_moving:
                raise self._came_to_rest(f"{position:.6g}")
            before = left
            clock.wait(self._ended, max(min(left, self._blind) / velocity, LEAST))

    def _came_to_rest(self, before: str) -> DeviceError:
        axis = self._axis
        where = f"{float(axis.position):.6g} {axis.unit or ''}".rstrip()
        return DeviceError(f"{axis.name} came to rest at {where} before {before}: {axis.state}")

    def stop(self) -> None:
        """Leave the axis at rest, with its usual velocity."""
        self._ended.set()
        try:
            at_rest([self._axis])
        finally:
            self._restore()
            self._moves.leave()

    def _hurry(self) -> None:
        """Take on the scan's velocity; where it can be done without the session keeping it, so."""
        self._usual, velocity = float(self._axis.velocity), self.velocity
        if hasattr(self._axis, "use_velocity"):
            self._axis.use_velocity(velocity)
        else:
            self._axis.velocity = velocity

    def _restore(self) -> None:
        usual, self._usual = self._usual, None
        if usual is None:
            return
        if hasattr(self._axis, "use_velocity"):
            self._axis.use_velocity(None)
        else:
            self._axis.velocity = usual


def _check_axis(axis: Any) -> None:
    if not is_movable(axis):
        raise UsageError(f"{axis!r} is not an axis")
    if made_of := [one.name for one in getattr(axis, "real_axes", ())]:
        raise UsageError(
            f"{axis.name} is calculated from {', '.join(made_of)}, which have velocities of their own, so it can't "
            "pass at a constant one; step it, e.g. with ascan"
        )
    if not all(hasattr(axis, name) for name in ("velocity", "acceleration")):
        raise UsageError(f"{axis.name} has no velocity and acceleration that can be set; step it, e.g. with ascan")
