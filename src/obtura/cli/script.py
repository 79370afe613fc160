"""`obtura run script.py`: a Python script with a session's names in it, as in the shell."""

import logging
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from obtura.ground.errors import one_line
from obtura.session.logfile import log_to_file
from obtura.session.manner import PLAIN, Manner
from obtura.session.messages import told_of_script
from obtura.session.opening import find_session
from obtura.session.session import Session
from obtura.shell.sessions import open_session

__all__ = ["run_script"]

log = logging.getLogger(__name__)


def run_script(
    name: str | None, config: str | None, script: Path, arguments: Sequence[str], manner: Manner = PLAIN
) -> int:
    """Run a script; an error is told with the lines of the script that led to it."""
    if not script.is_file():
        print(f"!!! {script}: no such file", file=sys.stderr)
        return 2
    found = find_session(name, config, manner)
    path = log_to_file(found.name)
    log.info("script %s", " ".join([str(script), *arguments]))
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.parent.resolve()))
    with open_session(found) as session:
        return _run(session, script, path)


def _run(session: Session, script: Path, path: Path | None) -> int:
    try:
        runpy.run_path(str(script), init_globals=session.namespace(), run_name="__main__")
    except SystemExit as ended:
        if getattr(ended, "__notes__", None):  # a device or hook of a scan raised it: that is an error, not an exit
            return _tell(ended, script, path)
        raise
    except KeyboardInterrupt as abort:
        _tell(abort, script, path)
        return 130
    except BaseException as error:  # noqa: BLE001 - whatever a script raises is told to its author
        return _tell(error, script, path)
    return 0


def _tell(error: BaseException, script: Path, path: Path | None) -> int:
    log.error("%s: %s", script, one_line(error), exc_info=error)
    print(told_of_script(error, script), file=sys.stderr)
    if path is not None and not isinstance(error, KeyboardInterrupt):
        print(f"    log: {path}", file=sys.stderr)
    return 1
