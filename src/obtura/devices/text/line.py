"""A line to instruments that are spoken to in text. What is said over it is said by one thread.

The problem. Two counters of one instrument are read by two threads, and a hook on the main thread opens its shutter:
their messages must not mix. A lock alone does not do: a Ctrl-C in the main thread, between a question and its answer,
leaves the answer behind, and one between two bytecodes leaves the lock behind.

The solution. Whoever speaks takes a lock; but what the main thread has to say is said by a lane, a thread of the line's
own, where no Ctrl-C comes, while the main thread waits for a flag. Who is interrupted while he waits leaves: what has
not been begun is not begun any more, and an exchange that runs runs to its end. Other threads, as the lanes of scans,
speak for themselves: to hand over takes longer than many an instrument. So does the main thread, when a scan runs and
all is ready for a single question: a Ctrl-C is let in only where the answer is waited for, and then the lane does so.
"""

import codecs
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import check_may_be_told
from obtura.devices.text.serial_port import SerialPort, SerialSettings
from obtura.devices.text.talk import LONGEST_WAIT, LineError, Talk
from obtura.devices.text.transport import Tcp, Transport, shown
from obtura.devices.text.visa import Visa
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.works.clock import Flag
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Call, ThreadLane

__all__ = ["ENDS", "TIMEOUT", "Line", "SerialLine", "TcpLine", "VisaLine", "encoding_of", "end_of", "line_to"]

R = TypeVar("R")

TIMEOUT = 2.0
"""Seconds that an instrument has to be connected to, and to answer."""

ENDS = {"LF": "\n", "CR": "\r", "CRLF": "\r\n", "LFCR": "\n\r", "NUL": "\0"}


def end_of(end: str) -> str:
    """What ends a message: one of the names in ENDS, or the characters themselves.

    Raises:
        UsageError: it is empty, or a backslash was meant to be a control character.
    """
    if not end or "\\" in end:
        names = ", ".join(ENDS)
        raise UsageError(f"expected what ends a message: {names}, or the characters in double quotes, got {end!r}")
    return ENDS.get(end, end)


def encoding_of(name: str) -> str:
    """How texts are sent, by a name that Python knows: utf-8, ascii, latin-1.

    Raises:
        UsageError: it is none.
    """
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise UsageError(f"expected an encoding, as utf-8, ascii or latin-1, got {name!r}") from None


class Line:
    """A line to one instrument, or several on a bus. It connects when it is first used, and again when it was lost.

    `end`: what ends a message, LF, CR, CRLF or the characters themselves; `answer_end`: what ends an answer, if that is
    something else. `timeout`: s that it has to connect, and an answer to come. `rest`: s between two messages.
    """

    def __init__(
        self,
        transport: Transport,
        end: str = "LF",
        answer_end: str | None = None,
        timeout: Positive = TIMEOUT,
        encoding: str = "utf-8",
        rest: NotNegative = 0.0,
    ) -> None:
        encoding = encoding_of(encoding)
        sent, received = (end_of(each).encode(encoding) for each in (end, answer_end or end))
        self.form = {"end": end, "answer_end": answer_end, "timeout": timeout, "encoding": encoding, "rest": rest}
        self.timeout = timeout
        self._talk = Talk(transport, sent, received, timeout, encoding, rest)
        self._may_be_left = transport.may_be_left
        self._turn = threading.Lock()
        self._said = ""
        self._lanes: dict[str, ThreadLane] = {}  # none or one

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @property
    def address(self) -> str:
        """Where it leads to."""
        return self._talk.transport.address

    @property
    def connection(self) -> str:
        """Where it leads to, whether and since when it is connected."""
        return f"{self.address}, {self._talk.state}"

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last, the oldest first; what was said does not mean that it was understood."""
        return self._talk.trace

    def described(self) -> Mapping[str, Any]:
        """What another process makes the same line of, by `line_to`.

        Raises:
            UsageError: none can.
        """
        transport = self._talk.transport.described()
        if transport is None:
            raise UsageError(f"no other process can use the line to {self.address}")
        return {**transport, **self.form}

    def write(self, text: str) -> None:
        """Say something that is not answered.

        Raises:
            LineError (a DeviceError): it can't be said.
            DeviceError: devices are only asked.
        """
        check_may_be_told(self.address, "write")
        self.together(lambda talk: talk.write(text), text)

    def query(self, text: str, timeout: float | None = None) -> str:
        """Ask, and give back the answer.

        Raises:
            LineError (a DeviceError): it can't be said, or no answer comes within `timeout` s (its own if None).
        """
        return self.together(lambda talk: talk.query(text, timeout), text)

    def together(self, function: Callable[[Talk], R], what: str = "several messages") -> R:
        """Call `function(talk)` with the line to itself and connected: several messages that belong together.

        It may be called on another thread, and must not use the line but by `talk`. `what` it is called in messages.

        Raises:
            LineError (a DeviceError): it can't be connected, or is busy with somebody else's for longer than its
                timeout; and whatever `function` raises.
        """

        def speak() -> R:
            self._talk.ready()
            return function(self._talk)

        return self._safely(speak, what)

    def exchange(self, text: str, timeout: float, met: tuple[int, int]) -> str | None:
        """The answer to a question, if it can be asked here and now; None: nothing was said, `together` is the way.

        `met`: the restarts and doubts that whoever asks knows of; after others he has to say something first.

        Raises:
            LineError (a DeviceError): it can't be said, or no answer comes within `timeout` s.
        """
        was = doors.shut_forward() if self._may_be_left else None
        if was is None:
            return None
        try:
            if not self._turn.acquire(False):
                return None
            try:
                talk, answer = self._talk, None
                if talk.is_at_hand() and (talk.restarts, talk.doubts) == met:
                    self._said = text
                    answer = talk.query(text, timeout)
            except Exception:
                self._turn.release()
                raise
            except BaseException:  # Ctrl-C; it is in the middle of an exchange, for that is where it can come in
                self._started().submit(Call(text, self._see_off))
                raise
            self._turn.release()
            return answer
        finally:
            doors.reopen(was)

    def _see_off(self) -> None:
        try:
            self._talk.see_off()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Disconnect, once what is being said is said. When it is used again, it connects again."""
        self._safely(self._talk.close, "close")
        lane = self._lanes.pop("", None)
        if lane is not None:
            lane.close()

    def _safely(self, function: Callable[[], R], what: str) -> R:
        """Call it in its turn; what the main thread wants is called on the lane."""
        if threading.current_thread() is not threading.main_thread():
            return self._in_turn(function, what)
        results: list[R] = []
        left = Flag()
        call = Call(what, lambda: results.append(self._in_turn(function, what, left)))
        try:
            self._started().submit(call)
            while not call.done.is_set:
                call.done.stand_by(SLICE)
        except BaseException:
            left.set()
            raise
        if call.error is not None:
            raise call.error
        return results[0]

    def _in_turn(self, function: Callable[[], R], what: str, left: Flag | None = None) -> R:
        """Call it once nobody else speaks, on a thread to which no Ctrl-C comes; not when who wanted it has `left`."""
        if not self._turn.acquire(timeout=min(self.timeout, LONGEST_WAIT)):
            raise LineError(f"{self.address} has been busy with {shown(self._said)} for {self.timeout:g} s")
        try:
            if left is not None and left.is_set:
                raise LineError(f"{self.address} was not told {shown(what)}: who wanted it was interrupted")
            self._said = what
            return function()
        finally:
            self._turn.release()

    def _started(self) -> ThreadLane:
        """Its lane."""
        lane = self._lanes.get("")
        if lane is None:
            lane = self._lanes[""] = ThreadLane(f"line {self.address}")
        return lane


