"""YAML written for BLISS, in our words: what it spells differently becomes what obtura reads, each word at its place.

`plugin` is left out: the class says what an object is. `__init__.yml` gives it, `class`, `package` and `module` to all
objects of its directory and below. `class: mockup`, `slits` and so on are what `CLASSES` says. A session's
`setup-file`, `config-objects` and so on have other names here; what belongs to servers is left out.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from obtura.session.config.nodes import Entry, Items, Node, Scalar, Table, found
from obtura.session.config.problems import Problem, meant

__all__ = ["CLASSES", "DEFAULTS", "in_our_words"]

DEFAULTS = "__init__.yml"
"""The file that says what the objects of its directory have in common."""

PLUGINS = ("bliss", "default", "emotion", "generic", "none", "session", "temperature", "diffractometer")
"""What `plugin` may say."""

CLASSES = {
    "mockup": "Mockup",
    "faultymockup": "FaultyMockup",
    "slits": "TaggedSlits",
    "simulation_counter": "SimulationCounter",
    "softaxis": "SoftAxis",
}
"""Classes that BLISS finds by the name of their module; here by their own."""

TAGGED = {"Slits": "TaggedSlits", "EnergyWavelength": "TaggedEnergy"}
"""Classes that have other keys here, unless their axes are listed with tags."""

INHERITED = ("class", "module", "package", "plugin")

SESSION = {
    "setup-file": "setup",
    "config-objects": "devices",
    "exclude-objects": "exclude",
    "include-sessions": "include",
    "measurement-groups": "measurement_groups",
}
OF_SERVERS = ("synoptic", "icat-mapping", "icat-metadata", "scan_saving", "default-user-script-dir", "flint")


def in_our_words(files: Iterable[list[Node]], problems: list[Problem]) -> list[Node]:
    """The documents of all files; those of `__init__.yml` are gone into the objects that they are for."""
    documents = [node for nodes in files for node in nodes]
    groups = {name for node in documents for name in _groups(node)}
    common: dict[Path, tuple[Entry, ...]] = {}
    for node in documents:
        if _is_common(node):
            common[Path(node.place.file).parent] = tuple(_common(node, problems))
    translated: list[Node] = []
    for node in documents:
        if not _is_common(node):
            above = [entries for directory, entries in common.items() if directory in Path(node.place.file).parents]
            inherited = {entry.key.text: entry for entries in above for entry in entries}
            translated.append(_document(node, inherited, groups, problems))
    return translated


def _is_common(node: Node) -> bool:
    return Path(node.place.file).name == DEFAULTS and isinstance(node, Table) and node.get("name") is None


def _common(node: Node, problems: list[Problem]) -> Iterator[Entry]:
    for entry in node.entries if isinstance(node, Table) else ():
        if entry.key.text in INHERITED:
            yield entry
        else:
            message = f"{DEFAULTS} says class, module, package or plugin for all; `defaults` are in obtura.yml"
            problems.append(Problem(entry.key.place, message))


def _groups(node: Node) -> Iterator[str]:
    """The names of measurement groups."""
    for each in node.items if isinstance(node, Items) else (node,):
        entries = {entry.key.text: entry for entry in each.entries} if isinstance(each, Table) else {}
        name = entries["name"].value if "name" in entries else None
        if _class_of(entries) == "MeasurementGroup" and isinstance(name, Scalar):
            yield name.text


def _document(node: Node, inherited: dict[str, Entry], groups: set[str], problems: list[Problem]) -> Node:
    if isinstance(node, Items):
        return Items(node.place, tuple(_object(each, inherited, groups, problems) for each in node.items))
    return _object(node, inherited, groups, problems)


def _object(node: Node, inherited: dict[str, Entry], groups: set[str], problems: list[Problem]) -> Node:
    if not isinstance(node, Table):
        return node
    inner = node.get("controller")
    if isinstance(inner, Table) and node.get("class") is None:  # `- controller: {class: ...}`, as long ago
        node = Table(inner.place, tuple(each for each in node.entries if each.value is not inner) + inner.entries)
    entries = {entry.key.text: entry for entry in node.entries}
    changed = bool(inherited.keys() - entries.keys()) and _is_object(entries)
    if changed:
        entries = {**inherited, **entries}
    if "plugin" in entries and "class" in entries:
        changed = True
        _check_plugin(entries.pop("plugin").value, problems)
    name = _class_of(entries)
    if name is not None and (ours := _renamed(name, entries)) is not None:
        changed = True
        entries["class"] = Entry(entries["class"].key, Scalar(entries["class"].value.place, ours))
    if name == "Session":
        entries = {key: _of_session(entry) for key, entry in _groups_apart(entries, groups).items()}
        changed = True
    return Table(node.place, tuple(entries.values()), node.braces) if changed else node


def _is_object(entries: dict[str, Entry]) -> bool:
    """Whether it describes an object, rather than what holds for a beamline."""
    return "name" in entries or "class" in entries or "axes" in entries


def _check_plugin(node: Node, problems: list[Problem]) -> None:
    if not isinstance(node, Scalar):
        problems.append(Problem(node.place, f"plugin: expected a word, got {found(node)}"))
    elif node.text not in PLUGINS:
        listed = ", ".join(PLUGINS)
        problems.append(
            Problem(node.place, f"the plugin {node.text!r} is not known{meant(node.text, PLUGINS)} ({listed})")
        )


def _class_of(entries: dict[str, Entry]) -> str | None:
    node = entries["class"].value if "class" in entries else None
    return node.text if isinstance(node, Scalar) else None


def _renamed(name: str, entries: dict[str, Entry]) -> str | None:
    if name in TAGGED:
        return TAGGED[name] if "axes" in entries and _has_tags(entries["axes"].value) else None
    ours = CLASSES.get(name.lower())
    return ours if ours != name else None


def _has_tags(node: Node) -> bool:
    return isinstance(node, Items) and any(isinstance(each, Table) and each.get("tags") for each in node.items)


def _groups_apart(entries: dict[str, Entry], groups: set[str]) -> dict[str, Entry]:
    """What a session says, without what is for servers; groups among its `config-objects` get a key of their own."""
    entries = {key: entry for key, entry in entries.items() if key not in OF_SERVERS}
    objects = entries.get("config-objects")
    if objects is None or not isinstance(objects.value, Items):
        return entries
    of_groups = [each for each in objects.value.items if isinstance(each, Scalar) and each.text in groups]
    if of_groups:
        others = tuple(each for each in objects.value.items if each not in of_groups)
        entries["config-objects"] = Entry(objects.key, Items(objects.value.place, others))
        key = Scalar(objects.key.place, "measurement-groups")
        entries.setdefault("measurement-groups", Entry(key, Items(objects.value.place, tuple(of_groups))))
    return entries


def _of_session(entry: Entry) -> Entry:
    key = SESSION.get(entry.key.text)
    value = entry.value
    if entry.key.text == "aliases" and isinstance(value, Items):
        value = _aliases(value)
    if key is None and value is entry.value:
        return entry
    return Entry(Scalar(entry.key.place, key or entry.key.text, entry.key.quoted), value)


def _aliases(node: Items) -> Node:
    """A list of `{original_name: robz, alias_name: z}` as a mapping `{z: robz}`."""
    entries = []
    for each in node.items:
        alias = each.get("alias_name") if isinstance(each, Table) else None
        original = each.get("original_name") if isinstance(each, Table) else None
        if not isinstance(alias, Scalar) or original is None:
            return node
        entries.append(Entry(alias, original))
    return Table(node.place, tuple(entries))
