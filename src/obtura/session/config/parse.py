"""YAML text becomes nodes. Of ruamel.yaml only the events are used: nothing is constructed, no tag is obeyed.

Problems are collected; of a text with a mistake in its syntax nothing is given back.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from obtura.session.config.nodes import Entry, Items, Node, Scalar, Table
from obtura.session.config.problems import Place, Problem

__all__ = ["parse"]

DEEPEST = 40
"""Lists and mappings within each other."""
MOST = 100_000
"""Words, lists and mappings of a file, those of an anchor counted each time an alias repeats them."""

PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "float", "int", "map", "null", "seq", "str")}
TEXT_TAGS = {"!", "tag:yaml.org,2002:str"}

_IN_OTHER_WORDS = (
    ("'\\t'", "a tab: indent with blanks"),
    (
        "mapping values are not allowed",
        "a colon where none can be: quote text with ': ' in it, or mend the indentation",
    ),
    ("cannot start any token", "text can't begin with this character: put it in quotes"),
    ("could not find expected ':'", "a key needs a colon and a blank after it: `key: value`"),
    ("expected <block end>", "the indentation does not fit with the lines above"),
    ("special characters are not allowed", "a control character: retype the line"),
)


class _Refused(Exception):
    """The rest of the text can't be looked at."""


def parse(text: str, file: str, problems: list[Problem]) -> list[Node]:
    """The documents of a YAML text; `file` is its name in places.

    Syntax errors, duplicate keys, tags of other languages, and what is too deep or too large are added to
    `problems`.
    """
    builder = _Builder(text, file, problems)
    try:
        return builder.documents()
    except _Refused:
        return []
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1)
        problems.append(Problem(place, _said(error)))
    except ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.append(Problem(place, _said(error)))
    except Exception as error:  # noqa: BLE001 - whatever a parser trips over is a problem of the text
        problems.append(Problem(Place(file), f"can't be read as YAML: {type(error).__name__}: {error}"))
    return []


def _said(error: Exception) -> str:
    told = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    for words, message in _IN_OTHER_WORDS:
        if words in told:
            return message
    return " ".join(told.split())


class _Builder:
    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self._events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self._file = file
        self._problems = problems
        self._anchors: dict[str, Node | None] = {}
        self._weights: dict[int, int] = {}  # nodes below and with a node, by its id
        self._depth = 0

    def documents(self) -> list[Node]:
        nodes = []
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                self._anchors = {}
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                nodes.append(self._node(event))
        return nodes

    def _refuse(self, place: Place, message: str) -> _Refused:
        self._problems.append(Problem(place, message))
        return _Refused()

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any) -> Node:
        place = self._place(event)
        if type(event).__name__ == "AliasEvent":
            return self._aliased(event.anchor, place)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        self._check_tag(event, place)
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refuse(place, f"lists and mappings are more than {DEEPEST} deep")
        match type(event).__name__:
            case "ScalarEvent":
                node: Node = _scalar(event, place)
                weight = 1
            case "SequenceStartEvent":
                items = tuple(map(self._node, self._until("SequenceEndEvent")))
                node, weight = Items(place, items), 1 + sum(map(self._weight, items))
            case _:
                entries = self._entries()
                node = Table(place, entries, bool(event.flow_style))
                weight = 1 + sum(1 + self._weight(entry.value) for entry in entries)
        self._depth -= 1
        if weight > MOST:
            raise self._refuse(place, f"more than {MOST} words; aliases count each time")
        self._weights[id(node)] = weight
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _weight(self, node: Node) -> int:
        return self._weights[id(node)]

    def _until(self, end: str) -> Iterator[Any]:
        for event in self._events:
            if type(event).__name__ == end:
                return
            yield event

    def _aliased(self, anchor: str, place: Place) -> Node:
        if anchor not in self._anchors:
            raise self._refuse(place, f"no anchor &{anchor} stands above; text that begins with * needs quotes")
        node = self._anchors[anchor]
        if node is None:
            raise self._refuse(place, f"*{anchor} stands within its own anchor &{anchor}")
        return node

    def _check_tag(self, event: Any, place: Place) -> None:
        tag = event.tag
        if tag is not None and str(tag) not in PLAIN_TAGS | TEXT_TAGS:
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._problems.append(Problem(place, f"the tag {shown} is refused: a description holds data only"))

    def _entries(self) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        for event in self._until("MappingEndEvent"):
            key = self._node(event)
            value = self._node(next(self._events))
            if not isinstance(key, Scalar):
                self._problems.append(Problem(key.place, "a key must be a word; text with brackets needs quotes"))
            elif key.text == "<<" and not key.quoted:
                merged += value.items if isinstance(value, Items) else (value,)
            elif key.text in entries:
                before = entries[key.text].key.place
                self._problems.append(
                    Problem(key.place, f"the key {key.text!r} is there twice, also at {before.short}")
                )
            else:
                entries[key.text] = Entry(key, value)
        for node in merged:  # `<<: *defaults`: what is written out prevails
            if isinstance(node, Table):
                for entry in node.entries:
                    entries.setdefault(entry.key.text, entry)
            else:
                self._problems.append(Problem(node.place, "<< takes a mapping, as in `<<: *defaults`"))
        return tuple(entries.values())


def _scalar(event: Any, place: Place) -> Scalar:
    return Scalar(place, event.value, event.style is not None or str(event.tag) in TEXT_TAGS)
