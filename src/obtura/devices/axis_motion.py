"""How an axis moves: it sets off, is waited for, arrives or not, is stopped from anywhere."""

import logging
import math

from obtura.contracts.claims import check_free
from obtura.contracts.jogs import jogs_no_more, jogs_on
from obtura.contracts.looking import check_may_be_told
from obtura.contracts.motion import Move
from obtura.contracts.together import Trip, move_together, settle
from obtura.devices.arguments import number
from obtura.devices.axis_place import AxisPlace, Underway
from obtura.devices.axis_state import AxisState
from obtura.devices.encoder import Encoder
from obtura.devices.trapezoid import trapezoid
from obtura.ground.errors import DeviceError, LimitError, ObturaError, UsageError, annotate, one_line
from obtura.works.clock import clock
from obtura.works.ending import ending_in_order

__all__ = ["AxisMotion"]

log = logging.getLogger(__name__)

LOOK = 0.1
"""Seconds between two looks at the position of a moving axis when somebody wants to know it."""


class AxisMotion(AxisPlace):
    """An axis that moves."""

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s."""
        start = self.position
        end = start + self._way(start, number(f"{self.name}: position", target))
        if (end - start) * self._backlash < 0:
            turn = end - self._backlash
            return self._duration(start, turn) + self._duration(turn, end)
        return self._duration(start, end)

    def _duration(self, start: float, end: float) -> float:
        return trapezoid(start, end, self._velocity, self._acceleration).duration

    # -- motion -------------------------------------------------------------------------------------------

    @ending_in_order()
    def move(self, target: float, wait: bool = True, relative: bool = False) -> None:
        """Go to `target`, or with `relative` that much further; with `wait`, return when there, else at once.

        Ctrl-C, or anything else that ends the wait, stops the axis first.

        Raises:
            LimitError, UsageError: `target` can't be gone to; nothing moved.
            DeviceError: it moves already, has a fault, or did not get there.
        """
        check_free((self,))
        if relative:
            target = self.set_position + number(f"{self.name}: step", target)
        self.check_target(target)
        if self.motion_hooks or self.joint is not None:
            self._travel(float(target), wait)
            return
        settle((self,))
        move = Underway(float(target))
        try:
            is_there = self._set_off(move)
            if wait:
                if not is_there:
                    self._arrive(move)
            elif self._careful:
                self._followed(Trip((self,)))
        except BaseException as error:
            if self._move is move:  # else it was refused, and whatever moves is not ours to stop
                self._stop_after(error)
            raise

    def rmove(self, delta: float, wait: bool = True) -> None:
        """Go `delta` further from `set_position`; the rest as `move`."""
        self.move(delta, wait, relative=True)

    def begin(self, target: float, way: float | None = None) -> bool:
        """As `move` without `wait`, for who moves several axes: no hook is called, nobody follows. Go on to wait.

        `way`: a round axis goes so far, with sign, instead of the short way. Returns whether it was seen to be there
        already: nobody need wait for it now.
        """
        self.check_target(target)
        move = Underway(float(target), way)
        try:
            return self._set_off(move)
        except BaseException as error:
            if self._move is move:
                self._stop_after(error)
            raise

    def wait_move(self) -> None:
        """Return when at rest, and every hook was called; Ctrl-C stops the axis.

        Raises:
            DeviceError: it is not where it was sent.
        """
        move, trip = self._move, self._trip
        try:
            if move is None:
                self._rest()
            else:
                self._arrive(move)
        except BaseException as error:
            self._stop_after(error)
            raise
        if trip is not None:
            trip.join()

    def stop(self, wait: bool = True) -> None:
        """Come to rest, from any thread; returns at rest. A move that waits elsewhere ends with an error.

        Raises:
            DeviceError: nobody knows whether it is at rest: its controller does not say. It was told to stop.
        """
        move = self._move
        if move is not None:
            move.stopped = True
        if (move is None or move.started) and self._says_ready():
            return
        check_may_be_told(self.name, "stop")
        self._ask(self._driver.stop)
        jogs_no_more(self)
        if move is not None:
            move.halt()
        if wait:
            self._rest()

    def _says_ready(self) -> bool:
        try:
            return self.state.ready
        except ObturaError as error:  # then it may well move
            log.debug("%s", one_line(error))
            return False

    @property
    def was_stopped(self) -> bool:
        """Whether its last move was told to stop, also when it got there all the same."""
        return self._move is not None and self._move.stopped

    def halt(self) -> None:
        """As `stop`, but return at once."""
        self.stop(wait=False)

    # -- other kinds of motion ----------------------------------------------------------------------------

    def jog(self, velocity: float) -> None:
        """Move with `velocity` (unit/s, its sign is the direction) until `stop()`, or the limit; return at once.

        While it jogs, the velocity may be changed by another call; 0 stops it.

        Raises:
            LimitError: it is at the limit in that direction, or may not move that fast.
            UsageError: there is no limit in that direction, and its controller can't jog.
        """
        speed = number(f"{self.name}: velocity", velocity)
        if self._jogs():
            self.stop()
        if speed == 0:
            return
        self._checked("velocity", abs(speed))
        end, here = self._limits[speed > 0], self.position
        if (end - here) * speed <= 0 and not self._turns:
            side = "high" if speed > 0 else "low"
            raise LimitError(f"{self.name} can't jog further: it is at {self._shown(here)}, its {side} limit")
        self._search(Underway(math.nan, kind="jog", speed=speed), wait=False)

    @property
    def jog_velocity(self) -> float:
        """The velocity with which it jogs, in unit/s with sign; 0 when it does not. Setting it is to jog."""
        move = self._move
        return move.speed if move is not None and self._jogs() else 0.0

    @jog_velocity.setter
    def jog_velocity(self, velocity: float) -> None:
        self.jog(velocity)

    def _jogs(self) -> bool:
        return self._move is not None and self._move.kind == "jog" and self.is_moving

    def home(self, switch: int = 1, wait: bool = True) -> None:
        """Search the home switch in the direction 1 or -1 of the dial; set `dial` and `position` afterwards.

        Raises:
            UsageError: its controller can't do that.
            DeviceError: it can't move, has a fault, or was stopped.
        """
        self._search(Underway(math.nan, kind="home", speed=_side(f"{self.name}: switch", switch)), wait)

    def hw_limit(self, side: int, wait: bool = True) -> None:
        """Go to the limit switch at the high (1) or low (-1) end of the dial; limits of the axis don't count.

        Raises:
            UsageError: its controller can't do that.
            DeviceError: it can't move, has a fault, or was stopped.
        """
        self._search(Underway(math.nan, kind="limit", speed=_side(f"{self.name}: side", side)), wait)

    def look(self) -> bool:
        """Whether it moves; who listens hears where it is."""
        moving = self.is_moving
        if moving and self._listeners:
            self._tell_position()
        return moving

    def look_again_after(self) -> float:
        """Seconds to wait before it is worth asking again whether it moves."""
        return self._driver.look_again_after()

    # -- inside -------------------------------------------------------------------------------------------

    def _travel(self, target: float, wait: bool) -> None:
        """Move with hooks around."""
        self.check()
        if wait:
            move_together((self,), (target,))
            return
        trip = Trip((self,))
        try:
            trip.begin((target,))
        except BaseException as error:
            trip.abandon(error)
            raise
        self._followed(trip)

    @ending_in_order()
    def _search(self, move: Underway, wait: bool) -> None:
        check_free((self,))
        check_may_be_told(self.name, move.kind)
        self.check()
        settle((self,))
        trip = Trip((self,))
        try:
            for hook in self.motion_hooks:
                trip.enter(hook, [Move(self, self.position, math.nan, move.kind)])
            self._set_off(move)
            if wait:
                self.wait_move()
        except BaseException as error:
            trip.abandon(error)
            raise
        if wait:
            trip.leave()
        elif self.motion_hooks or self._careful:
            self._followed(trip)

    def _start(self, move: Underway) -> None:
        """Have the controller begin what has no target."""
        dial_speed = move.speed * self._sign
        if move.kind == "jog":
            jogs_on(self)
        if self._careful:
            self._keep("dial", {"from": self.dial, "to": None})
        if move.kind == "home":
            self._ask_for(self._driver.start_home, int(move.speed), self._velocity, self._acceleration)
        elif move.kind == "limit":
            self._ask_for(self._driver.start_limit, int(move.speed), self._velocity, self._acceleration)
        elif math.isfinite(end := self.dial_limits[dial_speed > 0]) and not self._turns:
            self._ask(self._driver.start_move, end, abs(dial_speed), self._acceleration)
        else:
            self._ask_for(self._driver.start_jog, dial_speed, self._acceleration)

    def _followed(self, trip: Trip) -> None:
        trip.follow()
        self._trip = trip

    def _set_off(self, move: Underway) -> bool:
        """Have the controller begin a move that `check_target` has let pass, or `_search`.

        Returns whether it was seen to be there already: a motor in memory is looked at in the same go.
        """
        with self._lock:
            self.check()
            before = self._move
            self.__dict__["_move"] = move  # at each point of a scan: nothing to look at the spelling of
            if self._trip is not None:
                self._trip = None
            dial = (move.target - self._offset) * self._sign
            again = before is not None and before.target == move.target and not before.stopped and not move.way
            if again and self._stands_at(dial):
                move.started = True
                return self._at_once and self.encoder is None
            is_there = False
            if move.kind != "move":
                self._start(move)
            elif self._at_once and move.way is None:
                is_there = self._leap(move.target, dial)
            else:
                self._go(move, dial)
            move.started = True
        if move.stopped:  # stop() came meanwhile, and the driver may have taken it for a stop at rest
            self._ask(self._driver.stop)
        if self._careful and self._listeners:
            self._tell_departure()
        return is_there

    def _leap(self, target: float, dial: float) -> bool:
        """Have a motor in memory set off to `dial`, and look at once whether it is there and could set off again."""
        driver = self._driver
        try:  # as `_ask`, without a call for each
            driver.start_move(dial, self._velocity, self._acceleration)
            if self.encoder is not None or not driver.state().ready:
                return False
            position = self._sign * float(driver.position()) + self._offset
        except ObturaError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        return abs(position - target) <= self._tolerance + self._rounding

    def _go(self, move: Underway, dial: float) -> None:
        """Have the controller set off to `dial`, or to where it turns round before."""
        first = self._prepared(move, dial) if self._careful else dial
        if move.way is None or self._circle is None:
            self._ask(self._driver.start_move, first, self._velocity, self._acceleration)
        else:
            way = move.way * self._sign + first - dial
            self._ask(self._circle.start_turn, way, self._velocity, self._acceleration)

    def _stands_at(self, dial: float) -> bool:
        return abs(self._apart(self._ask(self._driver.position), dial)) <= self._half_step

    def _prepared(self, move: Underway, dial: float) -> float:
        """Where to go first; what has to be known if nobody lives to see the end is kept."""
        origin, first = float(self._ask(self._driver.position)), dial
        way = self._way(origin, dial) if move.way is None else move.way * self._sign
        if way * self._sign * self._backlash < 0:
            first = dial - self._sign * self._backlash
            move.then = dial, first
        self._keep("dial", {"from": origin, "to": dial})
        return first

    def _rest(self, awaited: Underway | None = None) -> AxisState:
        while (state := self.state).moving:
            halted = None if awaited is None else awaited.halted
            pause = self._driver.look_again_after()
            if self._listeners:
                pause = min(pause, LOOK)
                self._tell_position()
            clock.wait(halted, pause)
        move = self._move
        if self._careful and move is not None and not move.finished:
            if self.joint is None:
                self._keep("dial", None if self._driver.keeps_position else float(self._ask(self._driver.position)))
            move.finished = True
            if self._listeners:
                self._tell_arrival(state)
        return state

    def _arrive(self, move: Underway) -> None:
        state, position = self._rest(move), self.position
        if state.ready and abs(position - move.target) <= self._tolerance + self._rounding:
            if self.encoder is not None:
                self._check_encoder(self.encoder, move)
            return
        fault = "FAULT" in state
        searched = move.kind == "jog" or (move.kind != "move" and not move.stopped)
        if not fault and (searched or self._near(position, move.target)):
            return
        here, there = self._shown(position), self._shown(move.target)
        what = f"the move to {there}" if move.kind == "move" else f"the {move.kind} search"
        if fault:
            raise DeviceError(f"{self.name}: {what} failed at {here}: {state.names}")
        if move.stopped:
            raise DeviceError(f"{self.name}: {what} was stopped at {here}")
        raise DeviceError(
            f"{self.name}: {what} ended at {here}, further off than the tolerance "
            f"of {self._shown(self._tolerance)}" + (f" ({state.names})" if state != AxisState("READY") else "")
        )

    def _check_encoder(self, encoder: Encoder, move: Underway) -> None:
        measured, wanted = self._ask(encoder.read), (move.target - self._offset) * self._sign
        off = abs(self._apart(measured, wanted)) if math.isfinite(measured) else math.inf
        if move.kind == "move" and off > encoder.tolerance:
            raise DeviceError(
                f"{self.name}: after the move to {self._shown(move.target)} its encoder {encoder.name} reads "
                f"{self._shown(self.dial2user(measured))}, further off than its tolerance "
                f"of {self._shown(encoder.tolerance)}"
            )

    def _stop_after(self, error: BaseException) -> None:
        try:
            self.stop()
        except Exception as later:  # noqa: BLE001 - the error that ended the move is the one to raise
            annotate(error, f"then {self.name} could not be stopped: {one_line(later)}")


def _side(what: str, value: int) -> int:
    if value not in (1, -1) or isinstance(value, bool):
        raise UsageError(f"{what} must be 1 or -1, got {value!r}")
    return value
