"""The line to one Tango device, for whoever wants something of it: a failure comes within a known time.

The problem. Tango's client is C++: while a call of it waits, no Ctrl-C is delivered to that thread; and it wants every
thread that calls it to be known to its omniORB.

The solution. A call to a device is made on a thread of its own, its lane, which omniORB knows; whoever wants something
waits for a flag, no longer than a known time, and may be interrupted: what was not begun then is not begun any more.
The lanes of scans, to which no Ctrl-C comes, speak for themselves, in turn.

Tango's own asynchronous requests are no way around that. They go to a thread, too, and whoever waits for the reply
can't be interrupted, or looks for it every 20 ms, or is called back, which takes longer than to hand over by oneself.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError, MisfitError
from obtura.instruments.tango.address import Address
from obtura.instruments.tango.omni import is_known, know_this_thread, tango
from obtura.instruments.tango.wire import LONGEST, Wire, milliseconds
from obtura.works.clock import clock
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Call, ThreadLane

__all__ = ["TIMEOUT", "Link"]

R = TypeVar("R")

TIMEOUT = 3.0
"""Seconds that a device has to be connected to, and to answer."""

GRACE = 0.5
"""Seconds after which a call that should have ended by its own time limit is waited for no more."""

FRESH = 10.0
"""Seconds for which the configuration of an attribute is believed."""

GLANCE = 0.01
"""Seconds for which the lane waits whether a command that may be long is short."""

KINDS = (DeviceTimeoutError, DeviceLostError, MisfitError, DeviceError)
"""What a user is told with, whatever it is within."""

POLL = 0.02
"""Seconds between two looks whether a long command has ended."""


class Link:
    """The line to a device. `timeout`: s that it has to be connected to, and to answer."""

    def __init__(self, address: Address, timeout: float = TIMEOUT) -> None:
        self.address = address
        self.timeout = min(timeout, LONGEST)
        self.wire = Wire(address, self.timeout)
        self._configs: dict[str, tuple[float, int, Any]] = {}  # when it was read (monotonic), on which connection
        self._commands: tuple[int, list[str]] = -1, []  # of which connection
        self._turn = threading.Lock()
        self._lanes: dict[str, ThreadLane] = {}  # none or one

    # -- what may be said -----------------------------------------------------------------------------------

    def ask(self, who: str, what: str, function: Callable[[Any], R]) -> R:
        """What `function(proxy)` gives, on the lane; asked once more when the connection was lost meanwhile.

        `who` wants it, and `what` it is, for messages.

        Raises:
            DeviceError: it can't be had; a DeviceTimeoutError when no answer comes in time.
        """
        return self._called(who, what, partial(self.wire.asked, what, function))

    def tell(self, device: str, operation: str, what: str, function: Callable[[Any], R]) -> R:
        """As `ask`, for what changes something: it is told once, and to a server that has just answered."""
        return self._sent(device, operation, what, partial(self.wire.told, what, function))

    def _sent(self, device: str, operation: str, what: str, function: Callable[[float], R]) -> R:
        """Every order goes this way."""
        check_may_be_told(device, operation)
        return self._called(f"{device}.{operation} failed", what, function)

    def write(self, device: str, operation: str, attribute: str, value: Any) -> None:
        """Write an attribute. The name of a state of an enum will do for its number."""
        config, number = self.written(f"{device}.{operation} failed", attribute, value)
        self.tell(
            device,
            operation,
            f"{attribute} = {value}",
            lambda proxy: proxy.write_attribute(config, number),
        )

    def written(self, who: str, attribute: str, value: Any) -> tuple[Any, Any]:
        """The configuration of an attribute, and what is written to it for `value`: of the name of a state its number.

        Raises:
            DeviceError: an enum has no state of this name.
        """
        config = self.config(who, attribute)
        labels = list(config.enum_labels)
        if not (labels and isinstance(value, str)):
            return config, value
        if value not in labels:
            raise DeviceError(f"{who}: {self.address} {attribute} has no {value!r} (it has: {', '.join(labels)})")
        return config, labels.index(value)

    def check_command(self, who: str, command: str) -> None:
        """Raise `DeviceError` when the device has no such command. It is asked once for each connection."""
        nth, commands = self._commands
        if nth != self.wire.restarts or not self.is_connected:
            commands = self.ask(who, "its commands", lambda proxy: list(proxy.get_command_list()))
            self._commands = self.wire.restarts, commands
        if command.lower() not in (each.lower() for each in commands):
            raise DeviceError(f"{who}: {self.address} has no command {command!r} (it has: {', '.join(commands)})")

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
            return self.wire.patient(timeout).command_inout_asynch(command, argument)

        began = time.monotonic()
        number = self._sent(device, operation, what, partial(self.wire.told, "", send))
        return self._reply(f"{device}.{operation} failed", what, number, began, timeout)

    def _reply(self, who: str, what: str, number: int, began: float, timeout: float) -> Any:
        not_arrived = tango().AsynReplyNotArrived
        sent, nothing, waiting = self.wire.restarts, object(), [milliseconds(GLANCE)]

        def look(proxy: Any) -> Any:
            if self.wire.restarts != sent:
                raise DeviceLostError(f"{self.address} was lost during {what}")
            try:
                return self.wire.patient(timeout).command_inout_reply(number, *waiting)
            except not_arrived:
                return nothing

        try:
            while time.monotonic() < began + timeout + GRACE:
                answer = self._called(who, f"{what} done?", lambda limit: self.wire.asked("", look, limit, timeout))
                if answer is not nothing:
                    self.wire.note(what, began, answer)
                    return answer
                waiting.clear()
                clock.sleep(POLL)
            raise DeviceTimeoutError(f"{who}: {self.address} did not answer {what} within {timeout:g} s")
        except BaseException:
            self._started().submit(Call("forget", lambda: self._forget(sent, number, timeout)))
            raise

    def _forget(self, sent: int, number: int, timeout: float) -> None:
        if self.is_connected and self.wire.restarts == sent:
            self.wire.patient(timeout).cancel_asynch_request(number)

    def config(self, who: str, attribute: str) -> Any:
        """The configuration of an attribute, as tango.AttributeInfoEx; at most `FRESH` s old."""
        return self.configs(who, [attribute])[0]

    def configs(self, who: str, attributes: Sequence[str]) -> list[Any]:
        """The configurations of several attributes, asked for together."""
        now, nth = time.monotonic(), self.wire.restarts
        stale = [each for each in attributes if not self._is_fresh(each, now, nth)]
        if stale:
            what = f"configuration of {', '.join(stale)}"
            found = self.ask(who, what, lambda proxy: list(proxy.get_attribute_config_ex(stale)))
            nth = self.wire.restarts
            self._configs.update(zip(stale, ((now, nth, each) for each in found), strict=True))
        return [self._configs[each][2] for each in attributes]

    def _is_fresh(self, attribute: str, now: float, nth: int) -> bool:
        read, of, _ = self._configs.get(attribute, (now - FRESH, nth, None))
        return now - read < FRESH and of == nth

    # -- how it is ------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether it was when something was last said."""
        return self.wire.proxy is not None

    @property
    def is_new(self) -> bool:
        """Whether nobody has tried yet to connect it."""
        return self.wire.is_new

    def close(self) -> None:
        """Disconnect, once what is being said is said. When it is used again, it connects again."""
        lane = self._lanes.pop("", None)
        if lane is None:
            return
        call = Call("close", self.wire.drop)
        lane.submit(call)
        call.done.wait(self.timeout)
        lane.close()

    # -- on the thread of whoever wants something ---------------------------------------------------------------

    def _called(self, who: str, what: str, function: Callable[[float], R]) -> R:
        """What `function(limit)` gives; it has until `limit` (monotonic)."""
        is_connected = self.wire.proxy is not None
        if not is_connected:
            tango()  # first of all, for the sake of the message; the first import takes longer than many a timeout
        limit = time.monotonic() + self.timeout
        try:
            if is_connected and is_known():  # to hand over takes longer than many a device to answer
                return self._in_turn(what, function, limit)
            return self._on_lane(what, function, limit)
        except DeviceError as error:
            kind = next(kind for kind in KINDS if isinstance(error, kind))
            raise kind(f"{who}: {error}") from error

    def _on_lane(self, what: str, function: Callable[[float], R], limit: float) -> R:
        """Call it on the lane and wait, a little longer than until `limit`."""
        results: list[R] = []
        left = False

        def work() -> None:
            if left:
                raise DeviceError(f"{self.address} was not asked {what}: who wanted it did not wait")
            results.append(self._in_turn(what, function, limit))

        call = Call(what, work)
        try:
            was = doors.shut()  # a Ctrl-C in a scan would leave behind a call that is waited for, but not queued
            try:
                lane = self._lanes.get("") or self._started()
                lane.submit(call)
            finally:
                doors.reopen(was)
            while not call.done.is_set and (patience := limit + GRACE - time.monotonic()) > 0:
                call.done.stand_by(min(patience, SLICE))
        except BaseException:
            left = True
            raise
        if not call.done.is_set:
            left = True
            raise self._silent(what, lane.busy)
        if call.error is not None:
            raise call.error
        return results[0]

    def _in_turn(self, what: str, function: Callable[[float], R], limit: float) -> R:
        """Call it once nobody else speaks, on a thread that omniORB knows."""
        turn = self._turn
        if not (turn.acquire(False) or turn.acquire(timeout=max(limit - time.monotonic(), 0.0))):
            raise self._silent(what, None)
        try:
            return function(limit)
        finally:
            turn.release()

    def _silent(self, what: str, instead: Call | None) -> DeviceTimeoutError:
        busy = f"; it is busy with {instead.what}" if instead is not None and instead.what != what else ""
        return DeviceTimeoutError(f"{self.address} did not answer {what} within {self.timeout:g} s{busy}")

    def _started(self) -> ThreadLane:
        lane = self._lanes.get("")
        if lane is None:
            lane = self._lanes[""] = ThreadLane(f"tango {self.address}", know_this_thread)
        return lane