class TcpLine(Line):
    """A line by TCP, to `host:port`. The rest: see `Line`."""

    def __init__(
        self,
        url: str,
        end: str = "LF",
        answer_end: str | None = None,
        timeout: Positive = TIMEOUT,
        encoding: str = "utf-8",
        rest: NotNegative = 0.0,
    ) -> None:
        super().__init__(Tcp(url), end, answer_end, timeout, encoding, rest)


class SerialLine(Line):
    """A line by a serial port: `/dev/ttyUSB0`, or its settings. The rest: see `Line`."""

    def __init__(
        self,
        port: str | SerialSettings,
        end: str = "LF",
        answer_end: str | None = None,
        timeout: Positive = TIMEOUT,
        encoding: str = "utf-8",
        rest: NotNegative = 0.0,
    ) -> None:
        settings = SerialSettings(port) if isinstance(port, str) else port
        super().__init__(SerialPort(settings), end, answer_end, timeout, encoding, rest)


class VisaLine(Line):
    """A line by a VISA resource, as `TCPIP::10.0.0.5::INSTR`. `backend`: see PyVISA; the rest: see `Line`."""

    def __init__(
        self,
        resource: str,
        backend: str = "@py",
        end: str = "LF",
        answer_end: str | None = None,
        timeout: Positive = TIMEOUT,
        encoding: str = "utf-8",
        rest: NotNegative = 0.0,
    ) -> None:
        transport = Visa(resource, backend, end_of(answer_end or end).encode(encoding))
        super().__init__(transport, end, answer_end, timeout, encoding, rest)


def line_to(
    tcp: str | None = None,
    serial: "str | SerialSettings | Mapping[str, Any] | None" = None,
    visa: str | None = None,
    backend: str = "@py",
    **form: Any,
) -> Line:
    """The line that just one of `tcp`, `serial` and `visa` describes.

    Raises:
        UsageError: none of them does, or several.
    """
    if sum(each is not None for each in (tcp, serial, visa)) != 1:
        raise UsageError("say how to reach it, by one of tcp: host:port, serial: PORT, visa: RESOURCE, line: $line")
    if tcp is not None:
        return TcpLine(tcp, **form)
    if visa is not None:
        return VisaLine(visa, backend, **form)
    assert serial is not None
    return SerialLine(SerialSettings(**serial) if isinstance(serial, Mapping) else serial, **form)
