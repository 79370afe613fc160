"""A value of the YAML, read as what the annotation of its parameter wants."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from obtura.session.config import scalars
from obtura.session.config.hints import (
    Anything,
    Choice,
    Constrained,
    Either,
    Field,
    Fixed,
    Function,
    Hint,
    ListOf,
    Name,
    Nothing,
    Object,
    Record,
    Spelled,
    TableOf,
    Word,
    fields_of,
)
from obtura.session.config.nodes import Entry, Items, Node, Scalar, Table, found
from obtura.session.config.problems import Place, Problem, meant, misspelt
from obtura.session.config.scalars import NoSuchValue
from obtura.session.config.values import Call, Reference, references

__all__ = ["WRONG", "Reader", "is_reference"]

_REFERENCE = re.compile(r"\$([^\W\d]\w*)((?:\.[^\W\d]\w*)*)")

WRONG = object()
"""Given back for what can't be read; the problems say why."""

_WORDS: dict[type, Callable[[Scalar], Any]] = {
    bool: scalars.boolean,
    int: scalars.whole,
    float: scalars.real,
    str: scalars.text,
    Path: scalars.path,
    Name: scalars.name,
}


def is_reference(text: str) -> bool:
    """Whether it reads `$name` or `$name.attribute`."""
    return _REFERENCE.fullmatch(text) is not None


