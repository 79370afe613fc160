"""Sessions and measurement groups: which objects are used, under which names.

What YAML may say (`SessionKeys`, `MeasurementGroupKeys`), and what it comes to (`SessionSpec`, `MeasurementGroupSpec`).
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

from obtura.session.config.hints import Name

__all__ = ["MeasurementGroupKeys", "MeasurementGroupSpec", "SessionKeys", "SessionSpec"]


class SessionKeys(msgspec.Struct, frozen=True):
    """A session: some devices, and how they are used.

    `devices`: names, `*` and `?` stand for any letters; by default all. `exclude`: what is left out of these.
    `include`: other sessions, whose devices, groups, presets and aliases are had, too. `setup`: a Python file that is
    run with the session's names; `scripts`: a directory of user scripts, by default `scripts` beside this
    file, if it is there. `measurement_groups`: by default all whose
    counters are in the session. `presets` stand on every scan; `consumers` read every scan. `aliases`: other names,
    `alias: name`. `saving`: what SCAN_SAVING begins with.
    """

    name: str
    title: str = ""
    devices: list[Name] = msgspec.field(default_factory=lambda: [Name("*")])
    exclude: list[Name] = []
    include: list[Name] = []
    setup: Path | None = None
    scripts: Path | None = None
    measurement_groups: list[Name] | None = None
    default_measurement_group: Name | None = None
    presets: list[Name] = []
    consumers: list[Name] = []
    aliases: dict[str, Name] = {}
    saving: dict[str, str] = {}


class MeasurementGroupKeys(msgspec.Struct, frozen=True):
    """Counters that are used together.

    `counters`: names of counters, or of devices for all of theirs, or `controller:counter`; `*` and `?` stand for any
    letters. `include`: other groups, whose counters are had, too. `disabled`: counters that are not counted at first.
    `default`: whether it is the active one at first.
    """

    name: str
    counters: list[Name] = []
    include: list[Name] = []
    disabled: list[Name] = []
    default: bool = False


class MeasurementGroupSpec(NamedTuple):
    """A measurement group as it is described; `counters` as written, those of included groups not among them."""

    name: str
    counters: tuple[str, ...]
    include: tuple[str, ...]
    disabled: tuple[str, ...]
    default: bool


class SessionSpec(NamedTuple):
    """A session as it is described: all names are known, all files are there.

    `devices`, `measurement_groups`, `presets`, `consumers` and `aliases` hold those of the included sessions, too;
    `include`: these, whose setup files come first. `saving`: fields of SCAN_SAVING; `base_path` is absolute.
    """

    name: str
    title: str
    devices: tuple[str, ...]
    include: tuple[str, ...]
    setup: Path | None
    scripts: Path | None
    measurement_groups: tuple[str, ...]
    default_measurement_group: str | None
    presets: tuple[str, ...]
    consumers: tuple[str, ...]
    aliases: dict[str, str]
    saving: dict[str, str]
