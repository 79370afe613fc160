"""What holds counters, and what has something to say of itself in the file of a scan."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from obtura.contracts.counters import Counter, Counters

__all__ = ["CounterContainer", "HasMetadataForScan", "counter_namespace"]


@runtime_checkable
class CounterContainer(Protocol):
    """A device with counters, which can be named in a scan like a counter. Deriving from it is not needed."""

    @property
    def counters(self) -> Any:
        """A mapping or an iterable of counters, or an object whose attributes are counters."""


def counter_namespace(counters: Iterable[Counter] | Mapping[str, Counter]) -> Counters:
    """Counters by name, also as attributes: for the `counters` of a container."""
    found = counters.values() if isinstance(counters, Mapping) else counters
    return Counters((counter.name, counter) for counter in found)


class HasMetadataForScan:
    """A device that says something of itself in each scan that it is part of. Deriving from it is not needed."""

    scan_metadata_enabled = True
    """Whether it is asked."""

    def scan_metadata(self) -> Mapping[str, Any] | None:
        """Facts worth keeping: text, numbers, arrays, nested mappings; None for none."""
        raise NotImplementedError(f"{type(self).__name__} must override scan_metadata()")

    def disable_scan_metadata(self) -> None:
        """Don't ask it from now on."""
        self.scan_metadata_enabled = False

    def enable_scan_metadata(self) -> None:
        """Ask it again."""
        self.scan_metadata_enabled = True
