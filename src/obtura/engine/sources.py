"""Where a class is written: its file, with a hash, so that years later one can tell which text it was."""

import ast
import hashlib
import inspect
import linecache
import sys
from types import FunctionType
from weakref import WeakKeyDictionary

from obtura.ground.events import Source

__all__ = ["source_of"]

_known: WeakKeyDictionary[type, Source] = WeakKeyDictionary()
"""By class, once: a file that is edited later does not change the class that was made of it."""


def source_of(cls: type) -> Source:
    """The file of a class, with its hash; of one that was typed at a prompt or in a notebook its text."""
    known = _known.get(cls)
    if known is None:
        known = _known[cls] = _found(cls)
    return known


def _found(cls: type) -> Source:
    name = f"{cls.__module__}.{cls.__qualname__}"
    files = _files(cls)
    for file in files:
        try:
            with open(file, "rb") as source:
                return Source(name, file, hashlib.sha256(source.read()).hexdigest())
        except OSError:  # a cell of a notebook, a module in a zip
            continue
    for file in files:
        text = _typed(cls.__name__, "".join(linecache.getlines(file)))
        if text:
            return Source(name, "", hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest(), text)
    return Source(name)


def _files(cls: type) -> list[str]:
    """Where its methods are written; of one that only inherits, where its module is."""
    functions = [inspect.unwrap(value) for value in vars(cls).values() if callable(value)]
    own = [one for one in functions if isinstance(one, FunctionType) and one.__module__ == cls.__module__]
    if own:
        return list(dict.fromkeys(function.__code__.co_filename for function in own))
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return [file] if file and cls.__module__ != "__main__" else []


def _typed(name: str, cell: str) -> str:
    """The text of a class in what was typed with it; empty when it is not there."""
    try:
        parts = ast.walk(ast.parse(cell))
    except (SyntaxError, ValueError):  # magic words of a notebook: then all that was typed
        return cell
    found = [part for part in parts if isinstance(part, ast.ClassDef) and part.name == name]
    return ast.get_source_segment(cell, found[-1]) or "" if found else ""
