"""What a person means by a word, given what is wanted there.

YAML's own guesses (`yes` is true, `010` is eight, `12:30` is 750) depend on its version and on who reads. Here the
type of the parameter decides: for text every word is text, for a number only a number is one.
"""

import re
from pathlib import Path
from typing import Any

from obtura.session.config.nodes import Scalar

__all__ = ["NoSuchValue", "boolean", "name", "natural", "path", "real", "text", "whole"]

EXACT = 2**53
"""Up to here a number with a fraction or an exponent can be trusted to be whole."""

_WHOLE = re.compile(r"[-+]?(\d+(_\d+)*|0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+)")
_REAL = re.compile(r"[-+]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][-+]?\d+)?")
_INFINITE = re.compile(r"([-+]?)(\.inf|inf|infinity)", re.IGNORECASE)
_NAN = re.compile(r"\.?nan", re.IGNORECASE)
_COMMA = re.compile(r"[-+]?\d+,\d+")
_SIXTY = re.compile(r"\d+(:[0-5]?\d)+(\.\d*)?")
_WITH_UNIT = re.compile(rf"({_REAL.pattern})\s*([^\W\d_]\S*|%)")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


class NoSuchValue(Exception):
    """The word is none of what is wanted; the text, if any, says what to write."""


def boolean(node: Scalar) -> bool:
    """true, yes and on; false, no and off."""
    word = node.text.lower()
    if node.quoted or word not in _TRUE + _FALSE:
        raise NoSuchValue(f"{node.text} without quotes" if node.quoted and word in _TRUE + _FALSE else "")
    return word in _TRUE


def whole(node: Scalar) -> int:
    """A whole number, decimal also with leading zeros: `010` is ten. `1e3` and `5.0` are whole."""
    if not node.quoted and _WHOLE.fullmatch(node.text):
        sign, digits = -1 if node.text[0] == "-" else 1, node.text.lstrip("+-")
        return sign * (int(digits, 0) if digits[1:2].isalpha() else _decimal(digits))
    value = real(node)
    if not (abs(value) < EXACT and value.is_integer()):
        raise NoSuchValue("")
    return int(value)


def _decimal(digits: str) -> int:
    if len(digits) > 300:
        raise NoSuchValue("it has too many digits")
    return int(digits)


def real(node: Scalar) -> float:
    """A number; also `.5`, `1e3`, `1_000`, `.inf`, `inf` and `.nan`."""
    word = node.text
    if node.quoted:
        raise NoSuchValue(f"{word} without quotes" if _REAL.fullmatch(word) else "")
    if _REAL.fullmatch(word):
        return float(word)
    if infinite := _INFINITE.fullmatch(word):
        return float(f"{infinite[1]}inf")
    if _NAN.fullmatch(word):
        return float("nan")
    if _WHOLE.fullmatch(word):
        return float(whole(node))
    if _COMMA.fullmatch(word):
        raise NoSuchValue(f"a decimal point: {word.replace(',', '.')}")
    if _SIXTY.fullmatch(word):
        raise NoSuchValue("one number, as 12.5")
    if with_unit := _WITH_UNIT.fullmatch(word):
        raise NoSuchValue(f"the number without its unit: {with_unit[1]}")
    raise NoSuchValue("")


def text(node: Scalar) -> str:
    """The text as it was typed, whatever it looks like; only nothing and `null` are none."""
    if node.is_null:
        raise NoSuchValue(f'"{node.text}" for this text' if node.text else '"" for empty text')
    return node.text


def name(node: Scalar) -> str:
    """The name of an object, with or without `$`."""
    return text(node).removeprefix("$")


def path(node: Scalar) -> Path:
    """A path; a relative one begins in the directory of its YAML file."""
    word = text(node)
    if not word or "\0" in word:
        raise NoSuchValue("the name of a file or directory")
    try:
        return Path(node.place.file).parent.resolve() / Path(word).expanduser()
    except RuntimeError as error:  # ~nobody
        raise NoSuchValue(f"a directory that exists: {error}") from None


def natural(node: Scalar) -> Any:
    """The value that a word has by itself, where anything is welcome: as in YAML 1.2, so `yes` and dates are text."""
    if node.quoted:
        return node.text
    if node.is_null:
        return None
    if node.text.lower() in ("true", "false"):
        return node.text.lower() == "true"
    word = node.text.lower()
    if "_" in word or word in ("inf", "infinity", "nan"):
        return node.text
    for kind in (whole, real):
        if kind is whole and not _WHOLE.fullmatch(node.text):
            continue
        try:
            return kind(node)
        except NoSuchValue:
            continue
    return node.text
