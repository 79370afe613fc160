"""A beamline's description: a directory of YAML, checked as a whole, its objects made when they are asked for."""

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from obtura.contracts.twins import Twin
from obtura.devices.bliss.config import as_described
from obtura.ground.errors import DeviceError, ObturaError, UsageError, annotate, one_line
from obtura.session.config.constructors import call_with, signature_of
from obtura.session.config.described import Description, attributes_of, describe
from obtura.session.config.dialect import in_our_words
from obtura.session.config.facts import Facts, read_facts
from obtura.session.config.files import texts_of
from obtura.session.config.hints import takes_description
from obtura.session.config.known import KnownClasses
from obtura.session.config.macros import macros_put_in
from obtura.session.config.own_checks import check_by_class
from obtura.session.config.parse import parse
from obtura.session.config.problems import ConfigError, Place, Problem, meant
from obtura.session.config.references import check_references, fits
from obtura.session.config.selecting import group_spec, select
from obtura.session.config.sessions import MeasurementGroupSpec, SessionSpec
from obtura.session.config.units import check_units
from obtura.session.config.values import Reference, made

__all__ = ["Config"]


class Config:
    """The objects of a beamline by name. `Config.load(directory)` gives one.

    `directory`: where it was described; `facts`: what `obtura.yml` says; `texts`: name and text of each file, as it was
    read, the names below the directory.
    """

    def __init__(
        self,
        directory: Path,
        facts: Facts,
        objects: Mapping[str, Description],
        sessions: Mapping[str, SessionSpec],
        texts: tuple[tuple[str, str], ...],
    ) -> None:
        self.directory = directory
        self.facts = facts
        self.texts = texts
        self._described = dict(objects)
        self._sessions = dict(sessions)
        self._made: dict[str, Any] = {}
        # One for each object: a constructor that hangs holds up only who needs it. There is no circle to lock up in.
        self._locks = {name: threading.RLock() for name in objects}

    @classmethod
    def load(
        cls, directory: str | os.PathLike[str], substitute: Callable[[str, Twin], Callable[..., Any]] | None = None
    ) -> "Config":
        """Read and check all YAML files of a directory; no object is made, no hardware touched.

        `substitute`: see `KnownClasses`.

        Raises:
            ConfigError: with everything that is wrong.
            UsageError: there is no such directory.
        """
        directory = Path(directory)
        if not directory.is_dir():
            raise UsageError(f"{directory}: there is no such directory")
        problems: list[Problem] = []
        texts = tuple(texts_of(directory, problems))
        files = [parse(text, name, problems) for name, text in texts]
        unread = bool(problems) and not all(files)
        documents = macros_put_in(in_our_words(files, problems), problems)
        known = KnownClasses(substitute)
        facts = read_facts(directory, documents, known, problems)
        objects, lost = describe(documents, known, facts, problems)

        def is_lost(name: str) -> bool:
            return unread or name in lost

        check_units(objects, problems)
        check_by_class(objects, problems)
        check_references(objects, is_lost, problems)
        sessions = select(objects, facts, is_lost, problems)
        if problems:
            raise ConfigError(directory, problems)
        named = tuple((Path(name).relative_to(directory).as_posix(), text) for name, text in texts)
        return cls(directory, facts, objects, sessions, named)

    def altered(
        self,
        facts: Facts | None = None,
        objects: Mapping[str, Description] | None = None,
        sessions: Mapping[str, SessionSpec] | None = None,
    ) -> "Config":
        """Another description that is as this one, but for what is given; objects are made anew."""
        return Config(
            self.directory,
            self.facts if facts is None else facts,
            {**self._described, **(objects or {})},
            {**self._sessions, **(sessions or {})},
            self.texts,
        )

    # -- what there is ------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The beamline's name: said by `obtura.yml`, else that of the directory."""
        return self.facts.name

    @property
    def names_list(self) -> list[str]:
        """As `names`, by the name that scripts written for BLISS have for it."""
        return self.names

    @property
    def names(self) -> list[str]:
        """The names of all objects, those of sessions and measurement groups among them."""
        return [name for name, each in self._described.items() if each.named]

    @property
    def sessions(self) -> list[str]:
        """The names of the sessions."""
        return list(self._sessions)

    def session(self, name: str) -> SessionSpec:
        """What a session has.

        Raises:
            UsageError: there is no such session.
        """
        if name not in self._sessions:
            listed = ", ".join(self._sessions) or "none"
            raise UsageError(f"there is no session {name!r}{meant(name, self._sessions)} (known: {listed})")
        return self._sessions[name]

    def measurement_group(self, name: str) -> MeasurementGroupSpec:
        """What a measurement group has.

        Raises:
            UsageError: there is no such group.
        """
        described = self.describe(name)
        if described.role != "group":
            raise UsageError(f"{name!r} is a {described.class_name}, no measurement group")
        return group_spec(described)

    def describe(self, name: str) -> Description:
        """What an object is described to be.

        Raises:
            UsageError: there is no object of this name.
        """
        if name not in self._described:
            raise UsageError(f"there is no object {name!r} in {self.directory}{meant(name, self.names)}")
        return self._described[name]

    def place(self, name: str) -> Place:
        """Where an object is described: file, line, column."""
        return self.describe(name).place

    # -- objects ------------------------------------------------------------------------------------------

    def get(self, name: str) -> Any:
        """The object of this name; made with all it needs when it is asked for first, and kept.

        Raises:
            UsageError: there is none, or it is a session or a measurement group, which are no objects.
            DeviceError: it, or one it needs, can't be made; what was made before is kept, the next call tries again.
        """
        self.describe(name)
        with self._locks[name]:
            if name not in self._made:
                self._made[name] = self.new(name)
            return self._made[name]

    @property
    def objects(self) -> dict[str, Any]:
        """The objects made so far, by name."""
        return dict(self._made)

    def new(self, name: str) -> Any:
        """As `get`, but a new object at each call, made of the same others: each scan has consumers of its own."""
        described = self.describe(name)
        if described.role in ("session", "group"):
            raise UsageError(
                f"{name!r} is a {described.class_name}, no object: config.{_ASKED[described.role]}({name!r})"
            )
        try:
            arguments = made(described.arguments, lambda reference: self._object(name, reference))
            return _called(described, arguments)
        except _NeededError as error:
            raise error.reason from error.reason.__cause__
        except (Exception, SystemExit) as error:
            message = f"{name} can't be made ({described.place.short}): {one_line(error)}"
            raise DeviceError(message) from error

    def _object(self, name: str, reference: Reference) -> Any:
        try:
            value = self.get(reference.name)
        except ObturaError as error:
            annotate(error, f"{name} needs {reference.name} ({reference.place.short})")
            raise _NeededError(error) from None
        for attribute in reference.attributes:
            by_key = not hasattr(value, attribute) and hasattr(type(value), "__getitem__")  # $slits.hgap
            value = value[attribute] if by_key else _attribute(value, attribute, reference)
        wanted = reference.wanted
        if reference.attributes and wanted is not None and not fits(type(value), wanted):
            raise UsageError(f"{reference} is {value!r}, not a {wanted.__name__} ({reference.place.short})")
        return value


