"""What the classes themselves have to say against what YAML says of their objects, before any is made."""

from collections.abc import Mapping

from obtura.session.config.described import Description
from obtura.session.config.problems import Problem
from obtura.session.config.values import references

__all__ = ["check_by_class"]


def check_by_class(objects: Mapping[str, Description], problems: list[Problem]) -> None:
    """Add to `problems` what the classes find.

    A class that has more to say than the annotations of its constructor, as which of two limits is the lower one, has a
    static method `yaml_check(given)`: it yields a key and what is wrong with it, and touches no hardware. `given`: what
    is written, without what refers to other objects, and without what is null.
    """
    for each in objects.values():
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
