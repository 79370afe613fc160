"""Typing help: `ascan roby 0 10 20 0.1 diode` becomes the call `ascan(roby, 0, 10, 20, 0.1, diode)`.

Only lines that are no Python are completed, so nothing that is Python changes its meaning; with one exception, the
name of a command alone (`wa`), which is called when it needs no arguments.
"""

import ast
import builtins
import difflib
import inspect
import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["TypingHelp"]

_FIRST = re.compile(r"([A-Za-z_]\w*)\b(?!\s*[=(\[]|\s*\.(?!\d)|\.)[ \t]*(.*)", re.DOTALL)
_KEYWORD = re.compile(r"([A-Za-z_]\w*)=(?!=)(.+)", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"


class TypingHelp:
    """Completes what is typed to calls; `typing_help(False)` switches it off, `typing_help(True)` on."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._on = True

    def __call__(self, on: bool = True) -> None:
        """Switch it on or off."""
        self._on = bool(on)

    def __info__(self) -> str:
        return f"typing help is {'on' if self._on else 'off'}; typing_help({not self._on}) changes that"

    def completed(self, text: str) -> str | None:
        """The call that `text` stands for, or None when it is Python as it is, or nothing that can be called."""
        if not self._on or "\n" in text.strip():
            return None
        line = text.strip()
        if line.endswith("?") and line[:-1].isidentifier():
            return f"help({line[:-1]})"
        found = _FIRST.fullmatch(line)
        if found is None:
            return None
        name, rest = found.groups()
        command = self._named(name)
        if not rest:
            return f"{name}()" if _is_command(command) else None
        if _is_python(line) or not (callable(command) or self._is_misspelt(name)):
            return None
        arguments = [piece.rstrip(",") for piece in _pieces(rest)]
        return f"{name}({', '.join(arguments)})" if all(map(_is_argument, arguments)) else None

    def _is_misspelt(self, name: str) -> bool:
        """Whether it is a slip for a command: the call then says so, where the line as it is were a syntax error."""
        if keyword.iskeyword(name) or self._named(name) is not None:
            return False
        similar = difflib.get_close_matches(name, self._names, 1)
        return bool(similar) and callable(self._names[similar[0]])

    def _named(self, name: str) -> Any:
        return self._names.get(name, getattr(builtins, name, None))


def _is_command(thing: Any) -> bool:
    """Whether it is a function that can be called with nothing; classes and devices show themselves instead."""
    if not inspect.isroutine(thing) or inspect.isbuiltin(thing):
        return False
    parameters = inspect.signature(thing).parameters.values()
    return all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in parameters
    )


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_argument(piece: str) -> bool:
    given = _KEYWORD.fullmatch(piece)
    text = (given[2] if given else piece).strip() or ")"
    try:
        ast.parse(text, mode="eval")
        ast.parse(f"({text})", mode="eval")  # a comment would take the bracket with it
    except (SyntaxError, ValueError):
        return False
    return True


def _pieces(text: str) -> Iterator[str]:
    """The words of a line; blanks within quotes and brackets don't part them."""
    piece, depth, quote = "", 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter in " \t," and depth == 0:
            if piece:
                yield piece
            piece = ""
            continue
        piece += letter
    if piece:
        yield piece
