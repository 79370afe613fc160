"""A multiplexer whose electronics take orders, and say how they are connected: every order is looked after."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from obtura.devices.multiplexer import MultiplexerDriver
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.works.clock import clock

__all__ = ["FollowedSwitch"]

POLL = 0.02


class _HasInputs(Protocol):
    """An output."""

    @property
    def inputs(self) -> Mapping[str, object]:
        """Its inputs by name."""


class FollowedSwitch(MultiplexerDriver):
    """A subclass says how an order is given, and what an output says. `timeout`: s that it has to follow."""

    def __init__(self, name: str, outputs: Mapping[str, _HasInputs], timeout: float) -> None:
        self._name = name
        self._inputs = {output: tuple(each.inputs) for output, each in outputs.items()}
        self._timeout = timeout
        self._last: dict[str, str] = {}

    @abstractmethod
    def _order(self, output: str, input: str) -> None:
        """Have `output` connected to `input`; need not wait until it is."""

    @abstractmethod
    def _now(self, output: str) -> str | None:
        """The input that it is connected to, None for none of them; where nothing tells, what `_last_order` has."""

    def _last_order(self, output: str) -> str:
        if output not in self._last:
            raise DeviceError(f"{self._name}: nothing tells what {output} is connected to; switch it first")
        return self._last[output]

    def switch(self, output: str, input: str) -> None:
        self._order(output, input)
        self._last[output] = input
        limit = clock.time() + self._timeout
        while (now := self._now(output)) != input:
            if clock.time() >= limit:
                what = f"{output} is connected to {now or 'none of its inputs'}, not {input}"
                raise DeviceTimeoutError(f"{self._name}.switch failed: {what}, after {self._timeout:g} s")
            clock.sleep(POLL)

    def get_output(self, output: str) -> str:
        found = self._now(output)
        if found is None:
            raise DeviceError(f"{self._name}: {output} is connected to none of {', '.join(self._inputs[output])}")
        return found
