"""SCAN_SAVING: where the data of the next scans go, and which number is next."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from obtura.contracts.settings import OnSetting, Setting
from obtura.data.disk import make_directory
from obtura.data.layout import SUFFIX
from obtura.data.lock import account
from obtura.data.numbering import forget, next_number
from obtura.data.template import close_match, fill
from obtura.ground.compression import checked_compression
from obtura.ground.errors import ObturaError, UsageError, one_line
from obtura.works.clock import clock

__all__ = ["ScanSaving", "all_below"]

_OWN: dict[str, str | bool] = {
    "base_path": "scans",
    "template": "{session}",
    "data_filename": "data",
    "images_path_relative": True,
    "images_path_template": "scan{scan_number}",
    "images_prefix": "{img_acq_device}_",
    "save_images": True,
    "compression": "none",
    "date_format": "%Y%m%d",
    "scan_number_format": "%04d",
}
"""What a user may set, and what it is at first."""

_OF_A_SCAN = ("scan_name", "scan_number", "img_acq_device")
"""Fields that have a value for the frames of a scan only."""

_below: list[str] = []


@contextmanager
def all_below(directory: str | os.PathLike[str]) -> Iterator[None]:
    """Have everything go below `directory` while the body runs: what is meant for /data then goes to directory/data."""
    _below.append(os.path.abspath(directory))
    try:
        yield
    finally:
        _below.pop()


def _moved(path: str) -> str:
    if not _below:
        return path
    return os.path.join(_below[-1], os.path.splitdrive(path)[1].lstrip(os.sep))


class ScanSaving:
    """Where data go: `<base_path>/<template>/<data_filename>.h5`. Users see it as `SCAN_SAVING`.

    `template` and `data_filename` may hold fields: `{session}`, `{user_name}`, `{date}` (20190313, see `date_format`)
    and whatever `add` has added. A field is set as an attribute: `SCAN_SAVING.sample = "quartz"`. What has no
    place in a file's name becomes an underscore; nothing is ever written outside of `base_path`.

    Frames of cameras go into `<images_path_template>/<images_prefix>.h5` beside the scan's own file, unless
    `save_images` is False. These two may also hold `{scan_number}` (0012, see `scan_number_format`), `{scan_name}` and
    `{img_acq_device}`, the camera. With `images_path_relative = False` the template is a place of its own, perhaps on
    another disk: `/fast/{session}/scan{scan_number}`; frames never leave the directory before its first field.
    `compression`: of the frames of cameras that say nothing of their own, one of `COMPRESSIONS`.
    """

    name = "SCAN_SAVING"
    base_path: str
    template: str
    data_filename: str
    images_path_relative: bool
    images_path_template: str
    images_prefix: str
    save_images: bool
    compression: str
    date_format: str
    scan_number_format: str
    _fields: dict[str, str]
    _added: list[str]
    _on_setting: OnSetting | None

    def __init__(self, session: str = "", user_name: str = "", base_path: str | os.PathLike[str] = "scans") -> None:
        fields = {"session": session, "user_name": user_name or account()}
        self.__dict__.update(_OWN, _fields=fields, _added=[], _on_setting=None)
        self.base_path = os.fspath(base_path)

    def add(self, name: str, default: str = "") -> None:
        """Add a field: an attribute of this object, and `{name}` in the templates.

        Raises:
            UsageError: no name for an attribute, or one that is there already.
        """
        self._refuse_field(name)
        self._fields[name] = _checked(name, default)
        self._added.append(name)
        self._tell("added", self._of_the_user())

    def _refuse_field(self, name: Any) -> None:
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise UsageError(f"a field of SCAN_SAVING needs a name of letters, digits and underscores, not {name!r}")
        if name in dir(self) or name in _OF_A_SCAN:
            raise UsageError(f"SCAN_SAVING has {name!r} already")

    def _of_the_user(self) -> dict[str, Setting]:
        return {name: self._fields[name] for name in self._added}

    # -- results ------------------------------------------------------------------------------------------

    @property
    def date(self) -> str:
        """Today, as 20190313."""
        return datetime.fromtimestamp(clock.epoch()).strftime(self.date_format)

    @property
    def root_path(self) -> str:
        """The directory of the master file, absolute."""
        return os.path.dirname(self.filename)

    @property
    def data_path(self) -> str:
        """The master file without its suffix; the scans' own files are in a directory of this name."""
        return self.filename.removesuffix(SUFFIX)

    @property
    def data_fullpath(self) -> str:
        """The same as `filename`."""
        return self.filename

    @property
    def filename(self) -> str:
        """The master file, absolute, e.g. /tmp/scans/demo/data.h5.

        Raises:
            UsageError: the template names an unknown field, or leaves `base_path`.
        """
        below = self._filled("template")
        name = self._filled("data_filename").removesuffix(SUFFIX)
        base = self._base
        _refuse_leaving("template", below)
        _refuse_no_name("data_filename", name)
        master = os.path.normpath(os.path.join(base, below, name + SUFFIX))
        _refuse_outside(os.path.dirname(master), base, "base_path")
        for path in (master, master.removesuffix(SUFFIX)):
            if os.path.islink(path):
                _refuse_outside(path, base, "base_path")
        return master

    @property
    def images_path(self) -> str:
        """How the files of frames begin; what is known in a scan only stands there in braces.

        Raises:
            UsageError: see `images_file`.
        """
        directory, prefix = self._images({name: f"{{{name}}}" for name in _OF_A_SCAN})
        return os.path.join(directory, prefix)

    def images_file(self, scan_number: int, scan_name: str, device: str) -> str:
        """The file for the frames of `device` in a scan, absolute, e.g. /tmp/scans/demo/data/scan0012/camera.h5.

        Raises:
            UsageError: a template names an unknown field, or leaves `base_path`, or its own place.
        """
        number = self.scan_number_format % scan_number
        directory, prefix = self._images({"scan_number": number, "scan_name": scan_name, "img_acq_device": device})
        path = os.path.join(directory, (prefix.rstrip("_-. ") or "frames") + SUFFIX)
        if self.images_path_relative:
            _refuse_outside(path, self._base, "base_path")
        else:
            place = _moved(os.path.expanduser(self.images_path_template.partition("{")[0]))
            _refuse_outside(path, os.path.dirname(place), "the place of images_path_template,")
        return path

    def _images(self, values: Mapping[str, str]) -> tuple[str, str]:
        where, prefix = self._filled("images_path_template", values), self._filled("images_prefix", values)
        if prefix:
            _refuse_no_name("images_prefix", prefix)
        if self.images_path_relative:
            _refuse_leaving("images_path_template", where)
            return os.path.normpath(os.path.join(self.data_path, where)), prefix
        where = os.path.expanduser(where)
        if not os.path.isabs(where) or ".." in Path(where).parts:
            raise UsageError(
                f"images_path_template {where!r} must begin with a slash, and have no '..', since "
                "images_path_relative is False"
            )
        return _moved(os.path.normpath(where)), prefix

    def _filled(self, what: str, of_a_scan: Mapping[str, str] | None = None) -> str:
        template = self.__dict__[what]
        if of_a_scan is None and (known_later := [name for name in _OF_A_SCAN if f"{{{name}}}" in template]):
            raise UsageError(
                f"{what} {template!r}: {{{known_later[0]}}} is known in a scan only, and the file is for many; "
                "it may be used in images_path_template and images_prefix"
            )
        known = {**self._fields, **(of_a_scan or {})}
        if "date" not in known and "{" in template:
            known["date"] = self.date
        return fill(what, template, known)

    @property
    def _base(self) -> str:
        return _moved(os.path.abspath(os.path.expanduser(self.base_path)))

    def get_path(self) -> str:
        """The same as `root_path`."""
        return self.root_path

    def create_root_path(self) -> None:
        """Make the directory of the master file, with its parents; a scan does so itself.

        Raises:
            SavingError: it can't be made.
        """
        make_directory(Path(self.root_path))

    def get(self) -> dict[str, Any]:
        """All fields and results by name."""
        results = ("date", "root_path", "data_path", "data_fullpath", "filename", "images_path")
        return {**self._settable(), **{name: getattr(self, name) for name in results}}

    def clone(self) -> "ScanSaving":
        """A copy that later changes do not touch."""
        copy = ScanSaving()
        copy.__dict__.update(self.__dict__, _fields=dict(self._fields), _added=list(self._added), _on_setting=None)
        return copy

    # -- numbers ------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """A number that no scan in this directory has, whatever the file: one more than any there, or given out by
        any session.

        Raises:
            UsageError: see `filename`.
            SavingError: the master is none of ours, or the directory can't be read.
        """
        return next_number(Path(self.filename))

    next_scan_number = next_number

    def reset_scan_number(self) -> None:
        """Forget numbers that were given out for nothing: the next scan follows the last one that has a file."""
        forget(Path(self.filename))

    # -- fields are attributes ----------------------------------------------------------------------------

    def _settable(self) -> dict[str, Any]:
        return {**{name: self.__dict__[name] for name in _OWN}, **self._fields}

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
        if name in self._added:
            self._tell("added", self._of_the_user())
        elif name in _OWN:
            self._tell(name, self.__dict__[name])

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __repr__(self) -> str:
        lines: dict[str, Any] = self._settable()
        for name in ("filename", "images_path"):
            try:
                lines[name] = getattr(self, name)
            except ObturaError as error:
                lines[name] = f"!ERR {one_line(error)}"
        width = max(map(len, lines))
        return "\n".join(f"{name:{width}} = {value}" for name, value in lines.items())

    def __info__(self) -> str:
        return repr(self)

    # -- what outlives a session (contracts.settings.Persistent) --------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """What a user has set; `added`: the fields that were added, with their values."""
        return {**{name: self.__dict__[name] for name in _OWN}, "added": self._of_the_user()}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """
        own = {name: _checked(name, value) for name, value in settings.items() if name in _OWN}
        added = settings.get("added") or {}
        if not isinstance(added, Mapping):
            raise UsageError(f"SCAN_SAVING: the fields that were added must be a mapping, not {added!r}")
        fields = {name: _checked(name, value) for name, value in added.items()}
        new = [name for name in fields if name not in self._fields]
        for name in new:
            self._refuse_field(name)
        self._added.extend(new)
        self._fields.update(fields)
        self.__dict__.update(own)

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
        self.__dict__["_on_setting"] = listener

    def _tell(self, key: str, value: Setting) -> None:
        if self._on_setting is not None:
            self._on_setting(key, value)


