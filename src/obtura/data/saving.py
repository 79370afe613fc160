"""SCAN_SAVING: where the data of the next scans go, and which number is next."""

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from obtura.data.disk import saving_error
from obtura.data.layout import SUFFIX, highest_scan_file, scan_directory
from obtura.data.lock import account
from obtura.data.master import highest_entry
from obtura.data.template import close_match, fill
from obtura.ground.errors import ObturaError, UsageError, one_line
from obtura.works.clock import clock

__all__ = ["ScanSaving"]

_OWN = ("base_path", "template", "data_filename")

_numbering = threading.Lock()
_given: dict[str, int] = {}
"""The last number given out in this process, per master: a scan that never got a file keeps its number."""


class ScanSaving:
    """Where data go: `<base_path>/<template>/<data_filename>.h5`. Users see it as `SCAN_SAVING`.

    `template` and `data_filename` may hold fields: `{session}`, `{user_name}`, `{date}` (20190313) and
    whatever `add` has added. A field is set as an attribute: `SCAN_SAVING.sample = "quartz"`. What has no
    place in a file's name becomes an underscore; nothing is ever written outside of `base_path`.
    """

    base_path: str
    template: str
    data_filename: str
    _fields: dict[str, str]

    def __init__(self, session: str = "", user_name: str = "", base_path: str | os.PathLike[str] = "scans") -> None:
        self.__dict__["_fields"] = {"session": session, "user_name": user_name or account()}
        self.base_path = os.fspath(base_path)
        self.template = "{session}"
        self.data_filename = "data"

    def add(self, name: str, default: str = "") -> None:
        """Add a field: an attribute of this object, and `{name}` in the template.

        Raises:
            UsageError: no name for an attribute, or one that is there already.
        """
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise UsageError(f"a field of SCAN_SAVING needs a name of letters, digits and underscores, not {name!r}")
        if name in dir(self):
            raise UsageError(f"SCAN_SAVING has {name!r} already")
        self._fields[name] = _checked(name, default)

    # -- results ------------------------------------------------------------------------------------------

    @property
    def date(self) -> str:
        """Today, as 20190313."""
        return datetime.fromtimestamp(clock.epoch()).strftime("%Y%m%d")

    @property
    def root_path(self) -> str:
        """The directory of the master file, absolute."""
        return os.path.dirname(self.filename)

    @property
    def filename(self) -> str:
        """The master file, absolute, e.g. /tmp/scans/demo/data.h5.

        Raises:
            UsageError: the template names an unknown field, or leaves `base_path`.
        """
        values = {**self._fields, "date": self.date}
        below = fill("template", self.template, values)
        name = fill("data_filename", self.data_filename, values).removesuffix(SUFFIX)
        base = os.path.abspath(os.path.expanduser(self.base_path))
        _refuse_leaving("template", below)
        _refuse_leaving("data_filename", name)
        if not name or "/" in name or os.sep in name:
            raise UsageError(f"data_filename must be the name of a file, not {self.data_filename!r}")
        master = os.path.normpath(os.path.join(base, below, name + SUFFIX))
        for path in (os.path.dirname(master), master, str(scan_directory(Path(master)))):
            _refuse_outside(path, base)
        return master

    def get(self) -> dict[str, str]:
        """All fields and results by name."""
        own = {name: self.__dict__[name] for name in _OWN}
        return {**own, **self._fields, "root_path": self.root_path, "filename": self.filename}

    def clone(self) -> "ScanSaving":
        """A copy that later changes do not touch."""
        copy = ScanSaving()
        copy.__dict__.update(self.__dict__, _fields=dict(self._fields))
        return copy

    def next_number(self) -> int:
        """A number that no scan of this master has: one more than any in the master, among its files, or
        given out.

        Raises:
            UsageError: see `filename`.
            SavingError: the master is none of ours, or the directory can't be read.
        """
        master = Path(self.filename)
        key = os.path.realpath(master)
        with _numbering:
            try:
                files = highest_scan_file(master)
            except OSError as error:
                raise saving_error("can't look for the scans so far", scan_directory(master), error) from error
            _given[key] = 1 + max(highest_entry(master), files, _given.get(key, 0))
            return _given[key]

    # -- fields are attributes ----------------------------------------------------------------------------

    def __getattr__(self, name: str) -> str:
        fields: dict[str, str] = self.__dict__.get("_fields", {})
        if name in fields:
            return fields[name]
        raise AttributeError(f"SCAN_SAVING has no {name!r}; {close_match(name, [*_OWN, *fields])}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            self.__dict__[name] = _checked(name, os.fspath(value) if isinstance(value, os.PathLike) else value)
        elif name in self._fields:
            self._fields[name] = _checked(name, value)
        elif name in dir(self):
            raise UsageError(f"SCAN_SAVING.{name} can't be set: it follows from {', '.join(_OWN)}")
        else:
            known = close_match(name, [*_OWN, *self._fields])
            raise UsageError(f"SCAN_SAVING has no {name!r}; {known} Add it with SCAN_SAVING.add({name!r}, default).")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __repr__(self) -> str:
        own = {name: self.__dict__[name] for name in _OWN}
        try:
            filename = self.filename
        except ObturaError as error:
            filename = f"!ERR {one_line(error)}"
        lines = {**own, **self._fields, "filename": filename}
        width = max(map(len, lines))
        return "\n".join(f"{name:{width}} = {value}" for name, value in lines.items())


def _checked(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"SCAN_SAVING.{name} must be text, like {name} = {str(value)!r}, not {value!r}")
    if "\0" in value:
        raise UsageError(f"SCAN_SAVING.{name} must not hold a NUL character")
    return value


def _refuse_leaving(what: str, path: str) -> None:
    """Refuse what is meant to leave: absolute paths and `..`, even if they lead back."""
    parts = path.replace("\\", "/").split("/")
    if os.path.isabs(path) or ".." in parts or any(ord(letter) < 32 for letter in path):
        raise UsageError(f"{what} {path!r} must stay inside base_path: no leading slash, no '..'")


def _refuse_outside(path: str, base: str) -> None:
    """Refuse what leads out by a symbolic link."""
    real, inside = os.path.realpath(path), os.path.realpath(base)
    if os.path.commonpath([real, inside]) != inside:
        raise UsageError(f"{path} leads to {real}, which is outside of base_path {inside}; nothing is written there")
