"""What the annotation of a constructor's parameter accepts from YAML.

`understand(annotation)` gives a hint, one small class for each way of writing a value. Reading (reading.py) and the
JSON schema (schema.py) go through these, so that they can't disagree.
"""

import collections.abc as abc
import dataclasses
import enum
import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union

import msgspec

from obtura.session.config.constructors import constructor_of

__all__ = [
    "Anything",
    "Choice",
    "Constrained",
    "Either",
    "Field",
    "Fixed",
    "Function",
    "Hint",
    "ListOf",
    "Name",
    "Nothing",
    "Object",
    "Record",
    "Spelled",
    "TableOf",
    "Word",
    "fields_of",
    "takes_description",
    "understand",
]


class Name(str):
    """The name of an object, where a name is wanted and not the object: a `$` before it is welcome."""


WORDS = {Name: "a name", bool: "yes or no", int: "a whole number", float: "a number", str: "text", Path: "a path"}


@dataclasses.dataclass(frozen=True)
class Anything:
    """Not annotated, or `Any`: a value as YAML 1.2 has it."""

    wanted = "a value"


@dataclasses.dataclass(frozen=True)
class Nothing:
    """None: nothing, or `null`."""

    wanted = "nothing"


@dataclasses.dataclass(frozen=True)
class Word:
    """bool, int, float, str or Path."""

    kind: type

    @property
    def wanted(self) -> str:
        """For messages."""
        return WORDS[self.kind]


@dataclasses.dataclass(frozen=True)
class Choice:
    """A Literal or an Enum: `values` by what is written."""

    values: tuple[tuple[str, Any], ...]

    @property
    def wanted(self) -> str:
        """For messages."""
        return "one of " + ", ".join(word or "''" for word, _ in self.values)


@dataclasses.dataclass(frozen=True)
class Spelled:
    """A type with a spelling of its own, as a date: msgspec reads it."""

    kind: Any

    @property
    def wanted(self) -> str:
        """For messages."""
        return f"a {self.kind.__name__}"


@dataclasses.dataclass(frozen=True)
class Constrained:
    """`Annotated[float, msgspec.Meta(gt=0)]`, as those of ground/ranges.py: msgspec checks it."""

    inner: "Hint"
    annotation: Any

    @property
    def wanted(self) -> str:
        """For messages."""
        return self.description or f"{self.inner.wanted} {' and '.join(self.bounds)}".rstrip()

    @property
    def description(self) -> str:
        """What it says of itself; empty when it says nothing."""
        return next((each.description for each in self._metas if each.description), "")

    @property
    def bounds(self) -> list[str]:
        """How large it may be; other constraints have no words of ours."""
        told = [(words, getattr(meta, key)) for meta in self._metas for key, words in _BOUNDS.items()]
        return [f"{words} {bound:g}" for words, bound in told if bound is not None]

    @property
    def _metas(self) -> list[msgspec.Meta]:
        return [each for each in typing.get_args(self.annotation)[1:] if isinstance(each, msgspec.Meta)]


_BOUNDS = {"gt": "greater than", "ge": "of at least", "lt": "less than", "le": "of at most"}


@dataclasses.dataclass(frozen=True)
class ListOf:
    """A list of one kind of item; `make` gives the collection that is wanted: list, tuple, set."""

    item: "Hint"
    make: Callable[[list[Any]], Any]

    @property
    def wanted(self) -> str:
        """For messages."""
        return "a list"


@dataclasses.dataclass(frozen=True)
class Fixed:
    """A tuple: each item has a hint of its own."""

    items: "tuple[Hint, ...]"

    @property
    def wanted(self) -> str:
        """For messages."""
        return f"a list of {len(self.items)}: [{', '.join(item.wanted for item in self.items)}]"


@dataclasses.dataclass(frozen=True)
class TableOf:
    """A mapping."""

    key: "Hint"
    value: "Hint"
    wanted = "a mapping"


class Field(typing.NamedTuple):
    """A key of a record, or a parameter of a constructor."""

    name: str
    hint: "Hint"
    required: bool
    default: Any = None


@dataclasses.dataclass(frozen=True)
class Record:
    """A NamedTuple, dataclass or Struct: a mapping with certain keys; `in_a_row`: or a list in their order."""

    cls: type
    in_a_row: bool

    @property
    def wanted(self) -> str:
        """For messages."""
        return f"a mapping with {', '.join(each.name for each in fields_of(self.cls))}"


@dataclasses.dataclass(frozen=True)
class Object:
    """A device or another object of this class or protocol: `$name`."""

    cls: type

    @property
    def wanted(self) -> str:
        """For messages."""
        name = self.cls.__name__
        return f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}, written $name"


