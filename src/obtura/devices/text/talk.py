"""What is said over a line: one message after the other.

The problem. An answer that comes after its time is taken for the answer to the next question, and from then on every
value is that of its neighbour.

The solution. After a question that was not answered, a connection that can be made anew is: what is late arrives at
the old one. A serial port can't; there, what comes is thrown away until nothing comes any more, and `doubts` counts up:
whoever knows a question with an unmistakable answer, as `*IDN?`, asks it and throws away what comes before.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import NoReturn

from obtura.contracts.connections import Exchange
from obtura.devices.text.transport import LONGEST, SHOWN, Transport, shown
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError, one_line
from obtura.works.clock import clock

__all__ = ["LONGEST_WAIT", "LineError", "LostLineError", "SilenceError", "Talk"]

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5
"""Seconds between attempts to connect; each pause is twice the one before."""

LONGEST_REST = 5.0
"""Seconds for which nobody tries again to reach what did not even refuse; what refuses at once is tried at once."""

LONGEST_FAREWELL = 10.0
"""Seconds, at most, for which an answer is waited for that nobody wants any more: a shutter may have to be closed."""

AT_ONCE = 0.1

LONGEST_WAIT = 1e6
"""Seconds, at most, for one wait: a time limit may be infinite, but no system can wait so long."""

QUIET = 0.05
"""Seconds without a byte after which a serial line counts as quiet."""

KEPT = 200
"""So many exchanges are kept, and of each question and answer so many characters."""

KEPT_OF_EACH = 10_000


class LineError(DeviceError):
    """Nothing could be said, or was answered; the message begins with the address."""


class LostLineError(LineError, DeviceLostError):
    """There is no connection."""


class SilenceError(LineError, DeviceTimeoutError):
    """No answer came in time."""


class Talk:
    """The line as it is to who has it to himself: see `Line.together`, which hands it out.

    `restarts`: how often it was connected; `doubts`: how often an answer may still have been on its way.
    `longest_answer`: bytes after which an answer that has no end yet is given up; may be set.
    """

    def __init__(
        self, transport: Transport, end: bytes, answer_end: bytes, timeout: float, encoding: str, rest: float
    ) -> None:
        self.transport = transport
        self.timeout = timeout
        self.longest_answer = LONGEST
        self.restarts = self.doubts = 0
        self._exchanges: deque[tuple[float, float, str, str, str]] = deque(maxlen=KEPT)
        self.is_open = False
        self.since = clock.epoch()
        self.last_error = ""
        self._end, self._answer_end = end, answer_end
        self._encoding = encoding
        self._rest = rest
        self._patience = min(timeout, LONGEST_WAIT)
        self._owed = False
        self._tried = False  # a whole time limit was spent in vain since it was last connected
        self._not_before = self._spoke = 0.0
        self._received = b""
        self._asked = "", 0.0, 0.0, 0.0

    # -- what may be said -----------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Say something that is not answered.

        Raises:
            LineError: it could not be sent.
        """
        began = time.monotonic()
        self._send(text, began)
        self._note(text, self._spoke - began)

    def query(self, text: str, timeout: float | None = None) -> str:
        """Ask, and give back the answer, which has `timeout` s (the line's own, if None).

        Raises:
            LineError: it could not be sent, or the connection was lost.
            SilenceError: no answer came in time.
        """
        began = time.monotonic()
        self._send(text, began)
        if timeout is None:
            timeout = self.timeout
        self._owed = True
        self._asked = asked = text, began, timeout, self._spoke + timeout
        return self._come(*asked)

    def read(self, timeout: float) -> str:
        """What comes next, unasked.

        Raises:
            LineError, SilenceError: as `query`.
        """
        self._owed = False
        began = time.monotonic()
        return self._come("", began, timeout, began + timeout)

    # -- the connection -------------------------------------------------------------------------------------

    def ready(self) -> None:
        """Connect, unless it is; and see to it that no old answer can be taken for a new one.

        Raises:
            LineError: it can't be connected to within the line's timeout.
        """
        if self.is_at_hand():
            return
        if self.is_open and self._owed and self.transport.renews:
            self._close("an answer was owed; connected anew")
        if self.is_open:
            try:
                if unasked := self.transport.drain():
                    self._discard(unasked)
                self._wait_for_quiet()
            except OSError as error:
                self._lose(error)
        if not self.is_open:
            self._open()

    def is_at_hand(self) -> bool:
        """Whether it is connected, and no old answer can be taken for a new one; what came unasked is thrown away."""
        if not self.is_open or self._owed:
            return False
        try:
            if unasked := self.transport.drain():
                self._discard(unasked)
        except OSError as error:
            self._lose(error)
        return self.is_open

    def see_off(self) -> None:
        """Wait for the answer to the last question, which nobody wants any more, as long as there was time for it.

        Not for longer than others can wait: then it is owed, and the connection is made anew.
        """
        text, began, timeout, limit = self._asked
        try:
            self._come(text, began, timeout, min(limit, time.monotonic() + LONGEST_FAREWELL))
        except LineError as error:
            log.debug("%s", error)

    def close(self) -> None:
        """Disconnect."""
        self._close("")

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last, the oldest first."""
        return [Exchange(*each) for each in self._exchanges.copy()]

    @property
    def state(self) -> str:
        """`connected since 14:02:11`, or why it is not."""
        since = time.strftime("%H:%M:%S", time.localtime(self.since))
        if self.is_open:
            return f"connected since {since}"
        if not self.restarts and not self.last_error:
            return "not used yet"
        return f"not connected since {since}" + (f" ({self.last_error})" if self.last_error else "")

    def _open(self) -> None:
        if time.monotonic() < self._not_before:
            left = self._not_before - time.monotonic()
            raise self._failure(f"is {self.state}; tried again in {left:.1f} s", LostLineError)
        pause, limit = FIRST_PAUSE, time.monotonic() + self.timeout
        while True:
            began = time.monotonic()
            try:
                self.transport.open(min(max(limit - began, FIRST_PAUSE), LONGEST_WAIT))
                break
            except OSError as error:
                self.transport.close()
                self.last_error = one_line(error)
                now = time.monotonic()
                if self._tried or now + pause >= limit:
                    self._tried = True
                    self._not_before = now + min(now - began, LONGEST_REST) if now - began > AT_ONCE else 0.0
                    self._note("", now - began, error=f"can't connect: {self.last_error}")
                    raise self._failure(
                        f"is {self.state}; is it switched on, and the address right?", LostLineError
                    ) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self.is_open, self._tried, self._owed = True, False, False
        self.since, self.last_error = clock.epoch(), ""
        self._received = b""
        self.restarts += 1
        if not self.transport.renews:
            self.doubts += 1
        self._note("", time.monotonic() - began, "connected")

    def _close(self, why: str) -> None:
        if self.is_open:
            self.is_open, self.since = False, clock.epoch()
            if why:
                self._note("", 0.0, error=why)
        self.transport.close()
        self._received = b""

    def _lose(self, error: OSError) -> None:
        self.last_error = one_line(error)
        self._close(self.last_error)

    def _wait_for_quiet(self) -> None:
        limit = time.monotonic() + self.timeout
        while (late := self.transport.receive(QUIET)) and time.monotonic() < limit:
            self._discard(late)
        self._received = b""
        self._owed = False
        self.doubts += 1

    # -- bytes ----------------------------------------------------------------------------------------------

    def _send(self, text: str, began: float) -> None:
        rest = self._spoke + self._rest - began
        if rest > 0:
            time.sleep(rest)
        if self._received:
            self._discard(self._received)
            self._received = b""
        try:
            said = text.encode(self._encoding) + self._end
        except UnicodeEncodeError as error:
            raise self._failure(f"can't be told {shown(text)}: its encoding is {self._encoding}") from error
        try:
            self.transport.send(said, self._patience)
        except OSError as error:
            self._fail(text, began, error)
        self._spoke = time.monotonic()

    def _come(self, text: str, began: float, timeout: float, limit: float) -> str:
        answer, ended, rest = self._received.partition(self._answer_end)
        while not ended:
            if len(answer) > self.longest_answer:
                self._flooded(text, began)
            left = limit - time.monotonic()
            try:
                more = self.transport.receive(LONGEST_WAIT if left > LONGEST_WAIT else left if left > 0.0 else 0.0)
            except OSError as error:
                self._fail(text, began, error)
            if not more:
                self._silent(text, began, timeout)
            self._received = more = answer + more if answer else more
            answer, ended, rest = more.partition(self._answer_end)
        self._received = rest
        self._owed = False
        said = answer.decode(self._encoding, "replace").strip("\r\n\0")
        self._spoke = now = time.monotonic()
        self._note(text, now - began, said)
        return said

    def _silent(self, text: str, began: float, timeout: float) -> NoReturn:
        told = f"; only {shown(self._received)} came" if self._received else ""
        self._note(text, time.monotonic() - began, error=f"no answer within {timeout:g} s{told}")
        asked = f" {shown(text)}" if text else ""
        raise self._failure(f"did not answer{asked} within {timeout:g} s{told}", SilenceError)

    def _flooded(self, text: str, began: float) -> NoReturn:
        what = f"sent more than {self.longest_answer:,} bytes without an end of an answer"
        begins, self._received = self._received[:SHOWN], b""
        self._owed = True
        self._note(text, time.monotonic() - began, error=what)
        asked = f" at {shown(text)}" if text else ""
        raise self._failure(f"{what}{asked}, which begin with {begins!r}; are its settings right?")

    def _discard(self, unasked: bytes) -> None:
        said = unasked.decode(self._encoding, "replace").strip("\r\n\0")
        self._note("", 0.0, said, "came unasked, thrown away")

    def _fail(self, text: str, began: float, error: OSError) -> None:
        self._note(text, time.monotonic() - began, error=one_line(error))
        self._lose(error)
        when = f"at {shown(text)}" if text else "while more was waited for"
        raise self._failure(f"was lost {when}: {self.last_error}", LostLineError) from error

    def _failure(self, what: str, kind: type[LineError] = LineError) -> LineError:
        return kind(f"{self.transport.address} {what}")

    def _note(self, sent: str, took: float, answer: str = "", error: str = "") -> None:
        if len(sent) > KEPT_OF_EACH or len(answer) > KEPT_OF_EACH:
            sent, answer = _kept(sent), _kept(answer)
        self._exchanges.append((clock.epoch() - took, took, sent, answer, error))


def _kept(said: str) -> str:
    return said if len(said) <= KEPT_OF_EACH else f"{said[:KEPT_OF_EACH]}... ({len(said):,} characters)"
