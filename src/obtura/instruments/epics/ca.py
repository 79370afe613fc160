"""The one Channel Access client of the process: a Ctrl-C can tear nothing, and nothing waits for ever.

The problem. caproto's client has locks written in Python and waits inside of them: a `KeyboardInterrupt` in
the main thread, where the hooks of presets run, can leave such a lock held, and the next call hangs. It sends
from whatever thread calls it, two at a time. Its threads end for good at the first network error they did not
expect, e.g. an IOC that dies between answering a search and being connected to; then nothing connects any
more.

The solution. Calls into caproto are made one at a time, where no Ctrl-C comes (see `ClientLane`), and only calls that
do not wait: its sockets refuse what they can't take at once. Answers come on caproto's own threads, which set a `Flag`;
whoever asked waits for that. The threads that may end are kept going by the subclasses here, and what they go through
without a lock, while others put something into it, is a `_Steady`. No other module imports caproto's client.
"""

import atexit
import getpass
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from obtura.instruments.epics.client_lane import ClientLane
from obtura.instruments.epics.wires import Kind, Metadata, Reading, RefusedError, Request, Tell

try:
    from caproto import AccessRights, AlarmSeverity, AlarmStatus, CaprotoError, CaprotoNetworkError, ChannelType
    from caproto.threading.client import Batch, Context, SharedBroadcaster
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "caproto":
        raise
    raise ImportError(
        "EPICS needs the extra: pip install 'obtura[epics]' (in a checkout: pip install '.[epics]')"
    ) from error

__all__ = ["CARemote", "CAWire", "wire"]

log = logging.getLogger(__name__)
SUBSCRIBING = 0.1
"""Seconds after which subscriptions that are wanted again are made."""

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
        except (CaprotoNetworkError, KeyError) as error:  # KeyError: the environment changed amid the copying of it
            log.debug("search for PVs: %r", error)

    def _check_for_unresponsive_servers(self) -> None:
        while not self._close_event.is_set():
            try:
                super()._check_for_unresponsive_servers()
            except KeyError as error:  # a silent server was lost while its answer was awaited: look after the others
                log.debug("search for silent servers: %r", error)


class _Steady(dict[Any, Any]):
    """May grow while somebody goes through it: caproto's threads do so without a lock, and would end for good."""

    def items(self) -> Any:
        """As they are now."""
        return self.copy().items()

    def values(self) -> Any:
        """As they are now."""
        return self.copy().values()


def _steadied(callbacks: Any) -> Any:
    """Callbacks of caproto's: one whose owner is gone takes itself out, also while they are gone through."""
    with callbacks.callback_lock:
        callbacks.callbacks = _Steady(callbacks.callbacks)
    return callbacks


