"""The names of BLISS, mapped to ours: importing this makes `from bliss.scanning.scan import ScanPreset` work.

A real `bliss` distribution, where one is installed, wins. Which names there are: `obtura.bliss.table`.
"""

import sys
import warnings

from obtura.bliss.alias import switch_on

__all__ = ["switch_on"]

_demo = sys.modules.get("obtura.demo")  # `from obtura.demo import *` before: its scans are meant
_note = switch_on(_demo.session.namespace() if _demo is not None else None)
if _note:
    warnings.warn(_note, stacklevel=2)
