"""References: whether what is meant exists, is of the right kind, and can be had before who needs it."""

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

from obtura.session.config.described import Description
from obtura.session.config.hints import Object, understand
from obtura.session.config.problems import Place, Problem, meant
from obtura.session.config.values import Reference, references

__all__ = ["check_references", "fits", "members_wanted"]

LONGEST = 100
"""Objects that need each the next."""

USED_BY_NAME = {"group": "a measurement group", "session": "a session", "consumer": "a consumer"}


def check_references(
    objects: Mapping[str, Description], is_lost: Callable[[str], bool], problems: list[Problem]
) -> None:
    """Add to `problems` what is wrong with the references of all objects.

    `is_lost`: whether an object of this name may be described where a problem is told already.
    """
    names = [name for name, each in objects.items() if each.named]
    for each in objects.values():
        for reference in references(each.arguments):
            if reference.name not in objects and is_lost(reference.name):
                continue
            for message in _wrong(reference, objects, names):
                problems.append(Problem(reference.place, f"{each.name}: {message}"))
    problems.extend(_cycles(objects))


def _wrong(reference: Reference, objects: Mapping[str, Description], names: list[str]) -> Iterator[str]:
    target = objects.get(reference.name)
    if target is None:
        close = meant(reference.name, names).replace(": did you mean '", ": did you mean '$")
        yield f"there is no object {reference.name!r}{close}"
        return
    if target.role in USED_BY_NAME:
        yield f"${reference.name} is {USED_BY_NAME[target.role]}, which is no device ({target.place.short})"
        return
    kind = _product(target.known.make)
    for attribute in reference.attributes:
        if kind is None:
            return
        if attribute not in _attributes(kind) and not _has_more(kind):
            yield f"{reference}: {kind.__name__} has no {attribute!r}{meant(attribute, _public(kind))}"
            return
        kind = _kind_of(kind, attribute)
    wanted = reference.wanted
    if wanted is not None and kind is not None and not fits(kind, wanted):
        lacks = [member for member in members_wanted(wanted) if not hasattr(kind, member)]
        why = f", it has no {', '.join(lacks)}" if lacks else ""
        yield (
            f"expected {Object(wanted).wanted}, but {reference} is a {kind.__name__}{why} "
            f"(described at {target.place.short})"
        )


def fits(kind: type, wanted: type) -> bool:
    """Whether objects of a class can stand where another class or a protocol is wanted."""
    if getattr(wanted, "_is_protocol", False):
        return all(hasattr(kind, member) for member in members_wanted(wanted))
    return issubclass(kind, wanted)


def members_wanted(wanted: type) -> list[str]:
    """The methods and properties of a protocol; attributes can't be seen in a class."""
    if not getattr(wanted, "_is_protocol", False):
        return []
    return [
        name
        for cls in wanted.__mro__
        if getattr(cls, "_is_protocol", False)
        for name, member in vars(cls).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    ]


def _product(make: Any) -> type | None:
    """The class of what a class or function makes; None when a function does not say."""
    if isinstance(make, type):
        return make
    try:
        hint = understand(get_type_hints(make).get("return", inspect.Parameter.empty))
    except (NameError, TypeError):
        return None
    return hint.cls if isinstance(hint, Object) else None


def _has_more(kind: type) -> bool:
    """Whether objects of a class may have what can't be seen in it: made up when asked, or had as `table["height"]`."""
    return hasattr(kind, "__getattr__") or hasattr(kind, "__getitem__")


def _public(kind: type) -> list[str]:
    return [name for name in _attributes(kind) if not name.startswith("_")]


def _attributes(kind: type) -> set[str]:
    """What objects of a class may have: its members, and every name that its methods use with a dot."""
    names = set(dir(kind))
    for cls in kind.__mro__:
        names.update(inspect.get_annotations(cls))
        for member in vars(cls).values():
            function = getattr(member, "fget", member)
            if isinstance(function, types.FunctionType):
                names.update(function.__code__.co_names)
    return names


def _kind_of(kind: type, attribute: str) -> type | None:
    """The class of an attribute, when it is written down."""
    member = inspect.getattr_static(kind, attribute, None)
    source = member.fget if isinstance(member, property) else kind
    try:
        hints = get_type_hints(source)
    except (NameError, TypeError):
        return None
    hint = understand(hints.get("return" if isinstance(member, property) else attribute, inspect.Parameter.empty))
    return hint.cls if isinstance(hint, Object) else None


def _cycles(objects: Mapping[str, Description]) -> Iterator[Problem]:
    """Each circle once, at the reference that closes it."""
    done: set[str] = set()

    def visit(name: str, chain: dict[str, Place]) -> Iterator[Problem]:
        for reference in references(objects[name].arguments):
            target, way = reference.name, {**chain, name: reference.place}
            if target in way:
                circle = [*list(way)[list(way).index(target) :], target]
                yield Problem(reference.place, f"{name}: a circle: {' needs '.join(circle)}")
            elif len(way) > LONGEST:
                yield Problem(reference.place, f"{name}: more than {LONGEST} objects in a row need each the next")
            elif target in objects and target not in done:
                yield from visit(target, way)
        done.add(name)

    for name in objects:
        if name not in done:
            yield from visit(name, {})
