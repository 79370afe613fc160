"""Counters that know themselves how they are read."""

from typing import Any

from obtura.contracts.counters import SamplingCounter, SamplingCounterController, SamplingMode
from obtura.devices.arguments import quantity

__all__ = ["SelfReadingController", "SelfReadingCounter"]


class SelfReadingCounter(SamplingCounter):
    """A counter that is read by its own `raw`; the controller only keeps the calls apart."""

    def raw(self) -> Any:
        """The present value, before `conversion_function`; called with the controller to itself."""
        raise NotImplementedError(f"{type(self).__name__} must override raw()")

    def __info__(self) -> str:
        """Its present value, and its mode unless that is MEAN."""
        value = self.read()
        shown = quantity(value, self.unit) if isinstance(value, float | int) else f"{value} {self.unit or ''}"
        mode = "" if self.is_text or self.mode is SamplingMode.MEAN else f" ({self.mode.name})"
        return f"counter {self.fullname} = {shown.rstrip()}{mode}"


class SelfReadingController(SamplingCounterController):
    """Reads counters that know how. Those that share a device share one of these, to be read in turn."""

    def read_all(self, *counters: Any) -> list[Any]:
        """The present raw values."""
        return [counter.raw() for counter in counters]
