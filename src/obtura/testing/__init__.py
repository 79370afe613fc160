"""Test what you write for obtura, before the beamtime."""

from obtura.testing.conversation import SILENCE, Conversation
from obtura.testing.faults import Abort, CtrlC, Fault, Hang, Kind, Provoked, Raise
from obtura.testing.presets import Finding, PresetReport, assert_preset_ok, try_preset
from obtura.testing.recorded import recorded
from obtura.testing.recording import Entry, Recording
from obtura.testing.watching import Around, Leftovers, Watcher
from obtura.works.clock import virtual_time

__all__ = [
    "SILENCE",
    "Abort",
    "Around",
    "Conversation",
    "CtrlC",
    "Entry",
    "Fault",
    "Finding",
    "Hang",
    "Kind",
    "Leftovers",
    "PresetReport",
    "Provoked",
    "Raise",
    "Recording",
    "Watcher",
    "assert_preset_ok",
    "recorded",
    "try_preset",
    "virtual_time",
]
