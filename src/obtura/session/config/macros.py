"""Macros: what is written once and stands in many texts, as the prefix of PVs: `$(P)diode`.

`macros: {P: "ID10:"}` in obtura.yml holds for the whole beamline; in an object for itself and what is listed within it.
They are put in before anybody asks what a word means, so they serve in any text, whatever the class.
"""

import re
from collections.abc import Iterable, Mapping

from obtura.session.config.files import MARK
from obtura.session.config.nodes import Entry, Items, Node, Scalar, Table, found
from obtura.session.config.problems import Place, Problem, meant

__all__ = ["KEY", "macros_put_in"]

KEY = "macros"

_USE = re.compile(r"\$\(([^()\s=]*)(?:=([^()]*))?\)")
_NAME = re.compile(r"[A-Za-z_]\w*")

_Known = Mapping[str, str]


def macros_put_in(documents: Iterable[Node], problems: list[Problem]) -> list[Node]:
    """The documents with all macros replaced, and without those keys that say what they are."""
    return _Putting(list(documents), problems).documents()


class _Putting:
    def __init__(self, documents: list[Node], problems: list[Problem]) -> None:
        self._documents = documents
        self._problems = problems
        self._done: dict[tuple[int, int], Node] = {}  # an alias of a node stays the same node, where the same holds
        self._kept: list[_Known] = []  # their ids are used

    def documents(self) -> list[Node]:
        common: _Known = {}
        for node in self._documents:
            if isinstance(node, Table) and _is_mark(node):
                common = self._told(node, {})
        return [self._node(node, common) for node in self._documents]

    def _node(self, node: Node, known: _Known) -> Node:
        key = (id(node), id(known))
        if key not in self._done:
            self._done[key] = self._changed(node, known)
        return self._done[key]

    def _changed(self, node: Node, known: _Known) -> Node:
        match node:
            case Scalar():
                return self._scalar(node, known)
            case Items(items=items):
                new = tuple(self._node(each, known) for each in items)
                return node if all(map(_same, new, items)) else Items(node.place, new)
            case Table(entries=entries):
                own = self._told(node, known) if _is_object(node) else known
                rest = tuple(each for each in entries if not (_is_object(node) and each.key.text == KEY))
                values = [self._node(each.value, own) for each in rest]
                if len(rest) == len(entries) and all(map(_same, values, (each.value for each in rest))):
                    return node
                new_entries = tuple(Entry(each.key, value) for each, value in zip(rest, values, strict=True))
                return Table(node.place, new_entries, node.braces)

    def _told(self, table: Table, known: _Known) -> _Known:
        """What holds within a table: what held outside, and what its key `macros` says; one may use others."""
        node = table.get(KEY)
        if node is None:
            return known
        if not isinstance(node, Table):
            message = f'{KEY}: expected a mapping such as {{P: "ID10:"}}, got {found(node)}'
            self._problems.append(Problem(node.place, message))
            return known
        own = dict(known)
        self._kept.append(own)
        for entry in node.entries:
            name, value = entry.key.text, entry.value
            if not _NAME.fullmatch(name):
                message = f"{KEY}: {name!r} is no name of a macro: letters, digits and underscores"
                self._problems.append(Problem(entry.key.place, message))
            elif not isinstance(value, Scalar):
                message = f"{KEY}: {name}: expected text, got {found(value)}"
                self._problems.append(Problem(value.place, message))
            else:
                own[name] = "" if value.is_null else self._text(value, own)
        return own

    def _scalar(self, node: Scalar, known: _Known) -> Node:
        return Scalar(node.place, self._text(node, known), node.quoted) if "$(" in node.text else node

    def _text(self, node: Scalar, known: _Known) -> str:
        def value(use: re.Match[str]) -> str:
            name, default = use.group(1, 2)
            if name in known:
                return known[name]
            if default is not None:
                return default
            listed = ", ".join(known) or f"none; say {KEY} in {MARK} or in the object"
            message = f"there is no macro $({name}){meant(name, known)} (known: {listed})"
            self._problems.append(Problem(_place(node, use.start()), message))
            return use.group(0)

        return _USE.sub(value, node.text)


def _same(one: Node, other: Node) -> bool:
    return one is other


def _place(node: Scalar, offset: int) -> Place:
    """Of something within a word; a text of several lines is told as a whole."""
    if "\n" in node.text:
        return node.place
    return node.place._replace(column=node.place.column + offset + node.quoted)


def _is_object(table: Table) -> bool:
    return table.get("class") is not None or table.get("name") is not None or _is_mark(table)


def _is_mark(table: Table) -> bool:
    return table.place.file.rpartition("/")[2] == MARK and table.get("class") is None
