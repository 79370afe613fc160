"""Simulated twins: what stands in for a device of a control system, when a session is opened with --simulate.

A class of devices says what its twin is: `twin: ClassVar[Twin] = "axis"`. The session makes that from the same YAML.
"""

from typing import Literal, TypeAlias

__all__ = ["Twin"]

Twin: TypeAlias = Literal["axis", "counter", "shutter", "multiplexer", "camera", "controller", "readable", "none"]
"""What kind of device it is. `controller`: what only holds counters; `readable`: the same, with one of its own name
where none is listed; `none`: it works without its control system."""
