"""A PV as a device uses it: a failure is a `DeviceError` in plain words, and comes within a known time."""

import os
import time
from collections.abc import Sequence
from typing import Any, Protocol

from caproto import AccessRights, AlarmSeverity, AlarmStatus, CaprotoError, ChannelType

from obtura.ground.errors import DeviceError
from obtura.instruments.epics.wire import Read, Write, wire
from obtura.works.clock import Flag, clock

__all__ = ["TIMEOUT", "Answer", "InvalidError", "Link", "Linked", "connect", "not_found", "read_all", "servers_asked"]

TIMEOUT = 2.0
"""Seconds that a server has to be found or to answer."""

GLANCE = 0.01
SLICE = 0.05
AGAIN = 0.25
"""Seconds after which a PV that a call waits for is searched for again; left alone, caproto soon takes 5 s."""

FRESH = 1.0
"""Seconds for which units and limits read from the server are believed."""


class InvalidError(DeviceError):
    """The server answers, but has no valid value: it has lost its device, or was never given a value."""


class Link:
    """One PV of a device. `timeout`: s that its server has to be found, and to answer."""

    def __init__(self, device: str, pv: str, timeout: float = TIMEOUT) -> None:
        self.device = device
        self.name = pv
        self.timeout = timeout
        self._born = clock.time()
        self._was_connected = False
        self._since = clock.epoch()
        self._control: tuple[float, Any] = (-FRESH, None)
        self.pv = wire().pv(pv, self._changed)

    def __repr__(self) -> str:
        return f"Link({self.name!r}, {self.state})"

    # -- connection ---------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a server for it now."""
        return bool(self.pv.connected)

    @property
    def state(self) -> str:
        """`connected since 14:02:11`, or why it is not."""
        since = time.strftime("%H:%M:%S", time.localtime(self._since))
        if self.connected:
            return f"connected since {since}"
        if self.pv.channel is not None:
            return f"not connected (lost at {since})"
        return f"not connected (no answer from any IOC since {since})"

    def require(self, operation: str) -> None:
        """Return when connected; raise `DeviceError` when it is not within `timeout`."""
        if not_found([self], clock.time() + self.timeout):
            raise self.failure(operation, f"is {self.state}; is the IOC running? {servers_asked()}")

    def settle(self) -> bool:
        """Whether it is connected; one that was made just now has its `timeout` to become so."""
        return self.connected or not not_found([self], self._born + self.timeout)

    def _changed(self, _pv: Any, state: str) -> None:
        connected = state == "connected"
        if connected != self._was_connected:  # caproto repeats itself when another device shares the PV
            self._since = clock.epoch()
            self._was_connected = connected

    # -- values -------------------------------------------------------------------------------------------

    def read(self, operation: str) -> float:
        """The present value, a number."""
        return read_all([self], operation)[0]

    def read_text(self, operation: str) -> str:
        """The present value as text: the name of the state of an enum."""
        response = _ask_all([self], operation, ChannelType.STS_STRING)[0]
        return str(_valid(self, operation, response).data[0].decode("latin-1"))

    def control(self, operation: str) -> Any:
        """What the server says of the PV beside its value: units, control limits. At most `FRESH` s old."""
        read, metadata = self._control
        if clock.time() - read >= FRESH or not self.connected:
            metadata = _ask_all([self], operation, "control")[0].metadata
            self._control = (clock.time(), metadata)
        return metadata

    def unit(self) -> str | None:
        """The PV's engineering unit; None when it has none or there is no connection."""
        if not self.settle():
            return None
        return getattr(self.control("unit"), "units", b"").decode("latin-1").strip() or None

    def check_writable(self, operation: str) -> None:
        """Raise `DeviceError` unless connected and the server lets this user put to the PV."""
        self.require(operation)
        rights = self.pv.access_rights
        if rights is not None and AccessRights.WRITE not in rights:
            raise self.failure(operation, "may not be put to: the IOC gives this user no right to write")

    def put(self, value: float | str, operation: str, confirm: bool = True) -> "Answer":
        """Put a value and return; wait for the `Answer` to know when the server has processed it.

        Text goes as text, e.g. the name of an enum's state. Without `confirm` there will be no answer.
        """
        self.check_writable(operation)
        answer = Answer(self, operation, f"did not confirm the put of {value}; does the IOC refuse it, or hang?")
        kind = ChannelType.STRING if isinstance(value, str) else None
        _send([Write(self.pv, answer.arrived if confirm else None, kind, value)], [answer])
        return answer

    def failure(self, operation: str, what: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
        """The error that says what is wrong with this PV."""
        place = f"{self.device}.{operation} failed" if operation else self.device
        return kind(f"{place}: PV {self.name} {what}")


class Answer:
    """What a server will answer. `done` is set when it is there."""

    def __init__(self, link: Link, operation: str, silence: str) -> None:
        self.done = Flag()
        self._link = link
        self._operation = operation
        self._silence = silence
        self._response: Any = None

    def arrived(self, response: Any) -> None:
        """Take the response; called on a thread of caproto's."""
        self._response = response
        self.done.set()

    def result(self) -> Any:
        """The response that has come; raises `DeviceError` when it is a refusal."""
        if not self._response.status.success:
            raise self._link.failure(self._operation, f"was refused by its IOC: {self._response.status.name}")
        return self._response

    def wait(self, deadline: float) -> Any:
        """The response, at the latest at `deadline` (clock); raises `DeviceError`."""
        while not self.done.is_set:
            left = deadline - clock.time()
            if left <= 0:
                raise self._link.failure(self._operation, self._silence)
            # A last answer may still be on its way through caproto's threads when the connection is gone.
            if not self._link.connected and not clock.wait(self.done, min(SLICE, left)):
                raise self.lost()
            clock.wait(self.done, min(SLICE, left))
        return self.result()

    def lost(self) -> DeviceError:
        """The error for a connection that ended before the answer came."""
        what = f"did not answer: {self._link.state}; is the IOC running? {servers_asked()}"
        return self._link.failure(self._operation, what)


class Linked(Protocol):
    """A device made of PVs."""

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""


def read_all(links: Sequence[Link], operation: str) -> list[float]:
    """The present values of several PVs, asked for together; each must be a valid number."""
    responses = _ask_all(links, operation, "status")
    return [_number(link, operation, response) for link, response in zip(links, responses, strict=True)]


def not_found(links: Sequence[Link], deadline: float) -> list[Link]:
    """Wait until all are connected, or until `deadline` (clock); those that are not."""
    missing = [link for link in links if not link.connected]
    again = clock.time() + AGAIN
    if missing and clock.time() < deadline:
        wire().search_again([link.pv for link in missing])
    while missing and clock.time() < deadline:
        clock.sleep(GLANCE)
        missing = [link for link in missing if not link.connected]
        if clock.time() >= again:
            wire().search_now()
            again += AGAIN
    return missing


def connect(*devices: Linked, timeout: float = 5.0) -> None:
    """Wait for the PVs of all devices, together no longer than `timeout` s.

    Raises:
        DeviceError: it names every PV that did not connect.
    """
    links = [link for device in devices for link in device.links]
    if missing := not_found(links, clock.time() + timeout):
        names = ", ".join(f"{link.device}: PV {link.name}" for link in missing)
        raise DeviceError(
            f"{len(missing)} of {len(links)} PVs did not connect within {timeout:g} s: {names}; "
            f"is the IOC running? {servers_asked()}"
        )


def _ask_all(links: Sequence[Link], operation: str, data_type: Any) -> list[Any]:
    for link in links:
        link.require(operation)
    deadline = clock.time() + max(link.timeout for link in links)
    answers = [
        Answer(link, operation, f"did not answer within {link.timeout:g} s; does the IOC hang?") for link in links
    ]
    requests = [Read(link.pv, answer.arrived, data_type) for link, answer in zip(links, answers, strict=True)]
    _send(requests, answers)
    return [answer.wait(deadline) for answer in answers]


def _send(requests: Sequence[Read | Write], answers: Sequence[Answer]) -> None:
    try:
        wire().send(*requests)
    except (OSError, CaprotoError) as error:
        lost = [answer for answer, request in zip(answers, requests, strict=True) if not request.pv.connected]
        raise (lost or answers)[0].lost() from error


def _valid(link: Link, operation: str, response: Any) -> Any:
    if response.metadata.severity == AlarmSeverity.INVALID_ALARM:
        status = AlarmStatus(response.metadata.status).name
        what = f"has no valid value (INVALID, {status}): the IOC runs, look at what is behind it"
        raise link.failure(operation, what, InvalidError)
    return response


def _number(link: Link, operation: str, response: Any) -> float:
    data = _valid(link, operation, response).data
    if len(data) != 1:
        raise link.failure(operation, f"is an array of {len(data)}, not a number")
    if isinstance(data[0], bytes):
        raise link.failure(operation, f"is text ({data[0].decode('latin-1')!r}), not a number")
    return float(data[0])


def servers_asked() -> str:
    """Who is asked for PVs, for the end of a message."""
    servers = os.environ.get("EPICS_CA_ADDR_LIST")
    return f"EPICS_CA_ADDR_LIST={servers}" if servers else "EPICS_CA_ADDR_LIST is not set"
