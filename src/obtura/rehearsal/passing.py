"""What a script asks the machine during a rehearsal, and the clock of the night answers.

`time.sleep` (in the script's own thread and in obtura's), `asyncio.sleep`, `time.time`, `datetime.now()`, `utcnow()`,
`today()` and `date.today()`. Not `time.monotonic`, `time.perf_counter`, waits for locks, queues and processes: the
machine itself runs on these.
"""

import asyncio
import datetime
import errno
import io
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

from obtura.data.journal import JournalFile
from obtura.engine.whereabouts import whereabouts
from obtura.ground.errors import HookError
from obtura.rehearsal.troubles import GIVEN_UP
from obtura.works.clock import clock
from obtura.works.interrupt import doors
from obtura.works.ordered import OrderedTime

__all__ = ["FullDisk", "LastSteps", "night_time", "output_to"]

SPOOL = "OBTURA_SPOOL"


@contextmanager
def night_time(night: OrderedTime, steps: "LastSteps") -> Iterator[None]:
    """Have the body run in this time. In the main thread; Ctrl-C tears nothing of the clock."""
    source, handler = clock.source, signal.getsignal(signal.SIGINT)
    kept = [(time, "sleep"), (time, "time"), (asyncio, "sleep"), (datetime, "datetime"), (datetime, "date")]
    before: list[tuple[Any, str, Any]] = [(module, name, getattr(module, name)) for module, name in kept]
    clock.use(night)
    signal.signal(signal.SIGINT, _handler(night))
    values: list[Any] = [_sleep(night, time.sleep, steps), night.epoch, _async_sleep(night), *_dates(night)]
    for (module, name, _), value in zip(before, values, strict=True):
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
        signal.signal(signal.SIGINT, handler)
        clock.use(source)
        night.end()


def _handler(night: OrderedTime) -> Callable[[int, FrameType | None], None]:
    def on_signal(signum: int, frame: FrameType | None) -> None:
        if night.inside:
            night.held_back = True
        else:
            raise KeyboardInterrupt

    return on_signal


class LastSteps:
    """Hooks on the way out of a scan that went wrong: each has the seconds that it would have in a real night.

    The engine counts them by the machine's time. `tell(text)`: that one was given up; `given_up`: how often.
    """

    def __init__(self, night: OrderedTime, tell: Callable[[str], None]) -> None:
        self._night = night
        self._tell = tell
        self._frame: FrameType | None = None
        self._since = 0.0
        self.given_up = 0

    def wait(self, seconds: float) -> None:
        """Sleep by the clock of the night, on the main thread.

        Raises:
            HookError: a hook has had its time.
        """
        where = whereabouts(sys._getframe()) if doors.is_barred else None
        if where is None or not where.left:
            self._frame = None
            self._night.wait(None, seconds)
            return
        if where.frame is not self._frame:
            self._frame, self._since = where.frame, self._night.time()
        left = max(self._since + GIVEN_UP - self._night.time(), 0.0)
        self._night.wait(None, min(seconds, left))
        if seconds >= left:
            text = f"{where.what} hangs, and is given up after {GIVEN_UP:g} s: {where.place}"
            if not self.given_up:
                self._tell(text)
            self.given_up += 1
            raise HookError(text)


def _sleep(night: OrderedTime, real: Callable[[float], None], steps: LastSteps) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        """Sleep by the clock of the night; really in threads that take no part in it."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if threading.current_thread() is threading.main_thread():
            steps.wait(seconds)
        elif night.takes_part(threading.get_ident()):
            night.wait(None, seconds)
        else:
            real(seconds)

    return sleep


def _async_sleep(night: OrderedTime) -> Callable[..., Any]:
    async def sleep(delay: float, result: Any = None) -> Any:
        """Sleep by the clock of the night, on a thread: other coroutines go on meanwhile."""
        await asyncio.to_thread(night.wait, None, delay)
        return result

    return sleep


def _dates(night: OrderedTime) -> tuple[type, type]:
    class OfAny(type):
        """Real moments and days are of these classes, too."""

        def __instancecheck__(cls, thing: object) -> bool:
            return isinstance(thing, cls.__bases__[0])

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, cls.__bases__[0])

    real = datetime.datetime

    def now(cls: Any, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return real.fromtimestamp(night.epoch(), tz)

    def utcnow(cls: Any) -> datetime.datetime:
        return real.fromtimestamp(night.epoch(), datetime.UTC).replace(tzinfo=None)

    def today(cls: Any) -> datetime.date:
        return real.fromtimestamp(night.epoch()).date()

    moments = {"now": classmethod(now), "utcnow": classmethod(utcnow), "today": classmethod(now)}
    days = {"today": classmethod(today)}
    return (
        OfAny("datetime", (real,), {**moments, "__module__": "datetime"}),
        OfAny("date", (datetime.date,), {**days, "__module__": "datetime"}),
    )


class FullDisk:
    """A disk that can be full: `full` is set when nothing more can be written below `directory`.

    The local spool, `spool`, is another disk. It is inside, so that nothing goes to that of the account.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.spool = self.directory / "spool"
        self.full = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Ask it while the body runs."""
        usage, write = shutil.disk_usage, JournalFile.write

        def disk_usage(path: Any) -> Any:
            found = usage(path)
            if not self._holds(Path(path)):
                return found
            return SimpleNamespace(total=found.total, used=found.total, free=0)

        def refused(file: JournalFile, items: bytes) -> None:
            if self._holds(file.path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(file, items)

        environment = os.environ.get(SPOOL)
        os.environ[SPOOL] = str(self.spool)
        shutil.disk_usage, JournalFile.write = disk_usage, refused  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            shutil.disk_usage, JournalFile.write = usage, write  # type: ignore[method-assign]
            del os.environ[SPOOL]
            os.environ.update({} if environment is None else {SPOOL: environment})

    def _holds(self, path: Path) -> bool:
        here = path.resolve()
        return self.full and here.is_relative_to(self.directory) and not here.is_relative_to(self.spool)


@contextmanager
def output_to(file: Path) -> Iterator[None]:
    """What the body prints goes into a file; nobody answers its questions."""
    before = sys.stdout, sys.stderr, sys.stdin
    with file.open("w", encoding="utf-8", errors="replace", buffering=1) as out:
        sys.stdout, sys.stderr, sys.stdin = out, out, io.StringIO()
        try:
            yield
        finally:
            sys.stdout, sys.stderr, sys.stdin = before
