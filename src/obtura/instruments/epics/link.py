"""A PV as a device uses it: a failure is a `DeviceError` in plain words, and comes within a known time."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError, MisfitError, one_line
from obtura.instruments.epics.wires import (
    Ask,
    Kind,
    Metadata,
    Reading,
    RefusedError,
    Remote,
    Request,
    Tell,
    Wire,
    wire_of,
)
from obtura.works.clock import Flag, clock

__all__ = [
    "GLANCE",
    "NAMED",
    "TIMEOUT",
    "Answer",
    "InvalidError",
    "Link",
    "absent",
    "ask_all",
    "begin_to_ask",
    "not_found",
    "read_all",
    "refresh",
    "require_all",
]

TIMEOUT = 2.0
"""Seconds that a server has to be found or to answer."""

GLANCE = 0.01
SLICE = 0.05
AGAIN = 0.25
"""Seconds after which a PV that a call waits for is searched for again; left alone, clients soon take 5 s and more."""

FRESH = 1.0
"""Seconds for which units and limits read from the server are believed."""

KEPT = 50
"""So many exchanges of a PV are kept."""

NAMED = 20
"""So many of the PVs that are not connected are named in a message."""


class InvalidError(DeviceError):
    """The server answers, but has no valid value: it has lost its device, or was never given a value."""


class Link:
    """One PV of a device. `timeout`: s that its server has to be found, and to answer.

    `pv`: by Channel Access, or `ca://...`; `pva://...`: by PV Access.
    """

    def __init__(self, device: str, pv: str, timeout: float = TIMEOUT) -> None:
        self.device = device
        self.name = pv
        self.timeout = timeout
        self.losses = 0
        """How often its server was lost."""
        self.last_error = ""
        self._born = clock.time()
        self._was_connected = False
        self._since = clock.epoch()
        self._control: tuple[float, Metadata] = (-FRESH, Metadata())
        self._said: deque[tuple[float, float, str, Any, str]] = deque(maxlen=KEPT)
        self.wire, name = wire_of(pv)
        self.remote = self.wire.find(name, self._changed)

    def __repr__(self) -> str:
        return f"Link({self.name!r}, {self.state})"

    # -- connection ---------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a server for it now."""
        return self.remote.connected

    @property
    def state(self) -> str:
        """`connected since 14:02:11`, or why it is not."""
        since = time.strftime("%H:%M:%S", time.localtime(self._since))
        if self.connected:
            return f"connected since {since}"
        if self.remote.was_found:
            return f"not connected (lost at {since})"
        return f"not connected (no answer from any IOC since {since})"

    def require(self, operation: str) -> None:
        """Return when connected; raise `DeviceTimeoutError` when it is not within `timeout`."""
        require_all([self], operation)

    def settle(self) -> bool:
        """Whether it is connected; one that was made just now has its `timeout` to become so."""
        return self.connected or not not_found([self], self._born + self.timeout)

    def _changed(self, connected: bool) -> None:
        if connected != self._was_connected:  # caproto repeats itself when another device shares the PV
            self._since = clock.epoch()
            self._was_connected = connected
            self.losses += not connected
            self.note("", 0.0, "connected" if connected else None, "" if connected else "connection lost")

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was asked, told and answered last, the oldest first."""
        return [
            Exchange(when, took, sent, "" if answer is None else _shown(answer), error)
            for when, took, sent, answer, error in self._said.copy()
        ]

    def note(self, sent: str, took: float, answer: Any = None, error: str = "") -> None:
        """Keep an exchange that has ended just now. `sent`: without the name of the PV."""
        self._said.append((clock.epoch() - took, took, f"{self.name}{sent}", answer, error))
        if error:
            self.last_error = error

    # -- values -------------------------------------------------------------------------------------------

    def read(self, operation: str) -> float:
        """The present value, a number."""
        return read_all([self], operation)[0]

    def read_text(self, operation: str) -> str:
        """The present value as text: the name of the state of an enum."""
        return str(self.valid(operation, ask_all([self], operation, Kind.TEXT)[0]))

    def reading(self, operation: str) -> Reading:
        """The present value, whatever it is."""
        reading: Reading = ask_all([self], operation, Kind.VALUE)[0]
        return reading

    def read_array(self, operation: str) -> npt.NDArray[Any]:
        """The present value as an array: of a waveform as many values as it has just now."""
        return self.array_of(operation, self.reading(operation))

    def control(self, operation: str) -> Metadata:
        """What the server says of the PV beside its value: units, control limits, states. At most `FRESH` s old."""
        if not self.is_fresh:
            refresh([self], operation)
        return self._control[1]

    @property
    def is_fresh(self) -> bool:
        """Whether what is known of units and limits needs not be asked for."""
        return clock.time() - self._control[0] < FRESH and self.connected

    def learn(self, metadata: Metadata) -> None:
        """Take units and limits that were read just now."""
        self._control = (clock.time(), metadata)

    def unit(self) -> str | None:
        """The PV's engineering unit; None when it has none or there is no connection."""
        if not self.settle():
            return None
        return self.control("unit").units or None

    def check_writable(self, operation: str) -> None:
        """Raise `DeviceError` unless connected and the server lets this user put to the PV."""
        self.require(operation)
        if not self.remote.may_be_put:
            raise self.failure(operation, "may not be put to: the IOC gives this user no right to write")

    def put(self, value: float | str, operation: str, confirm: bool = True) -> "Answer":
        """Put a value and return; wait for the `Answer` to know when the server has processed it.

        Text goes as text, e.g. the name of an enum's state. Without `confirm` there will be no answer.
        """
        check_may_be_told(self.device, operation)
        self.check_writable(operation)
        answer = Answer(self, operation, f"did not confirm the put of {value}; does the IOC refuse it, or hang?")
        answer.told = f" := {value}"
        answer.request = Tell(self.remote, value, answer.arrived if confirm else None)
        _send([answer])
        if answer.unsent:
            raise answer.lost()
        if not confirm:
            self.note(answer.told, 0.0)
        return answer

    # -- what a response says -----------------------------------------------------------------------------

    def failure(self, operation: str, what: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
        """The error that says what is wrong with this PV."""
        place = f"{self.device}.{operation} failed" if operation else self.device
        return kind(f"{place}: PV {self.name} {what}")

    def understood(self, operation: str, kind: Kind | None, response: Any) -> Any:
        """What a response says; raises `DeviceError` when it is a refusal, or makes no sense."""
        try:
            return self.wire.understood(self.remote, kind, response)
        except RefusedError as error:
            kind_of = DeviceLostError if error.is_lost else MisfitError
            raise self.failure(operation, f"was refused by its IOC: {error}", kind_of) from None
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise self.failure(operation, f"was answered with what makes no sense: {one_line(error)}") from error

    def number_of(self, operation: str, reading: Reading) -> float:
        """The valid number that was read; raises `DeviceError` when it is none."""
        value = self.valid(operation, reading)
        if type(value) is float:
            return value
        if isinstance(value, str):
            raise self.failure(operation, f"is text ({value!r}), not a number", MisfitError)
        if isinstance(value, np.ndarray):
            raise self.failure(operation, f"is an array of {value.size}, not a number", MisfitError)
        raise self.failure(operation, f"is a structure ({_shown(value)}), not a number", MisfitError)

    def array_of(self, operation: str, reading: Reading) -> npt.NDArray[Any]:
        """The valid array that was read; raises `DeviceError` when it is none."""
        value = self.valid(operation, reading)
        if isinstance(value, float):
            value = np.array([value])
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
            raise self.failure(operation, f"is no array of numbers ({_shown(value)})", MisfitError)
        return value

    def valid(self, operation: str, reading: Reading) -> Any:
        """The value that was read; raises `DeviceError` unless it is valid."""
        if reading.invalid:
            what = f"has no valid value (INVALID, {reading.invalid}): the IOC runs, look at what is behind it"
            raise self.failure(operation, what, InvalidError)
        return reading.value


class Answer:
    """What a server will answer. `done` is set when it is there."""

    def __init__(self, link: Link, operation: str, silence: str, kind: Kind | None = None) -> None:
        self.done = Flag()
        self.told = ""
        self.unsent = False
        self.request: Request = Ask(link.remote, kind or Kind.VALUE, self.arrived)
        self.link = link
        self._kind = kind
        self._operation = operation
        self._silence = silence
        self._response: Any = None
        self._began = clock.time()
        self._noted = False

    def arrived(self, response: Any) -> None:
        """Take the response; called on a thread of the client's."""
        self._response = response
        self.done.set()

    def result(self) -> Any:
        """What the response that has come says; raises `DeviceError` when it is a refusal."""
        try:
            said = self.link.understood(self._operation, self._kind, self._response)
        except DeviceError as error:
            self._note(error=str(error))
            raise
        self._note(said.value if isinstance(said, Reading) else said)
        return said

    def wait(self, deadline: float) -> Any:
        """What is answered, at the latest at `deadline` (clock); raises `DeviceError`."""
        while not self.done.is_set:
            if self.unsent:
                raise self.lost()
            left = deadline - clock.time()
            if left <= 0:
                self.link.wire.drop(self.request)
                raise self._failed(self._silence, DeviceTimeoutError)
            # A last answer may still be on its way through the client's threads when the connection is gone.
            if not self.link.connected and not clock.wait(self.done, min(SLICE, left)):
                raise self.lost()
            clock.wait(self.done, min(SLICE, left))
        return self.result()

    def lost(self) -> DeviceError:
        """The error for a connection that ended before the answer came."""
        self.link.wire.drop(self.request)
        what = f"did not answer: {self.link.state}; is the IOC running? {self.link.wire.servers_asked()}"
        return self._failed(what, DeviceLostError)

    def _failed(self, what: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
        self._note(error=what)
        return self.link.failure(self._operation, what, kind)

    def _note(self, answer: Any = None, error: str = "") -> None:
        if not self._noted:
            self._noted = True
            self.link.note(self.told, clock.time() - self._began, answer, error)


def read_all(links: Sequence[Link], operation: str) -> list[float]:
    """The present values of several PVs, asked for together; each must be a valid number."""
    readings = ask_all(links, operation, Kind.VALUE)
    return [link.number_of(operation, reading) for link, reading in zip(links, readings, strict=True)]


def refresh(links: Sequence[Link], operation: str) -> None:
    """Have units and limits of several, asked for together."""
    for link, metadata in zip(links, ask_all(links, operation, Kind.CONTROL), strict=True):
        link.learn(metadata)


def ask_all(links: Sequence[Link], operation: str, kind: Kind) -> list[Any]:
    """What several servers say, asked together: a `Reading` or `Metadata` for each.

    Raises:
        DeviceError: of the first that has no connection, does not answer in time, or refuses.
    """
    require_all(links, operation)
    answers = begin_to_ask(links, operation, kind)
    deadline = clock.time() + max((link.timeout for link in links), default=0.0)
    return [answer.wait(deadline) for answer in answers]


def begin_to_ask(links: Sequence[Link], operation: str, kind: Kind) -> list[Answer]:
    """Ask several, which are connected, together, in one message to each server; the answers will come."""
    answers = [
        Answer(link, operation, f"did not answer within {link.timeout:g} s; does the IOC hang?", kind) for link in links
    ]
    _send(answers)
    return answers


def _send(answers: Sequence[Answer]) -> None:
    """Send together what has a connection; what lost it just now will be an error of who waits for it."""
    by_wire: dict[Wire, list[Answer]] = {}
    for answer in answers:
        by_wire.setdefault(answer.link.wire, []).append(answer)
    for wire, theirs in by_wire.items():
        while theirs:
            try:
                wire.send([answer.request for answer in theirs])
                break
            except OSError:
                lost = [answer for answer in theirs if not answer.link.connected] or theirs
                for answer in lost:
                    answer.unsent = True
                theirs = [answer for answer in theirs if not answer.unsent]


def require_all(links: Sequence[Link], operation: str) -> None:
    """Return when all are connected; raise `DeviceTimeoutError` when one is not within the longest `timeout`."""
    if all([link.remote.connected for link in links]):
        return
    missing = not_found(links, clock.time() + max(link.timeout for link in links))
    if missing:
        raise absent(missing[0], operation, len(missing))


def absent(link: Link, operation: str, number: int = 1) -> DeviceError:
    """The error for a PV that is not connected, and for so many in all."""
    others = {1: "", 2: ", and so is another"}.get(number, f", and so are {number - 1} others")
    name = "" if link.remote.was_found else " Is its name right?"  # that can't be told from an IOC that is down
    what = f"is {link.state}{others}; is the IOC running?{name} {link.wire.servers_asked()}"
    link.note("", 0.0, error=link.state)
    return link.failure(operation, what, DeviceTimeoutError)


def not_found(links: Sequence[Link], deadline: float) -> list[Link]:
    """Wait until all are connected, or until `deadline` (clock); those that are not."""
    missing = [link for link in links if not link.connected]
    again = clock.time() + AGAIN
    if missing and clock.time() < deadline:
        for wire, remotes in _by_wire(missing):
            wire.search_again(remotes)
    while missing and clock.time() < deadline:
        clock.sleep(GLANCE)
        missing = [link for link in missing if not link.connected]
        if missing and clock.time() >= again:
            for wire, remotes in _by_wire(missing):
                wire.search_now(remotes)
            again += AGAIN
    return missing


def _by_wire(links: Sequence[Link]) -> list[tuple[Wire, list[Remote]]]:
    return [(wire, [link.remote for link in links if link.wire is wire]) for wire in {link.wire for link in links}]


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.size} values"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= KEPT else f"{text[:KEPT]}..."
