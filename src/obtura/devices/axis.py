"""An axis: something that has a position and can be moved."""

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from obtura.contracts.called import refuse_generators
from obtura.contracts.looking import check_may_be_told, is_looking
from obtura.contracts.motion import MotionHook
from obtura.contracts.settings import OnSetting, Setting
from obtura.devices.arguments import choice, number, positive, quantity
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_info import axis_info
from obtura.devices.axis_motion import AxisMotion
from obtura.devices.axis_stack import Circle, InUnits, ReadByEncoder, Refusing
from obtura.devices.axis_state import AxisState
from obtura.devices.axis_written import wrong_with_axis
from obtura.devices.encoder import Encoder
from obtura.ground.errors import DeviceError, UsageError, one_line
from obtura.ground.ranges import Positive, Sign
from obtura.ground.units import check_unit

__all__ = ["Axis"]

log = logging.getLogger(__name__)


class Axis(AxisMotion):
    """An axis of a motor controller, as users and scans see it.

    Positions are user positions, `sign` * dial + `offset`, in `unit`; velocity is in unit/s, acceleration in
    unit/s^2; infinite means at once. A move that ends further than `tolerance` from its target is an error.

    `limits`, or `low_limit` and `high_limit`: dial positions; `steps_per_unit`: for a driver that speaks steps;
    `backlash`: see there; `encoder`: compared after each move, and with `read_position="encoder"` it tells where
    the axis is; `modulo`: its dial goes round, from this back to 0, and moves take the short way, or the one within
    its limits where these leave no whole turn free;
    `motion_hooks`: called around each of its moves and scans.
    """

    yaml_check = staticmethod(wrong_with_axis)

    def __init__(
        self,
        name: str,
        driver: AxisDriver,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        velocity: Positive = 1.0,
        acceleration: Positive = 10.0,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        steps_per_unit: float = 1.0,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float = 0.0,
        velocity_low_limit: float = 0.0,
        velocity_high_limit: float = math.inf,
        encoder: Encoder | None = None,
        read_position: Literal["controller", "encoder"] = "controller",
        modulo: Positive | None = None,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.name = name
        check_unit(name, unit)
        self.unit = unit
        self.tolerance = tolerance
        if not isinstance(encoder, Encoder | None):
            raise UsageError(f"{name}: encoder must be an encoder, got {encoder!r}")
        self.encoder = encoder
        self.modulo = None if modulo is None else positive(f"{name}: modulo", modulo)
        self.motion_hooks = _hooks(name, motion_hooks)
        self.steps_per_unit = _steps(name, driver, steps_per_unit)
        self._half_step = 0.5 / abs(self.steps_per_unit) if driver.in_steps and driver.whole_steps else 0.0
        self._rounding = driver.rounding / abs(self.steps_per_unit) if driver.in_steps else 0.0
        self._by_encoder = choice(f"{name}: read_position", read_position, ("controller", "encoder")) == "encoder"
        self._usable = self._stack(driver)
        self.blocking = self._usable.blocking or (encoder is not None and encoder.blocking)
        self._lock = threading.RLock()
        self._unkept = False
        velocities = (
            number(f"{name}: velocity_low_limit", velocity_low_limit),
            number(f"{name}: velocity_high_limit", velocity_high_limit),
        )
        given = _both(name, limits, low_limit, high_limit)
        super().__init__(name, unit, given, velocity, acceleration, sign, offset, backlash, velocities)

    def _stack(self, driver: AxisDriver) -> AxisDriver:
        """The driver with everything around it that makes it speak dial positions."""
        if driver.in_steps:
            driver = InUnits(driver, self.steps_per_unit)
        if self._by_encoder:
            if self.encoder is None:
                raise UsageError(f"{self.name}: read_position is encoder, but it has no encoder")
            driver = ReadByEncoder(driver, self.encoder)
        if self.modulo is not None:
            driver = self._circle = Circle(driver, self.modulo, lambda: self.dial_limits)
        return driver

    def _take_over(self) -> None:
        super()._take_over()
        self._driver = self._usable
        self._at_once = not (self.blocking or self._careful)
        if why := self._now["disabled"]:
            reason = why if isinstance(why, str) else ""
            words = f" ({reason})" if reason else ""
            refusal = f"{self.name} is disabled{words}; {self.name}.enable() ends that"
            self._driver = Refusing(refusal, AxisState("DISABLED", reason=reason), self._usable)

    # -- the controller -----------------------------------------------------------------------------------

    def on(self) -> None:
        """Switch its power on.

        Raises:
            UsageError: its controller can't do that.
        """
        check_may_be_told(self.name, "on")
        self._call(self._driver.on)

    def off(self) -> None:
        """Switch its power off; nothing moves it until `on()`.

        Raises:
            UsageError: its controller can't do that.
            DeviceBusyError: it moves.
        """
        check_may_be_told(self.name, "off")
        self._must_rest("its power can be switched off")
        self._call(self._driver.off)

    def sync_hard(self) -> None:
        """Forget where it was sent and ask the controller: somebody else may have moved it."""
        self._move = None
        self._call(self._driver.sync)

    def _call(self, function: Callable[[], None]) -> None:
        with self._lock:
            self._ask_for(function)
        if self._listeners:
            self._tell_position()
            self._listeners.tell("state", self.state)

    # -- whether it may be used ---------------------------------------------------------------------------

    @property
    def disabled(self) -> bool:
        """Whether it refuses everything, because somebody said `disable()`."""
        return bool(self._now["disabled"])

    def disable(self, reason: str = "") -> None:
        """From now on, and in sessions to come, refuse everything and leave the controller alone, until `enable()`.

        `reason`: shown to whoever tries.

        Raises:
            DeviceBusyError: it moves.
        """
        try:
            self._must_rest("it can be disabled")
        except DeviceError as error:
            if self._answers():
                raise
            log.info("%s is disabled while it does not answer: %s", self.name, one_line(error))
        self._set("disabled", reason or True)

    def _answers(self) -> bool:
        try:
            return bool(self.state)
        except DeviceError as error:
            log.debug("%s", one_line(error))
            return False

    def enable(self) -> None:
        """End what `disable()` began."""
        self._set("disabled", False)

    # -- settings that outlive a session -------------------------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """What is not as configured, and `dial`: where an axis stands whose controller does not remember it.

        `limits` are dial limits. On its way, `dial` is a mapping with `from` and `to`.
        """
        kept = dict(super().settings())
        if not self._usable.keeps_position and not self.disabled:
            kept["dial"] = self.dial
        return kept

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept; `notices()` then says what that changed.

        An axis whose controller remembers nothing is put where it was. When the session ended during a move,
        that is its target, and `notices()` says so.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """
        kept = settings.get("dial")
        ends = [kept.get("from"), kept.get("to")] if isinstance(kept, dict) else [kept]
        numbers = [number(f"{self.name}: dial", end) for end in ends if end is not None]
        super().restore(settings)
        if self.disabled:
            why = f": {self._now['disabled']}" if isinstance(self._now["disabled"], str) else ""
            self._notices.append(f"{self.name} is disabled{why} ({self.name}.enable() ends that)")
        if not numbers or is_looking():  # then it is asked where it stands, and not told
            return
        if not self._usable.keeps_position:
            self._usable.set_position(numbers[-1])
        if isinstance(kept, dict):
            self._unkept = True
            self._notices.append(self._interrupted(numbers))

    def _interrupted(self, dials: Sequence[float]) -> str:
        way = " to ".join(self._shown(self.dial2user(dial)) for dial in dials)
        if self._usable.keeps_position:
            return f"{self.name}: the last session ended while it moved from {way}; look where it is"
        stands = self._shown(self.dial2user(dials[-1]))
        return f"{self.name}: the last session ended while it moved from {way}; it is taken to be at {stands}"

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on, None as the value of what is as configured; None: nobody."""
        super().on_setting(listener)
        if listener is not None and self._unkept:  # the move that was cut off is over
            self._unkept = False
            self._keep("dial", None if self._usable.keeps_position else self.dial)

    # -- for people ---------------------------------------------------------------------------------------

    def __info__(self) -> str:
        return axis_info(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _hooks(name: str, hooks: Sequence[MotionHook]) -> tuple[MotionHook, ...]:
    listed = list(hooks) if isinstance(hooks, Sequence) else [hooks]
    for hook in listed:
        if not isinstance(hook, MotionHook):
            raise UsageError(f"{name}: motion_hooks must be a list of MotionHook objects, got {hook!r}")
        refuse_generators(hook, ("init", "pre_move", "post_move", "pre_scan", "post_scan"), "post_move")
    return tuple(listed)


def _steps(name: str, driver: AxisDriver, steps_per_unit: float) -> float:
    steps = number(f"{name}: steps_per_unit", steps_per_unit)
    if steps == 0 or math.isinf(steps):
        raise UsageError(f"{name}: steps_per_unit must be finite and not 0, got {quantity(steps)}")
    if steps != 1 and not driver.in_steps:
        raise UsageError(f"{name}: its driver ({type(driver).__name__}) speaks units, so it has no steps_per_unit")
    return steps


def _both(name: str, limits: tuple[float, float] | None, low: float | None, high: float | None) -> tuple[float, float]:
    if limits is None:
        return (-math.inf if low is None else low, math.inf if high is None else high)
    if low is not None or high is not None:
        raise UsageError(f"{name}: give either limits, or low_limit and high_limit")
    return limits
