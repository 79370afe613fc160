"""obtura: a scan engine for experiments.

    from obtura import ScanPreset, loopscan    # a library: silent, data go to ./scans
    from obtura.demo import *                  # a simulated beamline, scans are shown

The names are those of `obtura.session.public`, imported when first asked for: `import obtura` costs next to nothing.
"""

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obtura.data.library import open as open
    from obtura.session.opening import load_session as load_session
    from obtura.session.public import *  # noqa: F403 - its list is the list

_ELSEWHERE = {"load_session": "obtura.session.opening", "open": "obtura.data.library"}
"""Names of modules of their own: who needs no session from YAML does not wait for the reader of YAML."""

_HIDING = {"open"}
"""No `from obtura import *` may hide what is built into Python."""

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module 'obtura' has no attribute {name!r}")
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    library = importlib.import_module("obtura.session.public")
    if name == "__all__":
        return [*library.__all__, *(name for name in _ELSEWHERE if name not in _HIDING)]
    if not hasattr(library, name):
        raise AttributeError(f"module 'obtura' has no attribute {name!r}")
    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted([*importlib.import_module("obtura.session.public").__all__, *_ELSEWHERE])
