"""A device that is spoken to by the line of its instrument."""

from collections.abc import Sequence

from obtura.contracts.connections import Exchange
from obtura.devices.text.instrument import TextInstrument

__all__ = ["Spoken"]


class Spoken:
    """How it is connected is what its `instrument` says."""

    instrument: TextInstrument

    @property
    def connection(self) -> str:
        """To whom, whether and since when it is connected."""
        return self.instrument.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last over its line."""
        return self.instrument.trace
