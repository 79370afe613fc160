"""Switches that are a class each: derived from, and given methods, in the place of a driver."""

from collections.abc import Sequence
from typing import Any

from obtura.devices.bliss.config import description_in
from obtura.devices.switch import Switch, SwitchDriver
from obtura.ground.errors import UsageError

__all__ = ["DerivedSwitch"]


class _Methods(SwitchDriver):
    """Has the switch's own methods do what a driver does."""

    def __init__(self, switch: Any) -> None:
        self._switch = switch

    def set(self, state: str) -> None:
        self._switch._set(state)

    def get(self) -> str:
        return str(self._switch._get())


class DerivedSwitch(Switch):
    """A switch whose class does the work: override `_set`, `_get` and `_states_list`, `_init` if need be.

    Made with a name and what is said of it, which is in `config`. `_init` is called when it is used first.
    """

    def __init__(self, name: Any, config: Any = None, *more: Any) -> None:
        self.config = description_in((name, config, *more))
        if not self.config.get("name"):
            raise UsageError(f"{type(self).__name__}: a switch needs a name")
        self._ready = False
        super().__init__(str(self.config["name"]), _Methods(self), ("UNKNOWN",))

    def init(self) -> None:
        """Have `_init` called, if it was not yet."""
        if not self._ready:
            self._init()
            self._ready = True

    def states_list(self) -> list[str]:
        """What it can be set to."""
        self.init()
        return [str(state).upper() for state in self._states_list()]

    # -- to be overridden ---------------------------------------------------------------------------------

    def _init(self) -> None:
        """Get ready."""

    def _set(self, state: str) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _set(state)")

    def _get(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} must override _get()")

    def _states_list(self) -> Sequence[str]:
        raise NotImplementedError(f"{type(self).__name__} must override _states_list()")
