"""Sessions opened from YAML, with a home and settings of their own."""

import beamlines
import pytest

from obtura.session import opening
from obtura.session.config import known


@pytest.fixture
def open_session(home, tmp_path, monkeypatch):
    """Open a session of a YAML text; what is open at the end is closed."""
    for name, target in beamlines.OWN.items():
        monkeypatch.setitem(known.OWN, name, target)
    opened = []

    def open_session(yaml=None, name=None, **files):
        if yaml is not None or files:
            beamlines.write(tmp_path / "beamline", yaml if yaml is not None else beamlines.LAB, **files)
        session = opening.load_session(name, config=tmp_path / "beamline", display=False)
        opened.append(session)
        return session

    yield open_session
    for session in opened:
        session.close()
    beamlines.Broken.mended = beamlines.Unplugged.plugged = False
    beamlines.Broken.tries = 0
