"""The PV Access client of the process: p4p, in the same discipline as Channel Access.

Calls into p4p are made one at a time, where no Ctrl-C comes, and only calls that do not wait; answers come on p4p's own
threads, which set a `Flag`. p4p tells nobody whether a PV is connected: so each PV has a monitor of its alarm, which
says when it comes and goes. It would do a put that was not answered once more when a lost server is back: so what
nobody waits for any more is dropped.

No other module imports p4p.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from obtura.instruments.epics.client_lane import ClientLane
from obtura.instruments.epics.wires import Kind, Metadata, Reading, RefusedError, Request, Tell

# What becomes of connections is told by our devices; p4p's library would write it into the terminal, every ten seconds.
os.environ.setdefault("PVXS_LOG", "*=CRIT")

try:
    from p4p.client.raw import Context, Disconnected, Finished
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "p4p":
        raise
    raise ImportError(
        "PV Access needs the extra: pip install 'obtura[pva]' (in a checkout: pip install '.[pva]')"
    ) from error

__all__ = ["PVARemote", "PVAWire", "wire"]

logging.getLogger("p4p").addHandler(logging.NullHandler())

INVALID = 3
"""The severity of an alarm; 4, undefined, is worse."""

FIELDS = {Kind.VALUE: "value,alarm", Kind.TEXT: "value,alarm", Kind.CONTROL: "value,display,control"}
SEARCH = 0.5
"""Seconds for which a search is given time."""

MOST = 1000
"""Updates that wait for us before the server leaves some out."""

PREFIX = "EPICS_PVA"


class _Monitor:
    """Hands on what a monitor of p4p's says, in its order, whichever thread it is told on."""

    def __init__(self, context: Any, name: str, request: str, on_event: Callable[[Any], None]) -> None:
        self._lock = threading.Lock()  # never taken in the main thread
        self._on_event = on_event
        self._subscription: Any = None
        self._subscription = context.monitor(name, self._told, request=request)
        self._told()  # what came before there was a name for it

    def close(self) -> None:
        self._subscription.close()

    def _told(self) -> None:
        with self._lock:
            while self._subscription is not None and (event := self._subscription.pop()) is not None:
                self._on_event(event)


class PVARemote:
    """A PV of p4p's. It has no connection before its first alarm, and from when the server is lost."""

    may_be_put = True  # a server says so only when it is put to

    def __init__(self, name: str, context: Any, on_state: Callable[[bool], None]) -> None:
        self.name = name
        self.context = context
        self.connected = False
        self.was_found = False
        self._on_state = on_state
        self._on_update: Callable[[Any], None] | None = None
        self._monitors: list[_Monitor] = []
        self._searched = 0.0

    def look_out(self) -> None:
        """Search, and notice from now on when it comes and goes."""
        self._searched = time.monotonic()
        self._monitor("field(alarm)", self._witnessed)
        if self._on_update is not None:
            self._monitor(f"field(value,alarm)record[queueSize={MOST}]", self._updated)

    def look_out_again(self) -> None:
        """Search anew, unless that was done just now: left alone, p4p searches ever more rarely."""
        if not self.connected and time.monotonic() - self._searched >= SEARCH:
            self.close()
            self.context.disconnect(self.name)
            self.look_out()

    def listen(self, on_update: Callable[[Any], None]) -> None:
        """Have new values from now on, if it does not yet."""
        if self._on_update is not None:
            return
        self._on_update = on_update
        self._monitor(f"field(value,alarm)record[queueSize={MOST}]", self._updated)

    def close(self) -> None:
        """Listen no longer."""
        for monitor in self._monitors:
            monitor.close()
        self._monitors.clear()

    def _monitor(self, request: str, on_event: Callable[[Any], None]) -> None:
        self._monitors.append(_Monitor(self.context, self.name, request, on_event))

    def _updated(self, event: Any) -> None:
        if self._on_update is not None and not isinstance(event, Exception):
            self._on_update(event)

    def _witnessed(self, event: Any) -> None:
        # What is refused, as an alarm that it does not have, comes from a server that is there.
        connected = not isinstance(event, Disconnected | Finished)
        if connected != self.connected:
            self.connected = connected
            self.was_found = True
            self._on_state(connected)


