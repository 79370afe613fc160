"""Whether devices are there: what is listed with another device is asked once that one has answered."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from obtura.contracts.counters import Counter
from obtura.devices.axis_state import AxisState
from obtura.ground.errors import DeviceError, DeviceTimeoutError, one_line
from obtura.session.patience import ask_all

__all__ = ["OwnerError", "check_all", "check_of"]


class OwnerError(DeviceError):
    """It was not asked: `owner`, the device that it is listed with, is not there."""

    def __init__(self, owner: str, error: BaseException) -> None:
        super().__init__(f"it needs {owner}: {one_line(error)}")
        self.owner = owner


def check_all(things: Mapping[str, Any], owners: Mapping[str, str], deadline: float) -> dict[str, BaseException]:
    """What is wrong, by name, with those that are not there; those listed with others have `deadline` s after them.

    `owners`: the name of the device that a device is listed with, by its own name.
    """
    checks = {name: check for name, thing in things.items() if (check := check_of(thing)) is not None}
    members = [name for name in checks if owners.get(name) in checks]
    wrong = _wrong({name: check for name, check in checks.items() if name not in members}, deadline)
    asked = {}
    for name in members:
        first = owner = owners[name]
        while owners.get(first) in checks:
            first = owners[first]
        if first in wrong:
            wrong[name] = OwnerError(first, wrong[first])
        elif checks[name] != checks[owner]:  # a counter without a check of its own has its controller's
            asked[name] = checks[name]
    return wrong | _wrong({name: asked[name] for name in things if name in asked}, deadline)


def check_of(thing: Any) -> Callable[[], object] | None:
    """What says whether a device is there: its own `check`, or that of what reads it."""
    for one in (thing, getattr(thing, "controller", None) if isinstance(thing, Counter) else None):
        if callable(getattr(type(one), "check", None)):
            check: Callable[[], object] = one.check  # type: ignore[union-attr]
            return partial(_there, one, check)
    return None


def _there(thing: Any, check: Callable[[], object]) -> None:
    """Raise what `check` does; but an axis that moves, is off or has a fault is there: it says so itself."""
    try:
        check()
    except DeviceTimeoutError:
        raise
    except DeviceError:
        if not isinstance(getattr(type(thing), "state", None), property):
            raise
        with suppress(DeviceError):
            state = thing.state
            if isinstance(state, AxisState) and not state.ready:
                return
        raise


def _wrong(checks: Mapping[str, Callable[[], object]], deadline: float) -> dict[str, BaseException]:
    return {name: answer.error for name, answer in ask_all(checks, deadline).items() if answer.error is not None}
