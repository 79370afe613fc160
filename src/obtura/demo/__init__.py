"""The demo session: `from obtura.demo import *` gives a simulated beamline and every scan command.

Motors `roby`, `robz`; counters `diode`, `diode2`, `monitor`; `shutter`, `cover`, `multiplexer`; the commands
`ct loopscan timescan ascan dscan amesh mv wa ...`; the preset classes. Scans are shown, and saved in the system's
directory for temporary files.
"""

import tempfile
from pathlib import Path

from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.session.session import Session

_beamline = demo_beamline()
session = Session(
    "demo",
    _beamline._asdict(),
    ScanSaving("demo", base_path=Path(tempfile.gettempdir()) / "scans"),
    display=True,
)

globals().update(session.namespace())

__all__ = sorted(session.namespace())
