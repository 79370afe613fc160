"""Where an axis is, what it does, and where it may go."""

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple

import numpy as np
import numpy.typing as npt

from obtura.contracts.devices import Movable
from obtura.contracts.looking import check_may_be_told
from obtura.contracts.motion import MotionHook
from obtura.contracts.together import Joint, Trip
from obtura.devices.arguments import number, positive, quantity
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_settings import AxisSettings
from obtura.devices.axis_stack import Circle
from obtura.devices.axis_state import AxisState
from obtura.devices.encoder import Encoder
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, ObturaError, UsageError, one_line
from obtura.works.clock import Flag

__all__ = ["AxisPlace", "Underway"]

A = TypeVarTuple("A")
R = TypeVar("R")


class Underway:
    """One move. `kind` and `speed`: see `Move` and `jog`. `stopped`: it is to stop, see `halt`.

    `way`: how far to go, for a round axis that does not take the short way, in the axis' unit.
    `then`: dial positions, of the second leg's end and of the first's, while the second has not begun.
    """

    __slots__ = ("_flag", "_halted", "finished", "kind", "speed", "started", "stopped", "target", "then", "way")

    def __init__(self, target: float, way: float | None = None, kind: str = "move", speed: float = 0.0) -> None:
        self.target = target
        self.way = way
        self.kind = kind
        self.speed = speed
        self.started = self.stopped = self.finished = self._halted = False
        self.then: tuple[float, float] | None = None
        self._flag: Flag | None = None

    def halt(self) -> None:
        """Its controller was told to stop: wake whoever waits."""
        self._halted = True
        if self._flag is not None:
            self._flag.set()

    @property
    def halted(self) -> Flag | None:
        """What wakes whoever waits when it is told to stop; None once it was: waiting for that would take no time.

        Made when somebody waits: a motor in memory is there before. `halt` notes it and then looks for the flag, here
        it is the other way round: so nobody sleeps on.
        """
        if not self._halted:
            with _making:
                flag = self._flag = self._flag or Flag()
            if not self._halted:
                return flag
        return None


_making = threading.Lock()


