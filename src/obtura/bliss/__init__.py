"""The names of BLISS, mapped to ours: importing this makes `from bliss.scanning.scan import ScanPreset` work.

A real `bliss` distribution, where one is installed, wins. Which names there are: `obtura.bliss.table`.
"""

import warnings

from obtura.bliss.alias import switch_on

__all__ = ["switch_on"]

_note = switch_on()
if _note:
    warnings.warn(_note, stacklevel=2)
