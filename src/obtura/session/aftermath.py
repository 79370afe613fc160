"""What an earlier session left behind when its process died: told when the next begins, put right on request."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from obtura.contracts.devices import is_movable
from obtura.contracts.together import move_together
from obtura.contracts.turns import near
from obtura.ground.errors import DeviceError
from obtura.session.patience import ask_all
from obtura.works.guardian import ready_to_do
from obtura.works.ledger import Entry, Ledger

__all__ = ["left_behind", "put_right", "said_of", "tell"]

DEADLINE = 5.0
"""Seconds that the devices concerned have to say how they are."""


def left_behind(ledger: Ledger) -> list[Entry]:
    """What processes that are gone have begun and not ended; what has to be closed comes first."""
    left = [entry for entry in ledger.pending() if not entry.is_of_the_living]
    return sorted(left, key=lambda entry: entry.facts.get("what") != "due")


def tell(ledger: Ledger, devices: Mapping[str, Any]) -> list[str]:
    """A line for each thing that was left behind. What is in order by now is struck off, and told only this time."""
    left = left_behind(ledger)
    answers = ask_all({entry.key: partial(_is_in_order, entry, devices) for entry in left}, DEADLINE) if left else {}
    lines, done = [], []
    for entry in left:
        in_order = (entry.acted > 0 and not entry.failed) or answers[entry.key].value is True
        lines.append(
            f"{said_of(entry, {})}, is now in order" if in_order and not entry.acted else said_of(entry, devices)
        )
        if in_order:
            done.append(entry.key)
    if done:
        ledger.end(*done)
    return [*lines, *(["`obtura recover --devices` puts it right"] if len(done) < len(left) else [])]


def put_right(entry: Entry, devices: Mapping[str, Any]) -> str:
    """Do what was not done; returns what was done. Nothing, where all is in order.

    Raises:
        DeviceError: it can't be done; or whatever the device raises.
    """
    if entry.facts["what"] != "due":
        return _return(entry, devices)
    name: str = entry.facts["name"]
    if ask_all({name: partial(_is_in_order, entry, devices)}, DEADLINE)[name].value is True:
        return f"{name}: nothing to do, it is so"
    _call_of(entry, devices)()
    return f"{name}: done"


def said_of(entry: Entry, devices: Mapping[str, Any]) -> str:
    """`shutter opened 14:02 by scan 118 (ascan), never closed`; where axes stand now is asked of `devices`."""
    facts = entry.facts
    by = f"by scan {facts['scan']} ({facts['scan_name']})" if "scan" in facts else "by hand"
    when, where = _clock(entry.time), "" if entry.is_here else f" on {entry.host}"
    if facts["what"] != "due":
        moves = ", ".join(_move(axis, devices) for axis in facts["axes"])
        return f"{moves} not returned {by} {when}{where}"
    thing, _, method = facts["name"].rpartition(".")
    begun, done = (f"{thing} opened", "closed") if method == "close" else (f"{facts['name']} due since", "done")
    if not entry.acted:
        return f"{begun} {when} {by}{where}, never {done}"
    if entry.failed:
        return f"{begun} {when} {by}{where}, not {done}: the guard failed {_clock(entry.acted)}: {entry.failed}"
    return f"{begun} {when} {by}{where}, {done} by the guard {_clock(entry.acted)}"


def _clock(epoch: float) -> str:
    moment = time.localtime(epoch)
    today = moment[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", moment)


# -- devices ----------------------------------------------------------------------------------------------


def _is_in_order(entry: Entry, devices: Mapping[str, Any]) -> bool:
    """Whether the devices themselves say so."""
    if entry.facts["what"] != "due":
        return all(_is_back(devices.get(name), position) for name, position, _ in entry.facts["axes"])
    name, _, method = entry.facts["name"].rpartition(".")
    answer = {"close": "is_closed", "set_in": "is_in", "set_out": "is_out"}.get(method, "")
    return getattr(devices.get(name), answer, False) is True


def _is_back(axis: Any, position: float) -> bool:
    if not is_movable(axis):
        return False
    axis.check()
    return abs(near(axis, axis.position, position) - position) <= 2 * (getattr(axis, "tolerance", None) or 1e-3)


def _move(axis: tuple[str, float, str | None], devices: Mapping[str, Any]) -> str:
    """`roby (from 1.2 to 0.5 mm)`."""
    name, position, unit = axis
    device = devices.get(name)
    to = f"to {position:g} {unit or ''}".rstrip()
    if not is_movable(device):
        return f"{name} ({to})"
    now = ask_all({name: lambda: float(device.position)}, DEADLINE)[name].value
    return f"{name} ({to})" if now is None else f"{name} (from {now:g} {to})"


def _call_of(entry: Entry, devices: Mapping[str, Any]) -> Callable[[], object]:
    """The device's own method; where the session has no such device, what the guard would have done."""
    name, _, method = entry.facts["name"].rpartition(".")
    call: Any = getattr(devices.get(name), method, None)
    if callable(call):
        return partial(call)
    action = entry.facts["action"]
    if action is None:
        raise DeviceError(f"{entry.facts['name']} can't be done: there is no device {name!r} in this session")
    return ready_to_do(action["function"], action["arguments"])


def _return(entry: Entry, devices: Mapping[str, Any]) -> str:
    wanted = entry.facts["axes"]
    if absent := [name for name, _, _ in wanted if not is_movable(devices.get(name))]:
        raise DeviceError(f"{', '.join(absent)} can't be returned: there is no such axis in this session")
    away = [(devices[name], position) for name, position, _ in wanted if not _is_back(devices[name], position)]
    for axis, position in away:
        axis.check_target(position)
    if away:
        move_together([axis for axis, _ in away], [position for _, position in away])
    names = ", ".join(f"{name} at {position:g} {unit or ''}".rstrip() for name, position, unit in wanted)
    return f"{names}: {'returned' if away else 'nothing to do, it is there'}"
