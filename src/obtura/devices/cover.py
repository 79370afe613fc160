"""A detector cover: in, it protects the detector; out, the detector sees."""

from abc import ABC, abstractmethod
from enum import StrEnum

from obtura.devices.arguments import positive
from obtura.devices.twostate import reach

__all__ = ["CoverDriver", "CoverState", "DetectorCover"]


class CoverState(StrEnum):
    """Where a cover is; equal to its text: `cover.state == "in"`."""

    IN = "in"
    OUT = "out"
    MOVING = "moving"
    FAULT = "fault"
    UNKNOWN = "unknown"


class CoverDriver(ABC):
    """What drives a cover, or anything else that is in or out; called by one `DetectorCover`."""

    @abstractmethod
    def set_in(self) -> None:
        """Begin to put it in; need not wait until it is. Harmless when it is."""

    @abstractmethod
    def set_out(self) -> None:
        """Begin to take it out; need not wait until it is. Harmless when it is."""

    @abstractmethod
    def state(self) -> CoverState:
        """Where it is."""

    def look_again_after(self) -> float:
        """Seconds to wait before `state` is worth asking again; greater than 0."""
        return 0.02


class DetectorCover:
    """A cover in front of a detector. `timeout`: seconds that it has to go in or out."""

    def __init__(self, name: str, driver: CoverDriver, timeout: float = 10.0) -> None:
        self.name = name
        self.timeout = positive(f"{name}: timeout", timeout)
        self._driver = driver

    @property
    def state(self) -> CoverState:
        """One of "in", "out", "moving", "fault" and "unknown"."""
        return CoverState(self._driver.state())

    @property
    def is_in(self) -> bool:
        """Whether it is in all the way."""
        return self.state is CoverState.IN

    @property
    def is_out(self) -> bool:
        """Whether it is out all the way."""
        return self.state is CoverState.OUT

    def set_in(self) -> None:
        """Cover the detector; returns when it is covered.

        Raises:
            DeviceError: it has a fault, or is not in after `timeout` s.
        """
        reach(f"{self.name}.set_in", self._driver.set_in, CoverState.IN, self._driver, self.timeout)

    def set_out(self) -> None:
        """Uncover the detector; returns when it sees.

        Raises:
            DeviceError: it has a fault, or is not out after `timeout` s.
        """
        reach(f"{self.name}.set_out", self._driver.set_out, CoverState.OUT, self._driver, self.timeout)

    def __info__(self) -> str:
        return f"detector cover {self.name}: {self.state}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