class AxisPlace(AxisSettings):
    """An axis that stands where it is. `_lock`: one call at a time to `_driver`; `stop` alone goes past it."""

    blocking: bool
    joint: Joint | None = None
    real_axes: Sequence[Movable] = ()
    motion_hooks: tuple[MotionHook, ...] = ()
    encoder: Encoder | None = None
    modulo: float | None = None
    _driver: AxisDriver
    _circle: Circle | None = None
    _lock: threading.RLock
    _tolerance: float
    _at_once = False
    """Whether it may be there as soon as it has set off, and nobody is to be told of the way."""
    _half_step = 0.0
    _rounding = 0.0
    _move: Underway | None = None
    _trip: Trip | None = None

    @property
    def position(self) -> float:
        """The user position: where it is now. Setting it moves nothing: it changes the offset."""
        with self._lock:
            try:
                return self._sign * float(self._driver.position()) + self._offset
            except ObturaError:
                raise
            except Exception as error:
                raise self._failure(error) from error

    @position.setter
    def position(self, position: float) -> None:
        value = number(f"{self.name}: position", position)
        if math.isinf(value):
            raise UsageError(f"{self.name}: position must be finite, got {value}")
        self._must_rest("its position can be set")
        self.offset = value - self._sign * self.dial

    @property
    def dial(self) -> float:
        """The dial position: what the controller says. Setting it writes the controller's register.

        The user position stays: the offset makes up for it. Dial limits are as they were.
        """
        with self._lock:
            return float(self._ask(self._driver.position))

    @dial.setter
    def dial(self, dial: float) -> None:
        value = number(f"{self.name}: dial", dial)
        if math.isinf(value):
            raise UsageError(f"{self.name}: dial must be finite, got {value}")
        check_may_be_told(self.name, "dial")
        self._must_rest("its dial position can be set")
        with self._lock:
            user = self.position
            self._ask_for(self._driver.set_position, value)
            here = self.dial
            if not self._driver.keeps_position:
                self._keep("dial", here)
            self.offset = user - self._sign * here

    @property
    def measured_position(self) -> float:
        """Where its encoder says it is, as a user position; without encoder, `position`."""
        if self.encoder is None:
            return self.position
        with self._lock:
            here, measured = self.dial, self._ask(self.encoder.read)
            return self.dial2user(here + self._apart(here, measured))

    @property
    def state(self) -> AxisState:
        """What it is doing: some of READY, MOVING, LIMPOS, LIMNEG, HOME, FAULT, OFF, DISABLED and the driver's own."""
        with self._lock:
            try:  # as `_ask`, without a call: a scan asks at each point for the state twice, and for the position
                state = self._driver.state()
            except ObturaError:
                raise
            except Exception as error:
                raise self._failure(error) from error
            move = self._move
            if move is not None and move.then is not None and not state.moving:
                return self._second_leg(move, state)
            return state

    @property
    def is_moving(self) -> bool:
        """Whether it moves."""
        return self.state.moving

    # -- what it accepts ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when it can't set off now: it has a fault, is off, or moves. Touch nothing."""
        state = self.state
        if state.ready:
            return
        if state.moving:
            raise DeviceBusyError(f"{self.name} is moving: wait until it is there (wait_move) or stop it")
        remedy = {"OFF": f"; {self.name}.on() switches it on", "DISABLED": f"; {self.name}.enable() ends that"}
        more = next((words for name, words in remedy.items() if name in state), "")
        raise DeviceError(f"{self.name} can't be moved: {state.names}{more}")

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target`, or the way there with backlash, is outside the limits. Touch nothing.

        Raises:
            UsageError: it is no position.
            DeviceError: devices are only asked here, see `obtura.contracts.looking`.
        """
        check_may_be_told(self.name, "move")
        low, high = self._limits
        if type(target) is not float or not low <= target <= high or not math.isfinite(target):
            target = self._position(target)  # the common case needs no words
        if self._backlash:
            self._check_backlash(target, self.set_position)

    def check_path(self, targets: npt.ArrayLike) -> None:
        """Raise what `check_target` raises when it can't go to these targets one after another; touch nothing."""
        check_may_be_told(self.name, "move")
        path = np.array(targets, dtype=float)
        if not path.size:
            return
        for odd in path[~np.isfinite(path)]:
            self._position(float(odd))
        for end in (path.min(), path.max()):
            self._position(float(end))
        if self._backlash:
            origins = np.concatenate([[self.set_position], path[:-1]])
            turns = np.flatnonzero((path - origins) * self._backlash < 0)
            for turn in {int(turns[path[turns].argmin()]), int(turns[path[turns].argmax()])} if turns.size else ():
                self._check_backlash(float(path[turn]), float(origins[turn]))

    def _position(self, target: float) -> float:
        """The target as a number within limits."""
        value = number(f"{self.name}: position", target)
        if math.isinf(value):
            raise UsageError(f"{self.name}: position must be finite, got {value}")
        self._within(value, self._shown(value))
        return value

    def _within(self, value: float, words: str) -> None:
        low, high = self._limits
        grain = 1e-12 * (abs(self._offset) + abs(value))  # what a limit may lose on its way through the offset
        if low - grain <= value <= high + grain:
            return
        side, limit = ("high", high) if value > high else ("low", low)
        raise LimitError(f"{self.name}: move to {words} would exceed {side} limit ({self._shown(limit)})")

    def _check_backlash(self, target: float, origin: float) -> None:
        if self._way(origin, target) * self._backlash < 0:
            beyond = self._shown(abs(self._backlash))
            self._within(target - self._backlash, f"{self._shown(target)}, and {beyond} beyond for backlash,")

    @property
    def tolerance(self) -> float:
        """How far from its target a move may end, in `unit`."""
        return self._tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        self._tolerance = positive(f"{self.name}: tolerance", tolerance)

    @property
    def set_position(self) -> float:
        """Where it was last sent; where it is, if it is not there. The base of relative moves."""
        move, here = self._move, self.position
        if move is None or math.isnan(move.target) or move.stopped:
            return here
        return move.target if self._near(here, move.target) or self.is_moving else here

    # -- who wants to know --------------------------------------------------------------------------------

    def _tell_departure(self) -> None:
        self._listeners.tell("move_done", False)
        self._listeners.tell("state", self.state)

    def _tell_position(self) -> None:
        if "position" in self._listeners or "dial" in self._listeners:
            dial = float(self._ask(self._driver.position))
            self._listeners.tell("dial", dial)
            self._listeners.tell("position", self.dial2user(dial))

    def _tell_arrival(self, state: AxisState) -> None:
        self._tell_position()
        self._listeners.tell("state", state)
        self._listeners.tell("move_done", True)

    # -- inside -------------------------------------------------------------------------------------------

    def _second_leg(self, move: Underway, state: AxisState) -> AxisState:
        """The first leg of a move with backlash has ended: go on, unless it was stopped or has failed."""
        then, move.then = move.then, None
        if then is None or move.stopped or not state.ready:
            return state
        dial, turn = then
        if not self._near(self._ask(self._driver.position), turn):
            return state
        self._ask(self._driver.start_move, dial, self._velocity, self._acceleration)
        if move.stopped:
            self._ask(self._driver.stop)
        return self._ask(self._driver.state)

    def _must_rest(self, before: str) -> None:
        if self.is_moving:
            raise DeviceBusyError(f"{self.name} is moving: it must be at rest before {before}")

    def _set(self, key: str, value: Any) -> None:
        if key in ("offset", "sign") and self._move is not None:  # its target was told in the old positions
            self._must_rest(f"its {key} can be set")
            self._move = None
        super()._set(key, value)
        if key in ("offset", "sign") and "position" in self._listeners:
            self._listeners.tell("position", self.position)

    def _near(self, position: float, target: float) -> bool:
        """Whether a position is where the target is."""
        return abs(self._apart(position, target)) <= self._tolerance + self._rounding

    def _apart(self, position: float, target: float) -> float:
        """How far off the target is, with sign, whole turns left out."""
        return target - position if self.modulo is None else math.remainder(target - position, self.modulo)

    def _way(self, position: float, target: float) -> float:
        """How far it goes to the target, with sign; the short way round if nothing is in the way."""
        return self._apart(position, target) if self._turns else target - position

    @property
    def _turns(self) -> bool:
        """Whether it can go round and round: its limits leave a whole turn free."""
        low, high = self._limits
        return self.modulo is not None and high - low >= self.modulo

    def _ask(self, function: Callable[[*A], R], *args: *A) -> R:
        try:
            return function(*args)
        except ObturaError:
            raise
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> DeviceError:
        return DeviceError(f"{self.name}: {one_line(error)}")

    def _ask_for(self, function: Callable[[*A], R], *args: *A) -> R:
        """As `_ask`, for what not every controller can do."""
        try:
            return self._ask(function, *args)
        except DeviceError as error:
            if isinstance(error.__cause__, NotImplementedError):
                raise UsageError(f"{self.name}: {error.__cause__}") from None
            raise

    def _shown(self, value: float) -> str:
        return quantity(value, self.unit)
