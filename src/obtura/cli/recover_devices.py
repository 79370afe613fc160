"""`obtura recover --devices`: what a session that died left open or away is closed and returned."""

import logging
import sys

from obtura.ground.errors import UsageError, one_line
from obtura.session.aftermath import left_behind, put_right, said_of
from obtura.session.opening import find_session
from obtura.session.session import Session
from obtura.shell.sessions import open_session
from obtura.works.ledger import Ledger

__all__ = ["recover_devices"]

log = logging.getLogger(__name__)


def recover_devices(name: str | None, config: str | None, yes: bool, forget: bool) -> int:
    """Open the session, which tells what there is, ask on a terminal, and put it right; 1 when something can't be.

    Raises:
        UsageError: there is no such session, or it has no ledger.
    """
    found = find_session(name, config)
    if found.described is None:
        raise UsageError(f"session {found.name} is not described in YAML: it notes nothing that could be put right")
    with open_session(found) as session:
        ledger = session.origin.ledger
        assert ledger is not None
        if not left_behind(ledger):
            print("nothing is left to put right")
            return 0
        if forget:
            ledger.end(*(entry.key for entry in left_behind(ledger)))
            print("it is not told any more")
            return 0
        if not yes and sys.stdin.isatty() and not _agreed():
            return 1
        return _put_right(session, ledger)


def _agreed() -> bool:
    """On a terminal somebody can be asked; who is not there has asked with the command."""
    try:
        return input("Put it right now? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def _put_right(session: Session, ledger: Ledger) -> int:
    made = session.origin.config.objects if session.origin.config is not None else {}
    devices = {**made, **session.objects()}
    code = 0
    for entry in left_behind(ledger):
        try:
            print(put_right(entry, devices))
        except Exception as error:
            log.error("on putting right %s", entry.facts, exc_info=error)
            print(f"!!! {said_of(entry, {})}: {one_line(error)}; it stays on the list")
            code = 1
        else:
            ledger.end(entry.key)
    return code
