"""What the JSON schema says of YAML written for BLISS, which `dialect.py` reads."""

from typing import Any

from obtura.session.config.dialect import CLASSES, INHERITED, OF_SERVERS, PLUGINS, SESSION, TAGGED

__all__ = ["IN_COMMON", "WITHIN_CONTROLLER", "in_their_words"]

_PLUGIN = {"enum": list(PLUGINS)}

WITHIN_CONTROLLER: dict[str, Any] = {
    "type": "object",
    "required": ["controller"],
    "properties": {"controller": {"$ref": "#/$defs/object"}, "plugin": _PLUGIN},
    "additionalProperties": False,
}
"""`- controller: {class: mockup, ...}`."""

IN_COMMON: dict[str, Any] = {
    "type": "object",
    "properties": {key: {"type": "string"} for key in INHERITED} | {"plugin": _PLUGIN},
    "additionalProperties": False,
}
"""An `__init__.yml`."""

_ALIASES = {"type": "array", "items": {"type": "object", "required": ["original_name", "alias_name"]}}


def in_their_words(classes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The schemas of classes, by name, with those of other names and with other keys."""
    words = {name: _with(each, {"plugin": _PLUGIN}) for name, each in classes.items()}
    session = words["Session"]["properties"]
    theirs = {key: session[ours] for key, ours in SESSION.items()} | {key: {} for key in OF_SERVERS}
    words["Session"] = _with(words["Session"], theirs | {"aliases": {"anyOf": [session["aliases"], _ALIASES]}})
    for name, ours in TAGGED.items():
        words[name] = {"anyOf": [words[name], _with(words[ours], {"class": {"const": name}})]}
    named = {name: _with(words[ours], {"class": {"const": name}}) for name, ours in CLASSES.items()}
    return {**words, **named}


def _with(schema: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "properties": {**schema.get("properties", {}), **properties}}
