"""A multiplexer, a switch, or a setting with names, that is a PV for each output."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.twins import Twin
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Link
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.pvs import PVs
from obtura.instruments.epics.wires import split
from obtura.works.clock import clock

__all__ = ["PVMultiplexer", "PVOutput"]

log = logging.getLogger(__name__)

POLL = 0.01


@dataclasses.dataclass(frozen=True)
class PVOutput:
    """An output. `pv`: what is put to; `inputs`: the names of the inputs, or what is put for each, a number or text.

    Without `inputs` they are the states of the enum that `pv` is, asked for when they are first needed. `readback_pv`
    says what it is connected to, by the same values; without one, `pv` itself. `tolerance`: of values that are numbers.
    """

    pv: str
    inputs: Sequence[str] | Mapping[str, float | str] | None = None
    readback_pv: str | None = None
    tolerance: NotNegative = 1e-6

    def __post_init__(self) -> None:
        for pv in filter(None, (self.pv, self.readback_pv)):
            split(pv)
        values = self.values
        if self.inputs is not None and not values:
            raise UsageError(f"{self.pv}: it has no inputs")
        if len({isinstance(value, str) for value in values.values()}) > 1:
            raise UsageError(f"{self.pv}: the values of its inputs must be all numbers, or all text")
        if len(set(values.values())) < len(values):
            raise UsageError(f"{self.pv}: two inputs have the same value")

    @property
    def values(self) -> dict[str, float | str]:
        """What is put for each input; nothing where that is not said."""
        return dict(self.inputs) if isinstance(self.inputs, Mapping) else {name: name for name in self.inputs or ()}


class _Puts(MultiplexerDriver):
    """Puts, and waits until the readback follows."""

    def __init__(self, name: str, outputs: Mapping[str, PVOutput], timeout: float, patience: float) -> None:
        self._name = name
        self._tolerances = {output: each.tolerance for output, each in outputs.items()}
        self._patience = patience
        self.values = {output: each.values for output, each in outputs.items()}
        pvs = {output: each.pv for output, each in outputs.items()}
        backs = {f"{output} readback": each.readback_pv for output, each in outputs.items() if each.readback_pv}
        self.pvs = PVs(name, pvs | backs, timeout)

    def learn(self, operation: str, *outputs: str) -> None:
        """Ask the enums for the names of the inputs that nobody has said."""
        for output in outputs:
            if not self.values[output]:
                names = self.pvs[output].control(operation).states
                if not any(names):
                    what = "is no enum with named states: say with `inputs` what is put for each input"
                    raise self.pvs[output].failure(operation, what)
                self.values[output] = {name: name for name in names if name}

    def switch(self, output: str, input: str) -> None:
        until = clock.time() + self._patience
        self.pvs.tell("switch", **{output: self.values[output][input]})
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
            known = ", ".join(f"{input} ({value})" for input, value in self.values[output].items())
            link = self.pvs[self._looked_at(output)]
            raise DeviceError(f"{self._name}: {output} is {self._seen}, PV {link.name} says; none of {known}")
        return found

    def _looked_at(self, output: str) -> str:
        readback = f"{output} readback"
        return readback if readback in self.pvs else output

    def _read(self, operation: str, output: str) -> str | None:
        place, values = self._looked_at(output), self.values[output]
        is_text = all(isinstance(value, str) for value in values.values())
        seen = self._seen = self.pvs.text(operation, place) if is_text else self.pvs.number(operation, place)
        for input, value in values.items():
            if seen == value or (not is_text and abs(float(seen) - float(value)) <= self._tolerances[output]):
                return input
        return None


class PVMultiplexer(OfPVs, Multiplexer):
    """A multiplexer whose outputs are PVs. `outputs`: each by its name, see `PVOutput`.

    `PVMultiplexer("mux", {"trigger": PVOutput("X:mux:trigger")})`: the inputs are the states of that enum. `timeout`: s
    that a server has to be found, to answer; `patience`: s after which an output must be connected as it was told.

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

    def check_switch(self, output: str, input: str) -> None:
        """Raise `UsageError` when `output` can't be connected to `input`, as far as names are known; touch nothing."""
        if output in self.outputs and not self.outputs[output]:
            try:
                self._learn("check_switch", output)
            except DeviceError as error:  # not connected: to switch it will say so
                log.debug("%s", one_line(error))
                return
        super().check_switch(output, input)

    def switch(self, output: str, input: str, synchronous: bool = True) -> None:
        """Connect `output` to `input`; returns when it is, `synchronous` or not.

        Raises:
            UsageError: there is no such output, or it can't have this input; nothing was switched.
            DeviceError: the server is not there, refuses, or the readback does not follow.
        """
        self._learn("switch", output)
        super().switch(output, input, synchronous)

    def get_output(self, output: str) -> str:
        """The input that `output` is connected to.

        Raises:
            UsageError: there is no such output.
            DeviceError: the server is not there, or says what is none of the inputs.
        """
        self._learn("get_output", output)
        return super().get_output(output)

    def getPossibleValues(self, output: str) -> list[str]:
        """The inputs that `output` can have."""
        self._learn("getPossibleValues", output)
        return super().getPossibleValues(output)

    def _learn(self, operation: str, output: str) -> None:
        if output in self.outputs and not self.outputs[output]:
            self._driven.learn(operation, output)
            self.outputs[output] = tuple(self._driven.values[output])

    def check(self) -> None:
        """Raise `DeviceError` unless its PVs are connected, valid, and may be put to; touch nothing."""
        self._driven.pvs.check_writable(*self.outputs)

    def __info__(self) -> str:
        """How it is connected, both ways."""
        try:
            for output in self.outputs:
                self._learn("info", output)
            told = super().__info__()
        except DeviceError as error:
            told = f"multiplexer {self.name}: {one_line(error)}"
        return f"{told}\n  {self.connection}"
