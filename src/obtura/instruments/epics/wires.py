"""What a wire is: the client of one protocol, by which PVs are found, asked and put to; and which PV needs which.

The name of a PV says which: `pva://X:diode` is asked for by PV Access, `ca://X:diode` and `X:diode` by Channel Access.
A wire never waits for an answer: answers come on threads of the client's own, and whoever asked waits for a `Flag`.
"""

import importlib
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from obtura.ground.errors import UsageError

__all__ = [
    "Ask",
    "Kind",
    "Metadata",
    "Reading",
    "RefusedError",
    "Remote",
    "Request",
    "Tell",
    "Wire",
    "split",
    "wire_of",
]

PROTOCOLS = {"ca": "obtura.instruments.epics.ca", "pva": "obtura.instruments.epics.pva"}
"""By what a name begins with: the module whose function `wire()` gives the wire. It alone imports the client."""


class Kind(Enum):
    """What is asked for: the value, an enum as its number; the value as text, an enum by name; what is said beside."""

    VALUE = "value"
    TEXT = "text"
    CONTROL = "control"


class Reading(NamedTuple):
    """A value: a number, text, or an array of numbers. `invalid`: why it is not valid, empty when it is."""

    value: Any
    invalid: str = ""


class Metadata(NamedTuple):
    """What a server says of a PV beside its value. Limits of what may be put to it: both 0 for none."""

    units: str = ""
    lower_ctrl_limit: float = 0.0
    upper_ctrl_limit: float = 0.0
    states: tuple[str, ...] = ()


class RefusedError(Exception):
    """The server refused; the text is why, in its words."""

    @property
    def is_lost(self) -> bool:
        """Whether it is a gateway that says so, since it has lost the IOC."""
        return any(word in str(self).lower() for word in ("disconn", "timeout", "tmo", "getfail", "not connected"))


class Remote(Protocol):
    """A PV as a wire has it. `was_found`: whether there ever was a server for it."""

    name: str

    @property
    def connected(self) -> bool:
        """Whether there is a server for it now."""

    @property
    def was_found(self) -> bool:
        """Whether there ever was one."""

    @property
    def may_be_put(self) -> bool:
        """Whether the server lets this user put to it, as far as it tells."""


class Ask(NamedTuple):
    """Ask for something; `answered` gets the response, on a thread of the client's."""

    remote: Any
    kind: Kind
    answered: Callable[[Any], None]


class Tell(NamedTuple):
    """Put a value; with `answered` the server is asked to say when it has been processed."""

    remote: Any
    value: float | str
    answered: Callable[[Any], None] | None


Request = Ask | Tell


class Wire(Protocol):
    """A client. Its methods return at once, and no Ctrl-C can tear one."""

    protocol: str

    def find(self, name: str, on_state: Callable[[bool], None]) -> Remote:
        """Search for a PV from now on; `on_state(connected)` is called on a thread of the client's."""

    def search_again(self, remotes: Iterable[Any]) -> None:
        """Begin a new search for those that have no server."""

    def search_now(self, remotes: Iterable[Any]) -> None:
        """Repeat the running searches for those that have no server."""

    def send(self, requests: Sequence[Request]) -> None:
        """Send requests together, to each server at once.

        Raises:
            OSError: a PV has no connection.
        """

    def drop(self, request: Request) -> None:
        """Nobody waits for its answer any more: it is not done later either, when a lost server is back."""

    def listen(self, remote: Any, on_update: Callable[[Any], None], kind: Kind) -> None:
        """From now on call `on_update(response)` with each new value, as of this kind; it is connected, for a start.

        Also when a lost server is back.
        """

    def understood(self, remote: Any, kind: Kind | None, response: Any) -> Any:
        """What a response says: a `Reading`, or `Metadata`; None as `kind`: of a put, which says nothing.

        Raises:
            RefusedError: it is a refusal.
        """

    def servers_asked(self) -> str:
        """Who is asked for PVs, for the end of a message."""


def split(name: str) -> tuple[str, str]:
    """The protocol by which a PV is found, and the PV's name there.

    Raises:
        UsageError: there is no such protocol, or no name.
    """
    protocol, separator, rest = name.partition("://")
    if not separator:
        protocol, rest = "ca", name
    if protocol not in PROTOCOLS:
        raise UsageError(f"PV {name}: there is no protocol {protocol}://; there are {', '.join(PROTOCOLS)}")
    if not rest or any(each.isspace() for each in rest):
        raise UsageError(f"{name!r} is no name of a PV")
    if "$(" in rest or "${" in rest:
        raise UsageError(f"{name!r} is no name of a PV: macros are written $(P), and stand in YAML only")
    return protocol, rest


def wire_of(name: str) -> tuple[Wire, str]:
    """The wire for a PV, and the PV's name there.

    Raises:
        UsageError: there is no such protocol, or no name.
        ImportError: the extra for it is not installed; the message says which.
    """
    protocol, rest = split(name)
    wire: Wire = importlib.import_module(PROTOCOLS[protocol]).wire()
    return wire, rest
