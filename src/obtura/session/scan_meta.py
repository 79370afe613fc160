"""SCAN_META: what a user wants kept with every scan, by category: sample, proposal, technique..."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from obtura.contracts.acquisition import MetaTiming
from obtura.data.layout import OWN_NAMES
from obtura.ground.errors import UsageError, locate

__all__ = ["Category", "ScanMeta"]

CATEGORIES = ("instrument", "sample", "sample_description", "proposal", "technique", "person", "dataset")

_Values = Mapping[str, Any] | Callable[[Any], Mapping[str, Any] | None]
"""Facts, or a function of the scan that gives them (None: none this time)."""


class Category:
    """One category of `SCAN_META`; attributes of it are set by `set`, several may be, each under a name of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, tuple[_Values, MetaTiming]] = {}

    def set(self, name: Any, values: _Values | None = None, timing: MetaTiming = MetaTiming.START) -> None:
        """Keep `values` with every scan from now on: a dict, or a function of the scan that gives one.

        `name`: text or a device, to replace or `remove` them later. `timing`: when a function is called, START, or with
        `|` also PREPARED, END. Values may be text, numbers, arrays, dicts; the key `@NX_class` names a NeXus class.

        Raises:
            UsageError: neither a dict nor a function of one argument.
        """
        if values is None and not isinstance(name, str):
            raise UsageError(f"SCAN_META.{self.name}.set: give a name first, to find the values again: set('x', ...)")
        if not isinstance(values, Mapping) and not callable(values):
            raise UsageError(f"SCAN_META.{self.name}.set: expected a dict or a function of the scan, got {values!r}")
        if callable(values):
            _check_function(f"SCAN_META.{self.name}.set", values)
        if not isinstance(timing, MetaTiming) or not timing:
            raise UsageError(f"SCAN_META.{self.name}.set: timing must be a MetaTiming, got {timing!r}")
        self._entries[_key(name)] = (values, timing)

    def is_set(self, name: Any) -> bool:
        """Whether there are values under this name."""
        return _key(name) in self._entries

    def remove(self, name: Any) -> None:
        """No more of these values; nothing happens when there are none."""
        self._entries.pop(_key(name), None)

    @property
    def timing(self) -> MetaTiming:
        """When it has anything to say."""
        found = MetaTiming(0)
        for _, timing in self._entries.values():
            found |= timing
        return found

    def facts(self, timing: MetaTiming, scan: Any) -> dict[str, Any]:
        """Everything of this category for a scan."""
        found: dict[str, Any] = {}
        for name, (values, when) in self._entries.items():
            if timing & when:
                given = self._asked(name, values, scan) if callable(values) else values
                if given is not None and not isinstance(given, Mapping):
                    raise UsageError(f"SCAN_META.{self.name}: {values!r} must give a dict or None, it gave {given!r}")
                found.update(given or {})
        return found

    def _asked(self, name: str, function: Callable[[Any], Any], scan: Any) -> Any:
        try:
            return function(scan)
        except Exception as error:
            locate(error, f"in SCAN_META.{self.name}, the function of {name!r}")
            raise

    def __info__(self) -> str:
        return f"{self.name}: {', '.join(self._entries) or 'nothing'}"


class ScanMeta:
    """`SCAN_META.sample.set("quartz", {"name": "quartz", "thickness": 0.3})`: kept with every scan but `ct`.

    Each category is an attribute and a group in the file; `add_categories` makes further ones.
    """

    def __init__(self) -> None:
        self._categories = {name: Category(name) for name in CATEGORIES}

    def add_categories(self, *names: str) -> None:
        """Have further categories; one that is there already stays.

        Raises:
            UsageError: no name for an attribute, or one that is taken otherwise.
        """
        for name in names:
            if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
                raise UsageError(f"a category needs a name of letters, digits and underscores, not {name!r}")
            if name not in self._categories and name in OWN_NAMES:
                raise UsageError(f"{name!r} can't be a category: every scan has its own {name} in the file")
            if name not in self._categories and name in dir(type(self)):
                raise UsageError(f"SCAN_META has {name!r} already, which is no category")
            self._categories.setdefault(name, Category(name))

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of all categories."""
        return tuple(self._categories)

    def clear(self) -> None:
        """Forget everything that was set."""
        self._categories = {name: Category(name) for name in self._categories}

    @property
    def timing(self) -> MetaTiming:
        """When any category has anything to say."""
        found = MetaTiming(0)
        for category in self._categories.values():
            found |= category.timing
        return found

    def facts(self, timing: MetaTiming, scan: Any) -> dict[str, dict[str, Any]]:
        """What is to be kept with a scan, by category; those with nothing to say are left out."""
        found = {name: category.facts(timing, scan) for name, category in self._categories.items()}
        return {name: facts for name, facts in found.items() if facts}

    def __getattr__(self, name: str) -> Category:
        categories: dict[str, Category] = self.__dict__.get("_categories", {})
        if name in categories:
            return categories[name]
        raise AttributeError(
            f"SCAN_META has no category {name!r}, it has {', '.join(categories)}; "
            f"add it with SCAN_META.add_categories({name!r})"
        )

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._categories]

    def __info__(self) -> str:
        return "\n".join(category.__info__() for category in self._categories.values())


def _check_function(where: str, function: Callable[..., Any]) -> None:
    """Refuse now what would fail in each scan: a function that does not take the scan."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # of one that is built in nothing is known
        return
    try:
        signature.bind(None)
    except TypeError as error:
        name = getattr(function, "__name__", repr(function))
        raise UsageError(f"{where}: {name}{signature} must take one argument, the scan") from error


def _key(name: Any) -> str:
    return name if isinstance(name, str) else str(getattr(name, "name", name))
