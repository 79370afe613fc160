"""obtura: a scan engine for experiments.

    from obtura import ScanPreset, loopscan    # a library: silent, data go to ./scans
    from obtura.demo import *                  # a simulated beamline, scans are shown

The names are those of `obtura.session.public`, imported when first asked for: `import obtura` costs next to nothing.
"""

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obtura.session.public import *  # noqa: F403 - its list is the list

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module 'obtura' has no attribute {name!r}")
    library = importlib.import_module("obtura.session.public")
    if not hasattr(library, name):
        raise AttributeError(f"module 'obtura' has no attribute {name!r}")
    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted(importlib.import_module("obtura.session.public").__all__)
