"""What is said to one Tango device, one call after the other: a failure is a `DeviceError` in plain words.

The problem. The reconnecting of Tango's client makes a call to a server that hangs last 4 s where 0.5 s were allowed;
after a failure it refuses for a second to try again, also by a new proxy.

The solution. A connection that was lost is not mended but made anew, after a look whether anybody listens there at all.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from obtura.contracts.connections import Exchange
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError, one_line
from obtura.instruments.tango.address import Address
from obtura.instruments.tango.omni import tango
from obtura.instruments.tango.values import shown
from obtura.instruments.tango.words import Failure, asked_too_soon, failure_of
from obtura.works.clock import clock

__all__ = ["LONGEST", "Wire", "milliseconds"]

R = TypeVar("R")

AGAIN = 0.1
"""Seconds between attempts to connect."""

LONGEST = 1e6
"""Seconds: an infinite time limit is so long, as Tango counts milliseconds in 32 bits."""

KEPT = 200
"""So many exchanges are kept."""


def milliseconds(seconds: float) -> int:
    """As Tango has it; at least 1."""
    return max(1, round(1000 * min(seconds, LONGEST)))


class _LostError(DeviceLostError):
    """There is no connection any more."""


class Wire:
    """A connection to a device, or none. Its calls are made one at a time, on threads that omniORB knows.

    `timeout`: s that the device has to answer; `limit`, of its methods: when (monotonic) it must have connected.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self.proxy: Any = None
        """The connection; None when it was lost."""
        self.restarts = 0
        """How often it was connected."""
        self._patient: dict[float, Any] = {}
        self._tried = False  # a whole time limit was spent in vain since it was last connected
        self._since = clock.epoch()
        self._last_error = ""
        self._exchanges: deque[tuple[float, float, str, Any, str]] = deque(maxlen=KEPT)

    # -- how it is ------------------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether nobody has tried yet to connect it."""
        return not self.restarts and not self._last_error

    @property
    def state(self) -> str:
        """`connected since 14:02:11`, or why it is not. Asks nobody."""
        since = time.strftime("%H:%M:%S", time.localtime(self._since))
        if self.proxy is not None:
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

    # -- what is said ---------------------------------------------------------------------------------------

    def asked(self, what: str, function: Callable[[Any], R], limit: float, timeout: float | None = None) -> R:
        """What `function(proxy)` gives; asked once more when the connection was lost meanwhile.

        `what` it is, for messages; `timeout`: s that it had to answer, if not as usual.
        """
        was_connected = self.proxy is not None
        try:
            return self._said(what, function, limit, timeout)
        except _LostError:
            if not was_connected:
                raise
        return self._said(what, function, limit, timeout)

    def told(self, what: str, function: Callable[[Any], R], limit: float) -> R:
        """As `asked`, for what changes something: it is told once, and to a server that has just answered."""
        if self.proxy is not None:
            self.asked("", lambda proxy: proxy.ping(), limit)
        return self._said(what, function, limit)

    def _said(self, what: str, function: Callable[[Any], R], limit: float, timeout: float | None = None) -> R:
        proxy = self._connected(limit) if self.proxy is None else self.proxy
        began = time.monotonic()
        try:
            answer = function(proxy)
        except DeviceError:
            raise
        except Exception as error:
            raise self._failed(what, began, failure_of(error, timeout or self.timeout)) from error
        if what:
            self.note(what, began, answer)
        return answer

    def _connected(self, limit: float) -> Any:
        """A new proxy, which has answered. A server that is being started is waited for, once."""
        began = time.monotonic()
        may_come = not self._tried
        while True:
            try:
                return self._connect(began)
            except _LostError as error:
                may_come = may_come or asked_too_soon(error.__cause__)
                if not may_come or time.monotonic() + AGAIN >= limit:
                    self._tried = True
                    raise
            time.sleep(AGAIN)

    def _connect(self, began: float) -> Any:
        module = tango()
        try:
            self.address.probe(self.timeout)
            proxy = self._made(self.timeout)
            proxy.ping()
        except OSError as error:
            what = f"is not connected ({one_line(error)}): {self.address.remedy}"
            raise self._failed("connect", began, Failure(what, lost=True)) from error
        except module.DevFailed as error:
            raise self._failed("connect", began, failure_of(error, self.timeout)._replace(lost=True)) from error
        self.proxy, self._tried = proxy, False
        self._since, self._last_error = clock.epoch(), ""
        self.restarts += 1
        self.note("connect", began, "connected")
        return proxy

    def _failed(self, what: str, began: float, failure: Failure) -> DeviceError:
        """The error to raise; when the connection was lost, it is."""
        text = f"{self.address} {failure.what}"
        self.note(what or "ping", began, None, failure.what)
        if not failure.lost:
            return failure.kind(f"{text} (at {what})" if what else text)
        if self.proxy is not None or self.is_new:
            self._since = clock.epoch()
        self._last_error = failure.what
        self.drop()
        return DeviceTimeoutError(text) if failure.late else _LostError(text)

    def patient(self, timeout: float) -> Any:
        """A proxy for what may take so long, in s, as long as this connection lasts.

        Not the same one with another timeout: Tango looks at that a little after a call was begun.
        """
        if timeout not in self._patient:
            self._patient[timeout] = self._made(timeout)
        return self._patient[timeout]

    def _made(self, timeout: float) -> Any:
        proxy = tango().DeviceProxy(self.address.full())
        proxy.set_transparency_reconnection(False)
        proxy.set_timeout_millis(milliseconds(timeout))
        return proxy

    def drop(self) -> None:
        """Disconnect."""
        self.proxy = None
        self._patient.clear()

    def note(self, what: str, began: float, answer: Any, error: str = "") -> None:
        """Have it in the trace; `began` is monotonic."""
        took = time.monotonic() - began
        self._exchanges.append((clock.epoch() - took, took, what, answer, error))
