"""The import alias: a finder, asked after every other, that makes the `bliss.*` modules of `table`."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from obtura.bliss.table import ABSENT_MODULES, NAMES

__all__ = ["FACADES", "switch_on"]

FACADES = {
    "gevent": "obtura.bliss.gevent_facade",
    "gevent.event": "obtura.bliss.gevent_facade.event",
    "gevent.greenlet": "obtura.bliss.gevent_facade.greenlet",
    "gevent.lock": "obtura.bliss.gevent_facade.lock",
    "gevent.queue": "obtura.bliss.gevent_facade.queue",
    "gevent.timeout": "obtura.bliss.gevent_facade.timeout",
}
"""Modules that are not of BLISS, but that code written for it imports; one that is installed wins."""


class _Alias(MetaPathFinder, Loader):
    """Finds and fills the modules; `own` names, a session's, take precedence over the library's."""

    def __init__(self) -> None:
        self.own: Mapping[str, Any] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for absent, instead in ABSENT_MODULES.items():
            if fullname == absent or fullname.startswith(f"{absent}."):
                raise ModuleNotFoundError(f"{fullname} is not in obtura: {instead}", name=fullname)
        known = {**NAMES, **FACADES}
        if fullname not in known:
            return None
        return ModuleSpec(fullname, self, is_package=any(name.startswith(fullname + ".") for name in known))

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = f"Names of {module.__name__} as obtura has them."
        if module.__name__ in FACADES:
            facade = importlib.import_module(FACADES[module.__name__])
            module.__dict__.update({name: getattr(facade, name) for name in facade.__all__})
            return
        if module.__name__ == "bliss.setup_globals":
            module.__dict__.update(self._session())
            return
        missing = {}
        for name, entry in NAMES[module.__name__].items():
            if entry.place is None:
                missing[name] = f"{module.__name__}.{name} is not in obtura; instead: {entry.note}"
                continue
            setattr(module, name, self._found(entry.place))

        def absent(name: str) -> Any:
            if name in missing:
                raise ImportError(missing[name])
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = absent

    def _found(self, place: str) -> Any:
        home, attribute = place.split(":")
        return self._session()[attribute] if home == "session" else getattr(importlib.import_module(home), attribute)

    def _session(self) -> Mapping[str, Any]:
        """The names of the session that was opened, else of the library."""
        return self.own or importlib.import_module("obtura.session.public")._library.namespace()


_alias = _Alias()


def switch_on(own: Mapping[str, Any] | None = None) -> str | None:
    """Make the names importable; `own`: a session's names, which then stand for the library's.

    Returns a note when a real bliss is installed, which wins, else None.
    """
    if own:
        _alias.own = own
    if _alias in sys.meta_path:
        return None
    if "bliss" in sys.modules or find_spec("bliss") is not None:
        return "bliss is installed here: `import bliss` gives the real one; obtura's names are in `obtura`"
    sys.meta_path.append(_alias)
    return None
