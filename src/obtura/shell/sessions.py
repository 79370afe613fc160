"""Opening a session by name."""

from obtura.bliss.alias import switch_on
from obtura.demo import session as demo
from obtura.session.session import Session

__all__ = ["open_session"]


def open_session(name: str) -> Session:
    """The session `name`, with the `bliss.*` import names switched on."""
    session = {"demo": demo}[name]
    note = switch_on(session.namespace())
    if note:
        print(note)
    return session
