"""An axis: something that has a position and can be moved."""

import math
import threading
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from obtura.devices.arguments import number, positive, quantity
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.trapezoid import trapezoid
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, ObturaError, UsageError, annotate, one_line
from obtura.works.clock import Flag, clock

__all__ = ["Axis"]

A = TypeVarTuple("A")
R = TypeVar("R")


class _Move:
    """One move. `stopped`: it was told to stop; `halted` wakes whoever waits for its end."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.started = False
        self.stopped = False
        self.halted = Flag()


class Axis:
    """An axis of a motor controller, as users and scans see it.

    Positions, limits and `tolerance` are in `unit`, velocity in unit/s, acceleration in unit/s^2; infinite
    means at once. A move that ends further than `tolerance` from its target is an error.
    """

    def __init__(
        self,
        name: str,
        driver: AxisDriver,
        unit: str | None = None,
        limits: tuple[float, float] = (-math.inf, math.inf),
        velocity: float = 1.0,
        acceleration: float = 10.0,
        tolerance: float = 1e-4,
    ) -> None:
        self.name = name
        self.unit = unit
        self.blocking = driver.blocking
        self.tolerance = positive(f"{name}: tolerance", tolerance)
        self._driver = driver
        self._lock = threading.RLock()  # one call at a time; `stop` alone goes past it
        self._move: _Move | None = None
        self.limits = limits
        self.velocity = velocity
        self.acceleration = acceleration

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """Where it is now."""
        with self._lock:
            return float(self._ask(self._driver.position))

    @property
    def state(self) -> AxisState:
        """What it is doing: some of READY, MOVING, LIMPOS, LIMNEG, FAULT."""
        with self._lock:
            return self._ask(self._driver.state)

    @property
    def is_moving(self) -> bool:
        """Whether it moves."""
        return "MOVING" in self.state

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest position allowed; -inf, inf for none."""
        return self._limits

    @limits.setter
    def limits(self, limits: tuple[float, float]) -> None:
        try:
            low, high = limits
        except (TypeError, ValueError):
            raise UsageError(f"{self.name}: limits must be (lowest, highest), got {limits!r}") from None
        low, high = number(f"{self.name}: low limit", low), number(f"{self.name}: high limit", high)
        if low > high:
            raise UsageError(f"{self.name}: low limit {quantity(low)} is above high limit {quantity(high)}")
        self._limits = low, high

    @property
    def velocity(self) -> float:
        """How fast the next move is at most, in unit/s."""
        return self._velocity

    @velocity.setter
    def velocity(self, velocity: float) -> None:
        self._velocity = positive(f"{self.name}: velocity", velocity)

    @property
    def acceleration(self) -> float:
        """How fast the next move speeds up and slows down, in unit/s^2."""
        return self._acceleration

    @acceleration.setter
    def acceleration(self, acceleration: float) -> None:
        self._acceleration = positive(f"{self.name}: acceleration", acceleration)

    # -- what it can do -----------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when it can't set off now: it has a fault, or moves. Touch nothing."""
        state = self.state
        if "FAULT" in state:
            raise DeviceError(f"{self.name} can't be moved: {state}")
        if "MOVING" in state:
            raise DeviceBusyError(f"{self.name} is moving: wait until it is there (wait_move) or stop it")

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target` is outside the limits, `UsageError` when it is no position."""
        low, high = self._limits
        if type(target) is float and low <= target <= high and math.isfinite(target):
            return  # the common case: no words needed
        value = number(f"{self.name}: position", target)
        if math.isinf(value):
            raise UsageError(f"{self.name}: position must be finite, got {value}")
        if low <= value <= high:
            return
        side, limit = ("high", high) if value > high else ("low", low)
        raise LimitError(f"{self.name}: move to {self._shown(value)} would exceed {side} limit ({self._shown(limit)})")

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s."""
        end = number(f"{self.name}: position", target)
        return trapezoid(self.position, end, self._velocity, self._acceleration).duration

    # -- motion -------------------------------------------------------------------------------------------

    def move(self, target: float, wait: bool = True) -> None:
        """Go to `target`; with `wait`, return when there, else at once.

        Ctrl-C, or anything else that ends the wait, stops the axis first.

        Raises:
            LimitError, UsageError: `target` can't be gone to; nothing moved.
            DeviceError: it moves already, has a fault, or did not get there.
        """
        self.check_target(target)
        move = _Move(float(target))
        try:
            self._set_off(move)
            if wait:
                self._arrive(move)
        except BaseException as error:
            if self._move is move:  # else it was refused, and whatever moves is not ours to stop
                self._stop_after(error)
            raise

    def rmove(self, delta: float, wait: bool = True) -> None:
        """Go `delta` further from where it is; the rest as `move`."""
        step = number(f"{self.name}: step", delta)
        self.move(self.position + step, wait)

    def wait_move(self) -> None:
        """Return when at rest; Ctrl-C stops the axis.

        Raises:
            DeviceError: it is not where the last move sent it: it was stopped, or has a fault.
        """
        move = self._move
        try:
            if move is None:
                self._rest()
            else:
                self._arrive(move)
        except BaseException as error:
            self._stop_after(error)
            raise

    def stop(self) -> None:
        """Come to rest, from any thread; returns at rest. A move that waits elsewhere ends with an error."""
        move = self._move
        if move is not None:
            move.stopped = True
        if (move is None or move.started) and "READY" in self.state:
            return
        self._ask(self._driver.stop)
        if move is not None:
            move.halted.set()
        self._rest()

    def _set_off(self, move: _Move) -> None:
        with self._lock:
            self.check()
            self._move = move
            self._ask(self._driver.start_move, move.target, self._velocity, self._acceleration)
            move.started = True
        if move.stopped:  # stop() came meanwhile, and the driver may have taken it for a stop at rest
            self._ask(self._driver.stop)

    def _rest(self, halted: Flag | None = None) -> AxisState:
        while "MOVING" in (state := self.state):
            # Once the flag is set, waiting for it would take no time.
            clock.wait(None if halted is None or halted.is_set else halted, self._driver.look_again_after())
        return state

    def _arrive(self, move: _Move) -> None:
        state, position = self._rest(move.halted), self.position
        if "FAULT" not in state and abs(position - move.target) <= self.tolerance:
            return
        here, there = self._shown(position), self._shown(move.target)
        if "FAULT" in state:
            raise DeviceError(f"{self.name}: the move to {there} failed at {here}: {state}")
        if move.stopped:
            raise DeviceError(f"{self.name}: the move to {there} was stopped at {here}")
        raise DeviceError(
            f"{self.name}: the move to {there} ended at {here}, further off than the tolerance "
            f"of {self._shown(self.tolerance)}" + (f" ({state})" if state != AxisState("READY") else "")
        )

    def _stop_after(self, error: BaseException) -> None:
        try:
            self.stop()
        except Exception as later:  # noqa: BLE001 - the error that ended the move is the one to raise
            annotate(error, f"then {self.name} could not be stopped: {one_line(later)}")

    def _ask(self, function: Callable[[*A], R], *args: *A) -> R:
        try:
            return function(*args)
        except ObturaError:
            raise
        except Exception as error:
            raise DeviceError(f"{self.name}: {one_line(error)}") from error

    # -- for people ---------------------------------------------------------------------------------------

    def _shown(self, value: float) -> str:
        return quantity(value, self.unit)

    def __info__(self) -> str:
        low, high = self._limits
        lines = [
            f"axis {self.name}",
            f"  position      {self._shown(self.position)}",
            f"  state         {self.state}",
            f"  limits        {quantity(low)} to {self._shown(high)}",
        ]
        if math.isfinite(self._velocity):
            lines.append(f"  velocity      {quantity(self._velocity)} {self.unit or 'unit'}/s")
        if math.isfinite(self._acceleration):
            lines.append(f"  acceleration  {quantity(self._acceleration)} {self.unit or 'unit'}/s^2")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
