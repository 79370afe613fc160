"""Sampling without asking: a device that tells of each new value by itself."""

from collections.abc import Sequence
from typing import Any, Protocol

from obtura.contracts.counters import Counter, SamplingCounterController

__all__ = ["Hearing", "PushingCounterController"]


class Hearing(Protocol):
    """What a device has told since it was made."""

    @property
    def is_lost(self) -> bool:
        """Whether there is no use in listening any longer. Asks nobody."""

    def values(self, counters: Sequence[Any]) -> list[list[Any]]:
        """For each counter the converted values that came, or when none came, the last one before.

        Raises:
            DeviceError, perhaps a PartlyReadError: the device, or some of it, was lost.
        """


class PushingCounterController(SamplingCounterController):
    """A sampling controller that need not be asked, while `pushes` is true: a point is made of what it tells meanwhile.

    Override `hear`. `read_all` gives what was told last.
    """

    pushes: bool = False

    def hear(self, counters: Sequence[Counter]) -> Hearing:
        """Begin to listen, for a point; returns at once. Whoever listens asks for the values once it is over."""
        raise NotImplementedError(f"{type(self).__name__} must override hear()")
