"""PVs as counters."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from obtura.contracts.counters import Counter, SamplingCounter, SamplingCounterController, SamplingMode
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceError
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Link, read_all

__all__ = ["PVCounter", "PVReader"]


class PVReader(SamplingCounterController):
    """Reads the PVs of its counters together, with one request to each IOC.

    `timeout`: s that an IOC has to be found, and to answer. `max_sampling_frequency`: readings per second;
    most IOCs measure at most a hundred times a second, and to ask more often only loads them.
    """

    twin: ClassVar[Twin] = "controller"

    def __init__(
        self, name: str, timeout: NotNegative = TIMEOUT, max_sampling_frequency: Positive | None = 100.0
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        self.timeout = timeout

    @property
    def links(self) -> Sequence[Link]:
        """The PVs of its counters."""
        return [counter.link for counter in self._pv_counters(*self.counters.values())]

    def check(self) -> None:
        """Raise `DeviceError` unless every PV is connected and has a valid number."""
        read_all(self.links, "")

    def read_all(self, *counters: Counter) -> Sequence[float]:
        """The present values, read at one time."""
        return read_all([counter.link for counter in self._pv_counters(*counters)], "read")

    @staticmethod
    def _pv_counters(*counters: Counter) -> "list[PVCounter]":
        return [counter for counter in counters if isinstance(counter, PVCounter)]


class PVCounter(SamplingCounter):
    """A counter that is a scalar PV. Counters made with the same `controller` are read together.

    `unit` is the PV's engineering unit (EGU) unless it is given; `timeout` as for `PVReader`, when it has a
    controller of its own; `mode`: what becomes of the readings of a point.
    """

    twin: ClassVar[Twin] = "counter"

    controller: PVReader

    def __init__(
        self,
        name: str,
        pv: str,
        unit: str | None = None,
        controller: PVReader | None = None,
        conversion_function: Callable[[Any], Any] | None = None,
        timeout: NotNegative = TIMEOUT,
        mode: SamplingMode | str | int = SamplingMode.MEAN,
    ) -> None:
        reader = PVReader(name, timeout) if controller is None else controller
        self.link = Link(name, pv, reader.timeout)
        super().__init__(name, reader, conversion_function, mode, unit)

    @property
    def unit(self) -> str | None:
        """The unit given, or the PV's; None when it has none or is not connected."""
        return self._unit or self.link.unit()

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    @property
    def links(self) -> Sequence[Link]:
        """Its PV."""
        return [self.link]

    def check(self) -> None:
        """Raise `DeviceError` unless its PV is connected and has a valid number."""
        read_all(self.links, "")

    def __info__(self) -> str:
        """Its PV, since when it is connected, its value."""
        value = "unknown"
        if self.link.settle():
            try:
                value = f"{self.read():g} {self.unit or ''}".rstrip()
            except DeviceError as error:
                value = str(error)
        return f"counter {self.name}: {value}\n  PV {self.link.name}: {self.link.state}"
