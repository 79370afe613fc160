"""What can be set on an axis, and outlives the session: offset, sign, limits, velocity and so on.

    user position = sign * dial position + offset

The dial position is the controller's own. What was set prevails over the configuration until `apply_config()`; what
is as configured is not kept, so that a later change of the configuration holds.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from obtura.contracts.settings import OnSetting, Setting
from obtura.devices.arguments import choice, number, positive, quantity
from obtura.devices.kept import Kept
from obtura.devices.listeners import Callback, Listeners
from obtura.ground.errors import LimitError, UsageError
from obtura.ground.spelling import Spelled

__all__ = ["AxisSettings", "Positions"]

Positions: TypeAlias = npt.NDArray[np.float64]
"""User or dial positions, of any shape."""

EVENTS = ("position", "dial", "state", "move_done")


class AxisSettings(Kept, Spelled):
    """The settings of an axis. `limits` are dial limits, `velocity_limits` what the velocity may be set to."""

    def __init__(
        self,
        name: str,
        unit: str | None,
        limits: tuple[float, float],
        velocity: float,
        acceleration: float,
        sign: int,
        offset: float,
        backlash: float,
        velocity_limits: tuple[float, float],
    ) -> None:
        self.name = name
        self.unit = unit
        self._velocity_limits = velocity_limits
        given = {"limits": limits, "velocity": velocity, "acceleration": acceleration, "sign": sign}
        given |= {"offset": offset, "backlash": backlash, "disabled": False}
        self._config: dict[str, Setting] = {}
        self._now: dict[str, Any] = {}
        for key, value in given.items():
            self._config[key] = self._now[key] = self._checked(key, value)
        self._listeners = Listeners(name, (*EVENTS, *given))
        self._notices: list[str] = []
        self._take_over()

    def _take_over(self) -> None:
        """Have what is needed with each move at hand; called after every change."""
        now = self._now
        self._offset, self._sign = float(now["offset"]), int(now["sign"])
        self._velocity, self._acceleration = float(now["velocity"]), float(now["acceleration"])
        self._backlash = float(now["backlash"])
        low, high = sorted(self._sign * limit + self._offset for limit in now["limits"])
        self._limits: tuple[float, float] = (low, high)
        self._careful = bool(self._backlash or self._listeners or self._on_setting is not None)

    # -- user and dial ------------------------------------------------------------------------------------

    @overload
    def dial2user(self, dial: float) -> float: ...
    @overload
    def dial2user(self, dial: Positions) -> Positions: ...

    def dial2user(self, dial: float | Positions) -> float | Positions:
        """A dial position, or an array of them, as user positions."""
        return self._sign * dial + self._offset

    @overload
    def user2dial(self, user: float) -> float: ...
    @overload
    def user2dial(self, user: Positions) -> Positions: ...

    def user2dial(self, user: float | Positions) -> float | Positions:
        """A user position, or an array of them, as dial positions."""
        return (user - self._offset) * self._sign

    @property
    def offset(self) -> float:
        """What is added to sign * dial position to give the user position."""
        return self._offset

    @offset.setter
    def offset(self, offset: float) -> None:
        self._set("offset", offset)

    @property
    def sign(self) -> int:
        """1, or -1 when the user position grows where the dial position falls."""
        return self._sign

    @sign.setter
    def sign(self, sign: int) -> None:
        self._set("sign", sign)

    # -- limits -------------------------------------------------------------------------------------------

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest user position allowed; -inf, inf for none."""
        return self._limits

    @limits.setter
    def limits(self, limits: tuple[float, float]) -> None:
        low, high = self._checked("limits", limits)
        self._set("limits", sorted((self.user2dial(low), self.user2dial(high))))
        self._limits = low, high  # to the last digit, which the way there and back may have changed

    @property
    def low_limit(self) -> float:
        """The lowest user position allowed."""
        return self._limits[0]

    @low_limit.setter
    def low_limit(self, limit: float) -> None:
        self.limits = limit, self._limits[1]

    @property
    def high_limit(self) -> float:
        """The highest user position allowed."""
        return self._limits[1]

    @high_limit.setter
    def high_limit(self, limit: float) -> None:
        self.limits = self._limits[0], limit

    @property
    def dial_limits(self) -> tuple[float, float]:
        """The lowest and highest dial position allowed; setting the offset or the sign leaves them as they are."""
        low, high = self._now["limits"]
        return low, high

    @dial_limits.setter
    def dial_limits(self, limits: tuple[float, float]) -> None:
        self._set("limits", limits)

    # -- how it moves -------------------------------------------------------------------------------------

    @property
    def velocity(self) -> float:
        """How fast the next move is at most, in unit/s."""
        return self._velocity

    @velocity.setter
    def velocity(self, velocity: float) -> None:
        self._set("velocity", velocity)

    def use_velocity(self, velocity: float | None) -> None:
        """Move at another velocity from now on, which no session keeps; None: at the one that was set.

        Raises:
            LimitError: it is outside of `velocity_limits`.
        """
        wanted = self._now["velocity"] if velocity is None else self._checked("velocity", velocity)
        self._velocity = float(wanted)

    @property
    def velocity_limits(self) -> tuple[float, float]:
        """What the velocity may be set to, in unit/s."""
        return self._velocity_limits

    @property
    def acceleration(self) -> float:
        """How fast the next move speeds up and slows down, in unit/s^2."""
        return self._acceleration

    @acceleration.setter
    def acceleration(self, acceleration: float) -> None:
        self._set("acceleration", acceleration)

    @property
    def acctime(self) -> float:
        """How long it takes to speed up, in s: velocity / acceleration; setting it sets the acceleration."""
        return 0.0 if math.isinf(self._acceleration) else self._velocity / self._acceleration

    @acctime.setter
    def acctime(self, seconds: float) -> None:
        self.acceleration = self._velocity / positive(f"{self.name}: acctime", seconds)

    @property
    def backlash(self) -> float:
        """In `unit`, 0 for none: it arrives at its target in the direction that this number's sign says.

        A move in the other direction first goes this far beyond its target, then back.
        """
        return self._backlash

    @backlash.setter
    def backlash(self, backlash: float) -> None:
        self._set("backlash", backlash)

    # -- events -------------------------------------------------------------------------------------------

    def on_event(self, event: str, callback: Callback) -> None:
        """Call `callback(value)` with each new value, on the thread that saw it. One that raises is logged.

        `event`: position (user), dial, state, move_done (False when it sets off, True when it is at rest), or a
        setting: offset, sign, limits, velocity, acceleration, backlash, disabled.

        Raises:
            UsageError: there is no such event.
        """
        self._listeners.add(event, callback)
        self._take_over()

    def off_event(self, event: str, callback: Callback) -> None:
        """Call it no more; nothing happens when it is not there."""
        self._listeners.remove(event, callback)
        self._take_over()

    # -- settings that outlive a session -------------------------------------------------------------------

    @property
    def config(self) -> Mapping[str, Setting]:
        """What was configured; `limits` are dial limits."""
        return dict(self._config)

    def settings(self) -> Mapping[str, Setting]:
        """What is not as configured; asks no hardware. `limits` are dial limits."""
        return {key: value for key, value in self._now.items() if value != self._config[key]}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept; `notices()` then says what that changed.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """
        taken: dict[str, Any] = {}
        notices: list[str] = []
        for key in self._config:
            if (value := settings.get(key)) is None:
                continue
            try:
                taken[key] = self._checked(key, value)
            except LimitError as error:  # the configuration allows less than it did
                notices.append(f"{error}: it is {quantity(self._now[key])}, as configured")
        self._now.update(taken)
        self._notices += notices
        self._take_over()

    def notices(self) -> list[str]:
        """What `restore` found that a user should know, a line each: what could not be as it was."""
        return list(self._notices)

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on, None as the value of what is as configured; None: nobody."""
        super().on_setting(listener)
        self._take_over()

    def apply_config(self, *keys: str) -> None:
        """Return to the configuration: velocity, acceleration, limits and backlash, or just `keys`.

        Offset and sign are results of work done; name them if they are to go too.

        Raises:
            UsageError: there is no such setting; nothing was changed.
        """
        known = [key for key in self._config if key != "disabled"]
        wanted = [choice(f"{self.name}: setting", key, known) for key in keys]
        for key in wanted or ("velocity", "acceleration", "limits", "backlash"):
            self._set(key, self._config[key])

    # -- inside -------------------------------------------------------------------------------------------

    def _set(self, key: str, value: Any) -> None:
        self._now[key] = value = self._checked(key, value)
        self._take_over()
        self._keep(key, None if value == self._config[key] else value)
        if self._listeners:
            self._listeners.tell(key, self._limits if key == "limits" else value)

    def _checked(self, key: str, value: Any) -> Any:
        """A setting as it is kept, or an error that names it."""
        what = f"{self.name}: {key}"
        if key == "limits":
            return list(_pair(self.name, value))
        if key == "disabled":
            return value if isinstance(value, str) else bool(value)
        if key == "sign":
            if value not in (1, -1) or isinstance(value, bool):
                raise UsageError(f"{what} must be 1 or -1, got {value!r}")
            return int(value)
        if key not in ("velocity", "acceleration"):
            result = number(what, value)
            if math.isinf(result):
                raise UsageError(f"{what} must be finite, got {quantity(result)}")
            return result
        result = positive(what, value)
        low, high = self._velocity_limits
        if key == "velocity" and not low <= result <= high:
            side, limit = ("high", high) if result > high else ("low", low)
            raise LimitError(f"{what} {quantity(result)} would exceed its {side} limit ({quantity(limit)})")
        return result


def _pair(name: str, limits: Any) -> tuple[float, float]:
    try:
        low, high = limits
    except (TypeError, ValueError):
        raise UsageError(f"{name}: limits must be (lowest, highest), got {limits!r}") from None
    low, high = number(f"{name}: low limit", low), number(f"{name}: high limit", high)
    if low > high:
        raise UsageError(f"{name}: low limit {quantity(low)} is above high limit {quantity(high)}")
    return low, high
