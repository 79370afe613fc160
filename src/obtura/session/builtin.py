"""The session that is always there: `demo`, a simulated beamline. It begins anew each time and keeps no settings."""

import tempfile
from pathlib import Path

from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.session import opened
from obtura.session.at_home import feel_at_home
from obtura.session.manner import PLAIN, Manner
from obtura.session.measurement_group import MeasurementGroup
from obtura.session.origin import Origin
from obtura.session.session import Session

__all__ = ["DEMO", "demo_session"]

DEMO = "demo"

_opened: list[Session] = []


def demo_session(manner: Manner = PLAIN) -> Session:
    """The demo session of this process; a new one when it was closed."""
    if not _opened or _opened[-1].closed:
        session = Session(
            DEMO,
            demo_beamline()._asdict(),
            ScanSaving(DEMO, base_path=Path(tempfile.gettempdir()) / "scans"),
            display=True,
            origin=Origin(title="a simulated beamline", manner=manner),
        )
        session.add_group(MeasurementGroup("detectors", ["diode", "monitor", "mca"], disabled=["mca"]))
        _opened[:] = [session]
        opened.note(session)
        feel_at_home(session.namespace().values())
    return _opened[-1]
