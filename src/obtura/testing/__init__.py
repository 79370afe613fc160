"""Test what you write for obtura, before the beamtime."""

from obtura.testing.faults import Abort, CtrlC, Fault, Kind, Provoked, Raise
from obtura.testing.recorded import recorded
from obtura.testing.recording import Entry, Recording
from obtura.testing.watching import Around, Leftovers, Watcher
from obtura.works.clock import virtual_time

__all__ = [
    "Abort",
    "Around",
    "CtrlC",
    "Entry",
    "Fault",
    "Kind",
    "Leftovers",
    "Provoked",
    "Raise",
    "Recording",
    "Watcher",
    "recorded",
    "virtual_time",
]
