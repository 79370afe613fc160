"""A Flyable of bluesky: it does a scan of its own, and a scan of obtura goes along."""

from collections.abc import Iterator, Mapping
from typing import Any

from bluesky.protocols import Flyable

from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.partner import TIMEOUT, Partner
from obtura.instruments.ophyd.spoken import Spoken, find_partner, wrong_as_written

__all__ = ["OphydFlyer"]


class OphydFlyer(Spoken):
    """A flyer of ophyd or ophyd-async: `kickoff()`, `complete()`, `collect()`. Scans have it as an `OphydFlyerMaster`.

    `ophyd`, `device`, `part`, `prefix`, `arguments`, `timeout`: as for `OphydAxis`. `period`: s between two `collect()`
    while it flies; None: it gives its points once it is complete, and not before.

    Raises:
        UsageError: what can't be, e.g. the device is no Flyable.
    """

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        period: Positive | None = 0.2,
        timeout: Positive = TIMEOUT,
    ) -> None:
        self.name = name
        self.period = period
        self._partner = find_partner(name, ophyd, device, part, prefix, arguments, timeout)
        if not isinstance(self.ophyd_device, Flyable):
            raise UsageError(f"{name}: a {type(self.ophyd_device).__name__} is no flyer: it has no kickoff()")

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)

    @property
    def partner(self) -> Partner:
        """How the device is spoken to."""
        return self._partner

    def __info__(self) -> str:
        """How it is connected."""
        return f"flyer {self.name}: {self.connection}"

    def __repr__(self) -> str:
        return f"OphydFlyer({self.name!r})"
