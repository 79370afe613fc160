"""An entry of the table of names."""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

__all__ = ["Module", "Name", "Table", "absent", "differs", "same"]


class Name(NamedTuple):
    """What became of a name of BLISS.

    `place`: where it is here, `module:attribute`; None when it is absent. `note`: how it differs, or why it is absent
    and what to use instead; empty for one that is the same.
    """

    place: str | None
    note: str = ""

    @property
    def status(self) -> str:
        """same, different or absent."""
        if self.place is None:
            return "absent"
        return "different" if self.note else "same"


Module: TypeAlias = dict[str, Name]
Table: TypeAlias = dict[str, Module]


def same(module: str, names: Iterable[str] | str) -> Module:
    """Names that a module here has too, and that do the same."""
    return {name: Name(f"{module}:{name}") for name in (names.split() if isinstance(names, str) else names)}


def differs(place: str, how: str) -> Name:
    """A name that is at `module:attribute`, and does not do quite the same."""
    return Name(place, how)


def absent(names: str, instead: str) -> Module:
    """Names that are not here, with what to use instead."""
    return {name: Name(None, instead) for name in names.split()}
