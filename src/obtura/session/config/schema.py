"""The JSON schema of the YAML, for editors: which classes there are, which keys each has, what these may be.

The same hints that read the YAML (hints.py) make it, so that what an editor accepts is what obtura accepts; only
references and names are checked better by `obtura check`.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from obtura.ground.errors import UsageError
from obtura.session.config.config import Config
from obtura.session.config.constructors import takes_more
from obtura.session.config.described import members_of, parameters_of, role_of
from obtura.session.config.facts import FactKeys
from obtura.session.config.hints import (
    Anything,
    Choice,
    Constrained,
    Either,
    Field,
    Fixed,
    Function,
    Hint,
    ListOf,
    Name,
    Nothing,
    Object,
    Record,
    Spelled,
    TableOf,
    Word,
    fields_of,
    takes_description,
)
from obtura.session.config.known import KnownClass, KnownClasses
from obtura.session.config.macros import KEY
from obtura.session.config.references import fits
from obtura.session.config.schema_dialect import IN_COMMON, WITHIN_CONTROLLER, in_their_words

__all__ = ["schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {"type": "string", "pattern": r"^\$[^\W\d]\w*(\.[^\W\d]\w*)*$"}
_NAME = {"type": "string", "pattern": r"^[A-Za-z_]\w*$", "description": "As it is typed in the shell."}
_WORDS: dict[type, dict[str, Any]] = {
    bool: {"enum": [True, False, "yes", "no", "on", "off"]},
    int: {"type": ["integer", "number"]},
    float: {"anyOf": [{"type": "number"}, {"enum": [".inf", "-.inf", "inf", "-inf"]}]},
    str: {"type": ["string", "number", "boolean"]},
    Name: {"type": "string"},
}


def schema(config: Config | None = None) -> dict[str, Any]:
    """The JSON schema of a file; with `config`, editors propose its objects where one is wanted.

    Classes that can't be imported here, as those of an extra that is not installed, have their name and no keys.
    """
    known = KnownClasses()
    classes: dict[str, dict[str, Any]] = {}
    for name in known.names:
        try:
            classes[name] = _class(known.find(name), _Proposed(config))
        except UsageError as error:
            classes[name] = {"type": "object", "description": str(error)}
    classes = in_their_words(classes)
    return {
        "$schema": _DIALECT,
        "title": "The devices, presets and sessions of a beamline",
        "anyOf": [
            {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/object"}, WITHIN_CONTROLLER]}},
            {"$ref": "#/$defs/object"},
            {"$ref": "#/$defs/beamline"},
            WITHIN_CONTROLLER,
            IN_COMMON,
        ],
        "$defs": {
            "object": {
                "type": "object",
                "required": ["class"],
                "properties": {"class": {"enum": list(classes)}, "name": {"type": "string"}},
                "allOf": [
                    {
                        "if": {"properties": {"class": {"const": name}}, "required": ["class"]},
                        "then": {"$ref": f"#/$defs/class.{name}"},
                    }
                    for name in classes
                ],
            },
            "beamline": {
                **_keys(fields_of(FactKeys), _Proposed(config)),
                "description": inspect.getdoc(FactKeys),
                "not": {"required": ["class"]},
            },
            **{f"class.{name}": each for name, each in classes.items()},
        },
    }


class _Proposed:
    """What an editor proposes for a reference: the objects of a beamline that are of the right kind."""

    def __init__(self, config: Config | None) -> None:
        described = [config.describe(name) for name in config.names] if config is not None else []
        self._classes: Mapping[str, Any] = {
            each.name: each.known.make for each in described if each.role in ("device", "preset")
        }

    def references(self, wanted: type | None) -> list[str]:
        """`$name` of all objects of a class."""
        return [
            f"${name}"
            for name, make in self._classes.items()
            if wanted is None or not isinstance(make, type) or fits(make, wanted)
        ]


def _class(known: KnownClass, proposed: _Proposed) -> dict[str, Any]:
    keys = _keys(parameters_of(known.make), proposed, takes_description(known.make) or takes_more(known.make))
    is_session = role_of(known.make) == "session"
    fixed: dict[str, Any] = {
        "name": {"type": "string"} if is_session else _NAME,
        "class": {"const": known.name},
        "package": {"type": "string"},
        "module": {"type": "string"},
        KEY: {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
    }
    for key in members_of(known.make):
        fixed[key] = {"type": "array", "items": {"type": "object", "required": ["name"]}}
    required = [] if members_of(known.make) else ["name"]
    return {
        **keys,
        "description": inspect.getdoc(known.make) or known.name,
        "properties": {**fixed, **keys["properties"]},
        "required": [*required, *(key for key in keys["required"])],
    }


def _keys(fields: tuple[Field, ...], proposed: _Proposed, more: bool = False) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _field(field, proposed) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": more,
    }


def _field(field: Field, proposed: _Proposed) -> dict[str, Any]:
    described = _hint(field.hint, proposed)
    default = field.default
    is_plain = isinstance(default, bool | int | str) or (isinstance(default, float) and abs(default) < float("inf"))
    return {**described, "default": default} if is_plain else described


def _hint(hint: Hint, proposed: _Proposed, depth: int = 0) -> dict[str, Any]:
    """What may be written; an attribute of an object may stand for anything but a name."""
    if hint == Word(Name):
        return _WORDS[Name]
    if isinstance(hint, Anything | Function) or depth > 5:
        return {}
    alternatives = _alternatives(hint, proposed, depth + 1)
    return {"anyOf": [*alternatives, _REFERENCE]}


def _alternatives(hint: Hint, proposed: _Proposed, depth: int) -> list[dict[str, Any]]:
    def inner(each: Hint) -> dict[str, Any]:
        return _hint(each, proposed, depth)

    match hint:
        case Nothing():
            return [{"type": "null"}]
        case Word(kind=kind):
            return [_WORDS.get(kind, {"type": "string"})]
        case Choice(values=values):
            return [
                {"enum": [*(word for word, _ in values), *(each for _, each in values if type(each) in (int, float))]}
            ]
        case Spelled(kind=kind):
            return [msgspec.json.schema(kind)]
        case Constrained(inner=constrained, annotation=annotation):
            infinite = [{"enum": [".inf", "inf"]}] if constrained == Word(float) and _takes_infinity(annotation) else []
            return [msgspec.json.schema(annotation), *infinite]
        case ListOf(item=item):
            return [{"type": "array", "items": inner(item)}]
        case Fixed(items=items):
            size = len(items)
            return [{"type": "array", "prefixItems": list(map(inner, items)), "minItems": size, "maxItems": size}]
        case TableOf(value=value):
            return [{"type": "object", "additionalProperties": inner(value)}]
        case Record(cls=cls, in_a_row=in_a_row):
            record = _keys(fields_of(cls), proposed)
            return [record, {"type": "array"}] if in_a_row else [record]
        case Object(cls=cls):
            return [{"enum": proposed.references(cls)}, {"type": "object", "required": ["name", "class"]}]
        case Either(options=options):
            return [each for option in options for each in _alternatives(option, proposed, depth)]
        case _:
            return [{}]


def _takes_infinity(annotation: Any) -> bool:
    try:
        msgspec.convert(float("inf"), annotation)
    except msgspec.ValidationError:
        return False
    return True
