"""What the states of Tango are to an axis and to a shutter."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from obtura.devices.axis_state import AxisState
from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import UsageError

__all__ = ["AXIS", "SHUTTER", "axis_state", "states_of", "wrong_states"]

S = TypeVar("S", bound=str)

NAMES = (
    *("ON", "OFF", "CLOSE", "OPEN", "INSERT", "EXTRACT", "MOVING", "STANDBY", "FAULT", "INIT", "RUNNING", "ALARM"),
    *("DISABLE", "UNKNOWN"),
)

AXIS = {
    **dict.fromkeys(("ON", "STANDBY", "OPEN", "CLOSE", "INSERT", "EXTRACT"), "READY"),
    **dict.fromkeys(("MOVING", "RUNNING"), "MOVING"),
    **dict.fromkeys(("OFF", "DISABLE"), "OFF"),
    "ALARM": "ALARM",
    **dict.fromkeys(("FAULT", "INIT", "UNKNOWN"), "FAULT"),
}
"""READY, MOVING, OFF, FAULT, or ALARM: it can move, as off a limit switch, and says what is wrong."""

SHUTTER = {
    **dict.fromkeys(("OPEN", "EXTRACT", "RUNNING"), ShutterState.OPEN),  # RUNNING: open, and opened again by itself
    **dict.fromkeys(("CLOSE", "INSERT", "STANDBY", "DISABLE"), ShutterState.CLOSED),
    **dict.fromkeys(("MOVING",), ShutterState.MOVING),
    **dict.fromkeys(("FAULT",), ShutterState.FAULT),
    **dict.fromkeys(("ALARM", "INIT", "ON", "OFF", "UNKNOWN"), ShutterState.UNKNOWN),
}


def axis_state(kind: str, state: str, status: str) -> AxisState:
    """The state of an axis: of this `kind`, as in AXIS, when the device says it is in this state and status."""
    said = f"{state}: {status}" if status else state
    if kind == "ALARM":
        return AxisState("READY", ("ALARM", "something is wrong, and it can move"), reason=said)
    if kind in ("FAULT", "OFF"):
        return AxisState(kind, reason=said)
    return AxisState(kind)


def states_of(usual: Mapping[str, S], own: Mapping[str, str], make: Callable[[str], S]) -> dict[str, S]:
    """The usual meaning of each state, and in its place a device's own.

    Raises:
        UsageError: there is no such state, or no such meaning.
    """
    for problem in wrong_states(usual, own):
        raise UsageError(problem)
    return {**usual, **{state.upper(): make(meaning.upper()) for state, meaning in own.items()}}


def wrong_states(usual: Mapping[str, Any], own: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the meanings of states."""
    meanings = sorted({str(meaning) for meaning in usual.values()})
    for state, meaning in own.items():
        if state.upper() not in NAMES:
            yield f"Tango has no state {state!r} (it has: {', '.join(NAMES)})"
        if meaning.upper() not in meanings:
            yield f"{state} can't be {meaning!r} (but: {', '.join(meanings)})"
