"""Encoders: they measure where an axis really is."""

import math
import threading
from collections.abc import Mapping
from functools import cached_property

from obtura.contracts.counters import Counter
from obtura.contracts.looking import check_may_be_told
from obtura.devices.arguments import number, positive, quantity
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = ["Encoder"]


class Encoder:
    """Measures the dial position of an axis: override `raw_read`.

    After each move the axis compares: further than `tolerance` off its target is an error (infinite: it need not
    agree). It can be counted: `loopscan(10, 0.1, roby.encoder)`. `blocking`: whether a call may wait for something
    outside of this process.
    """

    blocking = True

    def __init__(
        self, name: str, steps_per_unit: float = 1.0, tolerance: Positive = math.inf, unit: str | None = None
    ) -> None:
        self.name = name
        self.unit = unit
        self.steps_per_unit = number(f"{name}: steps_per_unit", steps_per_unit)
        if not self.steps_per_unit or math.isinf(self.steps_per_unit):
            raise UsageError(f"{name}: steps_per_unit must be finite and not 0, got {quantity(self.steps_per_unit)}")
        self.tolerance = tolerance
        self._lock = threading.RLock()  # its axis and its counter may ask at once

    @property
    def tolerance(self) -> float:
        """How far off the target of a move it may be, in `unit`; infinite: it need not agree."""
        return self._tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        self._tolerance = positive(f"{self.name}: tolerance", tolerance)

    def raw_read(self) -> float:
        """What the encoder says, in its steps."""
        raise NotImplementedError(f"{type(self).__name__} must override raw_read()")

    def raw_write(self, steps: float) -> None:
        """Have the encoder say `steps` where it is now."""
        raise NotImplementedError("its encoder can't be told where it is")

    def read(self) -> float:
        """Where it is, in `unit`: a dial position."""
        with self._lock:
            return float(self.raw_read()) / self.steps_per_unit

    def set(self, position: float) -> None:
        """Take where it is now for `position`, in `unit`."""
        check_may_be_told(self.name, "set")
        with self._lock:
            self.raw_write(position * self.steps_per_unit)

    @cached_property
    def counter(self) -> SelfReadingCounter:
        """Counts what it reads, a dial position, under the name of the encoder."""
        return _EncoderCounter(self)

    @property
    def counters(self) -> Mapping[str, Counter]:
        """`counter`, by its name: so a scan or a measurement group may name the encoder itself."""
        return {self.name: self.counter}

    def __info__(self) -> str:
        return f"encoder {self.name}: {quantity(self.read(), self.unit)}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class _EncoderCounter(SelfReadingCounter):
    def __init__(self, encoder: Encoder) -> None:
        controller = SelfReadingController(encoder.name, blocking=encoder.blocking, max_sampling_frequency=1000.0)
        super().__init__(encoder.name, controller, unit=encoder.unit)
        self._encoder = encoder

    def raw(self) -> float:
        """The position."""
        return self._encoder.read()
