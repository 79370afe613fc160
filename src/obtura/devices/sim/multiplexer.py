"""A simulated multiplexer."""

from collections.abc import Mapping, Sequence

from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver

__all__ = ["SimulatedMultiplexer"]


class _Memory(MultiplexerDriver):
    def __init__(self, outputs: Mapping[str, Sequence[str]]) -> None:
        self._inputs = {output: inputs[0] for output, inputs in outputs.items()}

    def switch(self, output: str, input: str) -> None:
        self._inputs[output] = input

    def get_output(self, output: str) -> str:
        return self._inputs[output]


class SimulatedMultiplexer(Multiplexer):
    """A multiplexer that remembers; at first each output is connected to the first of its inputs."""

    def __init__(self, name: str, outputs: Mapping[str, Sequence[str]]) -> None:
        super().__init__(name, _Memory(outputs), outputs)
