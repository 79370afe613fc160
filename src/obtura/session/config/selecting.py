"""What a session has: its names looked up, those of included sessions added."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from obtura.session.config.described import Description
from obtura.session.config.facts import Facts
from obtura.session.config.hints import takes_description
from obtura.session.config.nodes import Items, Table
from obtura.session.config.problems import Place, Problem, meant
from obtura.session.config.sessions import MeasurementGroupSpec, SessionSpec
from obtura.session.config.values import Reference

__all__ = ["group_spec", "select"]

_PATTERN = re.compile(r"[*?\[]")


def group_spec(described: Description) -> MeasurementGroupSpec:
    """A measurement group as it is described."""
    given = described.arguments
    return MeasurementGroupSpec(
        described.name,
        tuple(given.get("counters", ())),
        tuple(given.get("include", ())),
        tuple(given.get("disabled", ())),
        given.get("default", False),
    )


def select(
    objects: Mapping[str, Description], facts: Facts, is_lost: Callable[[str], bool], problems: list[Problem]
) -> dict[str, SessionSpec]:
    """The sessions by name; names that are not known are added to `problems`.

    `is_lost`: whether an object of this name may be described where a problem is told already.
    """
    selecting = _Selecting(objects, is_lost, problems)
    selecting.check_groups()
    known = selecting.of("session")
    if (
        facts.session is not None
        and facts.place is not None
        and facts.session not in known
        and not is_lost(facts.session)
    ):
        problems.append(Problem(facts.place, f"there is no session {facts.session!r}{meant(facts.session, known)}"))
    return {name: selecting.session(name) for name in selecting.of("session")}


class _Selecting:
    def __init__(
        self, objects: Mapping[str, Description], is_lost: Callable[[str], bool], problems: list[Problem]
    ) -> None:
        self._objects = objects
        self._is_lost = is_lost
        self._problems = problems
        self._specs: dict[str, SessionSpec] = {}
        self._open: list[str] = []
        self._told_by = _told_by(objects.values())

    def of(self, *roles: str) -> list[str]:
        """The names of what has one of these roles."""
        return [name for name, each in self._objects.items() if each.named and each.role in roles]

    def _problem(self, described: Description, key: str, message: str, index: int | None = None) -> None:
        self._problems.append(Problem(_place(described, key, index), f"{described.name}: {key}: {message}"))

    # -- measurement groups -------------------------------------------------------------------------------

    def check_groups(self) -> None:
        """Counters begin with the name of an object; what is included is another group, not in a circle."""
        devices, groups = self.of("device"), self.of("group")
        for name in groups:
            described = self._objects[name]
            spec = group_spec(described)
            for index, counter in enumerate(spec.counters):
                self._chosen(described, "counters", self._device_of(counter), devices, index)
            for index, other in enumerate(spec.include):
                self._chosen(described, "include", other, groups, index)
            if name in self._counters_of(name, lambda one: group_spec(one).include):
                self._problem(described, "include", f"a circle: {name} includes itself")

    def _counters_of(self, name: str, include: Callable[[Description], Sequence[str]]) -> list[str]:
        """The names of all groups that a group includes, also by others."""
        reached: list[str] = []
        ahead = [*include(self._objects[name])]
        while ahead:
            other = ahead.pop()
            if other in self._objects and self._objects[other].role == "group" and other not in reached:
                reached.append(other)
                ahead += include(self._objects[other])
        return reached

    def _devices_of_group(self, name: str) -> set[str]:
        groups = [name, *self._counters_of(name, lambda one: group_spec(one).include)]
        return {self._device_of(counter) for group in groups for counter in group_spec(self._objects[group]).counters}

    def _device_of(self, counter: str) -> str:
        """The object that has this counter.

        Its name begins with it, or, after that of a controller, ends with it; or it speaks of it in its description.
        """
        name, last = re.split("[:.]", counter)[0], counter.rpartition(":")[2]
        if name not in self._objects and last in self._objects:
            return last
        return name if name in self._objects else self._told_by.get(name, self._told_by.get(last, name))

    # -- sessions -----------------------------------------------------------------------------------------

    def session(self, name: str) -> SessionSpec:
        """What a session has."""
        if name not in self._specs:
            self._open.append(name)
            self._specs[name] = self._session(self._objects[name])
            self._open.pop()
        return self._specs[name]

    def _session(self, described: Description) -> SessionSpec:
        given = described.arguments
        included = self._included(described)
        devices = self._names(described, "devices", self.of("device", "preset"), default=["*"])
        without = set(self._names(described, "exclude", self.of("device", "preset")))
        devices = _unique(_joined([each for each in devices if each not in without], [s.devices for s in included]))
        groups = self._groups(described, devices, included)
        presets = self._names(described, "presets", self.of("preset"))
        consumers = self._names(described, "consumers", self.of("consumer"))
        return SessionSpec(
            name=described.name,
            title=given.get("title", ""),
            devices=devices,
            include=tuple(each.name for each in included),
            setup=self._there(described, "setup", Path.is_file, "file"),
            scripts=self._there(described, "scripts", Path.is_dir, "directory") or _scripts_beside(described),
            measurement_groups=groups,
            default_measurement_group=self._default_group(described, groups),
            presets=_unique([*(each for spec in included for each in spec.presets), *presets]),
            consumers=_unique([*(each for spec in included for each in spec.consumers), *consumers]),
            aliases=self._aliases(described, devices, included),
            saving=_saving(described),
        )

    def _included(self, described: Description) -> list[SessionSpec]:
        specs = []
        for index, name in enumerate(described.arguments.get("include", ())):
            if name in self._open:
                circle = " includes ".join([*self._open[self._open.index(name) :], name])
                self._problem(described, "include", f"a circle: {circle}", index)
            elif self._chosen(described, "include", name, self.of("session"), index):
                specs.append(self.session(name))
        return specs

    def _names(
        self, described: Description, key: str, known: Sequence[str], default: Sequence[str] = ()
    ) -> tuple[str, ...]:
        given = described.arguments.get(key, default)
        return _unique(
            each
            for index, word in enumerate(given)
            for each in self._chosen(described, key, word, known, index if key in described.arguments else None)
        )

    def _chosen(
        self, described: Description, key: str, word: str, known: Sequence[str], index: int | None
    ) -> Sequence[str]:
        """The names that a word stands for; none is a problem, but for all of nothing."""
        if _PATTERN.search(word):
            names = fnmatch.filter(known, word)
            if not names and word != "*" and not self._is_lost(word):
                self._problem(described, key, f"no name fits {word!r}", index)
            return names
        if word in known:
            return [word]
        other = self._objects.get(word)
        if other is None and self._is_lost(word):
            return []
        if other is not None:
            message = f"{word!r} is a {other.class_name}, which has no place here ({other.place.short})"
        else:
            message = f"{word!r} is not known{meant(word, known)}"
        self._problem(described, key, message, index)
        return []

    def _groups(
        self, described: Description, devices: Sequence[str], included: Iterable[SessionSpec]
    ) -> tuple[str, ...]:
        given = described.arguments.get("measurement_groups")
        if given is not None:
            own: Sequence[str] = self._names(described, "measurement_groups", self.of("group"))
        else:
            own = [name for name in self.of("group") if _had(self._devices_of_group(name), devices)]
        return _unique(_joined(own, [each.measurement_groups for each in included]))

    def _default_group(self, described: Description, groups: Sequence[str]) -> str | None:
        given: str | None = described.arguments.get("default_measurement_group")
        if given is not None:
            chosen = self._chosen(described, "default_measurement_group", given, groups, None)
            return chosen[0] if chosen else None
        marked = [name for name in groups if group_spec(self._objects[name]).default]
        if len(marked) > 1:
            places = " and ".join(f"{name} ({self._objects[name].place.short})" for name in marked)
            self._problem(described, "measurement_groups", f"several are the default: {places}")
        return marked[0] if marked else groups[0] if groups else None

    def _aliases(
        self, described: Description, devices: Sequence[str], included: Iterable[SessionSpec]
    ) -> dict[str, str]:
        aliases: dict[str, str] = {}
        order = list(described.arguments.get("include", ()))
        for each in included:
            for alias, name in each.aliases.items():
                self._only_one(described, "include", order.index(each.name), alias, name, aliases)
                aliases[alias] = name
        for index, (alias, name) in enumerate(described.arguments.get("aliases", {}).items()):
            if not alias.isidentifier():
                self._problem(described, "aliases", f"{alias!r} is no name: letters, digits and underscores", index)
            elif alias in self._objects:
                self._problem(described, "aliases", f"{alias!r} is the name of another object already", index)
            elif self._chosen(described, "aliases", name, devices, index):
                self._only_one(described, "aliases", index, alias, name, aliases)
            aliases[alias] = name
        return aliases

    def _only_one(
        self, described: Description, key: str, index: int, alias: str, name: str, aliases: Mapping[str, str]
    ) -> None:
        """An object has one alias: its data go under it."""
        other = next((each for each, target in aliases.items() if target == name and each != alias), None)
        if other is not None:
            self._problem(described, key, f"{name} has the alias {other!r} already, and can't be {alias!r} too", index)

    def _there(self, described: Description, key: str, is_there: Callable[[Path], bool], what: str) -> Path | None:
        path: Path | None = described.arguments.get(key)
        if path is not None and not is_there(path):
            self._problem(described, key, f"there is no {what} {path}")
        return path


def _told_by(objects: Iterable[Description]) -> dict[str, str]:
    """By each word in the descriptions of those that take theirs whole, and in `outputs`: who speaks of it.

    Counters are among these.
    """
    return {
        word: each.name
        for each in objects
        if each.named
        for word in _words(each.arguments.get("config" if takes_description(each.known.make) else "outputs"))
    }


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple) and not isinstance(value, Reference):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _words(each)


def _place(described: Description, key: str, index: int | None) -> Place:
    node = described.table.get(key)
    if index is not None and isinstance(node, Items) and index < len(node.items):
        return node.items[index].place
    if index is not None and isinstance(node, Table) and index < len(node.entries):
        return node.entries[index].key.place
    return described.places.get(key, described.place)


def _scripts_beside(described: Description) -> Path | None:
    beside = Path(described.place.file).parent.resolve() / "scripts"
    return beside if beside.is_dir() else None


def _saving(described: Description) -> dict[str, str]:
    saving = dict(described.arguments.get("saving", {}))
    if "base_path" in saving:
        base = Path(saving["base_path"]).expanduser()
        saving["base_path"] = str(Path(described.places["saving"].file).parent.resolve() / base)
    return saving


def _had(counters: set[str], devices: Sequence[str]) -> bool:
    """Whether each counter, or pattern, is one of the devices."""
    return all(fnmatch.filter(devices, each) if _PATTERN.search(each) else each in devices for each in counters)


def _joined(first: Iterable[str], others: Iterable[Iterable[str]]) -> list[str]:
    return [*first, *(each for other in others for each in other)]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
