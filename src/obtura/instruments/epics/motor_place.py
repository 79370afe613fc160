"""Where a motor record is, what it does, and how it is set."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from obtura.devices.axis_state import AxisState
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.ground.ranges import NotNegative
from obtura.instruments.epics.link import TIMEOUT, InvalidError, Link
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.motor_words import FIELDS, Status
from obtura.instruments.epics.pvs import PVs
from obtura.works.clock import clock

__all__ = ["MotorPlace"]

FRESH = 1.0
"""Seconds for which limits and unit are believed: a scan looks at the limits for each of its points."""

CLOSEST = 1e-9
"""The least tolerance, in the axis' unit, for a record that has neither RDBD nor MRES."""


class MotorPlace(OfPVs):
    """A motor record that stands where it is. `_pvs`: its fields."""

    def __init__(self, name: str, pv: str, tolerance: NotNegative | None, timeout: NotNegative = TIMEOUT) -> None:
        for _, problem in self.yaml_check({"pv": pv}):
            raise UsageError(f"{name}: {problem}")
        self.name = name
        self.pv = pv
        self._tolerance = tolerance
        self._pvs = PVs(name, {field: f"{pv}.{field}" for field in FIELDS}, timeout)
        self._known_limits = (-FRESH, (0.0, 0.0))
        self._known_unit: tuple[float, str | None] = (-FRESH, None)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from OfPVs.yaml_check(given)
        record, _, field = given.get("pv", "").rpartition(".")
        if record and field in (*FIELDS, "VAL"):
            yield "pv", f"is the field {field} of a record; say the record alone, {record}"

    @property
    def links(self) -> Sequence[Link]:
        """Its fields."""
        return self._pvs.links

    # -- where it is, what it does --------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """Where it is now (RBV). Setting it moves nothing: it changes the record's offset (OFF)."""
        return self._pvs.number("position", "RBV")

    @position.setter
    def position(self, position: float) -> None:
        value = _finite(f"{self.name}: position", position)
        self._must_rest("position")
        here, offset = self._pvs.read("position", "RBV", "OFF")
        self._pvs.tell("position", OFF=offset + value - here)
        self._forget()

    @property
    def dial(self) -> float:
        """The dial position (DRBV). Setting it writes the controller's register, by the record's SET mode.

        The user position stays: the offset makes up for it.
        """
        return self._pvs.number("dial", "DRBV")

    @dial.setter
    def dial(self, dial: float) -> None:
        value = _finite(f"{self.name}: dial", dial)
        self._must_rest("dial")
        user = self.position
        try:
            self._pvs.tell("dial", SET="Set", DVAL=value)
        finally:  # whatever happened: in SET mode a move would be taken for a calibration
            self._pvs.tell("dial", SET="Use")
        here, offset = self._pvs.read("dial", "RBV", "OFF")
        self._pvs.tell("dial", OFF=offset + user - here)
        self._forget()

    @property
    def offset(self) -> float:
        """User position minus `sign` times dial position (OFF)."""
        return self._pvs.number("offset", "OFF")

    @offset.setter
    def offset(self, offset: float) -> None:
        value = _finite(f"{self.name}: offset", offset)
        self._must_rest("offset")
        self._pvs.tell("offset", OFF=value)
        self._forget()

    @property
    def sign(self) -> int:
        """1 or -1: whether the user position counts as the dial does (DIR)."""
        return -1 if self._pvs.number("sign", "DIR") else 1

    def dial2user(self, dial: float) -> float:
        """The user position of a dial position."""
        return self.sign * dial + self.offset

    def user2dial(self, user: float) -> float:
        """The dial position of a user position."""
        return (user - self.offset) * self.sign

    @property
    def tolerance(self) -> float:
        """How far from its target a move may end: the one given, or what the record says (RDBD, MRES)."""
        if self._tolerance is not None:
            return self._tolerance
        deadband, step = self._pvs.read("tolerance", "RDBD", "MRES")
        return max(deadband, abs(step), CLOSEST)

    @property
    def state(self) -> AxisState:
        """What it does, from DMOV, MSTA, SPMG, LVIO, MISS, the limit switches and SEVR.

        Among READY, MOVING, LIMPOS, LIMNEG, HOME, FAULT there may be STALLED, PROBLEM, COMM, HELD, LIMITVIOLATION,
        MISSED, SET, ALARM; each with a meaning in words.
        """
        try:
            states, why = self._status("state").states(self.pv)
        except InvalidError as error:  # the record has lost its motor, and with it all that it knows
            return AxisState("FAULT", reason=str(error))
        return AxisState(*states, reason=why)

    def _status(self, operation: str) -> Status:
        return Status(*self._pvs.read(operation, *Status._fields))

    def _must_rest(self, operation: str) -> None:
        if not self._status(operation).done:
            raise DeviceBusyError(f"{self.name} is moving: it must be at rest before its {operation} can be set")

    def _forget(self) -> None:
        self._known_limits = (-FRESH, (0.0, 0.0))

    # -- how it is set --------------------------------------------------------------------------------------

    @property
    def unit(self) -> str | None:
        """The record's engineering unit (EGU); None when it has none or is not connected."""
        since, unit = self._known_unit
        if clock.time() - since < FRESH:
            return unit
        if not self._pvs["EGU"].settle():
            return None
        unit = self._pvs.text("unit", "EGU").strip() or None
        self._known_unit = (clock.time(), unit)
        return unit

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest user position allowed (LLM, HLM); -inf, inf for none, when both are the same."""
        return self._limits("limits")

    @limits.setter
    def limits(self, limits: tuple[float, float]) -> None:
        low, high = (_finite(f"{self.name}: limit", limit) for limit in limits)
        if low > high:
            raise UsageError(f"{self.name}: low limit {low:g} is above high limit {high:g}")
        self._pvs.tell("limits", LLM=low, HLM=high)
        self._forget()

    @property
    def dial_limits(self) -> tuple[float, float]:
        """As `limits`, of the dial position (DLLM, DHLM)."""
        return _range(*self._pvs.read("dial_limits", "DLLM", "DHLM"))

    def _limits(self, operation: str) -> tuple[float, float]:
        since, limits = self._known_limits
        if clock.time() - since >= FRESH:
            limits = _range(*self._pvs.read(operation, "LLM", "HLM"))
            self._known_limits = (clock.time(), limits)
        return limits

    @property
    def velocity(self) -> float:
        """How fast it moves, in unit/s (VELO)."""
        return self._pvs.number("velocity", "VELO")

    @velocity.setter
    def velocity(self, velocity: float) -> None:
        value = _finite(f"{self.name}: velocity", velocity)
        low, high = self.velocity_limits
        if not (value > 0 and low <= value <= high):
            raise LimitError(
                f"{self.name}: velocity {value:g} is outside of {low:g} to {high:g} ({self.pv}.VBAS, VMAX)"
            )
        self._pvs.tell("velocity", VELO=value)

    @property
    def velocity_limits(self) -> tuple[float, float]:
        """What the velocity may be set to, in unit/s (VBAS, VMAX); inf when the record says no maximum."""
        base, fastest = self._pvs.read("velocity_limits", "VBAS", "VMAX")
        return base, fastest if fastest > 0 else math.inf

    @property
    def acctime(self) -> float:
        """How long it takes to speed up, in s (ACCL)."""
        return self._pvs.number("acctime", "ACCL")

    @acctime.setter
    def acctime(self, seconds: float) -> None:
        value = _finite(f"{self.name}: acctime", seconds)
        if value <= 0:
            raise UsageError(f"{self.name}: acctime must be greater than 0 s, got {value:g}")
        self._pvs.tell("acctime", ACCL=value)

    @property
    def acceleration(self) -> float:
        """How fast it speeds up and slows down, in unit/s^2: from VBAS to VELO within ACCL."""
        velocity, base, seconds = self._pvs.read("acceleration", "VELO", "VBAS", "ACCL")
        return (velocity - base) / seconds if seconds > 0 else math.inf

    @acceleration.setter
    def acceleration(self, acceleration: float) -> None:
        value = _finite(f"{self.name}: acceleration", acceleration)
        velocity, base = self._pvs.read("acceleration", "VELO", "VBAS")
        if value <= 0 or velocity <= base:
            raise UsageError(f"{self.name}: acceleration must be greater than 0, and VELO above VBAS; got {value:g}")
        self._pvs.tell("acceleration", ACCL=(velocity - base) / value)

    # -- what it accepts ------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when it can't set off now; touch nothing."""
        self._pvs.check_writable("VAL", "STOP")
        self._ready("")

    def _ready(self, operation: str) -> Status:
        """What it says of itself, when it can set off."""
        status = self._status(operation)
        if not status.done:
            raise DeviceBusyError(f"{self.name} is moving: wait until it is there (wait_move) or stop it")
        if status.SET:
            raise DeviceError(
                f"{self.name} can't be moved: {self.pv}.SET is Set, so that a move would change its calibration; "
                "somebody calibrates it, or has forgotten to put Use there"
            )
        if status.held:
            raise DeviceError(f"{self.name} can't be moved: {self.pv}.SPMG is {status.mode}; put Go there")
        if faults := "; ".join(status.faults(self.pv)):
            raise DeviceError(f"{self.name} can't be moved: {faults}")
        return status


def _finite(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise UsageError(f"{what} must be a finite number, got {value!r}")
    return float(value)


def _range(low: float, high: float) -> tuple[float, float]:
    return (low, high) if low < high else (-math.inf, math.inf)
