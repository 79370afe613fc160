"""What every device here has: an ophyd device behind it, a connection and a trace."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obtura.contracts.connections import Exchange
from obtura.ground.errors import UsageError
from obtura.instruments.ophyd.made import made, part_of, wrong_name
from obtura.instruments.ophyd.partner import Partner

if TYPE_CHECKING:  # for an annotation only: devices are spoken to, too
    from obtura.instruments.ophyd.counter import OphydDevice

__all__ = ["Spoken", "find_partner", "wrong_as_written"]


class Spoken:
    """How it is connected, and what was said, is what its partner knows."""

    _partner: Partner

    @property
    def ophyd_device(self) -> Any:
        """The object of ophyd or ophyd-async that it speaks to."""
        return self._partner.device

    @property
    def connection(self) -> str:
        """What it is, whether and since when it is connected, what went wrong last. Asks nobody."""
        return self._partner.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was asked and told last, with times; of a move how it ended. Asks nobody."""
        return tuple(self._partner.exchanges)


def find_partner(
    name: str,
    ophyd: Any,
    device: "OphydDevice | None",
    part: str,
    prefix: str | None,
    arguments: Mapping[str, Any] | None,
    timeout: float,
) -> Partner:
    """The device that is meant: `ophyd`, made or to be made, or a `part` of `device`.

    Raises:
        UsageError: neither or both, or it can't be made.
    """
    if (ophyd is None) is (device is None):
        raise UsageError(f"{name}: give either ophyd, a device or the name of its class, or device, an OphydDevice")
    if device is not None:
        return device.partner.of(name, part_of(name, device.ophyd_device, part))
    whole = made(name, ophyd, prefix, arguments)
    partner = Partner(name, whole, timeout, prefix or "")
    return partner.of(name, part_of(name, whole, part)) if part else partner


def wrong_as_written(given: Mapping[str, Any]) -> "list[tuple[str, str]]":
    """What can be wrong with what is written: keys, and what is wrong with each."""
    text = given.get("ophyd")
    why = wrong_name(text) if isinstance(text, str) else ""
    return [("ophyd", why)] if why else []
