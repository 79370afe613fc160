"""The sessions that are open in this process, for programs that can't say which one they mean.

Nothing that a session is made of asks here: what needs a session is given it.
"""

from typing import Any, Protocol

__all__ = ["newest", "note"]


class _Closable(Protocol):
    closed: bool


_opened: list[Any] = []


def note(session: _Closable) -> None:
    """A session is being opened: its devices are there, its setup file was not run yet."""
    _opened[:] = [one for one in _opened if not one.closed and one is not session] + [session]


def newest() -> Any | None:
    """The session that was opened last and is open; None: there is none."""
    return next((session for session in reversed(_opened) if not session.closed), None)
