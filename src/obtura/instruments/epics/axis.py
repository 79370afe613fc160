"""An axis that is a pair of PVs: a setpoint and a readback."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obtura.devices.axis_state import AxisState
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import NotNegative
from obtura.instruments.epics.link import TIMEOUT, Answer, Link, read_all
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.followed_axis import Asked, FollowedAxis
from obtura.works.clock import clock

__all__ = ["PVAxis"]

POLL = 0.01
REST = 0.1
"""Seconds for which the readback must stand still for an axis without `done_pv` to be at rest."""


class _Move(Asked):
    """`put`: the answer to it."""

    def __init__(self, target: float, put: Answer) -> None:
        super().__init__(target)
        self.put = put


class PVAxis(OfPVs, FollowedAxis[_Move]):
    """An axis that goes where `setpoint_pv` says, and is where `readback_pv` says (or else the setpoint).

    A move has arrived when the IOC has confirmed the put, the readback is within `tolerance` of the target,
    and `done_pv`, where there is one, is `done_value`; None: not 0. So a PV that says whether it moves, and is 0 at
    rest, is a `done_pv` with `done_value=0`. It is given up when the readback comes no nearer for
    `patience` s. `stop()` puts `stop_value` to `stop_pv`; without one, the present readback to the setpoint. Where they
    are not given, `unit` and limits are the setpoint's EGU and control limits (DRVL and DRVH, or a motor's
    soft limits). `velocity_pv` serves to estimate how long a move takes, and is what `velocity` reads and sets.
    `timeout`: s that an IOC has to be found, and to answer.

    For motor records there is `MotorRecord`, which knows all that they say.
    """

    def __init__(
        self,
        name: str,
        setpoint_pv: str,
        readback_pv: str | None = None,
        tolerance: NotNegative = 1e-3,
        done_pv: str | None = None,
        stop_pv: str | None = None,
        velocity_pv: str | None = None,
        unit: str | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        timeout: NotNegative = TIMEOUT,
        patience: NotNegative = 10.0,
        done_value: float | None = None,
        stop_value: float = 1,
    ) -> None:
        if None not in (low_limit, high_limit) and not low_limit <= high_limit:  # type: ignore[operator]
            raise UsageError(f"{name}: high_limit {high_limit:g} is below low_limit {low_limit:g}")
        self.name = name
        self.tolerance = tolerance
        self.patience = patience
        self._done_value = done_value
        self._stop_value = stop_value
        self._unit = unit
        self._given_limits = (low_limit, high_limit)
        self._setpoint = Link(name, setpoint_pv, timeout)
        self._readback = Link(name, readback_pv, timeout) if readback_pv else self._setpoint
        self._done, self._stop, self._velocity = (
            Link(name, pv, timeout) if pv else None for pv in (done_pv, stop_pv, velocity_pv)
        )

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from OfPVs.yaml_check(given)
        low, high = given.get("low_limit", -math.inf), given.get("high_limit", math.inf)
        if not low <= high:
            yield "high_limit", f"is {high:g}, below low_limit, {low:g}"

    def __repr__(self) -> str:
        return f"PVAxis({self.name!r})"

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""
        pvs = (self._setpoint, self._readback, self._done, self._stop, self._velocity)
        return list(dict.fromkeys(link for link in pvs if link is not None))

    @property
    def unit(self) -> str | None:
        """The unit given, or the PV's; None when it has none or is not connected."""
        return self._unit or self._setpoint.unit()

    @property
    def position(self) -> float:
        """Where it is now."""
        return self._readback.read("position")

    def _limits(self, operation: str) -> tuple[float, float]:
        low, high = self._given_limits
        if low is None or high is None:
            server = self._setpoint.control(operation)
            below, above = server.lower_ctrl_limit, server.upper_ctrl_limit
            if not below < above:
                below, above = -math.inf, math.inf
            low, high = below if low is None else low, above if high is None else high
        return float(low), float(high)

    @property
    def state(self) -> AxisState:
        """READY or MOVING: nothing else can be known of a pair of PVs."""
        return AxisState("MOVING" if self._moves("state") else "READY")

    def _moves(self, operation: str) -> bool:
        move = self._move
        if move is not None and not self._arrived(move, self._look(operation)):
            return True
        return self._done is not None and not self._is_done(self._done.read(operation))

    def _is_done(self, said: float) -> bool:
        return bool(said) if self._done_value is None else said == self._done_value

    def check(self) -> None:
        """Raise `DeviceError` unless its PVs are connected, valid, and may be put to."""
        self._setpoint.check_writable("")
        if self._stop is not None:
            self._stop.check_writable("")
        # Not the setpoint: before the first put after an IOC's start it often has no valid value.
        read_all([link for link in (self._readback, self._done) if link is not None], "")

    @property
    def tells_time(self) -> bool:
        """Whether `estimate` is more than a limit: there is a velocity to tell."""
        return self._velocity is not None

    @property
    def velocity(self) -> float:
        """How fast it moves, in unit/s: what `velocity_pv` says.

        Raises:
            UsageError: it has none.
        """
        return self._velocity_link().read("velocity")

    @velocity.setter
    def velocity(self, velocity: float) -> None:
        link = self._velocity_link()
        if not (math.isfinite(velocity) and velocity > 0):
            raise UsageError(f"{self.name}: velocity must be a finite number greater than 0, got {velocity!r}")
        link.put(float(velocity), "velocity").wait(clock.time() + link.timeout)

    def _velocity_link(self) -> Link:
        if self._velocity is None:
            raise UsageError(f"{self.name} has no velocity: say with `velocity_pv` where it is")
        return self._velocity

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s; `patience` when there is no velocity to tell."""
        distance = abs(target - self.position)
        if distance <= self.tolerance:
            return 0.0
        velocity = self._velocity.read("estimate") if self._velocity is not None else 0.0
        return distance / velocity if velocity > 0 else self.patience

    def __info__(self) -> str:
        """Its position, limits and PVs, since when they are connected."""
        pvs = "".join(f"\n  PV {link.name}: {link.state}" for link in self.links)
        if not all(link.settle() for link in (self._setpoint, self._readback)):
            return f"axis {self.name}: unknown{pvs}"
        try:
            low, high = self.limits
            where = f"{self.position:g} {self.unit or ''}".rstrip()
        except DeviceError as error:
            return f"axis {self.name}: {error}{pvs}"
        return f"axis {self.name}: {where}, limits {low:g} to {high:g}{pvs}"

    # -- inside -------------------------------------------------------------------------------------------

    @property
    def _bounds(self) -> str:
        return f"of PV {self._setpoint.name}"

    def _set_off(self, target: float) -> _Move:
        if self._moves("move"):
            raise self._busy()
        return _Move(target, self._setpoint.put(target, "move"))

    def _look(self, operation: str) -> tuple[float, bool]:
        """Where it is, and whether it says that it is done, read together."""
        if self._done is None:
            return self._readback.read(operation), True
        here, done = read_all([self._readback, self._done], operation)
        return here, self._is_done(done)

    def _arrived(self, move: _Move, seen: tuple[float, bool]) -> bool:
        here, done = seen
        return move.put.done.is_set and done and abs(here - move.target) <= self.tolerance

    def _follow(self, move: _Move) -> None:
        nearest, since = math.inf, clock.time()
        while True:
            here, done = self._look("move")
            if move.stopped.is_set:
                raise DeviceError(f"{self.name} was stopped at {here:g} on its way to {move.target:g}")
            if move.put.done.is_set:
                move.put.result()
                if self._arrived(move, (here, done)):
                    return
            distance = abs(here - move.target)
            if distance < nearest - self.tolerance / 10:
                nearest, since = distance, clock.time()
            elif clock.time() - since >= self.patience:
                raise self._stuck(move, here, done)
            clock.wait(move.stopped, POLL)

    def _stuck(self, move: _Move, here: float, done: bool) -> DeviceError:
        if not move.put.done.is_set:
            what = f"did not confirm the put of {move.target:g} within {self.patience:g} s"
            return self._setpoint.failure("move", what, DeviceTimeoutError)
        says = "" if done or self._done is None else f", and {self._done.name} says that it still moves"
        what = (
            f"is at {here:g} and has come no nearer to {move.target:g} for {self.patience:g} s "
            f"(tolerance {self.tolerance:g}){says}; it was told to stop"
        )
        return self._readback.failure("move", what, DeviceTimeoutError)

    def _halt(self, move: _Move | None) -> None:
        # Unconfirmed: a motor record confirms only when it is at rest, and a stop must not wait in a queue.
        if self._stop is not None:
            self._stop.put(self._stop_value, "stop", confirm=False)
        else:
            self._setpoint.put(self._readback.read("stop"), "stop", confirm=False)

    def _come_to_rest(self) -> None:
        deadline = clock.time() + self.patience
        here, _ = self._look("stop")
        while clock.time() < deadline:
            clock.sleep(REST if self._done is None else POLL)
            before, (here, done) = here, self._look("stop")
            if done and (self._done is not None or abs(here - before) <= self.tolerance):
                return
        what = f"is at {here:g} and still moves {self.patience:g} s after the stop"
        raise self._readback.failure("stop", what, DeviceTimeoutError)
