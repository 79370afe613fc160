"""The line to one Tango device: a failure is a `DeviceError` in plain words, and comes within a known time.

The problem. Tango's client is C++: while a call of it waits, no Ctrl-C is delivered to that thread. It wants every
thread that calls it to be known to its omniORB. Its own reconnecting makes a call to a server that hangs last 4 s where
0.5 s were allowed, and after a failure it refuses for a second to try again.

The solution. Every call to a device is made on one thread, its lane, which omniORB knows; whoever wants something waits
for a flag, no longer than a known time, and may be interrupted: what was not begun then is not begun any more. A
connection that was lost is not mended but made anew, after a look whether anybody listens there at all.
"""

import ctypes
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import check_may_be_told
from obtura.devices.tango.address import Address
from obtura.devices.tango.values import shown
from obtura.devices.tango.words import Failure, failure_of
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError, one_line
from obtura.works.clock import Flag, clock
from obtura.works.lanes import SLICE, Call, ThreadLane

__all__ = ["TIMEOUT", "Link", "tango"]

R = TypeVar("R")

TIMEOUT = 3.0
"""Seconds that a device has to be connected to, and to answer."""

GRACE = 0.5
"""Seconds after which a call that should have ended by its own time limit is waited for no more."""

AGAIN = 0.1
"""Seconds between attempts to connect."""

FRESH = 10.0
"""Seconds for which the configuration of an attribute is believed."""

BEGIN = "begin "

GLANCE = 0.01
"""Seconds for which the lane waits whether a command that may be long is short."""

POLL = 0.02
"""Seconds between two looks whether a long command has ended."""

KEPT = 200
"""So many exchanges are kept."""

_of_this_thread = threading.local()


def tango() -> Any:
    """The module `tango`.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import tango
    except ModuleNotFoundError as error:
        if error.name != "tango":
            raise
        raise UsageError("Tango needs PyTango: pip install 'obtura[tango]'") from None
    return tango


def _known_to_omniorb() -> None:
    """Have Tango's omniORB know this thread until it ends."""
    context = tango().EnsureOmniThread()
    context.__enter__()
    # One that still lives when the interpreter ends would be destroyed by another thread, and omniORB aborts the
    # process for that: so it is destroyed by `_unknown_to_omniorb`, or never.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(context))
    _of_this_thread.context = context


def _unknown_to_omniorb() -> None:
    """The thread is about to end."""
    _of_this_thread.context.__exit__(None, None, None)


def _ms(seconds: float) -> int:
    return max(1, round(1000 * seconds))


class _LostError(DeviceError):
    """There is no connection any more."""