class Reader:
    """Reads the values of one object. `owner` begins the messages.

    `objects`: the names of objects that are described within others, by the id of their node; `names`: what can be
    referred to, for hints.
    """

    def __init__(self, owner: str, objects: dict[int, str], names: set[str]) -> None:
        self._owner = owner
        self._objects = objects
        self._names = names
        self.problems: list[Problem] = []

    def read(self, what: str, node: Node, hint: Hint) -> Any:
        """The value: plain, or with references in it; or WRONG, when there are more problems than before."""
        if id(node) in self._objects:
            return self._refer(what, Reference(self._objects[id(node)], (), None, node.place), node.place, hint)
        if isinstance(node, Scalar) and hint != Word(Name) and not (node.quoted and hint == Word(str)):
            match = _REFERENCE.fullmatch(node.text)
            if match:
                attributes = tuple(match[2].split(".")[1:])
                return self._refer(what, Reference(match[1], attributes, None, node.place), node.place, hint)
        match hint:
            case Anything():
                return self._anything(what, node)
            case Nothing() | Word() | Choice() | Spelled():
                return self._scalar(what, node, hint)
            case Constrained():
                return self._constrained(what, node, hint)
            case ListOf() | Fixed():
                return self._list(what, node, hint)
            case TableOf():
                return self._table(what, node, hint)
            case Record():
                return self._record(what, node, hint)
            case Either():
                return self._either(what, node, hint)
            case Object() | Function():
                return self._not_an_object(what, node, hint)

    def fields(
        self, what: str, table: Table, fields: tuple[Field, ...], known: str, more: bool = False
    ) -> dict[str, Any]:
        """The values of a mapping whose keys are `fields`; unknown ones, unless `more` is true, and missing ones are
        problems.
        """
        by_name = {field.name: field for field in fields}
        values = {}
        for entry in table.entries:
            key = entry.key.text
            if key in by_name:
                values[key] = self.read(f"{what}{key}", entry.value, by_name[key].hint)
            elif more and (close := misspelt(key, [name for name in by_name if table.get(name) is None])) is not None:
                self.problem(entry.key.place, f"{key!r}: did you mean {close!r}?")
            elif more:
                values[key] = self.read(f"{what}{key}", entry.value, Anything())
            else:
                listed = ", ".join(by_name) or "none"
                self.problem(entry.key.place, f"{known} has no {key!r}{meant(key, by_name)} (known: {listed})")
        missing = [name for name, field in by_name.items() if field.required and name not in values]
        for name in missing:
            self.problem(table.place, f"{name!r} is missing: {known} needs it ({by_name[name].hint.wanted})")
        return values

    def problem(self, place: Place, message: str) -> Any:
        """Note it; WRONG for the caller to give back."""
        self.problems.append(Problem(place, f"{self._owner}: {message}"))
        return WRONG

    def _expected(self, what: str, node: Node, hint: Hint, write: str = "") -> Any:
        instead = f": write {write}" if write else ""
        return self.problem(node.place, f"{what}: expected {hint.wanted}, got {found(node)}{instead}")

    # -- one way of writing each --------------------------------------------------------------------------

    def _scalar(self, what: str, node: Node, hint: Nothing | Word | Choice | Spelled) -> Any:
        if not isinstance(node, Scalar):
            return self._expected(what, node, hint)
        try:
            return _said(node, hint)
        except NoSuchValue as error:
            return self._expected(what, node, hint, str(error))

    def _anything(self, what: str, node: Node) -> Any:
        match node:
            case Scalar():
                return scalars.natural(node)
            case Items(items=items):
                return self._all(what, items, [Anything()] * len(items))
            case Table(entries=entries):
                return self._values(what, entries, Anything(), Anything())

    def _constrained(self, what: str, node: Node, hint: Constrained) -> Any:
        value = self.read(what, node, hint.inner)
        if value is WRONG or any(references(value)):
            return value
        try:
            return msgspec.convert(value, hint.annotation)
        except msgspec.ValidationError as error:
            if hint.bounds or hint.description:
                return self._expected(what, node, hint)
            return self.problem(node.place, f"{what}: {error}, got {found(node)}")

    def _list(self, what: str, node: Node, hint: ListOf | Fixed) -> Any:
        if not isinstance(node, Items):
            inner = hint.item if isinstance(hint, ListOf) else None
            alone = isinstance(node, Scalar) and not node.is_null and inner is not None
            return self._expected(what, node, hint, f"[{node.text}]" if alone and isinstance(node, Scalar) else "")
        hints = [hint.item] * len(node.items) if isinstance(hint, ListOf) else list(hint.items)
        if len(hints) != len(node.items):
            return self.problem(node.place, f"{what}: expected {hint.wanted}, got a list of {len(node.items)}")
        values = self._all(what, node.items, hints)
        if values is WRONG:
            return WRONG
        make = hint.make if isinstance(hint, ListOf) else tuple
        if any(references(values)):
            return Call(lambda *items: make(list(items)), values, {})
        try:
            return make(values)
        except TypeError:  # a set of what has no hash
            return self._expected(what, node, hint)

    def _all(self, what: str, nodes: tuple[Node, ...], hints: list[Hint]) -> Any:
        values = [
            self.read(f"{what}[{i}]", node, hint) for i, (node, hint) in enumerate(zip(nodes, hints, strict=True))
        ]
        return WRONG if any(value is WRONG for value in values) else values

    def _table(self, what: str, node: Node, hint: TableOf) -> Any:
        if not isinstance(node, Table):
            return self._expected(what, node, hint)
        return self._values(what, node.entries, hint.key, hint.value)

    def _values(self, what: str, entries: tuple[Entry, ...], key_hint: Hint, hint: Hint) -> Any:
        values = {}
        for entry in entries:
            key = self._scalar(what, entry.key, key_hint) if isinstance(key_hint, Word | Choice) else entry.key.text
            if key is not WRONG and key in values:
                key = self.problem(entry.key.place, f"{what}: the key {key!r} is there twice, written differently")
            values[key] = self.read(f"{what}.{entry.key.text}", entry.value, hint)
        return WRONG if any(each is WRONG for pair in values.items() for each in pair) else values

    def _record(self, what: str, node: Node, hint: Record) -> Any:
        fields = fields_of(hint.cls)
        if isinstance(node, Items) and hint.in_a_row:
            required = sum(field.required for field in fields)
            if not required <= len(node.items) <= len(fields):
                return self._expected(what, node, hint)
            values = self._all(what, node.items, [field.hint for field in fields[: len(node.items)]])
            return WRONG if values is WRONG else self._call(what, node, Call(hint.cls, values, {}))
        if not isinstance(node, Table):
            return self._expected(what, node, hint)
        before = len(self.problems)
        named = self.fields(f"{what}.", node, fields, hint.cls.__name__)
        return WRONG if len(self.problems) > before else self._call(what, node, Call(hint.cls, [], named))

    def _call(self, what: str, node: Node, call: Call) -> Any:
        """Made now when it can be, so that what its class refuses is told with its place."""
        if any(references(call)):
            return call
        try:
            return call.function(*call.arguments, **call.named)
        except Exception as error:  # noqa: BLE001 - told, with the place
            return self.problem(node.place, f"{what}: {error}")

    def _either(self, what: str, node: Node, hint: Either) -> Any:
        """The first option that can be meant, in the order of `_rank`: the narrower ones first."""
        attempts: list[list[Problem]] = []
        records: list[list[Problem]] = []
        before = self.problems
        try:
            for option in sorted(hint.options, key=partial(_rank, node)):
                self.problems = []
                value = self.read(what, node, option)
                if value is not WRONG:
                    return value
                attempts.append(self.problems)
                if isinstance(option, Record) and isinstance(node, Table):
                    records.append(self.problems)
        finally:
            self.problems = before
        deeper = [problems for problems in attempts if problems[0].place != node.place]
        if len(records) == 1:  # a mapping, where just one kind of mapping is wanted
            deeper = deeper or records
        others = [option for option in hint.options if option != Nothing()]
        if deeper or len(others) == 1:  # an option of the right form, or the only one: its own words
            wrong = deeper[0] if deeper else attempts[-1]
            self.problems.extend(wrong)
            return WRONG
        return self._expected(what, node, hint)

    def _not_an_object(self, what: str, node: Node, hint: Object | Function) -> Any:
        named = isinstance(node, Scalar) and node.text in self._names
        return self._expected(what, node, hint, f"${node.text}" if named and isinstance(node, Scalar) else "")

    def _refer(self, what: str, reference: Reference, place: Place, hint: Hint) -> Any:
        options = hint.options if isinstance(hint, Either) else (hint,)
        if any(isinstance(option, Anything | Function) for option in options):
            return reference
        classes = [option.cls for option in options if isinstance(option, Object | Record)]
        if len(classes) == 1:
            return reference._replace(wanted=classes[0])
        if classes or reference.attributes:  # any of several, or an attribute, which may be text, a number, a list
            return reference
        return self.problem(place, f"{what}: expected {hint.wanted}, got the object {reference}{_instead(hint)}")


