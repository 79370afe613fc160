"""The import alias: a finder, asked after every other, that makes the `bliss.*` modules of `names`."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from obtura.bliss.names import NAMES

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
        for name, place in NAMES[module.__name__].items():
            home, attribute = place.split(":")
            if home == "obtura.session.public" and attribute in self.own:
                value = self.own[attribute]
            else:
                value = getattr(importlib.import_module(home), attribute)
            setattr(module, name, value)


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
