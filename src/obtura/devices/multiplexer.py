"""A multiplexer: connects each of its outputs to one of its inputs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from obtura.devices.arguments import choice

__all__ = ["Multiplexer", "MultiplexerDriver"]


class MultiplexerDriver(ABC):
    """What the electronics of a multiplexer have to do; called by a `Multiplexer` with known names only."""

    @abstractmethod
    def switch(self, output: str, input: str) -> None:
        """Connect `output` to `input`; return when it is."""

    @abstractmethod
    def get_output(self, output: str) -> str:
        """The input that `output` is connected to."""


class Multiplexer:
    """A multiplexer. `outputs`: the name of each output, and the inputs that it can have."""

    def __init__(self, name: str, driver: MultiplexerDriver, outputs: Mapping[str, Sequence[str]]) -> None:
        self.name = name
        self.outputs = {output: tuple(inputs) for output, inputs in outputs.items()}
        self._driver = driver

    def switch(self, output: str, input: str) -> None:
        """Connect `output` to `input`.

        Raises:
            UsageError: there is no such output, or it can't have this input; nothing was switched.
        """
        self.check_switch(output, input)
        self._driver.switch(output, input)

    def check_switch(self, output: str, input: str) -> None:
        """Raise `UsageError` when `output` can't be connected to `input`; touch nothing."""
        choice(f"{self.name}: output", output, self.outputs)
        choice(f"{self.name}: input of {output}", input, self.outputs[output])

    def get_output(self, output: str) -> str:
        """The input that `output` is connected to.

        Raises:
            UsageError: there is no such output.
        """
        return self._driver.get_output(choice(f"{self.name}: output", output, self.outputs))

    def __info__(self) -> str:
        width = max(map(len, self.outputs), default=0)
        lines = [
            f"  {output:{width}} = {self.get_output(output)}  (of {', '.join(inputs)})"
            for output, inputs in self.outputs.items()
        ]
        return "\n".join([f"multiplexer {self.name}", *lines])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
