"""The demo session: `from obtura.demo import *` gives a simulated beamline and every scan command.

Motors `roby`, `robz`, `slits_hgap`, `slits_hoffset`; counters `diode`, `diode2`, `monitor`, `mca`, and those of the
`camera` and of the `machine`; `slits`, `shutter`, `cover`, `multiplexer`; the commands
`ct loopscan timescan ascan dscan amesh mv wa ...`; the preset classes. Scans are shown, and saved in the system's
directory for temporary files.
"""

from obtura.session.builtin import demo_session

session = demo_session()

globals().update(session.namespace())

__all__ = sorted(session.namespace())