class _Context(Context):  # type: ignore[misc]  # caproto has no types
    """Connects PVs to the servers found. A server that vanishes meanwhile does not end the connecting."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.circuit_managers: Any = _Steady()

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

    def get_circuit_manager(self, address: Any, priority: int) -> Any:
        """The connection to a server."""
        found = super().get_circuit_manager(address, priority)
        if not isinstance(found.ioids, _Steady):
            for name in ("channels", "ioids", "pvs", "subscriptions"):
                setattr(found, name, _Steady(getattr(found, name)))
        return found

    def _activate_subscriptions(self) -> None:
        while not self._close_event.is_set():
            self.activate_subscriptions_now.wait(SUBSCRIBING)
            self.activate_subscriptions_now.clear()
            with self.subscriptions_lock:
                wanted = list(self.subscriptions_to_activate.items())
                self.subscriptions_to_activate.clear()
            for circuit, subscriptions in wanted:
                _subscribe(circuit, subscriptions)


def _subscribe(circuit: Any, subscriptions: Iterable[Any]) -> None:
    """Have a server tell. What it is lost meanwhile for, caproto wants again once there is one."""
    for subscription in subscriptions:
        try:
            if subscription.pv.connected and (command := subscription.compose_command(timeout=0.1)) is not None:
                circuit.send(command)
        except (OSError, CaprotoError) as error:
            log.info("%s was lost before it could be listened to: %s", subscription.pv.name, error)


def _has_no_server(pv: Any) -> bool:
    """Whether a PV must be searched for: it never had a server, its server is gone, or has it no more.

    The last is what a gateway says when the IOC behind it ends; caproto alone would never look again.
    """
    return not pv.circuit_ready.is_set() or (pv.channel_ready.is_set() and not pv.connected)


class CARemote:
    """A PV of caproto's, which is searched for from when it is made."""

    def __init__(self, name: str, on_state: Callable[[bool], None]) -> None:
        self.name = name
        self.pv: Any = None
        self._on_state = on_state
        self._on_update: Callable[[Any], None] | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a server for it now."""
        return bool(self.pv.connected)

    @property
    def was_found(self) -> bool:
        """Whether there ever was one."""
        return self.pv.channel is not None

    @property
    def may_be_put(self) -> bool:
        """Whether the server lets this user put to it."""
        rights = self.pv.access_rights
        return rights is None or AccessRights.WRITE in rights

    @property
    def is_array(self) -> bool:
        """Whether its value is an array, perhaps of one element just now."""
        return bool(self.pv.channel.native_data_count > 1)

    # caproto keeps weak references to these two; whoever has the remote keeps them alive.

    def changed(self, _pv: Any, state: str) -> None:
        """It is connected, or not any more; called on a thread of caproto's."""
        self._on_state(state == "connected")

    def updated(self, _subscription: Any, response: Any) -> None:
        """There is a new value; called on a thread of caproto's."""
        if self._on_update is not None:
            self._on_update(response)

    def listen(self, on_update: Callable[[Any], None], kind: Kind) -> None:
        """Have new values from now on, if it does not yet; it is connected."""
        if self._on_update is not None:
            return
        self._on_update = on_update
        data_type, count = _asked_for(self, kind)
        _steadied(self.pv.subscribe(data_type=data_type, data_count=count)).add_callback(self.updated)


class CAWire:
    """Channel Access, for which a `Reading` costs one request, and those sent together one message to each server."""

    protocol = "ca"

    def __init__(self) -> None:
        self._lane = ClientLane("epics ca")
        self._context: _Context | None = None

    def find(self, name: str, on_state: Callable[[bool], None]) -> CARemote:
        """Search for a PV from now on."""
        remote = CARemote(name, on_state)

        def search() -> None:
            remote.pv = self._started().get_pvs(name)[0]
            _steadied(remote.pv.connection_state_callback).add_callback(remote.changed, run=True)

        self._lane.call(f"search for {name}", search)
        return remote

    def search_again(self, remotes: Iterable[CARemote]) -> None:
        """Begin a new search for those of these PVs that have no server."""
        keys = [(remote.pv.name, remote.pv.priority) for remote in remotes]
        self._lane.call("search again", lambda: self._started().search_again(keys))

    def search_now(self, remotes: Iterable[CARemote]) -> None:
        """Repeat the running searches at once. Unlike for a new search, late answers to earlier calls count."""
        self._lane.call("search now", lambda: self._started().broadcaster.search_now())

    def send(self, requests: Sequence[Request]) -> None:
        """Send requests together.

        Raises:
            OSError: a PV has no connection.
        """
        try:
            self._lane.call("send", lambda: _send(requests))
        except CaprotoError as error:
            raise ConnectionError(str(error)) from error

    def drop(self, request: Request) -> None:
        """Nothing: what a server had not done when it was lost is lost with it."""

    def listen(self, remote: CARemote, on_update: Callable[[Any], None], kind: Kind) -> None:
        """Call `on_update` with each new value."""
        self._lane.call(f"listen to {remote.name}", lambda: remote.listen(on_update, kind))

    def understood(self, remote: CARemote, kind: Kind | None, response: Any) -> Any:
        """What a response says."""
        status = response.status
        if not getattr(status, "success", True):
            raise RefusedError(status.name)
        if kind is None:
            return None
        if kind is Kind.CONTROL:
            return _metadata(response.metadata)
        invalid = ""
        if response.metadata.severity == AlarmSeverity.INVALID_ALARM:
            invalid = AlarmStatus(response.metadata.status).name
        return Reading(_value(remote, kind, response), invalid)

    def servers_asked(self) -> str:
        """Who is asked for PVs."""
        servers = os.environ.get("EPICS_CA_ADDR_LIST")
        return f"EPICS_CA_ADDR_LIST={servers}" if servers else "EPICS_CA_ADDR_LIST is not set"

    def close(self) -> None:
        """Let go of all servers."""
        self._lane.call("close", self._close)
        self._lane.close()

    def _started(self) -> _Context:
        if self._context is None:
            self._context = _Context(_Broadcaster(), host_name=socket.gethostname(), client_name=_user())
        return self._context

    def _close(self) -> None:
        if self._context is not None:
            for pv in self._context.pvs.values():  # weak references complain when the interpreter ends
                pv.connection_state_callback.callbacks.clear()
                for subscription in pv.subscriptions.values():
                    subscription.callbacks.clear()
            self._context.disconnect(wait=False)


