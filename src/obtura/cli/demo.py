"""`obtura demo`: what there is to see in a quarter of a minute."""

import importlib
import sys
import tempfile
from pathlib import Path

from obtura.ground.errors import ObturaError
from obtura.session.messages import told

__all__ = ["demo"]


def demo(epics: bool, directory: str | None) -> int:
    """Play the demo; returns the exit code. `directory`: where the data go instead of the temporary directory."""
    try:
        if epics:
            base_path = directory or Path(tempfile.gettempdir()) / "scans"
            importlib.import_module("obtura.demo.epics").play_epics(base_path)  # needs the extra
        else:
            session = importlib.import_module("obtura.demo").session
            if directory is not None:
                session.scan_saving.base_path = directory
            importlib.import_module("obtura.demo.show").play(session)
    except (ObturaError, ImportError) as error:
        print(told(error), file=sys.stderr)
        return 1
    return 0
