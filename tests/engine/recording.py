"""The world of the engine's tests: a recording of every call, in which things go wrong."""

from obtura.testing.faults import Fault
from obtura.testing.recording import Recording as World

__all__ = ["Fault", "World"]
