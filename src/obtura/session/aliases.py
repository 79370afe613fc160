"""Aliases: a second name for a device, under which its data go."""

import keyword
from collections.abc import Mapping
from typing import Any

from obtura.contracts.devices import Counter, is_movable
from obtura.data.template import close_match
from obtura.display.grid import grid
from obtura.ground.errors import UsageError

__all__ = ["Aliases"]


class Aliases:
    """`ALIASES`: other names for devices, for typing; those of axes and counters are in tables and data, too.

    `names`: the namespace of the session, in which an alias is a name like any other. Aliases last as long as
    the session; those of every day belong into the YAML or the setup file.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._aliases: dict[str, Any] = {}

    def add(self, alias: str, obj: Any) -> None:
        """Give a device another name: `ALIASES.add("energy", mono)`.

        In the scans made from now on the column of an axis or a counter is called so.

        Raises:
            UsageError: the alias is no name or is taken, or `obj` is no device, or has an alias.
        """
        if not isinstance(alias, str) or not alias.isidentifier() or keyword.iskeyword(alias) or alias[0] == "_":
            raise UsageError(f"an alias is made of letters, digits and underscores, not {alias!r}")
        if not isinstance(getattr(obj, "name", None), str):
            raise UsageError(f"alias {alias}: {obj!r} is no device")
        if self._aliases.get(alias) is obj:
            return
        if alias in self._names:
            raise UsageError(f"alias {alias}: the session has something of that name already")
        if (other := self.of(obj)) is not None:
            raise UsageError(f"{obj.name} has the alias {other} already: ALIASES.remove({other!r})")
        self._aliases[alias] = self._names[alias] = obj

    def remove(self, alias: str) -> None:
        """Take an alias away.

        Raises:
            UsageError: there is no such alias.
        """
        if alias not in self._aliases:
            raise UsageError(f"there is no alias {alias!r}; {close_match(str(alias), self._aliases)}")
        obj = self._aliases.pop(alias)
        if self._names.get(alias) is obj:
            del self._names[alias]

    def list_aliases(self) -> Mapping[str, Any]:
        """The objects by alias."""
        return dict(self._aliases)

    def of(self, obj: Any) -> str | None:
        """The alias of an object, or None."""
        return next((alias for alias, one in self._aliases.items() if one is obj), None)

    def renamed(self, channel: str) -> str:
        """What a channel is called: `axis:energy` for `axis:mono`, as it is for all that have no alias."""
        for alias, obj in self._aliases.items():
            own = obj.fullname if isinstance(obj, Counter) else f"axis:{obj.name}"
            if channel == own and (isinstance(obj, Counter) or is_movable(obj)):
                return f"{own.rpartition(':')[0]}:{alias}"
        return channel

    def __info__(self) -> str:
        rows = [[alias, getattr(obj, "fullname", obj.name)] for alias, obj in self._aliases.items()]
        return grid(["alias", "object"], rows) if rows else 'no alias; ALIASES.add("name", object) makes one'
