"""Opening a session for the command line, and listing those there are."""

from obtura.bliss.alias import switch_on
from obtura.session.builtin import DEMO
from obtura.session.config import Config, config_directory
from obtura.session.opening import Found, default_session, open_found
from obtura.session.session import Session

__all__ = ["list_sessions", "open_session"]


def open_session(found: Found) -> Session:
    """Open a session, with the `bliss.*` import names switched on, for its setup file, too."""
    note = switch_on()
    if note:
        print(note)
    return open_found(found)


def list_sessions(config: str | None = None) -> None:
    """Print the sessions there are; a star marks the one that is opened when none is named.

    Raises:
        UsageError: there is no such directory, or its YAML has mistakes.
    """
    directory = config_directory(config)
    described = Config.load(directory) if directory is not None else None
    default = default_session(described)
    titles = {name: described.session(name).title for name in described.sessions} if described is not None else {}
    titles.setdefault(DEMO, "a simulated beamline, built in")
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{'*' if name == default else ' '} {name:{width}}  {title}".rstrip())
