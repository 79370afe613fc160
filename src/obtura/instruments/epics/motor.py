"""An axis that is a motor record."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from obtura.contracts.claims import check_free
from obtura.contracts.jogs import jogs_on
from obtura.devices.trapezoid import trapezoid
from obtura.ground.errors import DeviceError, DeviceTimeoutError, LimitError, UsageError, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Answer
from obtura.instruments.epics.motor_place import MotorPlace
from obtura.instruments.epics.motor_words import HOMED, Status
from obtura.instruments.followed_axis import Asked, FollowedAxis
from obtura.works.clock import clock

__all__ = ["MotorRecord"]

POLL = 0.02
LAG = 0.5
"""Seconds after a put for which DMOV is not believed of a motor that is not where it was sent: it may not know yet."""

_Kind = Literal["move", "jog", "home"]


class _Move(Asked):
    """What the record was asked for. `put`: the answer to it; `seen`: it was seen to move, so DMOV tells of the end."""

    def __init__(self, kind: _Kind, origin: float, target: float, tolerance: float, put: Answer) -> None:
        super().__init__(target)
        self.kind = kind
        self.origin = origin
        self.tolerance = tolerance
        self.put = put
        self.speed = 0.0
        self.began = clock.time()
        self.seen = False

    def near(self, status: Status) -> bool:
        """Whether it is at its target; a jog or a search has none."""
        return abs(status.RBV - self.target) <= self.tolerance


class MotorRecord(MotorPlace, FollowedAxis[_Move]):
    """The EPICS motor record `pv`, e.g. "X:m1": limits, velocity, unit, offset and all else are the record's own.

    A move has arrived when the record has confirmed the put, says that it is done (DMOV), and is within `tolerance`
    of its target; None: as the record's RDBD or MRES says. One that ends elsewhere is an error that says why: which
    limit switch, which bit of MSTA, LVIO, MISS or SPMG. It is given up, and stopped, when it comes no nearer for
    `patience` s. `timeout`: s that the IOC has to be found, and to answer.

    What the record holds (SPMG is Stop or Pause) or calibrates (SET) is not moved.
    """

    def __init__(
        self,
        name: str,
        pv: str,
        tolerance: NotNegative | None = None,
        timeout: Positive = TIMEOUT,
        patience: Positive = 10.0,
    ) -> None:
        super().__init__(name, pv, tolerance, timeout)
        self.patience = patience

    def __repr__(self) -> str:
        return f"MotorRecord({self.name!r}, {self.pv!r})"

    def _moves(self, operation: str) -> bool:
        move, status = self._move, self._status(operation)
        return not status.done or (move is not None and not self._over(move, status))

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s, by VELO, VBAS and ACCL."""
        here, velocity, base, seconds = self._pvs.read("estimate", "RBV", "VELO", "VBAS", "ACCL")
        if velocity <= 0:
            return self.patience
        acceleration = (velocity - base) / seconds if seconds > 0 and velocity > base else math.inf
        return trapezoid(here, target, velocity, acceleration).duration

    # -- moves ------------------------------------------------------------------------------------------------

    def check_path(self, targets: npt.ArrayLike) -> None:
        """As `check_target`, of many; touch nothing."""
        path = np.asarray(targets, dtype=float)
        for target in (path.min(), path.max()) if path.size else ():
            self.check_target(float(target))

    def rmove(self, delta: float, wait: bool = True) -> None:
        """Go `delta` further from where it is; the rest as `move`."""
        self.move(self.position + delta, wait)

    def jog(self, velocity: float) -> None:
        """Move with `velocity` (unit/s, its sign is the direction) until `stop()` or a limit; returns at once. 0 stops.

        Raises:
            LimitError: faster than VMAX, slower than VBAS, or at the limit in that direction already.
            DeviceError: the record does not set off.
        """
        check_free((self,))
        if self._move is not None and self._move.kind == "jog":
            self.stop()
        if velocity == 0:
            return
        slowest, fastest = self.velocity_limits
        if not slowest <= abs(velocity) <= fastest:
            raise LimitError(
                f"{self.name}: {velocity:g} is outside of {slowest:g} to {fastest:g} ({self.pv}.VBAS, VMAX)"
            )
        end, here = self.limits[velocity > 0], self.position
        if (end - here) * velocity <= 0:
            raise LimitError(f"{self.name} can't jog further: it is at {here:g}, its limit is {end:g}")
        jogs_on(self)
        self._press("jog", "JOGF" if velocity > 0 else "JOGR", JVEL=abs(velocity)).speed = velocity

    @property
    def jog_velocity(self) -> float:
        """The velocity with which it jogs, in unit/s with sign; 0 when it does not."""
        move = self._move
        return move.speed if move is not None and move.kind == "jog" and self.is_moving else 0.0

    def home(self, switch: int = 1, wait: bool = True) -> None:
        """Search the home switch in the direction 1 or -1 of the dial (HOMF, HOMR).

        Raises:
            DeviceError: it can't set off, a limit switch or a fault ended it, or it was stopped.
        """
        if switch not in (1, -1):
            raise UsageError(f"{self.name}: switch must be 1 or -1, got {switch!r}")
        check_free((self,))
        self._press("home", "HOMF" if switch > 0 else "HOMR")
        if wait:
            self.wait_move()

    def _press(self, kind: _Kind, button: str, **before: float) -> _Move:
        """Begin a motion without target, by a field that confirms only when it ends."""
        origin, tolerance = self._ready_for(kind), self.tolerance
        self._pvs.tell(kind, **before)
        self._move = _Move(kind, origin, math.nan, tolerance, self._pvs.put(kind, button, 1, confirm=False))
        return self._move

    def _ready_for(self, operation: str) -> float:
        """Where it stands, when it can set off."""
        if self._move is not None and self.is_moving:
            raise self._busy()
        self._move = None
        return self._ready(operation).RBV

    def __info__(self) -> str:
        """Its position, dial, limits, state, and how it is connected."""
        try:
            low, high = self.limits
            unit = self.unit or ""
            where = f"{self.position:g} {unit}".rstrip() + f" (dial {self.dial:g}), limits {low:g} to {high:g}"
            told = (
                f"{where}\n  state: {self.state}\n  velocity: {self.velocity:g} {unit}/s, acctime: {self.acctime:g} s"
            )
        except DeviceError as error:
            told = f"unknown: {one_line(error)}"
        return f"axis {self.name}: {told}\n  {self.connection}"

    # -- inside -----------------------------------------------------------------------------------------------

    @property
    def _bounds(self) -> str:
        return f"({self.pv}.LLM, {self.pv}.HLM)"

    def _set_off(self, target: float) -> _Move:
        origin, tolerance = self._ready_for("move"), self.tolerance
        return _Move("move", origin, target, tolerance, self._pvs.put("move", "VAL", target))

    def _over(self, move: _Move, status: Status) -> bool:
        """Whether a motion is over, wherever it has ended."""
        move.seen = move.seen or not status.done or abs(status.RBV - move.origin) > move.tolerance
        if not status.done:
            return False
        if move.kind == "move" and not move.put.done.is_set:
            return False
        if move.near(status):
            return True
        return move.seen or move.stopped.is_set or clock.time() - move.began >= LAG

    def _follow(self, move: _Move) -> None:
        nearest, since = math.inf, clock.time()
        while True:
            status = self._status(move.kind)
            if move.stopped.is_set:
                raise DeviceError(f"{self.name} was stopped at {status.RBV:g}{_way(move)}")
            if move.put.done.is_set:
                move.put.result()
            if self._over(move, status):
                if not move.near(status):  # DMOV was read before RBV: it may have set off, or moved, in between
                    status = self._status(move.kind)
                if self._over(move, status):
                    self._check_arrival(move, status)
                    return
            distance = abs(status.RBV - move.target) if move.kind == "move" else -clock.time()
            if distance < nearest - move.tolerance / 10:
                nearest, since = distance, clock.time()
            elif clock.time() - since >= self.patience:
                raise self._stuck(move, status)
            clock.wait(move.stopped, POLL)

    def _check_arrival(self, move: _Move, status: Status) -> None:
        """Raise `DeviceError` when a motion that is over has not done what it should."""
        faults = "; ".join(status.faults(self.pv))
        good = {
            "move": move.near(status),
            "home": move.seen and bool(status.ATHM or status.has(HOMED) or not (status.HLS or status.LLS)),
            "jog": move.seen,
        }[move.kind]
        if good and not faults:
            return
        why = "; ".join(status.obstacles(self.pv))
        if not why:
            why = "somebody else stopped it, or its motor does not run" if move.seen else "its record did not set off"
        if not move.seen:
            what = f"was refused at {status.RBV:g}" if status.LVIO else f"did not begin at {status.RBV:g}"
        else:
            what = f"ended at {status.RBV:g}"
        raise DeviceError(f"{self.name}.{move.kind} failed: it {what}{_way(move)}: {why}")

    def _stuck(self, move: _Move, status: Status) -> DeviceTimeoutError:
        says = "" if status.done else f", and {self.pv}.DMOV says that it still moves"
        why = "".join(f"; {each}" for each in status.obstacles(self.pv))
        return DeviceTimeoutError(
            f"{self.name}.{move.kind} failed: PV {self.pv}.RBV is {status.RBV:g} and has come no nearer "
            f"to {move.target:g} for {self.patience:g} s{says}{why}; it was told to stop"
        )

    def _halt(self, move: _Move | None) -> None:
        # whatever DMOV says: the record may not have begun yet, and a stop at rest does no harm
        self._pvs.put("stop", "STOP", 1, confirm=False)

    def _come_to_rest(self) -> None:
        deadline = clock.time() + self.patience
        while not (status := self._status("stop")).done:
            if clock.time() >= deadline:
                raise DeviceTimeoutError(
                    f"{self.name}.stop failed: PV {self.pv}.RBV is {status.RBV:g} and {self.pv}.DMOV still says "
                    f"that it moves, {self.patience:g} s after the stop"
                )
            clock.sleep(POLL)


def _way(move: _Move) -> str:
    return f" on its way to {move.target:g}" if move.kind == "move" else ""
