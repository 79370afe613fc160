"""A scan in a file: what is known of it, its columns, and its rows as tables of other programs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.configuration import configuration_of
from obtura.data.contents import EntryInfo, describe, opened_entry, text_of
from obtura.data.grid import mesh_of
from obtura.data.happened import Interruption, comments_of, flags_of, interruptions_of
from obtura.data.layout import OWN_NAMES
from obtura.data.saved_column import ColumnInfo, SavedColumn, column_infos
from obtura.data.tables import Table, as_dataframe, as_dataset, table_of
from obtura.data.template import close_match
from obtura.data.times import timings_of
from obtura.data.validity import HARMLESS
from obtura.ground.errors import UsageError
from obtura.ground.events import Comment, Position
from obtura.ground.timings import Timings

__all__ = ["SavedScan", "moment"]


class SavedScan:
    """What one top-master of a scan has measured: `scan["diode"][:]`, by the name in the file or the full one.

    Nothing stays open. A scan that runs is looked at anew each time.
    """

    def __init__(self, entry: EntryInfo) -> None:
        self._known = entry

    @property
    def entry(self) -> EntryInfo:
        """What the list of scans says of it, now."""
        if self._known.state != "finished":
            self._known = describe(self._known)
        return self._known

    @property
    def name(self) -> str:
        """The entry, "12.1"."""
        return self._known.name

    @property
    def number(self) -> int:
        """The number of the scan, 12."""
        return self._known.number

    @property
    def file(self) -> Path:
        """The scan's own file."""
        return self._known.file

    @property
    def title(self) -> str:
        """The command."""
        return self.entry.title

    @property
    def state(self) -> str:
        """finished, running, spooled (it has ended, its last data are in the spool), crashed (its program ended
        without closing the file), missing or damaged.
        """
        return self.entry.state

    @property
    def start_time(self) -> datetime | None:
        """When it began, with the zone."""
        return moment(self.entry.start_time)

    @property
    def end_time(self) -> datetime | None:
        """When it ended; None: not yet, or nobody knows."""
        return moment(self.entry.end_time)

    @property
    def end_reason(self) -> str:
        """SUCCESS, USER_ABORT or FAILURE; empty without an end."""
        return self.entry.end_reason

    @property
    def points(self) -> int:
        """How many complete points there are."""
        return self.entry.points

    @property
    def end_message(self) -> str:
        """The error, in one line."""
        return self._text("end_message")

    @property
    def user(self) -> str:
        """Who has run it."""
        return self._text("user/name")

    @property
    def session(self) -> str:
        """In which session."""
        return self._text("session")

    @cached_property
    def scan_info(self) -> dict[str, Any]:
        """The parameters of the scan."""
        found: dict[str, Any] = json.loads(self._text("scan_info") or "{}")
        return found

    @property
    def positioners(self) -> dict[str, Position]:
        """Where each axis of the session was at the start."""
        return self._positions("positioners_start")

    @property
    def positioners_end(self) -> dict[str, Position]:
        """Where each axis of the session was at the end; NaN: not known."""
        return self._positions("positioners_end")

    @property
    def presets(self) -> dict[str, dict[str, Any]]:
        """The presets that were active: level, branch (0: a scan preset), class, file and its sha256, parameters."""
        with self.opened() as entry:
            found = entry.get("presets")
            return _content(found) if isinstance(found, h5py.Group) else {}

    @property
    def metadata(self) -> dict[str, Any]:
        """What was said with the scan: by devices ("devices"), by the user in categories ("sample"), later ("end")."""
        with self.opened() as entry:
            return _metadata(entry)

    # -- what happened ------------------------------------------------------------------------------------

    @property
    def comments(self) -> list[Comment]:
        """Somebody's words about it, in their order, each with its time."""
        with self.opened() as entry:
            return comments_of(entry)

    @property
    def interruptions(self) -> list[Interruption]:
        """Ctrl-C, errors and the end of its process; the first is why the scan ended as it did."""
        with self.opened() as entry:
            return interruptions_of(entry)

    @property
    def timings(self) -> Timings:
        """Where the time went, until everything was left; printed, it is a waterfall.

        Without rows it's not known, and `partial` says why: its process was killed, say.
        """
        state = self.state
        with self.opened() as entry:
            return timings_of(entry, f"{self.title} (scan {self.number})", state)

    def timing(self, file: TextIO | None = None) -> None:
        """Print where the time went, as `scan.timing()` does. There is no trace: single calls are not in the file."""
        out = file or sys.stdout
        out.write(self.timings.on(out) + "\n")

    @property
    def flags(self) -> npt.NDArray[np.uint8]:
        """What is wrong with each point, as bits of `Validity`; 0 is good."""
        with self.opened() as entry:
            return flags_of(entry, self._known.points)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Which points are good: `scan["diode"][:][scan.valid]`; also those that were taken again, and those without an
        optional counter, which is NaN there.
        """
        good: npt.NDArray[np.bool_] = self.flags & ~np.uint8(HARMLESS) == 0
        return good

    @property
    def configuration(self) -> dict[str, str]:
        """The YAML that its session was made of, by the names of the files; empty for a session without."""
        with self.opened() as entry:
            return configuration_of(entry)

    # -- columns ------------------------------------------------------------------------------------------

    @property
    def columns(self) -> dict[str, SavedColumn]:
        """All columns but frames, by their names in the file; nothing is read of them."""
        return {name: one for name, one in self._all.items() if not one.info.is_frame}

    @property
    def frames(self) -> dict[str, SavedColumn]:
        """The frames of cameras, by their names in the file; only what is asked for is read."""
        return {name: one for name, one in self._all.items() if one.info.is_frame}

    @property
    def _all(self) -> dict[str, SavedColumn]:
        if self._known.state == "finished" and self._finished is not None:
            return self._finished
        found = {name: SavedColumn(self._known, info) for name, info in self.infos().items()}
        self._finished = found if self._known.state == "finished" else None
        return found

    _finished: dict[str, SavedColumn] | None = None

    def infos(self) -> dict[str, ColumnInfo]:
        """What is known of each column, frames as well."""
        known = self.entry
        with self.opened() as entry:
            return column_infos(entry, known.points, known.state == "finished")

    def __getitem__(self, name: str) -> SavedColumn:
        columns = self._all
        found = columns.get(name) or next((one for one in columns.values() if one.info.channel == name), None)
        if found is None:
            raise UsageError(f"scan {self.name} has no column {name!r}; {close_match(str(name), columns)}")
        return found

    def __contains__(self, name: object) -> bool:
        return any(name in (key, one.info.channel) for key, one in self._all.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __bool__(self) -> bool:
        return True

    def table(self) -> Table:
        """Its rows, all read at one moment."""
        known = self.entry
        with self.opened() as entry:
            return table_of(entry, known.points, known.state == "finished")

    def to_pandas(self) -> Any:
        """Its scalars as a `pandas.DataFrame`, a row a point; units, and what is left out, are in its `attrs`.

        Raises:
            UsageError: pandas is not installed.
        """
        return as_dataframe(self.table(), self.name, self.title)

    def to_xarray(self, frames: bool = False) -> Any:
        """All of it as an `xarray.Dataset`: axes as coordinates along `point`, units as attributes.

        A mesh comes as a grid, its dimensions called as its axes, the slowest first: the coordinates are where its
        points were to be, `roby_measured` where they were; a cell without a point is NaN. `frames`: with all frames in
        memory.

        Raises:
            UsageError: xarray is not installed.
        """
        images = {name: (one.unit, one[:]) for name, one in self.frames.items()} if frames else {}
        mesh = mesh_of(self.scan_info)
        return as_dataset(self.table(), images, self.name, self.title, mesh)

    def __repr__(self) -> str:
        known = self.entry
        when = known.start_time[:19].replace("T", " ")
        return (
            f"<SavedScan {known.name} {known.title!r} {when} {known.end_reason or known.state}, {known.points} points>"
        )

    # -- reading ------------------------------------------------------------------------------------------

    @contextmanager
    def opened(self) -> Iterator[h5py.Group]:
        """The entry's group, for h5py.

        Raises:
            UsageError: the file is gone or damaged.
        """
        known = self.entry
        if known.state in ("missing", "damaged"):
            raise UsageError(f"scan {known.name} can't be read, its file is {known.state}: {known.file}")
        with opened_entry(known) as entry:
            yield entry

    def _text(self, name: str) -> str:
        with self.opened() as entry:
            return text_of(entry, name)

    def _positions(self, name: str) -> dict[str, Position]:
        with self.opened() as entry:
            group = entry.get(f"instrument/{name}")
            if not isinstance(group, h5py.Group):
                return {}
            return {
                key: Position(float(one[()]), str(one.attrs["units"]) if "units" in one.attrs else None)
                for key, one in group.items()
            }


def moment(iso: str) -> datetime | None:
    """An ISO 8601 time; None for what is none."""
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return None


def _metadata(entry: h5py.Group) -> dict[str, Any]:
    found: dict[str, Any] = {"devices": {}}
    for name, group in entry.get("instrument", {}).items():
        if name in ("positioners_start", "positioners_end"):
            continue
        facts = _content(group) if isinstance(group, h5py.Group) else _value(group)
        if isinstance(facts, dict):
            facts = {key: value for key, value in facts.items() if key not in ("data", "value")}
        if not isinstance(facts, dict) or facts:
            found["devices"][name] = facts
    for name in entry:
        is_own = name in OWN_NAMES or name.startswith("plot_")
        if not is_own and isinstance(group := entry.get(name), h5py.Group):
            found[name] = _content(group)
    for timing in ("prepared", "end"):
        note = entry.get(f"metadata_{timing}/data")
        if isinstance(note, h5py.Dataset) and len(note):
            found[timing] = json.loads(b"".join(note[:]).decode())
    return {name: facts for name, facts in found.items() if facts}


def _content(group: h5py.Group) -> dict[str, Any]:
    """What is in a group, as plain values; columns and links to other files are left out."""
    found: dict[str, Any] = {}
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
            continue
        one = group[name]
        if isinstance(one, h5py.Group):
            found[name] = _content(one)
        elif not (one.maxshape and one.maxshape[0] is None):
            found[name] = _value(one)
    return found


def _value(dataset: h5py.Dataset) -> Any:
    value = dataset.asstr()[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()]
    if isinstance(value, np.generic):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype == object else value
