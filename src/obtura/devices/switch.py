"""A switch: one thing that is in one of several states."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from obtura.contracts.looking import check_may_be_told
from obtura.devices.arguments import choice
from obtura.ground.errors import UsageError

__all__ = ["Switch", "SwitchDriver"]


class SwitchDriver(ABC):
    """What the electronics of a switch have to do; called by a `Switch` with known states only."""

    @abstractmethod
    def set(self, state: str) -> None:
        """Go to `state`; return when there."""

    @abstractmethod
    def get(self) -> str:
        """The state it is in, in capitals; anything else than one of its states is UNKNOWN."""


class Switch:
    """A switch. `states`: what it can be set to; capitals make no difference, all are shown in capitals."""

    def __init__(self, name: str, driver: SwitchDriver, states: Sequence[str]) -> None:
        self.name = name
        self._driver = driver
        self._states = [str(state).upper() for state in states]
        if not self._states or len(set(self._states)) < len(self._states):
            raise UsageError(f"{name}: states must be names, none of them twice, got {', '.join(states) or 'none'}")

    def set(self, state: str) -> None:
        """Go to `state`.

        Raises:
            UsageError: there is no such state; nothing was switched.
        """
        check_may_be_told(self.name, "set")
        wanted = state.upper() if isinstance(state, str) else state
        self._driver.set(choice(f"{self.name}: state", wanted, self.states_list()))

    def get(self) -> str:
        """The state it is in, or UNKNOWN."""
        state = str(self._driver.get()).upper()
        return state if state in self.states_list() else "UNKNOWN"

    def states_list(self) -> list[str]:
        """What it can be set to."""
        return list(self._states)

    def __info__(self) -> str:
        return f"switch {self.name}: {self.get()}  (of {', '.join(self.states_list())})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