def _attribute(value: Any, attribute: str, reference: Reference) -> Any:
    try:
        return getattr(value, attribute)
    except AttributeError as error:
        raise UsageError(f"{reference}: {one_line(error)} ({reference.place.short})") from error


_ASKED = {"session": "session", "group": "measurement_group"}


class _NeededError(Exception):
    """An object that this one needs can't be made: its own error is the one to tell."""

    def __init__(self, reason: ObturaError) -> None:
        self.reason = reason


def _called(described: Description, arguments: dict[str, Any]) -> Any:
    make = described.known.make
    if takes_description(make):
        name = described.name if described.named else described.class_name
        return call_with(make, name, as_described(arguments["config"]))
    if "name" in signature_of(make).parameters and described.named:
        arguments = {"name": described.name, **arguments}
    attributes = {each.name: arguments.pop(each.name) for each in attributes_of(make) if each.name in arguments}
    thing = _constructed(make, arguments)
    for name, value in attributes.items():
        setattr(thing, name, value)
    return thing


def _constructed(make: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    parameters = signature_of(make).parameters
    more = next((each for each in parameters.values() if each.kind is each.VAR_POSITIONAL), None)
    if more is None or more.name not in arguments:
        return make(**arguments)
    in_order = [each.name for each in parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    row = [arguments.pop(name) for name in in_order if name in arguments]
    return make(*row, *arguments.pop(more.name), **arguments)
