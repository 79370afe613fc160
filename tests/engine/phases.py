"""The phases of a scan, as users know them: in which of them a call is."""

import re

PHASES = {
    "checks": "before anything moves: `validate`, metadata",
    "presets: prepare": "`prepare` of scan, chain and iteration presets",
    "iterators": "`get_iterator`, and each step of it",
    "devices: prepare": "`prepare` of devices; a step motor moves",
    "presets: start": "`start` of presets",
    "points": "`start`, `trigger`, `reading`, `wait_ready` of devices, their iterators",
    "presets: pause": "`pause`, `resume` and `retake` of presets",
    "presets: before_stop": "`before_stop` of chain presets",
    "devices: stop": "`stop` of devices",
    "presets: stop": "`stop` of presets, iterators closed",
}
"""Name and what is in it."""


def is_preset(owner):
    """Whether a name in a recording is one of the presets: `S1`, `SA`, `C1I0`."""
    return re.fullmatch(r"[A-Z][A\d](I\d*)?", owner) is not None


def phase_of(key):
    """The phase of a call of a recording."""
    owner, _, call = key.rpartition("#")[0].rpartition(".")
    if call in ("validate", "metadata"):
        return "checks"
    if not is_preset(owner):
        named = f"devices: {call}"
        return named if named in PHASES else "points"
    if call in ("get_iterator", "next"):
        return "iterators"
    call = {"close": "stop", "resume": "pause", "retake": "pause"}.get(call, call)
    return f"presets: {call}"
