"""A simulated switch."""

from collections.abc import Callable, Sequence

from obtura.devices.arguments import choice
from obtura.devices.switch import Switch, SwitchDriver

__all__ = ["SimulatedSwitch"]


class _Contact(SwitchDriver):
    def __init__(self, state: str) -> None:
        self.state = state
        self.wired: list[Callable[[str], None]] = []

    def set(self, state: str) -> None:
        self.state = state
        for follow in self.wired:
            follow(state)

    def get(self) -> str:
        return self.state


class SimulatedSwitch(Switch):
    """A switch that remembers; at first it is in `state`, by default the first of its `states`."""

    def __init__(self, name: str, states: Sequence[str] = ("OFF", "ON"), state: str | None = None) -> None:
        self._contact = _Contact("")
        super().__init__(name, self._contact, states)
        known = self.states_list()
        self._contact.state = choice(f"{name}: state", known[0] if state is None else state.upper(), known)

    def wire(self, follow: Callable[[str], None]) -> None:
        """Have `follow(state)` called each time it is set: a cable from the switch to what it drives."""
        self._contact.wired.append(follow)