class Link:
    """The line to a device. `timeout`: s that it has to be connected to, and to answer."""

    def __init__(self, address: Address, timeout: float = TIMEOUT) -> None:
        self.address = address
        self.timeout = timeout
        self.restarts = 0
        """How often it was connected."""
        self._proxy: Any = None
        self._tried = False  # a whole time limit was spent in vain since it was last connected
        self._since = clock.epoch()
        self._last_error = ""
        self._configs: dict[str, tuple[float, Any]] = {}
        self._exchanges: deque[tuple[float, float, str, Any, str]] = deque(maxlen=KEPT)
        self._lanes: dict[str, ThreadLane] = {}  # none or one

    # -- what may be said -----------------------------------------------------------------------------------

    def ask(self, who: str, what: str, function: Callable[[Any], R]) -> R:
        """What `function(proxy)` gives, on the lane; asked once more when the connection was lost meanwhile.

        `who` wants it, and `what` it is, for messages.

        Raises:
            DeviceError: it can't be had; a DeviceTimeoutError when no answer comes in time.
        """
        return self._called(who, what, lambda limit: self._asked(what, function, limit))

    def tell(self, device: str, operation: str, what: str, function: Callable[[Any], R]) -> R:
        """As `ask`, for what changes something: it is told once, and to a server that has just answered."""
        check_may_be_told(device, operation)
        return self._called(f"{device}.{operation} failed", what, lambda limit: self._told(what, function, limit))

    def write(self, device: str, operation: str, attribute: str, value: Any) -> None:
        """Write an attribute. The name of a state of an enum will do for its number."""
        config = self.config(f"{device}.{operation} failed", attribute)
        labels = list(config.enum_labels)
        number = labels.index(value) if isinstance(value, str) and value in labels else value
        self.tell(
            device,
            operation,
            f"{attribute} = {value}",
            lambda proxy: proxy.write_attribute(config, number),
        )

    def command(
        self, device: str, operation: str, command: str, argument: Any = None, timeout: float | None = None
    ) -> Any:
        """Have a command executed, and give what it gives; it has `timeout` s (None: the device's).

        One that may take longer than the device has to answer is waited for without keeping others from asking.
        """
        what = command if argument is None else f"{command}({argument})"
        if timeout is None or timeout <= self.timeout:
            return self.tell(device, operation, what, lambda proxy: proxy.command_inout(command, argument))

        def send(proxy: Any) -> Any:
            proxy.set_timeout_millis(_ms(timeout))
            try:
                return proxy.command_inout_asynch(command, argument)
            finally:
                proxy.set_timeout_millis(_ms(self.timeout))

        began = time.monotonic()
        number = self.tell(device, operation, f"{BEGIN}{what}", send)
        return self._reply(f"{device}.{operation} failed", what, number, began, timeout)

    def _reply(self, who: str, what: str, number: int, began: float, timeout: float) -> Any:
        not_arrived = tango().AsynReplyNotArrived
        sent, nothing, patience = self.restarts, object(), GLANCE

        def look(proxy: Any) -> Any:
            if self.restarts != sent:
                raise DeviceError(f"{self.address} was lost during {what}")
            try:
                return (
                    proxy.command_inout_reply(number, _ms(patience)) if patience else proxy.command_inout_reply(number)
                )
            except not_arrived:
                return nothing

        try:
            while time.monotonic() < began + timeout + GRACE:
                answer = self._called(who, f"{what} done?", lambda limit: self._asked("", look, limit, timeout))
                if answer is not nothing:
                    self._note(what, began, answer)
                    return answer
                patience = 0.0
                clock.sleep(POLL)
            raise DeviceTimeoutError(f"{who}: {self.address} did not answer {what} within {timeout:g} s")
        except BaseException:
            self._started().submit(Call("forget", lambda: self._forget(sent, number)))
            raise

    def _forget(self, sent: int, number: int) -> None:
        if self._proxy is not None and self.restarts == sent:
            self._proxy.cancel_asynch_request(number)

    def config(self, who: str, attribute: str) -> Any:
        """The configuration of an attribute, as tango.AttributeInfoEx; at most `FRESH` s old."""
        return self.configs(who, [attribute])[0]

    def configs(self, who: str, attributes: Sequence[str]) -> list[Any]:
        """The configurations of several attributes, asked for together."""
        limit = time.monotonic() - FRESH
        stale = [each for each in attributes if self._configs.get(each, (limit, None))[0] <= limit]
        if stale:
            what = f"configuration of {', '.join(stale)}"
            found = self.ask(who, what, lambda proxy: list(proxy.get_attribute_config_ex(stale)))
            self._configs.update(zip(stale, ((time.monotonic(), each) for each in found), strict=True))
        return [self._configs[each][1] for each in attributes]

    # -- how it is ------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether it was when something was last said."""
        return self._proxy is not None

    @property
    def is_new(self) -> bool:
        """Whether nobody has tried yet to connect it."""
        return not self.restarts and not self._last_error

    @property
    def state(self) -> str:
        """`connected since 14:02:11`, or why it is not. Asks nobody."""
        since = time.strftime("%H:%M:%S", time.localtime(self._since))
        if self.is_connected:
            return f"connected since {since}"
        if self.is_new:
            return "not used yet"
        return f"not connected since {since}" + (f" ({self._last_error})" if self._last_error else "")

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last, the oldest first."""
        return [
            Exchange(when, took, what, shown(answer), error)
            for when, took, what, answer, error in self._exchanges.copy()
        ]

    def close(self) -> None:
        """Disconnect, once what is being said is said. When it is used again, it connects again."""
        lane = self._lanes.pop("", None)
        if lane is None:
            return
        calls = [Call("close", self._drop), Call("close", _unknown_to_omniorb)]
        for call in calls:
            lane.submit(call)
        calls[-1].done.wait(self.timeout)
        lane.close()

    # -- on the thread of whoever wants something ---------------------------------------------------------------

    def _called(self, who: str, what: str, function: Callable[[float], R]) -> R:
        """Call `function(limit)` on the lane and wait, a little longer than until `limit` (monotonic)."""
        tango()  # first of all, for the sake of the message
        results: list[R] = []
        left = Flag()
        limit = time.monotonic() + self.timeout

        def work() -> None:
            if left.is_set:
                raise DeviceError(f"{self.address} was not asked {what}: who wanted it did not wait")
            results.append(function(limit))

        lane = self._started()
        call = Call(what, work)
        lane.submit(call)
        try:
            while not call.done.is_set and (patience := limit + GRACE - time.monotonic()) > 0:
                call.done.stand_by(min(patience, SLICE))
        except BaseException:
            left.set()
            raise
        if not call.done.is_set:
            left.set()
            said = lane.busy
            busy = f"; it is busy with {said.what}" if said is not None and said is not call else ""
            raise DeviceTimeoutError(f"{who}: {self.address} did not answer {what} within {self.timeout:g} s{busy}")
        if isinstance(call.error, DeviceError):
            kind = DeviceTimeoutError if isinstance(call.error, TimeoutError) else DeviceError
            raise kind(f"{who}: {call.error}") from call.error
        if call.error is not None:
            raise call.error
        return results[0]

    def _started(self) -> ThreadLane:
        lane = self._lanes.get("")
        if lane is None:
            lane = self._lanes[""] = ThreadLane(f"tango {self.address}", _known_to_omniorb)
        return lane

    # -- on the lane ----------------------------------------------------------------------------------------

    def _asked(self, what: str, function: Callable[[Any], R], limit: float, timeout: float | None = None) -> R:
        was_connected = self.is_connected
        try:
            return self._said(what, function, limit, timeout)
        except _LostError:
            if not was_connected:
                raise
        return self._said(what, function, limit, timeout)

    def _told(self, what: str, function: Callable[[Any], R], limit: float) -> R:
        if self.is_connected:
            self._asked("", lambda proxy: proxy.ping(), limit)
        return self._said(what, function, limit)

    def _said(self, what: str, function: Callable[[Any], R], limit: float, timeout: float | None = None) -> R:
        proxy = self._proxy if self._proxy is not None else self._connected(limit)
        began = time.monotonic()
        try:
            answer = function(proxy)
        except DeviceError:
            raise
        except Exception as error:
            raise self._failed(what, began, failure_of(error, timeout or self.timeout)) from error
        if what and not what.startswith(BEGIN):
            self._note(what, began, answer)
        return answer

    def _connected(self, limit: float) -> Any:
        """A new proxy, which has answered. A server that is being started is waited for, once."""
        began = time.monotonic()
        while True:
            try:
                return self._connect(began)
            except _LostError:
                if self._tried or time.monotonic() + AGAIN >= limit:
                    self._tried = True
                    raise
            time.sleep(AGAIN)

    def _connect(self, began: float) -> Any:
        module = tango()
        try:
            self.address.probe(self.timeout)
            proxy = module.DeviceProxy(self.address.full())
            proxy.set_transparency_reconnection(False)
            proxy.set_timeout_millis(_ms(self.timeout))
            proxy.ping()
        except OSError as error:
            what = f"is not connected ({one_line(error)}): {self.address.remedy}"
            raise self._failed("connect", began, Failure(what, lost=True)) from error
        except module.DevFailed as error:
            raise self._failed("connect", began, failure_of(error, self.timeout)._replace(lost=True)) from error
        self._proxy, self._tried = proxy, False
        self._since, self._last_error = clock.epoch(), ""
        self._configs.clear()
        self.restarts += 1
        self._note("connect", began, "connected")
        return proxy

    def _failed(self, what: str, began: float, failure: Failure) -> DeviceError:
        """The error to raise; when the connection was lost, it is."""
        text = f"{self.address} {failure.what}"
        self._note(what or "ping", began, None, failure.what)
        if not failure.lost:
            return failure.kind(f"{text} (at {what})" if what else text)
        if self.is_connected or self.is_new:
            self._since = clock.epoch()
        self._last_error = failure.what
        self._drop()
        return DeviceTimeoutError(text) if failure.late else _LostError(text)

    def _drop(self) -> None:
        self._proxy = None

    def _note(self, what: str, began: float, answer: Any, error: str = "") -> None:
        took = time.monotonic() - began
        self._exchanges.append((clock.epoch() - took, took, what, answer, error))
