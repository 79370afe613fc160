"""Acquisition objects: masters and slaves of a chain. Override what your device needs; every default is harmless."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Protocol

from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanStateError, UsageError

__all__ = ["AcquisitionMaster", "AcquisitionObject", "AcquisitionSlave", "Crew", "TriggerMode"]


class TriggerMode(IntEnum):
    """Who triggers a slave: a wire, or its master's `trigger_slaves()`."""

    HARDWARE = 1
    SOFTWARE = 2


class Crew(Protocol):
    """What the engine does for a master while a scan runs."""

    def trigger(self, slaves: Sequence["AcquisitionObject"]) -> None:
        """Trigger slaves together, each on its lane; returns when they are triggered."""

    def wait(self, slaves: Sequence["AcquisitionObject"]) -> None:
        """Wait until what was triggered is done; raises what a slave raised."""


class AcquisitionObject:
    """What masters and slaves have in common.

    `devices`: the counters, axes or other objects it drives; `npoints`: how many points it is armed for (0: no
    end known); `prepare_once`, `start_once`: prepared, started for the first iteration only.

    Set `blocking = False` only for in-memory devices that never wait for anything but the clock: they are called
    on the scan's own thread. All others get a **lane**, a thread on which alone they are called.
    """

    HARDWARE = TriggerMode.HARDWARE
    SOFTWARE = TriggerMode.SOFTWARE
    role = "counter"
    blocking = True

    def __init__(
        self,
        *devices: Any,
        name: str | None = None,
        npoints: int = 1,
        trigger_type: TriggerMode = TriggerMode.SOFTWARE,
        prepare_once: bool = False,
        start_once: bool = False,
    ) -> None:
        if npoints < 0:
            raise UsageError(f"npoints must not be negative, got {npoints}")
        self.devices = devices
        self.name: str = name or getattr(self.device, "name", None) or type(self).__name__
        self.npoints = npoints
        self.trigger_type = TriggerMode(trigger_type)
        self.prepare_once = prepare_once
        self.start_once = start_once
        self.channels: list[AcquisitionChannel] = []
        self.parent: AcquisitionMaster | None = None
        self.slaves: list[AcquisitionObject] = []  # what it triggers: none, for a slave
        self.crew: Crew | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def device(self) -> Any:
        """The first of `devices`, or None."""
        return self.devices[0] if self.devices else None

    def validate(self) -> None:
        """Check, without touching or moving anything, that the whole scan is possible: limits, connections.

        Called before the first preset is entered. Raise `LimitError`, `DeviceError` or `UsageError`.
        """

    def on_lane_start(self) -> None:
        """Called first on the thread of this object's lane: for control systems that want a context per thread."""

    def prepare(self) -> None:
        """Get ready for an iteration (all of them with `prepare_once`); a step motor moves here, and waits."""

    def start(self) -> None:
        """Arm, or go. A top-master does an iteration's work here and returns when it is done."""

    def stop(self) -> None:
        """Leave the device quiet. Called exactly once per scan if `prepare` was begun.

        This one call may come from another thread, while `prepare`, `start`, `trigger` or `reading` are still in
        progress, or by a hair before their first line; it must make them return soon. A flag that `stop` sets and
        that they look at is the safe way.
        """

    def trigger(self) -> None:
        """Do what one trigger of the master asks for."""

    def wait_ready(self) -> None:
        """Return when the next iteration may begin; called at the end of each iteration."""

    def trigger_ready(self) -> bool:
        """Whether the next trigger may come."""
        return True

    def get_acquisition_metadata(self) -> Mapping[str, Any]:
        """Facts about the device worth keeping with the data; read once, before the scan starts."""
        return {}


class AcquisitionSlave(AcquisitionObject):
    """A device that is triggered: counters, cameras."""

    def reading(self) -> None:
        """Emit what was measured: called after each `trigger` (SOFTWARE) or after `start` (HARDWARE)."""


class AcquisitionMaster(AcquisitionObject):
    """A device that triggers others. The top of a chain also says how many iterations there are: `__iter__`."""

    role = "timer"
    terminator = True
    """Whether the end of this top-master ends the other branches of the scan."""

    def __iter__(self) -> Iterator[object]:
        """One iteration unless overridden: a generator that sets up each iteration, then yields."""
        yield self

    def trigger_slaves(self) -> None:
        """Trigger every slave of this master that is software-triggered.

        Raises:
            DeviceError: a slave is not ready; its name is in the message.
        """
        self._crew().trigger([slave for slave in self.slaves if slave.trigger_type is TriggerMode.SOFTWARE])

    def wait_slaves(self) -> None:
        """Wait until what `trigger_slaves` began is done and its data emitted."""
        self._crew().wait(self.slaves)

    def _crew(self) -> Crew:
        if self.crew is None:
            raise ScanStateError(f"{self.name}: slaves can be triggered in a running scan only")
        return self.crew
