"""What an axis is doing."""

import difflib
from collections.abc import Iterator, Set

from obtura.ground.errors import UsageError

__all__ = ["AxisState"]

_KNOWN = {
    "READY": "Axis is READY",
    "MOVING": "Axis is MOVING",
    "LIMPOS": "at the high limit switch",
    "LIMNEG": "at the low limit switch",
    "HOME": "at the home switch",
    "FAULT": "the controller reports a fault",
    "OFF": "power is off",
    "DISABLED": "disabled by a user",
}
_AT_REST = ("READY", "LIMPOS", "LIMNEG", "HOME")
_OBSTACLES = ("FAULT", "OFF", "DISABLED")


class AxisState(Set[str]):
    """A set of READY, MOVING, LIMPOS, LIMNEG, HOME (at a switch), FAULT, OFF, DISABLED, and states of one's own.

    `"MOVING" in axis.state`, `axis.state == "READY"` (READY is among them) and `axis.state.READY` all ask for one
    of them. A state of one's own is a pair: `AxisState("READY", ("PARKED", "out of the way"))`. `reason` says why,
    in plain words, in place of the description of FAULT, OFF or DISABLED.

    `moving`: MOVING is among them. `ready`: it can set off: READY or a switch is among them, and no obstacle.
    """

    __slots__ = ("_descriptions", "moving", "ready", "reason")

    def __init__(self, *states: str | tuple[str, str], reason: str = "") -> None:
        given = dict(_described(state) for state in states)
        if not given:
            raise UsageError(f"AxisState takes some of {', '.join(_KNOWN)}, got none")
        if {"READY", "MOVING"} <= given.keys():
            raise UsageError("AxisState: an axis that is MOVING is not READY")
        own = {name: text for name, text in given.items() if name not in _KNOWN}
        self._descriptions = {name: given[name] for name in _KNOWN if name in given} | own
        self.moving = "MOVING" in given
        self.ready = not self.moving and given.keys().isdisjoint(_OBSTACLES) and not given.keys().isdisjoint(_AT_REST)
        self.reason = reason
        if reason:
            told = next((name for name in _OBSTACLES if name in given), next(iter(self._descriptions)))
            self._descriptions[told] = reason

    def __contains__(self, name: object) -> bool:
        return name in self._descriptions

    def __iter__(self) -> Iterator[str]:
        return iter(self._descriptions)

    def __len__(self) -> int:
        return len(self._descriptions)

    def __eq__(self, other: object) -> bool:
        return other in self._descriptions if isinstance(other, str) else Set.__eq__(self, other)

    def __hash__(self) -> int:
        return self._hash()

    def __getattr__(self, name: str) -> bool:
        if name in _KNOWN or (name.isupper() and name in self._descriptions):
            return name in self._descriptions
        raise AttributeError(f"AxisState has no attribute {name!r}")

    def description(self, name: str) -> str:
        """What one of its states means, in words."""
        return self._descriptions[name]

    @property
    def names(self) -> str:
        """The names alone, and the reason if there is one: `READY, LIMPOS`, `FAULT (following error)`."""
        names = ", ".join(self)
        return f"{names} ({self.reason})" if self.reason else names

    def __str__(self) -> str:
        return " | ".join(f"{name} ({text})" for name, text in self._descriptions.items())

    def __repr__(self) -> str:
        return f"AxisState({self.names!r})"


def _described(state: str | tuple[str, str]) -> tuple[str, str]:
    """A state's name and description.

    Raises:
        UsageError: not a known name, nor a pair of a name in capitals and its description.
    """
    if isinstance(state, str):
        if state in _KNOWN:
            return state, _KNOWN[state]
        close = difflib.get_close_matches(state.upper(), _KNOWN, n=1)
        hint = f": did you mean {close[0]}?" if close else ""
        raise UsageError(
            f"AxisState: {state!r} is not known{hint} (known: {', '.join(_KNOWN)}); "
            "a state of your own is a pair: its name and what it means"
        )
    match state:
        case str(name), str(text) if name.isidentifier() and name.isupper() and text:
            return name, text
    raise UsageError(f"AxisState: a state of your own is a pair of a name in capitals and its meaning, got {state!r}")
