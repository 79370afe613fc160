"""What a YAML file says, with the place of each word, before anybody decided what a word means.

A scalar stays the text that was typed: whether `010` is a number or a name depends on who asks.
"""

from dataclasses import dataclass
from typing import TypeAlias

from obtura.session.config.problems import Place

__all__ = ["Entry", "Items", "Node", "Scalar", "Table", "found"]

LONGEST = 40
"""Characters of a scalar that a message repeats."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A word or text. `quoted`: in quotes or a block; it is text then, whatever it looks like."""

    place: Place
    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether there is nothing: no text at all, `~` or `null`."""
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key of a mapping and its value."""

    key: Scalar
    value: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A mapping; no key is there twice."""

    place: Place
    entries: tuple[Entry, ...]
    braces: bool = False

    def get(self, key: str) -> "Node | None":
        """The value of a key."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)


Node: TypeAlias = Scalar | Items | Table


def found(node: Node) -> str:
    """What stands there, for a message."""
    match node:
        case Items():
            return "a list"
        case Table(braces=True):
            return "a mapping; text with braces needs quotes"
        case Table():
            return "a mapping"
        case Scalar() if node.is_null:
            return "nothing"
        case Scalar(text=text, quoted=quoted):
            return ("the text " if quoted else "") + repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
