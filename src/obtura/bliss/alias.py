"""The import alias: a finder, asked after every other, that makes the `bliss.*` modules of `table`."""

import importlib
import sys
from collections.abc import Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from obtura.bliss.table import ABSENT_MODULES, NAMES
from obtura.session.config.problems import meant
from obtura.session.opened import newest

__all__ = ["FACADES", "switch_on"]

FACADES = {
    "gevent": "obtura.bliss.gevent_facade",
    "gevent.event": "obtura.bliss.gevent_facade.event",
    "gevent.greenlet": "obtura.bliss.gevent_facade.greenlet",
    "gevent.lock": "obtura.bliss.gevent_facade.lock",
    "gevent.monkey": "obtura.bliss.gevent_facade.monkey",
    "gevent.queue": "obtura.bliss.gevent_facade.queue",
    "gevent.timeout": "obtura.bliss.gevent_facade.timeout",
}
"""Modules that are not of BLISS, but that code written for it imports; one that is installed wins."""


_PAGE = "docs/reference/bliss-names.md"
_STAND_IN = "obtura's stand-in has sleep, spawn, Timeout, event, lock and queue"


class _Alias(MetaPathFinder, Loader):
    """Finds and fills the modules. The names of a session are those of the one that is open."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        known = {**NAMES, **FACADES}
        if fullname not in known:
            instead = _instead_of(fullname)
            if instead is not None:
                raise ModuleNotFoundError(f"{fullname} is not in obtura: {instead}", name=fullname)
            return None
        return ModuleSpec(fullname, self, is_package=any(name.startswith(fullname + ".") for name in known))

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = f"Names of {module.__name__} as obtura has them."
        if module.__name__ in FACADES:
            facade = importlib.import_module(FACADES[module.__name__])
            module.__dict__.update({name: getattr(facade, name) for name in facade.__all__})
            return
        if module.__name__ == "bliss.setup_globals":
            module.__dict__.update(__getattr__=_of_session, __dir__=lambda: list(_session().namespace()))
            return
        for name, entry in NAMES[module.__name__].items():
            if entry.place is not None:
                setattr(module, name, _found(entry.place))
        module.__dict__["__getattr__"] = partial(_absent, module.__name__)


def _instead_of(module: str) -> str | None:
    """What to use in the place of a module that is not here; None for one that is not of BLISS."""
    parts = module.split(".")
    above = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    instead = next((ABSENT_MODULES[name] for name in above if name in ABSENT_MODULES), None)
    if instead is not None or parts[0] == "bliss":
        return instead or f"what is there: {_PAGE}"
    ours = getattr(sys.modules.get(parts[0]), "__loader__", None) is _alias
    return f"install gevent; {_STAND_IN}" if parts[0] == "gevent" and ours else None


def _absent(module: str, name: str) -> Any:
    """Called for a name that a module does not have."""
    entry = NAMES[module].get(name)
    if entry is not None:
        raise ImportError(f"{module}.{name} is not in obtura; instead: {entry.note}")
    submodule = f"{module}.{name}"
    if submodule in ABSENT_MODULES and submodule not in NAMES:  # else what is told when it is imported gets lost
        raise ImportError(f"{submodule} is not in obtura: {ABSENT_MODULES[submodule]}")
    if submodule in NAMES or name.startswith("_"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    close = meant(name, NAMES[module])
    raise ImportError(f"cannot import name {name!r} from {module!r}{close}; what is there: {_PAGE}")


def _found(place: str) -> Any:
    home, attribute = place.split(":")
    if home != "session":
        return getattr(importlib.import_module(home), attribute)
    if newest() is None:
        return importlib.import_module("obtura.bliss.late").Late(attribute)
    return _session().env_dict[attribute]


def _session() -> Any:
    return importlib.import_module("obtura.bliss.current").get_current_session()  # heavy, and not always needed


def _of_session(name: str) -> Any:
    """A name of the session as it is now: `from bliss.setup_globals import roby`."""
    names = _session().namespace()
    if name == "__all__":
        return list(names)
    if name in names:
        return names[name]
    if name in NAMES["bliss.setup_globals"]:
        _absent("bliss.setup_globals", name)
    raise AttributeError(f"the session {_session().name!r} has no {name!r}")


_alias = _Alias()


def switch_on() -> str | None:
    """Make the names importable.

    Returns a note when a real bliss is installed, which wins, else None.
    """
    if _alias in sys.meta_path:
        return None
    if "bliss" in sys.modules or find_spec("bliss") is not None:
        return "bliss is installed here: `import bliss` gives the real one; obtura's names are in `obtura`"
    sys.meta_path.append(_alias)
    return None