class _Arrival:
    """Tells who asked as soon as the answer is there: what caproto has for it hands over to one more thread."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self._answered = asked.pop("callback")

    def set(self) -> None:
        """Called on caproto's thread: the response has come, or the server is lost and none will come."""
        if "response" in self._asked:
            self._answered(self._asked["response"])


class _Batch(Batch):  # type: ignore[misc]  # caproto has no types
    """Requests that are sent together."""

    def __exit__(self, *error: object) -> None:
        for asked in self._ioid_infos:
            asked["event"] = _Arrival(asked)
        super().__exit__(*error)


def _send(requests: Iterable[Request]) -> None:
    with _Batch(timeout=None) as batch:
        for request in requests:
            remote: CARemote = request.remote
            if not remote.connected:
                raise CaprotoNetworkError("no connection")
            if isinstance(request, Tell):
                kind, data = _told(remote, request.value)
                batch.write(remote.pv, data, callback=request.answered, data_type=kind)
            else:
                batch.read(remote.pv, request.answered, *_asked_for(remote, request.kind))


def _asked_for(remote: CARemote, kind: Kind) -> tuple[Any, int | None]:
    """Data type, and how many values: of an array as many as it has just now, which is said by 0."""
    if kind is Kind.CONTROL:
        return "control", 1 if remote.is_array else None
    if kind is Kind.TEXT and not _is_long_text(remote):
        return ChannelType.STS_STRING, None
    return "status", 0 if remote.is_array else None


def _told(remote: CARemote, value: float | str) -> tuple[Any, tuple[Any, ...]]:
    """Data type and data of a put."""
    if not isinstance(value, str):
        return None, (value,)
    if _is_long_text(remote):
        return None, tuple(value.encode() + b"\0")
    return ChannelType.STRING, (value,)


def _is_long_text(remote: CARemote) -> bool:
    """Whether it is an array of characters, the way to have more than 40."""
    return remote.is_array and remote.pv.channel.native_data_type is ChannelType.CHAR


def _value(remote: CARemote, kind: Kind, response: Any) -> Any:
    data = response.data
    if kind is Kind.TEXT and _is_long_text(remote):
        return bytes(np.asarray(data, np.uint8)).partition(b"\0")[0].decode("utf-8", "replace")
    if len(data) and isinstance(data[0], bytes):
        texts = [_text(each) for each in data]
        return texts[0] if len(texts) == 1 else texts
    if not len(data) and not remote.is_array:
        return ""  # caproto's servers leave an empty text out
    if remote.is_array:
        return np.array(data, np.asarray(data).dtype.newbyteorder("="))
    return float(data[0])


def _text(words: bytes) -> str:
    """A string: servers of today say it in UTF-8, others as one byte a letter."""
    try:
        return words.decode()
    except UnicodeDecodeError:
        return words.decode("latin-1")


def _number(limit: Any) -> float:
    """A limit; of characters it is one."""
    return float(limit[0] if isinstance(limit, bytes) else limit)


def _metadata(metadata: Any) -> Metadata:
    return Metadata(
        _text(getattr(metadata, "units", b"")).strip(),
        _number(getattr(metadata, "lower_ctrl_limit", 0.0)),
        _number(getattr(metadata, "upper_ctrl_limit", 0.0)),
        tuple(_text(state) for state in getattr(metadata, "enum_strings", ())),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "obtura"


_lock = threading.Lock()
_wire: CAWire | None = None


def wire() -> CAWire:
    """The wire of this process; the first call makes it."""
    global _wire
    with _lock:
        if _wire is None:
            _wire = CAWire()
            atexit.register(_wire.close)
        return _wire
