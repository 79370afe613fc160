"""What all entries of a scan share: title, times, user, presets, hooks, where the axes were.

It is made once, in the first entry; the entries of further top-masters get links to it. `scan_info`, of which
nobody knows what is in it, is one JSON text: every language reads it, and it costs one object instead of dozens.
"""

import json
import math
import platform
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import h5py
import numpy as np

from obtura.data.configuration import keep_configuration
from obtura.data.hooks import HookTable
from obtura.data.place import Place, set_number, set_text
from obtura.data.sketch import Node
from obtura.data.tree import (
    attribute,
    fact,
    group,
    link,
    number,
    roomy_text,
    say_where,
    text,
    unique_name,
)
from obtura.ground.events import PresetInfo, ScanBegan, ScanEnded, Source
from obtura.ground.version import VERSION

__all__ = ["POSITIONERS", "Common", "as_json", "iso"]

POSITIONERS = ("positioners_start", "positioners_end")

_AT_THE_END = {"end_time": 40, "end_reason": 20, "end_message": 1000}
"""Texts that are known at the end only, with the bytes that are kept for them."""

_LINKED = (
    "title",
    "start_time",
    *_AT_THE_END,
    "user",
    "session",
    "program_name",
    "scan_info",
    "presets",
    "hooks",
    "comments",
    "interruptions",
    "timing",
    "configuration",
)


class Common:
    """The shared objects of a scan's file. `zero`: the clock's time (s) at the scan's start_time."""

    def __init__(self, entry: Node, instrument: Node, began: ScanBegan, zero: float) -> None:
        self._entry = entry
        self._instrument = instrument
        info = began.scan_info
        self.title = roomy_text(entry, "title", began.title)
        text(entry, "start_time", iso(began.start_time))
        # Filled already now: while readers look on, nothing can be made, only overwritten.
        self._texts = {name: text(entry, name, "", size).place() for name, size in _AT_THE_END.items()}
        text(group(entry, "user", "NXuser"), "name", str(info.get("user_name") or ""))
        text(entry, "session", str(info.get("session_name") or ""))
        roomy_text(entry, "scan_info", as_json({"name": began.name, **info}))
        _program(entry)
        _presets(entry, began.presets)
        keep_configuration(entry, began.configuration)
        self.hooks = HookTable(group(entry, "hooks", "NXcollection"), zero)
        self._positions = self._make_positions(began)

    def share(self, entry: Node, instrument: Node) -> None:
        """Link everything into a further entry."""
        for home, linked, names in (
            (entry, self._entry, _LINKED),
            (instrument, self._instrument, POSITIONERS),
        ):
            for name in names:
                target = linked.members.get(name)
                if target is not None:
                    link(home, name, target)
                    say_where(target)

    @property
    def ends(self) -> dict[str, Any]:
        """The paths of what is known at the end only: of texts by name, of positions by axis."""
        return {
            **{name: place.path for name, place in self._texts.items()},
            "positions": {name: place.path for name, place in self._positions.items()},
        }

    def end(self, ended: ScanEnded) -> None:
        """Overwrite what is known at the end only, but for the reason."""
        for name, position in ended.positioners.items():
            if name in self._positions:
                set_number(self._positions[name], position.value)
        set_text(self._texts["end_time"], iso(ended.end_time))
        set_text(self._texts["end_message"], ended.message)

    def say_why(self, ended: ScanEnded) -> None:
        """Overwrite the reason: an entry that has one is complete."""
        set_text(self._texts["end_reason"], ended.end_reason)

    def _make_positions(self, began: ScanBegan) -> dict[str, Place]:
        starts, ends = (group(self._instrument, name, "NXcollection") for name in POSITIONERS)
        made: dict[str, Place] = {}
        names: set[str] = set()
        for name, (value, unit) in began.positioners.items():
            fit = unique_name(name, names)
            names.add(fit)
            number(starts, fit, float(value), unit)
            made[name] = number(ends, fit, np.nan, unit).place()
        return made


def iso(moment: datetime) -> str:
    """ISO 8601 with the zone; a time without one is local."""
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


_platform = cache(platform.platform)


def _program(entry: Node) -> None:
    program = text(entry, "program_name", "obtura")
    versions = {
        "version": VERSION,
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
        "h5py_version": h5py.version.version,
        "hdf5_version": h5py.version.hdf5_version,
        "platform": _platform(),
    }
    for name, value in versions.items():
        attribute(program, name, value)


def _presets(entry: Node, presets: tuple[PresetInfo, ...]) -> None:
    parent = group(entry, "presets", "NXcollection")
    taken: set[str] = set()
    for order, preset in enumerate(presets):
        name = unique_name(preset.name, taken)
        taken.add(name)
        made = group(parent, name, "NXcollection")
        text(made, "name", preset.name)
        text(made, "level", preset.level)
        number(made, "branch", 0 if preset.branch is None else preset.branch + 1)
        number(made, "order", order)
        _source(made, preset.source)
        fact(made, "parameters", preset.parameters)


def _source(made: Node, source: Source) -> None:
    """In full what the preset's class is, the file it is written in and its hash; without a file, the text itself."""
    for name, value in (("class", source.name), ("file", source.file), ("sha256", source.sha256)):
        text(made, name, value)
    if source.text:
        note = group(made, "source", "NXnote")
        text(note, "type", "text/x-python")
        text(note, "data", source.text)


def as_json(value: Any) -> str:
    """`value` as JSON text that every language reads; what JSON has no form for becomes text."""
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON knows no NaN
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return iso(value)
    name = getattr(value, "name", None)  # a device
    return name if isinstance(name, str) else str(value)
