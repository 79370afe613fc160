"""obtura.yml: what holds for a whole beamline."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from obtura.ground.errors import UsageError
from obtura.session.config.files import MARK
from obtura.session.config.hints import Name, fields_of
from obtura.session.config.known import KnownClasses
from obtura.session.config.nodes import Entry, Node, Table, found
from obtura.session.config.problems import Place, Problem
from obtura.session.config.reading import WRONG, Reader

__all__ = ["FactKeys", "Facts", "read_facts"]


class FactKeys(msgspec.Struct, frozen=True):
    """What `obtura.yml` may say: what holds for the whole beamline.

    `name`, `title`: of the beamline, by default the name of the directory. `session`: the one that is opened when
    none is named. `defaults`: by class, keys that its objects have unless they say otherwise. `settings`: the file
    where settings are kept, by default one in the state directory of the account. `macros`: texts by name, for
    `$(NAME)` in any text.
    """

    name: str = ""
    title: str = ""
    session: Name | None = None
    defaults: dict[str, dict[str, object]] = {}
    settings: Path | None = None
    macros: dict[str, str] = {}


class Facts(NamedTuple):
    """What holds for a beamline, see `FactKeys`. `place`: where the session is named."""

    name: str
    title: str = ""
    session: str | None = None
    defaults: Mapping[str, tuple[Entry, ...]] = MappingProxyType({})
    settings: Path | None = None
    place: Place | None = None


def read_facts(directory: Path, documents: list[Node], known: KnownClasses, problems: list[Problem]) -> Facts:
    """The facts in `documents`, those of `obtura.yml` that describe no object; these are taken out of the list."""
    facts = Facts(directory.resolve().name or "beamline")
    ours = [node for node in documents if isinstance(node, Table) and _is_facts(node, directory)]
    for table in ours:
        documents.remove(table)
    for table in ours[1:]:
        problems.append(Problem(table.place, f"{MARK} says what holds for the beamline once, not twice"))
    if not ours:
        return facts
    reader = Reader(MARK, {}, set())
    rest = tuple(entry for entry in ours[0].entries if entry.key.text != "defaults")
    keys = fields_of(FactKeys)
    values = reader.fields("", Table(ours[0].place, rest), keys, MARK)
    problems.extend(reader.problems)
    values = {key: value for key, value in values.items() if value is not WRONG}
    defaults = _defaults(ours[0].get("defaults"), known, problems)
    named = ours[0].get("session")
    return facts._replace(defaults=defaults, place=None if named is None else named.place, **values)


def _is_facts(node: Table, directory: Path) -> bool:
    return node.place.file == str(directory / MARK) and node.get("class") is None


def _defaults(node: Node | None, known: KnownClasses, problems: list[Problem]) -> dict[str, tuple[Entry, ...]]:
    """Checked once, here: an object that has them repeats no problem."""
    if node is None:
        return {}
    if not isinstance(node, Table):
        problems.append(Problem(node.place, f"defaults: expected a mapping of classes, got {found(node)}"))
        return {}
    return {entry.key.text: _of_class(entry, known, problems) for entry in node.entries}


def _of_class(entry: Entry, known: KnownClasses, problems: list[Problem]) -> tuple[Entry, ...]:
    where: Place = entry.value.place
    if not isinstance(entry.value, Table):
        problems.append(Problem(where, f"defaults: expected the keys of {entry.key.text}, got {found(entry.value)}"))
        return ()
    try:
        fields = fields_of(known.find(entry.key.text).make)
    except (UsageError, ValueError, TypeError) as error:
        problems.append(Problem(entry.key.place, f"defaults: {error}"))
        return ()
    keys = tuple(field._replace(required=False) for field in fields if field.name != "name")
    reader = Reader("defaults", {}, set())
    good = []
    for each in entry.value.entries:
        before = len(reader.problems)
        reader.fields("", Table(where, (each,)), keys, entry.key.text)
        if len(reader.problems) == before:
            good.append(each)
    problems.extend(reader.problems)
    return tuple(good)
