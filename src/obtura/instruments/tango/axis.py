"""A Tango device as an axis."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

from obtura.contracts.looking import check_may_be_told
from obtura.contracts.motion import MotionHook
from obtura.contracts.twins import Twin
from obtura.devices.axis import Axis
from obtura.devices.axis_written import wrong_with_axis
from obtura.ground.errors import DeviceError
from obtura.ground.ranges import NotNegative, Positive, Sign
from obtura.instruments.tango.device import OfDevice, TangoDevice
from obtura.instruments.tango.motor import Manner, Motor
from obtura.instruments.tango.states import AXIS, states_of, wrong_states
from obtura.instruments.tango.values import bound_of, unit_in

__all__ = ["TangoAxis"]


class TangoAxis(OfDevice, Axis):
    """An axis that goes where an attribute of a device is written to, and moves as long as its State is MOVING.

    `attribute`: where it is, and where it is to go, unless another attribute, `setpoint`, says that. `stop`: the
    command that ends a move, null where there is none: then it is sent to where it is. `velocity_attribute`: written
    before a move when the velocity was set; it also tells how long a move takes.

    Unit, limits and velocity are the device's (its attribute's configuration) where they are not given here. Limits are
    dial positions.

    `states`: what a state means, READY, MOVING, OFF, FAULT or ALARM (it can move, and something is wrong), where that
    is not as usual: `{RUNNING: READY}`. For `lag` s after the order, a state of rest is not believed of an axis that
    is not there; `poll`: s between two looks while it moves; `monitor`: its state is told by events. All else is as
    for `Axis`.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "axis"

    def __init__(
        self,
        name: str,
        device: TangoDevice,
        attribute: str = "Position",
        setpoint: str | None = None,
        stop: str | None = "Stop",
        velocity_attribute: str | None = None,
        states: Mapping[str, str] | None = None,
        monitor: bool = False,
        lag: NotNegative = 0.5,
        poll: Positive = 0.02,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        tolerance: Positive = 1e-3,
        velocity: Positive = math.inf,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float = 0.0,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.device = device
        meanings = states_of(AXIS, states or {}, str)
        self._manner = Manner(attribute, setpoint or attribute, stop, velocity_attribute, meanings, lag, poll)
        watch = device.monitor("State") if monitor else None
        self._motor = Motor(name, device, self._manner, lambda: self.tolerance, watch)
        self._adopted = 0
        free = limits is None and low_limit is None and high_limit is None
        self._adopts = {"limits": free, "velocity": velocity_attribute is not None and math.isinf(velocity)}
        super().__init__(
            name,
            self._motor,
            unit,
            limits,
            velocity,
            math.inf,
            tolerance,
            low_limit,
            high_limit,
            sign=sign,
            offset=offset,
            backlash=backlash,
            motion_hooks=motion_hooks,
        )

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_with_axis(given)
        for problem in wrong_states(AXIS, given.get("states") or {}):
            yield "states", problem

    # -- what the device knows of itself ------------------------------------------------------------------------

    @property
    def unit(self) -> str | None:
        """The unit given, or the attribute's; None when it has none, or its device is not connected."""
        if self._unit is None:
            self._adopt_if_there()
        return self._unit or self._devices_unit

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    _unit: str | None = None
    _devices_unit: str | None = None

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest user position allowed; -inf, inf for none, or while its device was never there."""
        self._adopt_if_there()
        return self._limits

    @limits.setter
    def limits(self, limits: tuple[float, float]) -> None:
        Axis.limits.fset(self, limits)  # type: ignore[attr-defined]

    def _adopt_if_there(self) -> None:
        link = self.device.link
        if not (link.is_connected or link.is_new):
            return
        try:
            self._adopt()
        except DeviceError:  # whoever wants to move it is told
            return

    def _adopt(self) -> None:
        """Take over unit, limits and velocity of the device, where nobody has said otherwise; once per connection."""
        link = self.device.link
        if link.is_connected and self._adopted == link.wire.restarts:
            return
        config = link.config(self.name, self._manner.setpoint)
        if self._manner.stop is not None:  # what could not be stopped is not moved
            link.check_command(self.name, self._manner.stop)
        self._devices_unit = unit_in(config)
        adopted: dict[str, Any] = {}
        if self._adopts["limits"]:
            low, high = bound_of(config.min_value), bound_of(config.max_value)
            adopted["limits"] = [-math.inf if low is None else low, math.inf if high is None else high]
        if self._manner.velocity is not None:
            self._motor.velocity = velocity = self._motor.number(self._manner.velocity)
            if self._adopts["velocity"] and velocity > 0:
                adopted["velocity"] = velocity
        for key, value in adopted.items():
            if self._now[key] == self._config[key]:
                self._now[key] = value
            self._config[key] = value
        self._take_over()
        self._adopted = link.wire.restarts

    # -- what it accepts ----------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, has a fault, no position, or moves. Touch nothing."""
        self._adopt()
        super().check()
        if not math.isfinite(here := self._ask(self._driver.position)):
            link = self.device.link
            raise DeviceError(f"{self.name}: {link.address} {self._manner.attribute} is {here:g}, which is no place")

    def check_target(self, target: float) -> None:
        """Raise what `Axis` raises; and `DeviceError` when devices are only asked. Touch nothing."""
        self._adopt()
        super().check_target(target)
        check_may_be_told(self.name, "move")

    def check_path(self, targets: npt.ArrayLike) -> None:
        """As `check_target`, of many."""
        self._adopt()
        super().check_path(targets)
        check_may_be_told(self.name, "move")

    def __info__(self) -> str:
        """Where it is and what it does, and how its device is connected."""
        return f"{super().__info__()}\n  {self.connection}"
