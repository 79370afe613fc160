"""Where a Movable is, how far it may go, in what unit: asked by what it has, of ophyd and of ophyd-async."""

import math
from typing import Any

from bluesky.protocols import Checkable, Locatable, Readable

from obtura.ground.errors import DeviceError, DeviceTimeoutError, LimitError
from obtura.instruments.ophyd.facts import described, only_key
from obtura.instruments.ophyd.made import part_of
from obtura.instruments.ophyd.partner import Partner

__all__ = ["Place", "signal_set"]

ENDS = ("low_limit_travel", "high_limit_travel")


class Place:
    """Asks one device. Its protocols are looked at once, here: that asks no hardware."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner
        self._device = device = partner.device
        kind = type(device)
        self._has_position = hasattr(kind, "position") and not callable(getattr(kind, "position", None))
        self._has_limits = hasattr(kind, "limits") and not callable(getattr(kind, "limits", None))
        self._key = ""
        self.unit: str | None = None
        self.is_known = False

    def learn(self, operation: str) -> None:
        """Have `unit`, and which key of its reading is the position.

        Raises:
            DeviceError: it does not answer.
        """
        if self.is_known:
            return
        egu = getattr(type(self._device), "egu", None)
        self.unit = (
            self._partner.look(operation, "egu") or None if egu is not None and not self._partner.is_async else None
        )
        if isinstance(self._device, Readable):
            keys = described(self._partner, operation)
            self._key = only_key(self._partner, keys, "")
            self.unit = self.unit or keys[self._key].unit
        self.is_known = True

    def position(self, operation: str) -> Any:
        """Where it is: a number of an axis, anything of what else can be set."""
        if self._has_position and not self._partner.is_async:
            return self._partner.look(operation, "position")
        if isinstance(self._device, Locatable):
            return self._partner.ask(operation, self._device.locate)["readback"]
        self.learn(operation)
        return self._partner.ask(operation, self._device.read)[self._key]["value"]

    def number(self, operation: str) -> float:
        """Where it is, as a number.

        Raises:
            DeviceError: it does not answer, or with no number.
        """
        value = self.position(operation)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self._partner.failure(operation, f"is at {value!r}, which is no number") from None

    def limits(self, operation: str) -> tuple[float, float]:
        """How far it may go; -inf, inf for no limits, as in EPICS when both are the same."""
        if self._has_limits and not self._partner.is_async:
            limits = self._partner.look(operation, "limits")
            if limits is not None and limits[0] is not None and limits[0] < limits[1]:
                return float(limits[0]), float(limits[1])
        signals = [getattr(self._device, end, None) for end in ENDS]
        if all(signal is not None for signal in signals):
            low, high = (self._value(operation, signal) for signal in signals)
            if low < high:
                return low, high
        return -math.inf, math.inf

    def velocity(self, operation: str) -> float:
        """In unit/s; 0 when there is none to tell."""
        signal = getattr(self._device, "velocity", None)
        known = hasattr(signal, "get_value" if self._partner.is_async else "get")
        return abs(self._value(operation, signal)) if known else 0.0

    def _value(self, operation: str, signal: Any) -> float:
        return float(self._partner.ask(operation, signal.get_value if self._partner.is_async else signal.get))

    def moves(self, operation: str) -> bool:
        """Whether it says that it moves; False when it has no word for it."""
        if not self._partner.is_async and isinstance(getattr(type(self._device), "moving", None), property):
            return bool(self._partner.look(operation, "moving"))
        if self._partner.is_async and hasattr(self._device, "motor_done_move"):
            return not self._partner.look(operation, "motor_done_move")
        return False

    def check_value(self, target: Any) -> None:
        """Have the device say whether it can go there.

        Raises:
            LimitError: it can't.
            DeviceError: it does not answer.
        """
        if not isinstance(self._device, Checkable):
            return
        try:
            self._partner.ask("move", self._device.check_value, target)
        except DeviceTimeoutError:
            raise
        except DeviceError as error:
            if error.__cause__ is None:
                raise
            told = " ".join(str(error.__cause__).split())
            shown = f"{target:g}" if isinstance(target, float) else repr(target)
            raise LimitError(
                f"{self._partner.who}: {self._partner.kind} refuses {shown}: {told}; nothing was moved"
            ) from error


def signal_set(partner: Partner, part: str, value: Any) -> None:
    """Set a signal of a device, and wait for it.

    Raises:
        UsageError: it has none of this name.
        DeviceError: it could not be set.
    """
    signal = part_of(partner.who, partner.device, part)
    operation = f"set {part}"
    partner.wait(operation, partner.set(operation, signal, value), partner.timeout)
