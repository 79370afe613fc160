"""Timeout: an error that comes after a while."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

from obtura.bliss.gevent_facade.strand import Deadline, Strand, here
from obtura.devices.arguments import quantity
from obtura.engine.running import running
from obtura.ground.errors import ScanAbort
from obtura.works.clock import RealTime, clock

__all__ = ["Timeout", "with_timeout"]

GRACE = 0.005
"""Seconds that a wait of the facade has to raise a timeout itself."""


class Timeout(BaseException, Deadline):
    """Raised `seconds` after `start()`, in the thread that called it. `with Timeout(2): ...` starts and cancels it.

    `seconds` None: never. `exception`: what is raised instead of the timeout; False with `with`: nothing, the
    block just ends.

    What it interrupts: the facade's own waits (`sleep`, `get`, `join`, `Event.wait`, ...); a scan that was started
    meanwhile, which is aborted as by Ctrl-C, with everything left in order, and then `with` raises the timeout; in
    the main thread also any other wait, as `time.sleep` or an axis that moves, as Ctrl-C would. What it does not:
    other waits in a spawned function, and a call into C that does not look for signals.
    """

    def __init__(
        self, seconds: float | None = None, exception: Any = None, ref: bool = True, priority: int = -1
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.exception = exception
        self.pending = False
        self._expired = False
        self._strand: Strand | None = None
        self._timer: threading.Timer | None = None
        self._scans_before: list[Any] = []

    @classmethod
    def start_new(cls, timeout: Any = None, exception: Any = None, ref: bool = True) -> Self:
        """A timeout that is started; one that is given is started unless it is."""
        made = timeout if isinstance(timeout, cls) else cls(timeout, exception)
        if not made.pending:
            made.start()
        return made

    def start(self) -> None:
        """Begin to count."""
        if self.pending:
            raise AssertionError(f"{self!r} is already started; to restart it, cancel it first")
        self._expired = False
        if self.seconds is None:
            return
        self._strand = here()
        self._scans_before = running.on_thread(self._strand.ident)
        self.at = clock.time() + self.seconds
        self.pending = True
        self._strand.deadlines.append(self)
        if isinstance(clock.source, RealTime):  # on virtual time, time passes in waits only
            _alarm.put_up()
            self._timer = threading.Timer(max(self.seconds, 0.0) + GRACE, self._ring)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self) -> None:
        """Stop counting: it is not raised any more."""
        self.pending = False
        if self._strand is not None:
            if self in self._strand.deadlines:
                self._strand.deadlines.remove(self)
            self._strand = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            _alarm.take_down()

    close = cancel

    def expire(self) -> None:
        """Abort the scans that were begun since; raise where there are none."""
        scans = self._scans()
        self._expired = True
        if not scans:
            self.cancel()
            raise self._error()
        self._abort(scans)

    def _scans(self) -> list[Any]:
        """Those that run on its thread, and did not when it was started."""
        strand = self._strand
        now = [] if strand is None else running.on_thread(strand.ident)
        return [scan for scan in now if not any(scan is before for before in self._scans_before)]

    def _abort(self, scans: list[Any]) -> None:
        strand = self._strand
        if strand is not None and self in strand.deadlines:
            strand.deadlines.remove(self)  # once is enough; hooks on the way out may wait in peace
        for scan in scans:
            scan.abort()

    def _ring(self) -> None:
        """On the timer's thread: the facade's wait, if it was in one, has raised it by now."""
        while (strand := self._strand) is not None and not self._expired:
            if scans := self._scans():
                self._expired = True
                self._abort(scans)
            elif not strand.is_waiting:
                _alarm.ring(strand)
                return
            time.sleep(GRACE)

    def _error(self) -> BaseException:
        if self.exception is None or self.exception is False:
            return self
        if isinstance(self.exception, str):
            return self
        error: BaseException = self.exception() if isinstance(self.exception, type) else self.exception
        return error

    def __enter__(self) -> Self:
        if not self.pending:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.cancel()
        if self._expired and isinstance(error, KeyboardInterrupt):  # a scan that it aborted, for one
            if self.exception is False:
                return True
            raise self._error() from error
        return error is self and self.exception is False

    def __str__(self) -> str:
        if self.seconds is None:
            return ""
        more = f": {self.exception}" if self.exception not in (None, False) else ""
        return f"{quantity(self.seconds)} second{'' if self.seconds == 1 else 's'}{more}"

    def __repr__(self) -> str:
        state = " pending" if self.pending else ""
        return f"<Timeout{state} seconds={self.seconds}>"


class _Alarm:
    """Interrupts the main thread where it does not wait here: a signal, which acts there as Ctrl-C would.

    SIGURG, which is ignored unless somebody wants it. Its handler asks that of SIGINT, so that what keeps Ctrl-C
    out keeps this out; where that one raises KeyboardInterrupt, the timeout is raised.
    """

    def __init__(self) -> None:
        self._users = 0
        self._before: Any = None

    def put_up(self) -> None:
        if hasattr(signal, "SIGURG") and threading.current_thread() is threading.main_thread():
            if self._users == 0:
                self._before = signal.signal(signal.SIGURG, self._on_signal)
            self._users += 1

    def take_down(self) -> None:
        if self._users and threading.current_thread() is threading.main_thread():
            self._users -= 1
            if self._users == 0:
                signal.signal(signal.SIGURG, self._before)

    def ring(self, strand: Strand) -> None:
        if self._users and strand.ident == threading.main_thread().ident:
            signal.pthread_kill(strand.ident, signal.SIGURG)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        strand, now = here(), clock.time()
        due = [each for each in strand.deadlines if isinstance(each, Timeout) and each.pending and each.at <= now]
        if not due or strand.is_waiting:
            return
        handler = signal.getsignal(signal.SIGINT)
        due[0]._expired = True
        if callable(handler):
            try:
                handler(signal.SIGINT, frame)
            except ScanAbort:
                raise
            except KeyboardInterrupt as pressed:
                due[0].cancel()
                raise due[0]._error() from pressed


_alarm = _Alarm()


def with_timeout(seconds: float, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call `function`; with `timeout_value=...` that is returned when it takes longer, else Timeout is raised."""
    none = object()
    instead = kwargs.pop("timeout_value", none)
    timeout = Timeout(seconds)
    try:
        with timeout:
            return function(*args, **kwargs)
    except Timeout as error:
        if error is timeout and instead is not none:
            return instead
        raise
