"""Greenlet: a function that runs beside, here on a thread of its own."""

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from obtura.bliss.gevent_facade.event import AsyncResult
from obtura.bliss.gevent_facade.strand import Strand, Waiters, here
from obtura.engine.running import running
from obtura.ground.errors import ScanAbort, one_line
from obtura.works.clock import clock
from obtura.works.companion import companion

__all__ = [
    "Greenlet",
    "GreenletExit",
    "getcurrent",
    "iwait",
    "joinall",
    "kill",
    "killall",
    "sleep",
    "spawn",
    "spawn_later",
    "wait",
]

log = logging.getLogger(__name__)


class GreenletExit(BaseException):
    """Raised in a greenlet that is killed; one that ends with it was successful, and this is its value."""


class Greenlet:
    """A function that runs on a thread of its own once `start()` is called; a subclass may override `_run` instead."""

    def __init__(self, run: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> None:
        self._function = run
        self.args = args
        self.kwargs = kwargs
        self.started = False
        self._strand: Strand | None = None
        self._killed: BaseException | None = None
        self._result = AsyncResult()
        self._links: list[tuple[Callable[[Any], Any], bool | None]] = []

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        return None if self._function is None else self._function(*args, **kwargs)

    @classmethod
    def spawn(cls, *args: Any, **kwargs: Any) -> Self:
        """Make one and start it. It begins to run at once, not at the next wait as in gevent."""
        made = cls(*args, **kwargs)
        made.start()
        return made

    @classmethod
    def spawn_later(cls, seconds: float, *args: Any, **kwargs: Any) -> Self:
        """Make one that starts after `seconds`."""
        made = cls(*args, **kwargs)
        made.start_later(seconds)
        return made

    def start(self) -> None:
        """Begin to run."""
        self.start_later(0.0)

    def start_later(self, seconds: float) -> None:
        """Begin to run after `seconds`."""
        if self.started:
            return
        self.started = True
        companion(self.name, self._live, seconds).start()

    @property
    def name(self) -> str:
        """What runs, for logs."""
        return f"greenlet {getattr(self._function, '__qualname__', type(self).__name__)}"

    def _live(self, seconds: float) -> None:
        self._strand = strand = here()
        strand.value = self
        try:
            if self._killed is not None:
                raise self._killed
            if seconds > 0:
                strand.wait(seconds)
            value = self._run(*self.args, **self.kwargs)
        except GreenletExit as left:
            self._result.set(left)
        except ScanAbort as aborted:
            if self._killed is None:
                self._fail(aborted)
            else:
                self._result.set(self._killed)
        except BaseException as error:  # noqa: BLE001 - it is raised by get()
            self._fail(error)
        else:
            self._result.set(value)
        for callback, only_if in self._links:
            self._tell(callback, only_if)

    def _fail(self, error: BaseException) -> None:
        log.error("%s failed: %s", self.name, one_line(error), exc_info=error)
        traceback.print_exception(error)  # on stderr, as gevent does: perhaps nobody calls get()
        self._result.set_exception(error)

    # -- what became of it --------------------------------------------------------------------------------

    @property
    def dead(self) -> bool:
        """Whether it has ended."""
        return self._result.ready()

    def ready(self) -> bool:
        """Whether it has ended."""
        return self._result.ready()

    def successful(self) -> bool:
        """Whether it has ended, and not with an error."""
        return self._result.successful()

    @property
    def value(self) -> Any:
        """What the function returned; None as long as it runs, or when it failed."""
        return self._result.value

    @property
    def exception(self) -> BaseException | None:
        """The error it ended with, or None."""
        return self._result.exception

    @property
    def exc_info(self) -> tuple[Any, Any, Any]:
        """The error as `sys.exc_info` has it."""
        error = self.exception
        return (None, None, None) if error is None else (type(error), error, error.__traceback__)

    def __bool__(self) -> bool:
        return self.started and not self.dead

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Wait for its end and return what the function returned, or raise its error; Timeout after `timeout` s."""
        return self._result.get(block, timeout)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, for `timeout` s at most."""
        self._result.wait(timeout)

    def kill(
        self,
        exception: BaseException | type[BaseException] = GreenletExit,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Have `exception` raised in it, in a wait of the facade, now or at the next one; `block` waits for its end.

        A scan that it runs is aborted. A thread that waits for something else goes on until that is over.
        """
        if self.dead:
            return
        error = exception() if isinstance(exception, type) else exception
        self._killed = error
        if not self.started:
            self.started = True
            self._result.set(error) if isinstance(error, GreenletExit) else self._result.set_exception(error)
            return
        strand = self._strand
        if strand is not None:
            scans: list[Any] = list(running.on_thread(strand.ident))
            for scan in scans:
                scan.abort()
            if not scans:
                strand.throw(error)
        if block and here().value is not self:
            self.join(timeout)

    def throw(self, exception: BaseException | type[BaseException] = GreenletExit) -> None:
        """As `kill`, without waiting."""
        self.kill(exception, block=False)

    # -- telling others -----------------------------------------------------------------------------------

    def link(self, callback: Callable[[Any], Any]) -> None:
        """Have `callback(greenlet)` called when it ends, on its thread; at once when it has."""
        self._link(callback, None)

    def link_value(self, callback: Callable[[Any], Any]) -> None:
        """As `link`, only if it is successful."""
        self._link(callback, True)

    def link_exception(self, callback: Callable[[Any], Any]) -> None:
        """As `link`, only if it fails."""
        self._link(callback, False)

    def unlink(self, callback: Callable[[Any], Any]) -> None:
        """No more of it."""
        self._links = [link for link in self._links if link[0] != callback]

    def _link(self, callback: Callable[[Any], Any], only_if: bool | None) -> None:
        if self.dead:
            self._tell(callback, only_if)
        else:
            self._links.append((callback, only_if))

    def _tell(self, callback: Callable[[Any], Any], only_if: bool | None) -> None:
        if only_if is None or only_if is self.successful():
            try:
                callback(self)
            except Exception as error:
                log.error("a link of %s failed: %s", self.name, one_line(error), exc_info=error)

    def __repr__(self) -> str:
        return f"<Greenlet {self.name!r}{' dead' if self.dead else ''}>"


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Let `seconds` pass; `kill` and `Timeout` can end it."""
    here().wait(seconds)


def spawn(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Greenlet:
    """Run `function(*args, **kwargs)` beside. It begins at once, not at the next wait as in gevent."""
    return Greenlet.spawn(function, *args, **kwargs)


def spawn_later(seconds: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Greenlet:
    """Run it after `seconds`."""
    return Greenlet.spawn_later(seconds, function, *args, **kwargs)


def getcurrent() -> Any:
    """The greenlet this is called in; elsewhere what stands for the thread."""
    strand = here()
    return strand if strand.value is None else strand.value


def kill(greenlet: Greenlet, exception: Any = GreenletExit) -> None:
    """Kill it, without waiting."""
    greenlet.kill(exception, block=False)


def killall(
    greenlets: Iterable[Greenlet], exception: Any = GreenletExit, block: bool = True, timeout: float | None = None
) -> None:
    """Kill all of them, then wait for their ends."""
    each = list(greenlets)
    for greenlet in each:
        greenlet.kill(exception, block=False)
    if block:
        joinall([greenlet for greenlet in each if greenlet is not here().value], timeout)


def iwait(objects: Sequence[Any], timeout: float | None = None, count: int | None = None) -> Iterator[Any]:
    """Give greenlets, events and results one by one as they are ready; `count` of them, for `timeout` s at most."""
    end = None if timeout is None else clock.time() + timeout
    left = list(objects)
    change = Waiters()
    for each in left:
        _waiters(each).others.append(change)
    try:
        for _ in range(len(left) if count is None else min(count, len(left))):
            seconds = None if end is None else end - clock.time()
            if not here().wait(seconds, lambda: any(each.ready() for each in left), change):
                return
            found = next(each for each in left if each.ready())
            left.remove(found)
            yield found
    finally:
        for each in objects:
            _waiters(each).others.remove(change)


def wait(objects: Sequence[Any] | None = None, timeout: float | None = None, count: int | None = None) -> list[Any]:
    """As `iwait`, all at once; without objects it returns at once, for nothing else runs in this thread."""
    return [] if objects is None else list(iwait(objects, timeout, count))


def joinall(
    greenlets: Sequence[Greenlet], timeout: float | None = None, raise_error: bool = False, count: int | None = None
) -> list[Greenlet]:
    """Wait for the ends of all; those that have ended. `raise_error` raises the first error among them."""
    done = []
    for greenlet in iwait(greenlets, timeout, count):
        if raise_error and greenlet.exception is not None:
            raise greenlet.exception
        done.append(greenlet)
    return done


def _waiters(thing: Any) -> Waiters:
    found: Waiters = thing._result._waiters if isinstance(thing, Greenlet) else thing._waiters
    return found
