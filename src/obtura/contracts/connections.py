"""What a device that is reached over a connection tells of it: how it is, and what was said last.

The session's words go by these attributes, whatever the device is: `lscnt` and `lsmot` show `connection`, and
`debug(device)` prints `trace`. A device that has them asks nobody for them.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Connected", "Exchange", "Traced"]


class Exchange(NamedTuple):
    """Something that was said over a connection.

    `when`: s since 1970-01-01 UTC; `took`: until the answer was there, in s; `sent`, `answer`: empty for nothing;
    `error`: what went wrong, empty for nothing.
    """

    when: float
    took: float
    sent: str
    answer: str = ""
    error: str = ""


class Traced(Protocol):
    """A device that remembers what was said."""

    @property
    def trace(self) -> Sequence[Exchange]:
        """The last exchanges, the oldest first. Asks nobody."""


class Connected(Protocol):
    """A device that is reached over a connection."""

    @property
    def connection(self) -> str:
        """In plain words: to whom, whether and since when, what went wrong last. Asks nobody."""
