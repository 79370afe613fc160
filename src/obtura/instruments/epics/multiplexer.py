"""A multiplexer, a switch, or a setting with names, that is a PV for each output."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.connections import Exchange
from obtura.contracts.twins import Twin
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Link
from obtura.instruments.epics.pvs import PVs
from obtura.works.clock import clock

__all__ = ["PVMultiplexer", "PVOutput"]

POLL = 0.01


@dataclasses.dataclass(frozen=True)
class PVOutput:
    """An output. `pv`: what is put to; `inputs`: the names of the inputs, or what is put for each, a number or text.

    `readback_pv` says what it is connected to, by the same values; without one, `pv` itself. `tolerance`: of values that
    are numbers.
    """

    pv: str
    inputs: Sequence[str] | Mapping[str, float | str]
    readback_pv: str | None = None
    tolerance: NotNegative = 1e-6

    def __post_init__(self) -> None:
        values = self.values
        if not values:
            raise UsageError(f"{self.pv}: it has no inputs")
        if len({isinstance(value, str) for value in values.values()}) > 1:
            raise UsageError(f"{self.pv}: the values of its inputs must be all numbers, or all text")
        if len(set(values.values())) < len(values):
            raise UsageError(f"{self.pv}: two inputs have the same value")

    @property
    def values(self) -> dict[str, float | str]:
        """What is put for each input."""
        return dict(self.inputs) if isinstance(self.inputs, Mapping) else {name: name for name in self.inputs}

    @property
    def speaks_text(self) -> bool:
        """Whether its values are text: the names of an enum's states, or strings."""
        return all(isinstance(value, str) for value in self.values.values())


class _Puts(MultiplexerDriver):
    """Puts, and waits until the readback follows."""

    def __init__(self, name: str, outputs: Mapping[str, PVOutput], timeout: float, patience: float) -> None:
        self._name = name
        self._outputs = outputs
        self._patience = patience
        pvs = {output: each.pv for output, each in outputs.items()}
        backs = {f"{output} readback": each.readback_pv for output, each in outputs.items() if each.readback_pv}
        self.pvs = PVs(name, pvs | backs, timeout)

    def switch(self, output: str, input: str) -> None:
        until = clock.time() + self._patience
        self.pvs.tell("switch", **{output: self._outputs[output].values[input]})
        while (now := self._read("switch", output)) != input:
            if clock.time() >= until:
                link = self.pvs[self._looked_at(output)]
                raise DeviceTimeoutError(
                    f"{self._name}.switch failed: {output} is still {now or 'none of its inputs'} "
                    f"{self._patience:g} s after it was told to be {input} (PV {link.name})"
                )
            clock.sleep(POLL)

    def get_output(self, output: str) -> str:
        found = self._read("get_output", output)
        if found is None:
            known = ", ".join(f"{input} ({value})" for input, value in self._outputs[output].values.items())
            link = self.pvs[self._looked_at(output)]
            raise DeviceError(f"{self._name}: {output} is {self._seen}, PV {link.name} says; none of {known}")
        return found

    def _looked_at(self, output: str) -> str:
        readback = f"{output} readback"
        return readback if readback in self.pvs else output

    def _read(self, operation: str, output: str) -> str | None:
        it, place = self._outputs[output], self._looked_at(output)
        seen = self._seen = self.pvs.text(operation, place) if it.speaks_text else self.pvs.number(operation, place)
        for input, value in it.values.items():
            if seen == value or (not it.speaks_text and abs(float(seen) - float(value)) <= it.tolerance):
                return input
        return None


class PVMultiplexer(Multiplexer):
    """A multiplexer whose outputs are PVs. `outputs`: each by its name, see `PVOutput`; or just the PV of an enum.

    Of an enum the inputs are its states, asked for when they are first needed: `PVMultiplexer("mux", {"trigger":
    "X:mux:trigger"})`. `timeout`: s that a server has to be found, to answer; `patience`: s after which an output must
    be connected as it was told.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "multiplexer"

    def __init__(
        self,
        name: str,
        outputs: Mapping[str, PVOutput],
        timeout: Positive = TIMEOUT,
        patience: Positive = 5.0,
    ) -> None:
        self._driven = _Puts(name, outputs, timeout, patience)
        super().__init__(name, self._driven, {output: tuple(each.values) for output, each in outputs.items()})

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        if not given.get("outputs", True):
            yield "outputs", "there is none"

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""
        return self._driven.pvs.links

    @property
    def connection(self) -> str:
        """Which PVs are connected, since when, and what went wrong last. Asks nobody."""
        return self._driven.pvs.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last. Asks nobody."""
        return self._driven.pvs.trace

    def check(self) -> None:
        """Raise `DeviceError` unless its PVs are connected, valid, and may be put to; touch nothing."""
        self._driven.pvs.check_writable(*self.outputs)

    def __info__(self) -> str:
        """How it is connected, both ways."""
        try:
            told = super().__info__()
        except DeviceError as error:
            told = f"multiplexer {self.name}: {one_line(error)}"
        return f"{told}\n  {self.connection}"
