"""Objects as they are described: found in the nodes of all files, their parameters read."""

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import CounterController
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.ground.errors import UsageError, one_line
from obtura.session.config.constructors import takes_more
from obtura.session.config.facts import Facts
from obtura.session.config.hints import Field, fields_of, takes_description, understand
from obtura.session.config.known import KnownClass, KnownClasses
from obtura.session.config.nodes import Entry, Items, Node, Scalar, Table, found
from obtura.session.config.problems import Place, Problem
from obtura.session.config.reading import WRONG, Reader, is_reference
from obtura.session.config.sessions import MeasurementGroupKeys, SessionKeys
from obtura.session.config.values import Reference

__all__ = ["Description", "attributes_of", "describe", "members_of", "parameters_of", "role_of"]

OF_THE_OBJECT = ("name", "class", "package", "module")
"""Keys that say what the object is; `package` and `module` only which of two classes of one name."""


@dataclass(eq=False)
class Description:
    """One object. `arguments`: by parameter, with references for other objects; `places`: where each is written.

    `owner`: the name of the object that it is listed with, if any. `role`: device, preset, consumer, group or session.
    """

    name: str
    known: KnownClass
    place: Place
    table: Table
    named: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    owner: str = ""

    def written(self, key: str) -> Any:
        """What a key says, None when it is not there."""
        whole = self.arguments["config"] if takes_description(self.known.make) else self.arguments
        return whole.get(key)

    @property
    def class_name(self) -> str:
        """As in YAML."""
        return self.known.name

    @property
    def role(self) -> str:
        """What it is for."""
        return role_of(self.known.make)


def role_of(make: Any) -> str:
    """What objects of a class are for: device, preset, consumer, group or session."""
    roles: dict[str, Any] = {
        "session": SessionKeys,
        "group": MeasurementGroupKeys,
        "preset": (ScanPreset, ChainPreset),
        "consumer": Consumer,
    }
    fits = (role for role, classes in roles.items() if isinstance(make, type) and issubclass(make, classes))
    return next(fits, "device")


def members_of(make: Any) -> Mapping[str, tuple[str, str | None]]:
    """Keys that hold a list of objects with names of their own; each gets this one.

    By key: the parameter by which a member gets its owner, empty for none, and the class of members that name none. A
    class says so with an attribute: `yaml_members = {"axes": ("controller", "StageAxis")}`. Every counter controller
    has `counters`, unless it takes its whole description.
    """
    declared: Mapping[str, tuple[str, str | None]] = getattr(make, "yaml_members", {})
    if isinstance(make, type) and not takes_description(make) and issubclass(make, CounterController):
        return {"counters": ("controller", None), **declared}
    return declared


def parameters_of(make: Any) -> tuple[Field, ...]:
    """The keys that a class has in YAML, apart from `name`, `class` and those of its members.

    They are the parameters of its constructor, and its `attributes_of`; none where it takes its whole description as
    one mapping: then it may have any.

    Raises:
        UsageError: its constructor can't be looked at.
    """
    try:
        if takes_description(make):
            return ()
        parameters = fields_of(make)
        attributes = attributes_of(make)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the parameters of {make!r} are not known: {one_line(error)}") from error
    return tuple(each for each in (*parameters, *attributes) if each.name not in ("name", *members_of(make)))


def attributes_of(make: Any) -> tuple[Field, ...]:
    """The keys that are set on an object once it is made, because its constructor does not take them.

    A class declares them for all that are derived from it, whatever those take: `yaml_attributes = {"colour": str}`.
    """
    taken = {each.name for each in fields_of(make)}
    declared: Mapping[str, Any] = getattr(make, "yaml_attributes", {})
    return tuple(Field(name, understand(kind), False) for name, kind in declared.items() if name not in taken)


