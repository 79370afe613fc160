"""Attributes and commands of a Tango device as a multiplexer."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from obtura.contracts.twins import Twin
from obtura.devices.followed_switch import FollowedSwitch
from obtura.devices.multiplexer import Multiplexer
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive
from obtura.instruments.tango.device import OfDevice, TangoDevice
from obtura.instruments.tango.orders import Order

__all__ = ["Output", "TangoMultiplexer"]


@dataclasses.dataclass(frozen=True)
class Output:
    """An output. `inputs`: by the name of each, what is written to `attribute`; or the argument of `command`; or, with
    neither, the command that connects it. `readback`: the attribute that says what it is connected to, if another one,
    and `answers` what it says for each input, if not what is written, or the input's name. Without any it is connected
    to what it was connected to last.
    """

    inputs: Mapping[str, Any]
    attribute: str | None = None
    command: str | None = None
    readback: str | None = None
    answers: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for problem in self.wrong():
            raise UsageError(problem)

    def wrong(self) -> Iterator[str]:
        """What can't be."""
        if self.attribute is not None and self.command is not None:
            yield "it is switched by one of attribute and command"
        for input in self.answers or {}:
            if input not in self.inputs:
                yield f"answers: there is no input {input!r} (there are: {', '.join(self.inputs)})"
        if self.attribute is None and self.command is None:
            for input, command in self.inputs.items():
                if not isinstance(command, str):
                    yield f"inputs: {input}: expected the command that connects it, got {command!r}"

    def order(self, input: str) -> Order:
        """What connects an input."""
        value = self.inputs[input]
        if self.attribute is None and self.command is None:
            return Order(command=value)
        return Order(self.attribute, self.command, value)

    @property
    def said_by(self) -> str | None:
        """The attribute that says what it is connected to."""
        return self.readback or self.attribute

    def input_of(self, said: tuple[Any, ...]) -> str | None:
        """The input that a value, or the name of it, stands for."""
        for input, value in self.inputs.items():
            if (self.answers or {}).get(input, value) in said or input in said:
                return input
        return None


class _Orders(FollowedSwitch):
    """Gives orders to a Tango device."""

    def __init__(self, name: str, device: TangoDevice, outputs: Mapping[str, Output], timeout: float) -> None:
        super().__init__(name, outputs, timeout)
        self._device = device
        self._outputs = outputs

    def _order(self, output: str, input: str) -> None:
        self._outputs[output].order(input).give(self._device.link, self._name, "switch", self._timeout)

    def _now(self, output: str) -> str | None:
        it = self._outputs[output]
        if it.said_by is None:
            return self._last_order(output)
        return it.input_of(self._device.value_and_name(it.said_by, f"{self._name}.{output}"))


class TangoMultiplexer(OfDevice, Multiplexer):
    """A multiplexer, or a setting with names, that is switched by an attribute or by commands of a device.

    `outputs`: each by its name, see `Output`; `timeout`: s after which one must be connected as it was told to.
    """

    twin: ClassVar[Twin] = "multiplexer"

    def __init__(self, name: str, device: TangoDevice, outputs: Mapping[str, Output], timeout: Positive = 2.0) -> None:
        self.device = device
        inputs = {output: tuple(each.inputs) for output, each in outputs.items()}
        self._orders = [each.order(input) for each in outputs.values() for input in each.inputs]
        super().__init__(name, _Orders(name, device, outputs, timeout), inputs)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        if not given.get("outputs", True):
            yield "outputs", "there is none"

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, or could not be switched as written; touch nothing."""
        self.device.reach(self.name)
        for order in self._orders:
            order.check(self.device.link, self.name)

    def __info__(self) -> str:
        """How it is connected, both ways."""
        return f"{super().__info__()}\n  {self.connection}"
