"""A simulated multiplexer."""

from collections.abc import Mapping, Sequence

from obtura.devices.arguments import choice
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.ground.errors import UsageError

__all__ = ["SimulatedMultiplexer"]

UNKNOWN = "unknown"
"""What an output is connected to at first whose inputs nobody has said."""


class _Memory(MultiplexerDriver):
    def __init__(self, outputs: Mapping[str, Sequence[str]]) -> None:
        self._inputs = {output: inputs[0] if inputs else UNKNOWN for output, inputs in outputs.items()}

    def switch(self, output: str, input: str) -> None:
        self._inputs[output] = input

    def get_output(self, output: str) -> str:
        return self._inputs[output]


class SimulatedMultiplexer(Multiplexer):
    """A multiplexer that remembers; at first each output is connected to the first of its inputs.

    An output without inputs takes any: it stands for one whose inputs only the real device knows.
    """

    def __init__(self, name: str, outputs: Mapping[str, Sequence[str]]) -> None:
        super().__init__(name, _Memory(outputs), outputs)

    def check_switch(self, output: str, input: str) -> None:
        """Raise `UsageError` when `output` can't be connected to `input`; touch nothing."""
        if self.outputs.get(output):
            super().check_switch(output, input)
        elif output not in self.outputs:
            choice(f"{self.name}: output", output, self.outputs)
        elif not isinstance(input, str) or not input:
            raise UsageError(f"{self.name}: input of {output} must be a name, got {input!r}")
