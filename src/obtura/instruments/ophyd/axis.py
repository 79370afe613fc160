"""An axis that is a Movable of bluesky."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bluesky.protocols import Movable, Stoppable

from obtura.devices.axis_written import wrong_with_axis
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.followed_axis import Asked, FollowedAxis
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.order import Order
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.position import Place
from obtura.instruments.ophyd.spoken import Spoken, find_partner, wrong_as_written
from obtura.works.clock import clock
from obtura.works.lanes import SLICE

__all__ = ["OphydAxis"]

POLL = 0.01

MOMENT = 2.0
"""Seconds for which an axis is told again and again to stop."""


class _Move(Asked):
    def __init__(self, target: float, order: Order) -> None:
        super().__init__(target)
        self.order = order


class OphydAxis(Spoken, FollowedAxis[_Move]):
    """An axis that is set as a Movable of ophyd or ophyd-async: a motor, a positioner, a signal.

    `ophyd`: a device that is made already, or its class, `ophyd:EpicsMotor`, which is called with `prefix`, `arguments`
    and its name; or else `device`, an `OphydDevice`. `part`: which part of it, dotted: `x` of a stage.

    A move has arrived when its Status says so and, with `tolerance`, when it is then no further from its target. One
    that comes no nearer for `patience` s is stopped and given up. Where they are not given, unit and limits are the
    device's. `timeout`: s that it has to be connected, and to answer.

    Raises:
        UsageError: what can't be, e.g. the device is no Movable.
    """

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        unit: str | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        tolerance: Positive | None = None,
        timeout: Positive = TIMEOUT,
        patience: NotNegative = 10.0,
    ) -> None:
        self.name = name
        self._partner = find_partner(name, ophyd, device, part, prefix, arguments, timeout)
        if not isinstance(self.ophyd_device, Movable):
            raise UsageError(
                f"{name}: a {type(self.ophyd_device).__name__} is no axis: it has no set(), as a Movable has"
            )
        self.tolerance = tolerance
        self.patience = patience
        self._unit = unit
        self._given_limits = (low_limit, high_limit)
        self._place = Place(self._partner)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)
        yield from wrong_with_axis(given)

    def __repr__(self) -> str:
        return f"OphydAxis({self.name!r})"

    @property
    def unit(self) -> str | None:
        """The unit given, or the device's; None when it has none or does not answer."""
        if self._unit is None:
            try:
                self._place.learn("unit")
            except DeviceError:  # whoever uses the axis is told; a unit is asked for in passing
                return None
        return self._unit or self._place.unit

    @property
    def position(self) -> float:
        """Where it is now."""
        return self._place.number("position")

    def _limits(self, operation: str) -> tuple[float, float]:
        low, high = self._given_limits
        below, above = (-math.inf, math.inf) if None not in (low, high) else self._place.limits(operation)
        return (below if low is None else float(low)), (above if high is None else float(high))

    def _moves(self, operation: str) -> bool:
        move = self._move
        return (move is not None and not move.order.done.is_set) or self._place.moves(operation)

    @property
    def progress(self) -> Mapping[str, Any]:
        """What the device told last of the present move: `current`, `initial`, `target`; empty without a move."""
        move = self._move
        return {} if move is None else dict(move.order.progress)

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected and has a position."""
        self._place.learn("")
        if not math.isfinite(here := self._place.number("")):
            raise self._partner.failure("", f"is at {here:g}, which is no place")

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target` can't be gone to; touch nothing."""
        super().check_target(target)
        self._place.check_value(float(target))

    @property
    def tells_time(self) -> bool:
        """Whether `estimate` is more than a limit: there is a velocity to tell."""
        return hasattr(self.ophyd_device, "velocity")

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s; `patience` when there is no velocity to tell."""
        distance = abs(target - self.position)
        if distance <= (self.tolerance or 0.0):
            return 0.0
        velocity = self._place.velocity("estimate")
        return distance / velocity if velocity > 0 else self.patience

    def __info__(self) -> str:
        """Its position, limits, and how it is connected."""
        try:
            low, high = self.limits
            where = f"{self.position:g} {self.unit or ''}".rstrip()
        except DeviceError as error:
            return f"axis {self.name}: {error}\n  {self.connection}"
        return f"axis {self.name}: {where}, limits {low:g} to {high:g}\n  {self.connection}"

    # -- inside -------------------------------------------------------------------------------------------

    @property
    def _bounds(self) -> str:
        return f"of the {self._partner.kind}"

    def _set_off(self, target: float) -> _Move:
        if self._moves("move"):
            raise self._busy()
        return _Move(target, self._partner.set("move", self.ophyd_device, target))

    def _follow(self, move: _Move) -> None:
        order, steps, nearest, since = move.order, -1, math.inf, clock.time()
        while not order.done.is_set:
            clock.wait(order.done, SLICE)
            if order.steps != steps:
                steps, since = order.steps, clock.time()
            elif clock.time() - since >= self.patience:  # it tells nothing: look where it is
                distance = abs(self._place.number("move") - move.target)
                if not distance < nearest:
                    raise self._stuck(move)
                nearest, since = distance, clock.time()
        if move.stopped.is_set:
            raise DeviceError(
                f"{self.name} was stopped at {self._place.number('move'):g} on its way to {move.target:g}"
            )
        self._partner.check("move", order)
        if self.tolerance is not None and abs((here := self.position) - move.target) > self.tolerance:
            told = f"says that it has arrived at {move.target:g} and is at {here:g} (tolerance {self.tolerance:g})"
            raise self._partner.failure("move", told)

    def _stuck(self, move: _Move) -> DeviceTimeoutError:
        what = (
            f"is at {self.position:g} and has come no nearer to {move.target:g} for {self.patience:g} s; "
            "it was told to stop"
        )
        return DeviceTimeoutError(str(self._partner.failure("move", what)))

    def _halt(self, move: _Move | None) -> None:
        device = self.ophyd_device
        if not isinstance(device, Stoppable):
            raise self._partner.failure("stop", "can't be stopped: it has no stop(), as a Stoppable has")
        if move is None:
            self._partner.halt("stop", device.stop)
        else:
            self._partner.end("stop", device.stop, move.order, min(MOMENT, self.patience))

    def _come_to_rest(self) -> None:
        limit = clock.time() + self.patience
        while self._moves("stop"):
            if clock.time() >= limit:
                what = f"is at {self.position:g} and still moves {self.patience:g} s after the stop"
                raise DeviceTimeoutError(str(self._partner.failure("stop", what)))
            clock.sleep(POLL)

    def _halt_after(self, move: _Move | None, error: BaseException) -> None:
        if move is None or not move.order.done.is_set:
            super()._halt_after(move, error)
