"""Values that wait for objects: what was read from YAML, before any device is made."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from obtura.session.config.problems import Place

__all__ = ["Call", "Reference", "made", "references"]


class Reference(NamedTuple):
    """`$name` or `$name.attribute`. `wanted`: the class or protocol it must be, None for any."""

    name: str
    attributes: tuple[str, ...]
    wanted: type | None
    place: Place

    def __str__(self) -> str:
        return ".".join([f"${self.name}", *self.attributes])


class Call(NamedTuple):
    """A value that is made of others: a NamedTuple, a set."""

    function: Callable[..., Any]
    arguments: list[Any]
    named: dict[str, Any]

    @property
    def written(self) -> Any:
        """What it is made of, as in YAML."""
        return self.named or self.arguments


def references(value: Any) -> Iterator[Reference]:
    """The references within a value."""
    match value:
        case Reference():
            yield value
        case Call(arguments=arguments, named=named):
            yield from references(arguments)
            yield from references(named)
        case Mapping():
            for each in value.values():
                yield from references(each)
        case list() | tuple():
            for each in value:
                yield from references(each)


def made(value: Any, get: Callable[[Reference], Any]) -> Any:
    """The value with the objects in it that `get` gives; lists and mappings are new ones each time."""
    match value:
        case Reference():
            return get(value)
        case Call(function=function, arguments=arguments, named=named):
            return function(*(made(each, get) for each in arguments), **made(named, get))
        case dict():
            return {key: made(each, get) for key, each in value.items()}
        case list():
            return [made(each, get) for each in value]
        case _:
            return value
