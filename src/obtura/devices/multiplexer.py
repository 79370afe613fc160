"""A multiplexer: connects each of its outputs to one of its inputs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from obtura.contracts.looking import check_may_be_told
from obtura.contracts.settings import Setting
from obtura.devices.arguments import choice
from obtura.devices.kept import Kept
from obtura.ground.errors import DeviceError, UsageError

__all__ = ["Multiplexer", "MultiplexerDriver"]


class MultiplexerDriver(ABC):
    """What the electronics of a multiplexer have to do; called by a `Multiplexer` with known names only."""

    @abstractmethod
    def switch(self, output: str, input: str) -> None:
        """Connect `output` to `input`; return when it is."""

    @abstractmethod
    def get_output(self, output: str) -> str:
        """The input that `output` is connected to."""


class Multiplexer(Kept):
    """A multiplexer. `outputs`: the name of each output, and the inputs that it can have.

    How all outputs are connected can be stored under a name; what is stored is kept between sessions.
    """

    def __init__(self, name: str, driver: MultiplexerDriver, outputs: Mapping[str, Sequence[str]]) -> None:
        self.name = name
        self.outputs = {output: tuple(inputs) for output, inputs in outputs.items()}
        self._driver = driver
        self._stored: dict[str, dict[str, str]] = {}

    def switch(self, output: str, input: str, synchronous: bool = True) -> None:
        """Connect `output` to `input`; returns when it is, `synchronous` or not.

        Raises:
            UsageError: there is no such output, or it can't have this input; nothing was switched.
        """
        check_may_be_told(self.name, "switch")
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

    @property
    def connections(self) -> dict[str, str]:
        """The input of each output."""
        return {output: self.get_output(output) for output in self.outputs}

    # -- states with a name -------------------------------------------------------------------------------

    @property
    def stored(self) -> tuple[str, ...]:
        """The names under which connections are stored."""
        return tuple(self._stored)

    def store(self, name: str) -> None:
        """Store how every output is connected now under `name`, in place of what had that name."""
        if not isinstance(name, str) or not name:
            raise UsageError(f"{self.name}.store: give it a name, got {name!r}")
        self._keep_stored({**self._stored, name: self.connections})

    def recall(self, name: str) -> None:
        """Connect every output as was stored under `name`.

        Raises:
            UsageError: there is no such name, or an output or input is there no more; nothing was switched.
        """
        check_may_be_told(self.name, "recall")
        wanted = self._stored[choice(f"{self.name}: stored state", name, self._stored)]
        for output, input in wanted.items():
            self.check_switch(output, input)
        for output, input in wanted.items():
            self._driver.switch(output, input)

    def forget(self, name: str) -> None:
        """Drop what was stored under `name`.

        Raises:
            UsageError: there is no such name.
        """
        choice(f"{self.name}: stored state", name, self._stored)
        self._keep_stored({key: kept for key, kept in self._stored.items() if key != name})

    def _keep_stored(self, stored: dict[str, dict[str, str]]) -> None:
        self._stored = stored
        self._keep("stored", self.settings()["stored"])

    def settings(self) -> Mapping[str, Setting]:
        """What is stored."""
        return {"stored": {name: dict(kept) for name, kept in self._stored.items()}}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept."""
        stored = settings.get("stored", {})
        if not isinstance(stored, Mapping) or not all(isinstance(kept, Mapping) for kept in stored.values()):
            raise UsageError(f"{self.name}: stored states must be connections by name, got {stored!r}")
        self._stored = {
            name: {str(output): str(input) for output, input in kept.items()}
            for name, kept in stored.items()
            if isinstance(kept, Mapping)
        }

    # -- the names that users of BLISS know ---------------------------------------------------------------

    getOutputStat = get_output
    storeCurrentStat = store
    restoreStat = recall
    rmStat = forget

    def getOutputList(self) -> list[str]:
        """The names of the outputs."""
        return list(self.outputs)

    def getPossibleValues(self, output: str) -> list[str]:
        """The inputs that `output` can have."""
        return list(self.outputs[choice(f"{self.name}: output", output, self.outputs)])

    def getGlobalStat(self) -> dict[str, str]:
        """As `connections`."""
        return self.connections

    def getSavedStats(self) -> list[str]:
        """As `stored`."""
        return list(self._stored)

    def __info__(self) -> str:
        width = max(map(len, self.outputs), default=0)
        try:
            lines = [
                f"  {output:{width}} = {self.get_output(output)}  (of {', '.join(inputs) or 'any'})"
                for output, inputs in self.outputs.items()
            ]
        except DeviceError as error:
            return f"multiplexer {self.name}: {error}"
        stored = [f"  stored: {', '.join(self._stored)}"] if self._stored else []
        return "\n".join([f"multiplexer {self.name}", *lines, *stored])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
