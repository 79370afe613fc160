"""The world of the engine's tests, a recording of every call, and what goes wrong in it."""

from obtura.testing.faults import AFTER, BEFORE, DURING, CtrlC, Fault, Kind, Provoked, Raise
from obtura.testing.recording import Recording as World

__all__ = ["FAULTS", "RARE", "Fault", "Kind", "Provoked", "World"]

KINDS = (
    Raise("raises"),
    Raise("raises-at-its-end", AFTER),
    Raise("raises-system-exit", error=SystemExit),
    Raise("raises-and-so-does-every-clean-up", everywhere=True),
    CtrlC("ctrl-c-before"),
    CtrlC("ctrl-c-during", DURING),
    CtrlC("ctrl-c-after", AFTER),
    CtrlC("ctrl-c-and-again-in-its-own-clean-up", BEFORE, "own"),
    CtrlC("ctrl-c-and-again-at-the-next-call", BEFORE, "call"),
    CtrlC("ctrl-c-and-again-in-the-next-clean-up", BEFORE, "clean-up"),
    CtrlC("ctrl-c-swallowed", caught=lambda text: None),
    CtrlC("ctrl-c-turned-into-an-error", caught=Provoked),
)
FAULTS = {kind.name: kind for kind in KINDS}
"""What can go wrong with a call, by name."""

RARE = ("raises-at-its-end", "raises-and-so-does-every-clean-up", "ctrl-c-and-again-in-its-own-clean-up")
RARE += ("ctrl-c-and-again-at-the-next-call", "ctrl-c-swallowed", "ctrl-c-turned-into-an-error")
"""Beyond the issue's list; tried at every place of one world and every third place of the others."""