def _checked(name: str, value: Any) -> Any:
    if isinstance(_OWN.get(name), bool):
        if not isinstance(value, bool):
            raise UsageError(f"SCAN_SAVING.{name} must be True or False, not {value!r}")
        return value
    if not isinstance(value, str):
        raise UsageError(f"SCAN_SAVING.{name} must be text, like {name} = {str(value)!r}, not {value!r}")
    if "\0" in value:
        raise UsageError(f"SCAN_SAVING.{name} must not hold a NUL character")
    if name == "scan_number_format":
        _refuse_no_format(value)
    return checked_compression("SCAN_SAVING.compression", value) if name == "compression" else value


def _refuse_no_format(value: str) -> None:
    try:
        numbers = {value % number for number in (1, 12, 12345)}
    except (TypeError, ValueError):
        numbers = set()
    if len(numbers) < 3:
        raise UsageError(f"SCAN_SAVING.scan_number_format must tell numbers apart, as '%04d' does, not {value!r}")


def _refuse_no_name(what: str, name: str) -> None:
    """Refuse what is not the name of a file."""
    if not name or name in (".", "..") or "/" in name or os.sep in name:
        raise UsageError(f"{what} must be the name of a file, not {name!r}")


def _refuse_leaving(what: str, path: str) -> None:
    """Refuse what is meant to leave: absolute paths and `..`, even if they lead back."""
    parts = path.replace("\\", "/").split("/")
    if os.path.isabs(path) or ".." in parts or any(ord(letter) < 32 for letter in path):
        raise UsageError(f"{what} {path!r} must stay inside base_path: no leading slash, no '..'")


def _refuse_outside(path: str, base: str, called: str) -> None:
    """Refuse what leads out by a symbolic link."""
    if _is_below(path, base):
        return
    real, inside = os.path.realpath(path), os.path.realpath(base)
    if os.path.commonpath([real, inside]) != inside:
        raise UsageError(f"{path} leads to {real}, which is outside of {called} {inside}; nothing is written there")


def _is_below(path: str, base: str) -> bool:
    """Whether a path lies below `base` as it is written, and no symbolic link is on the way from there."""
    while path.startswith(base):
        if path == base:
            return True
        if os.path.islink(path):
            return False
        path = os.path.dirname(path)
    return False
