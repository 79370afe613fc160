"""The one Channel Access client of the process: a Ctrl-C can tear nothing, and nothing waits for ever.

The problem. caproto's client has locks written in Python and waits inside of them: a `KeyboardInterrupt` in
the main thread, where the hooks of presets run, can leave such a lock held, and the next call hangs. It sends
from whatever thread calls it, two at a time. Its threads end for good at the first network error they did not
expect, e.g. an IOC that dies between answering a search and being connected to; then nothing connects any
more.

The solution. Every call into caproto is made on one thread, the wire's lane, and only calls that do not wait.
Answers come on caproto's own threads, which set a `Flag`; whoever asked waits for that. The two threads that
may end are kept going by the subclasses here.
"""

import atexit
import getpass
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from caproto import CaprotoError, CaprotoNetworkError
from caproto.threading.client import Batch, Context, SharedBroadcaster

from obtura.works.clock import clock
from obtura.works.lanes import Call, ThreadLane

__all__ = ["Read", "Wire", "Write", "wire"]

R = TypeVar("R")

log = logging.getLogger(__name__)
# caproto warns of every late answer. Who has set up logging sees it, a terminal does not.
logging.getLogger("caproto").addHandler(logging.NullHandler())


class _Broadcaster(SharedBroadcaster):  # type: ignore[misc]  # caproto has no types
    """Asks the network who has a PV. A network that is away for a while does not end the asking."""

    def disconnect(self, *, wait: bool = True) -> None:
        """End its threads, but wait for none of them: they are daemons, and one may sleep for 5 s."""
        super().disconnect(wait=False)
        self.search_now()  # wakes that one

    def send(self, *commands: Any) -> None:
        try:
            super().send(*commands)
        except CaprotoNetworkError as error:
            log.debug("search for PVs: %s", error)


class _Context(Context):  # type: ignore[misc]  # caproto has no types
    """Connects PVs to the servers found. A server that vanishes meanwhile does not end the connecting."""

    def _process_search_results_loop(self) -> None:
        while not self._close_event.is_set():
            try:
                super()._process_search_results_loop()
            except (OSError, CaprotoError) as error:
                log.info("a server was found but could not be connected to: %s", error)
                self.search_again(tuple(self.pvs))

    def search_again(self, keys: Iterable[tuple[str, int]]) -> None:
        """Begin a new search for those PVs that have no server; old ones are repeated ever more rarely."""
        lost = [key for key in keys if _has_no_server(self.pvs[key])]
        self.broadcaster.cancel(*(name for name, _ in lost))
        self.reconnect(lost)


def _has_no_server(pv: Any) -> bool:
    """Whether a PV must be searched for: it never had a server, its server is gone, or has it no more.

    The last is what a gateway says when the IOC behind it ends; caproto alone would never look again.
    """
    return not pv.circuit_ready.is_set() or (pv.channel_ready.is_set() and not pv.connected)


class Read(NamedTuple):
    """Ask for the value of a PV as a DBR type; `answered` gets the response."""

    pv: Any
    answered: Callable[[Any], None]
    data_type: Any


class Write(NamedTuple):
    """Put a value; with `answered` the server is asked to say when it has been processed."""

    pv: Any
    answered: Callable[[Any], None] | None
    data_type: Any
    value: float | str


class Wire:
    """Find PVs and send requests; neither waits for an answer."""

    def __init__(self) -> None:
        self._lane = ThreadLane("epics")
        self._context: _Context | None = None

    def pv(self, name: str, on_state: Callable[[Any, str], None]) -> Any:
        """The caproto PV, which is searched for from now on.

        `on_state(pv, "connected" or "disconnected")` is called on a thread of caproto's. Only a weak
        reference to it is kept: it must be a method of an object that lives as long as the PV is used.
        """
        return self._on_lane(
            f"search for {name}",
            lambda: self._started().get_pvs(name, connection_state_callback=on_state)[0],
        )

    def search_again(self, pvs: Iterable[Any]) -> None:
        """Begin a new search for those of these PVs that have no server."""
        keys = [(pv.name, pv.priority) for pv in pvs]
        self._on_lane("search again", lambda: self._started().search_again(keys))

    def search_now(self) -> None:
        """Repeat the running searches at once. Unlike for a new search, late answers to earlier calls count."""
        self._on_lane("search now", lambda: self._started().broadcaster.search_now())

    def send(self, *requests: Read | Write) -> None:
        """Send requests together.

        Raises:
            OSError, CaprotoError: a PV has no connection.
        """
        self._on_lane("send", lambda: _send(requests))

    def close(self) -> None:
        """Let go of all servers."""
        self._on_lane("close", self._close)
        self._lane.close()

    def _started(self) -> _Context:
        if self._context is None:
            self._context = _Context(_Broadcaster(), host_name=socket.gethostname(), client_name=_user())
        return self._context

    def _close(self) -> None:
        if self._context is not None:
            for pv in self._context.pvs.values():  # weak references complain when the interpreter ends
                pv.connection_state_callback.callbacks.clear()
            self._context.disconnect(wait=False)

    def _on_lane(self, what: str, function: Callable[[], R]) -> R:
        results: list[R] = []
        call = Call(what, lambda: results.append(function()))
        self._lane.submit(call)
        while not call.done.is_set:
            clock.wait(call.done, 1.0)
        if call.error is not None:
            raise call.error
        return results[0]


def _send(requests: Iterable[Read | Write]) -> None:
    with Batch(timeout=None) as batch:
        for request in requests:
            if not request.pv.connected:
                raise CaprotoNetworkError("no connection")
            if isinstance(request, Read):
                batch.read(request.pv, request.answered, data_type=request.data_type)
            else:
                batch.write(request.pv, (request.value,), callback=request.answered, data_type=request.data_type)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "obtura"


_lock = threading.Lock()
_wire: Wire | None = None


def wire() -> Wire:
    """The wire of this process; the first call makes it."""
    global _wire
    with _lock:
        if _wire is None:
            _wire = Wire()
            atexit.register(_wire.close)
        return _wire