class PVAWire:
    """PV Access. Requests that are sent together are on their way together."""

    protocol = "pva"

    def __init__(self) -> None:
        self._lane = ClientLane("epics pva")
        self._contexts: dict[tuple[tuple[str, str], ...], Any] = {}
        self._remotes: list[PVARemote] = []
        self._running: dict[int, tuple[Request, Any]] = {}  # by id, with the operation: p4p cancels what nobody holds
        self._done: deque[Request] = deque()

    def find(self, name: str, on_state: Callable[[bool], None]) -> PVARemote:
        """Search for a PV from now on, at the servers that the environment names at this moment."""

        def search() -> PVARemote:
            remote = PVARemote(name, self._context(), on_state)
            self._remotes.append(remote)
            remote.look_out()
            return remote

        return self._lane.call(f"search for {name}", search)

    def search_again(self, remotes: Iterable[PVARemote]) -> None:
        """Begin a new search for those of these PVs that have no server."""

        def search() -> None:
            for remote in remotes:
                remote.look_out_again()

        self._lane.call("search again", search)

    def search_now(self, remotes: Iterable[PVARemote]) -> None:
        """The same: p4p repeats a search that runs only when it likes to."""
        self.search_again(remotes)

    def send(self, requests: Sequence[Request]) -> None:
        """Send requests together.

        Raises:
            OSError: a PV has no connection.
        """
        self._lane.call("send", lambda: self._send(requests))

    def drop(self, request: Request) -> None:
        """Cancel it."""

        def cancel() -> None:
            _, operation = self._running.pop(id(request), (None, None))
            if operation is not None:
                operation.close()

        self._lane.call("drop", cancel)

    def listen(self, remote: PVARemote, on_update: Callable[[Any], None], kind: Kind) -> None:
        """Call `on_update` with each new value, whose text is in it, too."""
        self._lane.call(f"listen to {remote.name}", lambda: remote.listen(on_update))

    def understood(self, remote: PVARemote, kind: Kind | None, response: Any) -> Any:
        """What a response says."""
        if isinstance(response, Exception):
            raise RefusedError(str(response) or type(response).__name__)
        if kind is None:
            return None
        said: dict[str, Any] = response.todict()
        if kind is Kind.CONTROL:
            return _metadata(said)
        alarm = said.get("alarm", {})
        invalid = (alarm.get("message") or "no reason given") if alarm.get("severity", 0) >= INVALID else ""
        return Reading(_value(kind, said.get("value")), invalid)

    def servers_asked(self) -> str:
        """Who is asked for PVs."""
        names = ("EPICS_PVA_ADDR_LIST", "EPICS_PVA_NAME_SERVERS")
        given = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
        return ", ".join(given) or "EPICS_PVA_ADDR_LIST is not set"

    def close(self) -> None:
        """Let go of all servers."""
        self._lane.call("close", self._close)
        self._lane.close()

    def _context(self) -> Any:
        said = tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith(PREFIX)))
        if said not in self._contexts:
            self._contexts[said] = Context("pva", conf=dict(said), useenv=False, nt=False)
        return self._contexts[said]

    def _close(self) -> None:
        for _, operation in self._running.values():
            operation.close()
        self._running.clear()
        for remote in self._remotes:
            remote.close()
        for context in self._contexts.values():
            context.close()

    def _send(self, requests: Sequence[Request]) -> None:
        while self._done:
            self._running.pop(id(self._done.popleft()), None)
        if not all(request.remote.connected for request in requests):
            raise ConnectionError("no connection")
        for request in requests:
            self._running[id(request)] = (request, self._begun(request))

    def _begun(self, request: Request) -> Any:
        remote: PVARemote = request.remote

        def answered(response: Any) -> None:
            self._done.append(request)  # not dropped here: this is called from within it
            if request.answered is not None:
                request.answered(response)

        if not isinstance(request, Tell):
            return remote.context.get(remote.name, answered, request=f"field({FIELDS[request.kind]})")
        waits = "true" if request.answered is not None else "false"
        return remote.context.put(
            remote.name,
            answered,
            builder=partial(_fill_in, value=request.value),
            request=f"field(value)record[process=true,block={waits}]",
            get=isinstance(request.value, str),  # the names of an enum's states are had by asking
        )


def _fill_in(structure: Any, value: float | str) -> None:
    """Put a value into what is sent; called on a thread of p4p's. What it raises is the answer."""
    there = structure["value"]
    if not hasattr(there, "todict"):
        structure["value"] = value
        return
    if isinstance(value, str):
        states = list(there["choices"])
        if value not in states:
            raise ValueError(f"{value!r} is none of its states: {', '.join(states)}")
        value = states.index(value)
    structure["value.index"] = int(value)


def _value(kind: Kind, value: Any) -> Any:
    if isinstance(value, dict) and "index" in value:
        states = value.get("choices", ())
        index = int(value["index"])
        if kind is Kind.VALUE:
            return float(index)
        return states[index] if 0 <= index < len(states) else str(index)
    if isinstance(value, np.ndarray):
        is_text = kind is Kind.TEXT and value.dtype.kind in "iu" and value.dtype.itemsize == 1
        return bytes(value).partition(b"\0")[0].decode("utf-8", "replace") if is_text else value.copy()
    if isinstance(value, bool | int | float):
        return _written(value) if kind is Kind.TEXT else float(value)
    return value


def _written(number: float) -> str:
    """With all of its digits: it may be the number of a run."""
    return f"{number:.15g}" if isinstance(number, float) else str(int(number))


def _metadata(said: dict[str, Any]) -> Metadata:
    display, control, value = (said.get(name, {}) for name in ("display", "control", "value"))
    states = value.get("choices", ()) if isinstance(value, dict) else ()
    return Metadata(
        str(display.get("units", "")).strip(),
        float(control.get("limitLow", 0.0)),
        float(control.get("limitHigh", 0.0)),
        tuple(states),
    )


_lock = threading.Lock()
_wire: PVAWire | None = None


def wire() -> PVAWire:
    """The wire of this process; the first call makes it."""
    global _wire
    with _lock:
        if _wire is None:
            _wire = PVAWire()
            atexit.register(_wire.close)
        return _wire
