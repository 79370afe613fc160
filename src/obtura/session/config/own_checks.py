"""What the classes themselves have to say against what YAML says of their objects, before any is made."""

from collections.abc import Iterator, Mapping

from obtura.session.config.described import Description
from obtura.session.config.hints import fields_of
from obtura.session.config.nodes import Scalar
from obtura.session.config.problems import Problem
from obtura.session.config.values import references

__all__ = ["check_by_class"]


def check_by_class(objects: Mapping[str, Description], problems: list[Problem]) -> None:
    """Add to `problems` what the classes find.

    A class that has more to say than the annotations of its constructor, as which of two limits is the lower one, has a
    static method `yaml_check(given)`: it yields a key and what is wrong with it, and touches no hardware. `given`: what
    is written, without what refers to other objects, and without what is null.

    One that needs one of several keys names them, with what stands for each: `yaml_one_of = {"tcp": "host:port"}`.
    """
    for each in objects.values():
        problems.extend(_none_of(each))
        check = getattr(each.known.make, "yaml_check", None)
        if check is None:
            continue
        given = {
            key: value for key, value in each.arguments.items() if value is not None and not any(references(value))
        }
        try:
            found = list(check(given))
        except Exception as error:  # noqa: BLE001 - told, with the place
            problems.append(Problem(each.place, f"{each.name}: {error}"))
            continue
        for key, message in found:
            problems.append(Problem(each.places.get(key, each.place), f"{each.name}: {key}: {message}"))


def _none_of(each: Description) -> Iterator[Problem]:
    """A class whose constructor does without them, or has one of them by default, needs none."""
    ways: Mapping[str, str] = getattr(each.known.make, "yaml_one_of", {})
    taken = {field.name: field.default for field in fields_of(each.known.make)} if ways else {}
    if not ways or any(key not in taken or taken[key] is not None for key in ways):
        return
    written = {entry.key.text: entry for entry in each.table.entries if entry.key.text in ways}
    empty = [key for key, entry in written.items() if isinstance(entry.value, Scalar) and entry.value.is_null]
    if len(empty) < len(written) or any(each.arguments.get(key) is not None for key in ways):
        return  # also when one is written that is wrong in itself
    what = f"{empty[0]}: nothing is written there; " if empty else ""
    one = ", ".join(f"{key}: {value}" for key, value in ways.items())
    place = written[empty[0]].key.place if empty else each.place
    yield Problem(place, f"{each.name}: {what}one of them is needed: {one}")