def describe(
    documents: Iterable[Node], known: KnownClasses, facts: Facts, problems: list[Problem]
) -> tuple[dict[str, Description], set[str]]:
    """All objects by name, and the names of those that can't be described; what is wrong is added to `problems`."""
    finder = _Finder(known, problems)
    for node in documents:
        finder.top(node)
    names = {each.name for each in finder.found if each.named}
    for each in finder.found:
        defaults = facts.defaults.get(each.class_name, ())
        _read(each, finder, names, defaults, problems)
    return {each.name: each for each in finder.found}, finder.lost


class _Finder:
    """Finds the mappings that describe objects, also those within others."""

    def __init__(self, known: KnownClasses, problems: list[Problem]) -> None:
        self._known = known
        self._problems = problems
        self.found: list[Description] = []
        self.objects: dict[int, str] = {}  # the name of each object by the id of its node
        self.owners: dict[int, tuple[str, Reference]] = {}  # by the id of a member's node
        self.lost: set[str] = set()
        self._names: dict[str, Place] = {}

    def top(self, node: Node) -> None:
        """A file is a list of objects, or one."""
        if isinstance(node, Scalar) and node.is_null:
            return
        for each in node.items if isinstance(node, Items) else (node,):
            if not isinstance(each, Table):
                self._problem(each.place, f"expected an object, `name: ...` and `class: ...`, got {found(each)}")
            elif id(each) in self.objects:
                self._problem(each.place, f"{self.objects[id(each)]!r} is described here and listed once more")
            else:
                self._object(each)

    def _problem(self, place: Place, message: str) -> None:
        self._problems.append(Problem(place, message))

    def _object(self, table: Table, owner: Reference | None = None, by: str = "", default: str | None = None) -> None:
        known = self._class(table, default)
        members = members_of(known.make) if known is not None else {}
        name = self._name(table, known, bool(members))
        if name is not None:
            self.objects[id(table)] = name
        if known is not None and name is not None:
            self.found.append(Description(name, known, table.place, table, named=table.get("name") is not None))
            if owner is not None and by:
                self.owners[id(table)] = (by, owner)
        elif name is not None:
            self.lost.add(name)
        for entry in table.entries:
            if entry.key.text in members and name is not None and known is not None:
                others = takes_description(known.make)
                self._members(entry, Reference(name, (), None, table.place), *members[entry.key.text], others)
            else:
                self._within(entry.value)

    def _members(self, entry: Entry, owner: Reference, by: str, default: str | None, others: bool) -> None:
        """The objects of a list; with `others` it may also have some that are described elsewhere: `name: $roby`."""
        if not isinstance(entry.value, Items):
            self._problem(entry.value.place, f"{entry.key.text}: expected a list of objects, got {found(entry.value)}")
            return
        for node in entry.value.items:
            if not isinstance(node, Table):
                self._problem(node.place, f"{entry.key.text}: expected an object with a name, got {found(node)}")
            elif id(node) not in self.objects and not (others and _is_other(node)):
                self._object(node, owner, by, default)

    def _within(self, node: Node) -> None:
        if id(node) in self.objects:  # an alias of an object is the object
            return
        match node:
            case Items(items=items):
                for each in items:
                    self._within(each)
            case Table() if node.get("name") is not None and node.get("class") is not None:
                self._object(node)
            case Table(entries=entries):
                for entry in entries:
                    self._within(entry.value)

    def _class(self, table: Table, default: str | None) -> KnownClass | None:
        node = table.get("class")
        if node is None and default is not None:
            node = Scalar(table.place, default)
        if node is None:
            self._problem(table.place, "'class' is missing: it says what the object is")
            return None
        if not isinstance(node, Scalar) or node.is_null:
            self._problem(node.place, f"class: expected the name of a class, got {found(node)}")
            return None
        known = None if self._known.is_ambiguous(node.text) else self._find(node, None)
        own = {each.name for each in parameters_of(known.make)} if known is not None else set()
        told = False
        for key in ("package", "module"):
            value = table.get(key)
            if isinstance(value, Scalar) and key not in own:  # else a parameter that happens to be called so
                known, told = self._find(node, value), True
            elif value is not None and key not in own:
                self._problem(value.place, f"{key}: expected the name of a package, got {found(value)}")
        if known is None and not told and self._known.is_ambiguous(node.text):
            self._find(node, None)  # for its message
        return known

    def _find(self, name: Scalar, package: Scalar | None) -> KnownClass | None:
        try:
            known = self._known.find(name.text, None if package is None else package.text)
            parameters_of(known.make)
            return known
        except UsageError as error:
            self._problem((name if package is None else package).place, str(error))
            return None

    def _name(self, table: Table, known: KnownClass | None, may_have_none: bool) -> str | None:
        node = table.get("name")
        if node is None:
            needs = known is None or _needs_name(known.make)
            if may_have_none and known is not None and not needs:
                return f"the {known.name} at {table.place.short}"
            self._problem(table.place, "'name' is missing: every object has one")
            return None
        if not isinstance(node, Scalar):
            self._problem(node.place, f"name: expected a name, got {found(node)}")
            return None
        name = node.text
        plain = name.replace("-", "_") if known is not None and role_of(known.make) == "session" else name
        if not plain.isidentifier() or keyword.iskeyword(name):
            hint = "it is typed in the shell, so: letters, digits and underscores, no digit first, no word of Python"
            self._problem(node.place, f"{name!r} is no name for an object: {hint}")
            return None
        if name in self._names:
            self._problem(node.place, f"the name {name!r} is there twice, also at {self._names[name].short}")
            return None
        self._names[name] = node.place
        return name


