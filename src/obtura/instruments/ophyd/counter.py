"""A Readable of bluesky, read as often as the count time allows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from bluesky.protocols import Triggerable

from obtura.contracts.counters import SamplingCounter, SamplingCounterController, SamplingMode
from obtura.contracts.looking import is_looking
from obtura.contracts.twins import Twin
from obtura.ground.ranges import Positive
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.readable import KeyCounter, Reads
from obtura.instruments.ophyd.spoken import find_partner, wrong_as_written

__all__ = ["OphydCounter", "OphydDevice"]


class OphydDevice(Reads, SamplingCounterController):
    """A device of ophyd or ophyd-async whose readings are counted; axes and shutters may be listed with it.

    `ophyd`, `device`, `part`, `prefix`, `arguments`, `timeout`: as for `OphydAxis`. Without counters listed there is
    one for each key that it hints. A reading is, if it is a Triggerable, a trigger that is waited for, then `read()`;
    for the time of a scan it is staged. One that counts for the count time is an `OphydDetector`.
    `max_sampling_frequency`: readings per second at most.

    Raises:
        UsageError: what can't be, e.g. the device is no Readable.
    """

    yaml_members: Mapping[str, tuple[str, str | None]] = {
        "counters": ("controller", "OphydCounter"),
        "axes": ("device", "OphydAxis"),
        "shutters": ("device", "OphydShutter"),
    }
    twin: ClassVar[Twin] = "readable"

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: "OphydDevice | None" = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        timeout: Positive = TIMEOUT,
        max_sampling_frequency: Positive | None = 100.0,
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        self.timeout = timeout
        self._kind = OphydCounter
        self._begin(find_partner(name, ophyd, device, part, prefix, arguments, timeout))

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)

    def prepare(self, *_counters: Any) -> None:
        """Stage it."""
        self._stage()

    def stop(self, *_counters: Any) -> None:
        """Unstage it."""
        self._unstage()

    def read_all(self, *counters: Any) -> Sequence[Any]:
        """The present values, of one reading."""
        device = self.ophyd_device
        if isinstance(device, Triggerable) and not is_looking():
            self._partner.wait("trigger", self._partner.begin("trigger", device.trigger), self.timeout)
        return self._values("read", counters)


class OphydCounter(KeyCounter, SamplingCounter):
    """A counter that is one key of the readings of an `OphydDevice`.

    `key`: as in `read()`; empty: the first that the device hints. `unit`, the shape, and whether it is a text, are the
    device's, the first unless given; `mode`: what becomes of the readings of a point.
    """

    controller: OphydDevice
    twin: ClassVar[Twin] = "counter"

    def __init__(
        self,
        name: str,
        controller: OphydDevice,
        key: str = "",
        unit: str | None = None,
        conversion_function: Callable[[Any], Any] | None = None,
        mode: SamplingMode | None = None,
    ) -> None:
        controller.list_counters()
        self._written = key
        super().__init__(name, controller, conversion_function, mode, unit)

    def __repr__(self) -> str:
        return f"OphydCounter({self.fullname!r})"
