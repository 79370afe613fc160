"""What a description says of a controller, an axis, an encoder, read by key and converted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["Described", "StaticConfig", "as_described", "description_in"]

_MISSING: Any = object()


class Described(dict[str, Any]):
    """What YAML says of an object, for a constructor that takes it whole: a dict with `get(key, default=None)`."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default`."""
        return super().get(key, default)

    def to_dict(self, resolve_objects: bool = True) -> dict[str, Any]:
        """As plain dicts and lists; objects that were named by `$name` stay in it."""
        return {key: _plain(value) for key, value in self.items()}


def as_described(value: Any) -> Any:
    """The plain dicts within `value` as `Described`."""
    if type(value) is dict:
        return Described((key, as_described(each)) for key, each in value.items())
    return [as_described(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Described):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


class StaticConfig(Mapping[str, Any]):
    """`config.get("channel", int)`, `config.get("host", default="localhost")`. `config_dict`: all of it."""

    def __init__(self, config_dict: Mapping[str, Any]) -> None:
        self.config_dict = dict(config_dict)

    def get(  # type: ignore[override]  # as modules written for BLISS call it: the converter is the second argument
        self, key: str, converter: Callable[[Any], Any] = str, default: Any = _MISSING, inherited: bool = False
    ) -> Any:
        """The value of a key, converted: to text unless `converter` says otherwise; None, lists, mappings as they are.

        Raises:
            KeyError: there is no such key, and no `default`.
        """
        if key not in self.config_dict:
            if default is _MISSING:
                raise KeyError(f"the configuration of {self.config_dict.get('name', 'this device')} has no {key!r}")
            return default
        value = self.config_dict[key]
        return value if value is None or (converter is str and not _is_word(value)) else converter(value)

    def set(self, key: str, value: Any) -> None:
        """Say something else, for as long as the program runs."""
        self.config_dict[key] = value

    def __getitem__(self, key: str) -> Any:
        return self.config_dict[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.config_dict)

    def __len__(self) -> int:
        return len(self.config_dict)


def _is_word(value: object) -> bool:
    return isinstance(value, str | int | float)


def description_in(arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The mapping among the arguments of a constructor: it is the first or, after a name, the second."""
    found = next((dict(each) for each in arguments if isinstance(each, Mapping)), {})
    if arguments and isinstance(arguments[0], str):
        found.setdefault("name", arguments[0])
    return found
