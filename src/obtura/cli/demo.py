"""`obtura demo`: what there is to see in a quarter of a minute."""

import sys

from obtura.ground.errors import ObturaError
from obtura.session.messages import told

__all__ = ["demo"]


def demo(epics: bool, directory: str | None) -> int:
    """Play the demo; returns the exit code."""
    try:
        if epics:
            from obtura.demo.epics import play_epics

            play_epics(directory)
        else:
            from obtura.demo import session
            from obtura.demo.show import play

            if directory is not None:
                session.scan_saving.base_path = directory
            play(session)
    except ObturaError as error:
        print(told(error), file=sys.stderr)
        return 1
    return 0