def _needs_name(make: Any) -> bool:
    """Whether an object can't be made without a name; what takes its whole description can do with its class's."""
    return not takes_description(make) and any(each.name == "name" and each.required for each in fields_of(make))


def _is_other(node: Node) -> bool:
    """Whether a member is an object described elsewhere, and what is said of it here is for the owner."""
    name = node.get("name") if isinstance(node, Table) else None
    return isinstance(name, Scalar) and is_reference(name.text)


def _others(entry: Entry) -> Entry:
    """Of a list of members those that are described elsewhere."""
    items = entry.value.items if isinstance(entry.value, Items) else ()
    return Entry(entry.key, Items(entry.value.place, tuple(filter(_is_other, items))))


def _read(
    each: Description, finder: _Finder, names: set[str], defaults: tuple[Entry, ...], problems: list[Problem]
) -> None:
    """Read the parameters of one object."""
    parameters = parameters_of(each.known.make)
    own = {parameter.name for parameter in parameters}
    aside = ({*OF_THE_OBJECT} - own) | {"name", "class", *members_of(each.known.make)}
    entries = {entry.key.text: entry for entry in each.table.entries if entry.key.text not in aside}
    written = {**{entry.key.text: entry for entry in defaults}, **entries}
    owner = finder.owners.get(id(each.table))
    if owner is not None:
        by, reference = owner
        each.owner = reference.name
        parameters = tuple(parameter for parameter in parameters if parameter.name != by)
        each.arguments[by] = reference
    reader = Reader(each.name, finder.objects, names)
    if owner is not None and owner[0] not in own:
        reader.problem(each.place, f"{each.class_name} has no {owner[0]!r}: it can't be listed within another object")
    whole = takes_description(each.known.make)
    if whole:
        members = [entry for entry in each.table.entries if entry.key.text in members_of(each.known.make)]
        written |= {entry.key.text: _others(entry) for entry in members}
    table = Table(each.place, tuple(written.values()))
    more = whole or takes_more(each.known.make)
    values = reader.fields("", table, parameters, each.class_name, more)
    values = {key: value for key, value in values.items() if value is not WRONG}
    each.arguments |= {"config": ({"name": each.name} if each.named else {}) | values} if whole else values
    each.places = {key: entry.value.place for key, entry in written.items()}
    problems.extend(reader.problems)