@dataclasses.dataclass(frozen=True)
class Function:
    """Something to call: a method of an object, `$name.method`."""

    wanted = "a function, written $name.method"


@dataclasses.dataclass(frozen=True)
class Either:
    """A union; at least two."""

    options: "tuple[Hint, ...]"

    @property
    def wanted(self) -> str:
        """For messages."""
        return " or ".join(dict.fromkeys(option.wanted for option in self.options if option != Nothing()))


Hint: TypeAlias = (
    Anything
    | Nothing
    | Word
    | Choice
    | Spelled
    | Constrained
    | ListOf
    | Fixed
    | TableOf
    | Record
    | Object
    | Function
    | Either
)

_WORDS: dict[Any, type] = {
    **{kind: kind for kind in WORDS},
    numbers.Integral: int,
    numbers.Real: float,
    numbers.Number: float,
    typing.SupportsInt: int,
    typing.SupportsFloat: float,
    os.PathLike: Path,
}
_LISTS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: tuple,
    abc.MutableSequence: list,
    abc.Iterable: tuple,
    abc.Collection: tuple,
    abc.Set: frozenset,
    abc.MutableSet: set,
}
_TABLES = (dict, abc.Mapping, abc.MutableMapping)
_BY_THEMSELVES = (Any, object, inspect.Parameter.empty)


def understand(annotation: Any) -> Hint:
    """What may be written for a parameter with this annotation."""
    annotation = getattr(
        annotation, "__supertype__", getattr(annotation, "__value__", annotation)
    )  # NewType, `type X =`
    if annotation in _BY_THEMSELVES or isinstance(annotation, str | typing.TypeVar):
        return Anything()
    if annotation is None or annotation is type(None):
        return Nothing()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return Constrained(understand(arguments[0]), annotation)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return Choice(tuple((str(value), value) for value in arguments))
    kind = origin or annotation
    if kind is abc.Callable:
        return Function()
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        return Fixed(tuple(map(understand, arguments)))
    if kind in _LISTS:
        return ListOf(understand(arguments[0]) if arguments else Anything(), _LISTS[kind])
    if kind in _TABLES:
        key, value = arguments or (str, Any)
        return TableOf(understand(key), understand(value))
    return _class(kind) if isinstance(kind, type) else Anything()


def _union(arguments: tuple[Any, ...]) -> Hint:
    options: list[Hint] = []
    for option in map(understand, arguments):
        if option not in options:  # by equality: not every annotation has a hash
            options.append(option)
    return options[0] if len(options) == 1 else Either(tuple(options))


def _class(cls: type) -> Hint:
    if cls in _WORDS:
        return Word(_WORDS[cls])
    if issubclass(cls, enum.Enum):
        by_name = not issubclass(cls, str)
        return Choice(tuple((each.name if by_name else str(each.value), each) for each in cls))
    is_named_tuple = issubclass(cls, tuple) and hasattr(cls, "_fields")
    if is_named_tuple or issubclass(cls, msgspec.Struct) or dataclasses.is_dataclass(cls):
        return Record(cls, is_named_tuple)
    if issubclass(cls, Path):
        return Word(Path)
    if cls.__module__ in ("datetime", "decimal", "uuid"):
        return Spelled(cls)
    return Object(cls)


@functools.cache
def fields_of(make: Callable[..., Any]) -> tuple[Field, ...]:
    """The parameters of a class or function that can be given by name, in order; `*more` among them."""
    make = constructor_of(make)
    hints = _annotations(make)
    fields = []
    for name, parameter in inspect.signature(make).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        hint = understand(hints.get(name, parameter.annotation))
        more = parameter.kind is parameter.VAR_POSITIONAL
        required = parameter.default is parameter.empty and not more
        default = None if required or more else parameter.default
        fields.append(Field(name, ListOf(hint, list) if more else hint, required, default))
    return tuple(fields)


@functools.cache
def takes_description(make: Callable[..., Any]) -> bool:
    """Whether it wants everything that is said of it as one mapping: it has a parameter `config` for any mapping."""
    return any(
        field.name == "config" and isinstance(option, Anything | TableOf)
        for field in fields_of(make)
        for option in (field.hint.options if isinstance(field.hint, Either) else (field.hint,))
    )


def _annotations(make: Callable[..., Any]) -> dict[str, Any]:
    """By parameter; without those that can't be resolved, as names imported for type checkers only."""
    constructor = getattr(make, "__init__", make) if isinstance(make, type) else make
    for source in (constructor, make):
        try:
            found = typing.get_type_hints(source, include_extras=True)
        except (NameError, TypeError, AttributeError):
            continue
        if found:
            return found
    return {}
