"""A multiplexer that is switched for the time of a scan."""

from obtura.contracts.devices import Multiplexer
from obtura.ground.errors import UsageError, annotate, one_line
from obtura.presets.anylevel import AnyLevelPreset, Say, require

__all__ = ["MultiplexerPreset"]


class MultiplexerPreset(AnyLevelPreset):
    """Connects outputs of a multiplexer to inputs, and with `restore` connects them as before afterwards.

    `MultiplexerPreset(multiplexer, "trigger", "roby")`; several at once with more pairs of output and input.
    """

    def __init__(
        self,
        multiplexer: Multiplexer,
        output: str,
        input: str,
        *more: str,
        restore: bool = True,
        per_point: bool = False,
    ) -> None:
        require(self, "a multiplexer", multiplexer, "switch", *(["get_output"] if restore else []))
        names = (output, input, *more)
        if len(names) % 2:
            raise UsageError(f"MultiplexerPreset: give output and input in turn; {names[-1]!r} has no input")
        self.multiplexer = multiplexer
        self.settings = tuple(zip(names[::2], names[1::2], strict=True))
        self.restore = restore
        self.per_point = per_point
        self._before: dict[str, str] = {}
        check = getattr(multiplexer, "check_switch", None)
        if check is not None:
            for setting in self.settings:
                check(*setting)

    def set_up(self, say: Say) -> None:
        """Switch; what is to be restored is noted before each."""
        self._before = {}
        for output, input in self.settings:
            if self.restore:
                self._before.setdefault(output, self.multiplexer.get_output(output))
            self.multiplexer.switch(output, input)

    def put_back(self) -> None:
        """Switch back, the last one first; one that fails keeps no other from being tried."""
        failure: Exception | None = None
        for output, input in reversed(self._before.items()):
            try:
                self.multiplexer.switch(output, input)
            except Exception as error:  # noqa: BLE001 - the others come first, then it is raised
                if failure is None:
                    failure = error
                else:
                    annotate(failure, f"then {one_line(error)}")
        if failure is not None:
            raise failure