def _instead(hint: Hint) -> str:
    options = hint.options if isinstance(hint, Either) else (hint,)
    if any(isinstance(option, ListOf) for option in options):
        return ": a list needs brackets"
    return "; text that begins with $ needs quotes" if Word(str) in options else ""


def _said(node: Scalar, hint: Nothing | Word | Choice | Spelled) -> Any:
    match hint:
        case Nothing():
            if not node.is_null:
                raise NoSuchValue("")
            return None
        case Word(kind=kind):
            return _WORDS[kind](node)
        case Choice(values=values):
            return _chosen(node, values)
        case Spelled(kind=kind):
            try:
                return msgspec.convert(node.text, kind)
            except msgspec.ValidationError:
                raise NoSuchValue("") from None


def _chosen(node: Scalar, values: tuple[tuple[str, Any], ...]) -> Any:
    for word, value in values:
        if node.text == word or node.text.lower() == word.lower():
            return value
    for _, value in values:
        plain = getattr(value, "value", value)
        try:
            if type(plain) in _WORDS and _WORDS[type(plain)](node) == plain:
                return value
        except NoSuchValue:
            continue
    raise NoSuchValue("")


def _rank(node: Node, hint: Hint) -> int:
    """Which option of a union to try first: text last, as everything is text; quoted text first."""
    if isinstance(hint, Constrained):
        hint = hint.inner
    if hint == Nothing():
        return -1
    if isinstance(node, Scalar) and node.quoted:
        return 0 if hint == Word(str) else 1
    order: list[Hint] = [Word(bool), Word(int), Word(float), Word(Path), Word(str)]
    if hint == Word(int) and isinstance(node, Scalar) and not node.text.lstrip("+-").isalnum():
        return 3  # after float: `10.0` is no whole number when both are welcome
    return order.index(hint) if hint in order else 2 if isinstance(hint, Choice) else 4
