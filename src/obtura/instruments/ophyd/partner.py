"""An ophyd device as it is spoken to: connected when it is needed, told and asked within a time limit, remembered."""

import inspect
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceError, DeviceTimeoutError, one_line
from obtura.instruments.ophyd.loop import on_loop, the_loop
from obtura.instruments.ophyd.order import Order
from obtura.works.clock import clock
from obtura.works.lanes import SLICE

__all__ = ["TIMEOUT", "Partner"]

TIMEOUT = 5.0
"""Seconds that a device has to be connected, and to answer."""

REST = 2.0
"""Seconds for which nobody tries again to connect what was waited for in vain."""

AGAIN = 0.5
"""Seconds after which what does not come to an end is told again to stop."""

KEPT = 200

LONG = 240
"""Characters of why nothing is connected that a user reads."""

_ASKED = ("read", "describe", "locate", "connect", "get_value")
_SILENCES = ("StatusTimeoutError", "WaitTimeoutError", "NotConnectedError", "DisconnectedError")
"""How the libraries say that nobody answered, where that is no TimeoutError."""


class Partner:
    """`whole`: the device that is connected; `device`: it, or the part of it that is meant. `who`: whose, in messages.

    Parts of one device are made with `of`, and share how it is connected.
    """

    def __init__(self, who: str, whole: Any, timeout: float = TIMEOUT, place: str = "") -> None:
        self.who = who
        self.device = self.whole = whole
        self.timeout = timeout
        self.is_async = _is_async(whole)
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self._place = place
        self._loop = the_loop() if self.is_async else None
        self._root = self
        self._connected = False
        self._since = clock.epoch()
        self._not_before = 0.0
        self._last_error = ""

    def of(self, who: str, part: Any) -> "Partner":
        """The same, for a part of the device."""
        other = Partner(who, self.whole, self.timeout, self._place)
        other.device, other._root, other._loop = part, self._root, self._loop
        return other

    @property
    def kind(self) -> str:
        """Its class and its own name, for messages: `EpicsMotor mx`."""
        name = getattr(self.device, "name", "")
        return f"{type(self.device).__name__} {name}".rstrip()

    # -- the connection -------------------------------------------------------------------------------------

    @property
    def connection(self) -> str:
        """To what, whether and since when it is connected, what went wrong last. Asks nobody."""
        root = self._root
        where = f"{type(root.whole).__name__} {root._place}".rstrip()
        since = time.strftime("%H:%M:%S", time.localtime(root._since))
        error = f" (last error: {root._last_error})" if root._last_error else ""
        if root._connected:
            return f"{where}, connected since {since}{error}"
        return f"{where}, not connected{f' since {since}' if root._last_error else ' yet'}{error}"

    @property
    def is_connected(self) -> bool:
        """Whether it was when it was last looked at. Asks nobody."""
        return self._root._connected

    def ready(self, operation: str) -> None:
        """Connect, unless it is.

        Raises:
            DeviceTimeoutError: it is not there within `timeout` s.
            DeviceError: it can't be connected.
        """
        root = self._root
        if root._is_up():
            return
        now = time.monotonic()
        if now < root._not_before:
            raise self._silence(operation, f"is not connected ({root._last_error}); tried again in a moment")
        try:
            root._connect()
        except Exception as error:
            waited = time.monotonic() - now
            root._not_before = time.monotonic() + min(REST, waited)
            root._down(_brief(one_line(error)))
            self.note(f"{operation}: connect", now, error=root._last_error)
            told = f"is not connected after {self.timeout:g} s: {root._last_error}; is it there, and its address right?"
            if _is_silence(error):
                raise self._silence(operation, told) from error
            raise self.failure(operation, told) from error
        self.note("connect", now, "connected")
        root._connected, root._since, root._last_error = True, clock.epoch(), ""

    def _is_up(self) -> bool:
        if not self._connected:
            return False
        if self.is_async or getattr(self.whole, "connected", True):
            return True
        self._down("it went away")
        return False

    def _connect(self) -> None:
        if self.is_async and callable(getattr(self.whole, "connect", None)):
            # a little more than its own limit: its message says what of it is missing
            limit = self.timeout + 2.0
            on_loop(self._the_loop, "connect", lambda: self.whole.connect(timeout=self.timeout), limit)
        elif callable(getattr(self.whole, "wait_for_connection", None)):
            self.whole.wait_for_connection(timeout=self.timeout)

    def _down(self, why: str) -> None:
        if self._connected:
            self._connected, self._since = False, clock.epoch()
        self._last_error = why

    @property
    def _the_loop(self) -> Any:
        return self._loop

    # -- asked and told -------------------------------------------------------------------------------------

    def ask(self, operation: str, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call a method of the device, and give what it gives.

        Raises:
            DeviceError: it can't be had; with `DeviceTimeoutError` there was no answer.
        """
        self.ready(operation)
        began = time.monotonic()
        try:
            if self.is_async:
                what = f"{self.who}.{operation}"
                answer = on_loop(self._the_loop, what, lambda: _given(method(*arguments)), self.timeout)
            else:
                answer = method(*arguments)
        except Exception as error:
            raise self.wrong(operation, began, _said(method, arguments), error) from error
        self.note(_said(method, arguments), began, _short(answer))
        return answer

    def look(self, operation: str, attribute: str) -> Any:
        """The value of an attribute that a device of ophyd works out, or of a signal of ophyd-async.

        Raises:
            DeviceError: as `ask`.
        """
        if self.is_async:
            return self.ask(operation, getattr(self.device, attribute).get_value)
        return self.ask(operation, _Attribute(self.device, attribute))

    def tell(self, operation: str, method: Callable[..., Any], *arguments: Any, **named: Any) -> Order:
        """Call a method that begins something; it is done when the order is.

        Raises:
            DeviceError: it could not be told, or devices are only asked.
        """
        check_may_be_told(self.who, operation)
        self.ready(operation)
        return self.tell_anyway(operation, method, *arguments, **named)

    def tell_anyway(self, operation: str, method: Callable[..., Any], *arguments: Any, **named: Any) -> Order:
        """As `tell`, whether or not it is connected: for what must not be left undone.

        Raises:
            DeviceError: as `tell`.
        """
        check_may_be_told(self.who, operation)
        began = time.monotonic()
        said = _said(method, arguments)

        def ended(error: BaseException | None) -> None:
            self.note(said, began, "" if error else "done", "" if error is None else one_line(error))

        async def tell() -> Order:
            return Order(method(*arguments, **named), ended)

        try:
            if self.is_async:
                return on_loop(self._the_loop, f"{self.who}.{operation}", tell, self.timeout)
            return Order(method(*arguments, **named), ended)
        except Exception as error:
            raise self.wrong(operation, began, said, error) from error

    def begin(self, operation: str, method: Callable[..., Any], *arguments: Any) -> Order:
        """As `tell`, for what has to be followed until it is done: `trigger`, `kickoff`, `complete`, `prepare`.

        Raises:
            DeviceError: as `tell`; or it gave no Status: nobody could know when it is done.
        """
        return self._followed(operation, self.tell(operation, method, *arguments), "was told", method)

    def set(self, operation: str, movable: Any, value: Any) -> Order:
        """Call `set(value)` of a device, or of a part of it.

        Raises:
            DeviceError: as `begin`.
        """
        order = self.tell(operation, movable.set, value)
        return self._followed(operation, order, f"was set to {value!r}", movable.set)

    def _followed(self, operation: str, order: Order, what: str, method: Callable[..., Any]) -> Order:
        if not order.is_told:
            owner = type(getattr(method, "__self__", self.device)).__name__
            gave = f"{owner}.{getattr(method, '__name__', operation)}() gave {order.given!r}"
            raise self.failure(operation, f"{what} and can't be followed: {gave}, where bluesky wants a Status")
        return order

    def halt(self, operation: str, stop: Callable[..., Any]) -> None:
        """Call a device's `stop(success=False)`, whether or not it is connected.

        Raises:
            DeviceError: it could not be told.
        """
        self.wait(operation, self.tell_anyway(operation, stop, success=False), self.timeout)

    def end(self, operation: str, stop: Callable[..., Any], order: Order, patience: float) -> bool:
        """Have an order ended by `stop`; whether it was within `patience` s.

        More than once, if need be: ophyd-async loses a stop that comes in the moment in which a move begins.

        Raises:
            DeviceError: it could not be told.
        """
        limit = clock.time() + patience
        while True:
            self.halt(operation, stop)
            if order.done.wait(min(AGAIN, patience)) or clock.time() >= limit:
                return order.done.is_set

    def wait(self, operation: str, order: Order, timeout: float) -> None:
        """Return when an order is done.

        Raises:
            DeviceError: it failed; with `DeviceTimeoutError` it was not done within `timeout` s.
        """
        limit = clock.time() + timeout
        while not order.done.is_set:
            if (left := limit - clock.time()) <= 0:
                raise self._silence(operation, f"was not done after {timeout:g} s")
            clock.wait(order.done, min(left, SLICE))
        self.check(operation, order)

    def check(self, operation: str, order: Order) -> None:
        """Raise `DeviceError` when an order that is done went wrong."""
        if order.error is not None:
            told = f"ended with {one_line(order.error)}"
            self._root._last_error = one_line(order.error)
            if _is_silence(order.error):
                raise self._silence(operation, told) from order.error
            raise self.failure(operation, told) from order.error

    # -- words ----------------------------------------------------------------------------------------------

    def wrong(self, operation: str, began: float, said: str, error: Exception) -> DeviceError:
        """The error for what a call raised."""
        text = one_line(error)
        self.note(said, began, error=text)
        self._root._last_error = text
        if isinstance(error, DeviceError):
            return error
        if _is_silence(error):
            return self._silence(operation, f"did not answer {said}: {text}")
        return self.failure(operation, f"{said} failed: {text}")

    def failure(self, operation: str, what: str) -> DeviceError:
        """An error in plain words: `mx.move: EpicsMotor mx ended with ...`."""
        return DeviceError(f"{self.who}{f'.{operation}' if operation else ''}: {self.kind} {what}")

    def _silence(self, operation: str, what: str) -> DeviceTimeoutError:
        return DeviceTimeoutError(str(self.failure(operation, what)))

    def note(self, said: str, began: float, answer: str = "", error: str = "") -> None:
        """Remember what was said; `began`: s, monotonic."""
        took = time.monotonic() - began
        exchange = Exchange(clock.epoch() - took, took, said, answer, error)
        self.exchanges.append(exchange)
        if self._root is not self:
            self._root.exchanges.append(exchange)


class _Attribute:
    def __init__(self, device: Any, name: str) -> None:
        self._device = device
        self.__name__ = name

    def __call__(self) -> Any:
        return getattr(self._device, self.__name__)


def _is_async(device: Any) -> bool:
    """Whether it answers by awaitables: then it lives on an event loop."""
    return any(inspect.iscoroutinefunction(getattr(type(device), name, None)) for name in _ASKED)


def _is_silence(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, TimeoutError) or not names.isdisjoint(_SILENCES)


async def _given(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer


def _said(method: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    name = getattr(method, "__name__", str(method))
    return f"{name}({', '.join(f'{one:g}' if isinstance(one, float) else repr(one) for one in arguments)})"


def _brief(why: str) -> str:
    """Why nothing is connected: of many signals that are not there the first few; the log has them all."""
    told = why.partition("; Pending operations:")[0]
    first = told[:LONG].rpartition(", ")[0] if len(told) > LONG else ""
    return f"{first} and {told.count(', ') - first.count(', ')} more" if first else told


def _short(answer: Any) -> str:
    """An answer as it is remembered: of a reading the values, of an array how large it is."""
    if isinstance(answer, Mapping):
        return ", ".join(
            f"{key}={_short(one.get('value', one.get('dtype')) if isinstance(one, Mapping) else one)}"
            for key, one in answer.items()
        )
    if getattr(answer, "ndim", 0):
        return f"array {answer.shape}"
    text = repr(answer)
    return text if len(text) <= KEPT else f"{text[:KEPT]}... ({len(text):,} characters)"
