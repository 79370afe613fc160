"""A recording: every call made through it, in order, and any of them can be made to go wrong."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, cast

from obtura.testing.faults import AFTER, BEFORE, CLEAN_UP, DURING, Fault
from obtura.works.interrupt import doors

__all__ = ["Entry", "Recording"]

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a call lingers which nobody stops."""


class Entry(NamedTuple):
    """A call began ("begin"), ended ("end"), or ended with an error ("raised").

    `key` is its name and how often it was called before: `shutter.open#1`.
    """

    what: str
    name: str
    key: str
    thread: int
    error: BaseException | None = None


class Recording:
    """Writes down calls in `log`; `faults` happen in the calls that they are meant for.

    `recorded(device, recording)` has it write down every call of a device. `scan`: the scan that it is about, for a
    fault that aborts it.
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        self.log: list[Entry] = []
        self.emitting: dict[str, list[Any]] = {}
        self.emitted: dict[str, list[Any]] = {}
        self.caller = threading.get_ident()
        self.scan: Any = None
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    # -- the seam -----------------------------------------------------------------------------------------

    def call(self, name: str, body: Callable[[], T] | None = None, halted: threading.Event | None = None) -> T | None:
        """Make a call and write it down. `halted`: set when the device behind it is stopped, None for a hook."""
        was = doors.shut()  # a Ctrl-C from another process may come at any bytecode, but must not tear the log
        key = self._begin(name)
        try:
            doors.reopen(was)
            self._strike(key, BEFORE)
            if self._strike(key, DURING) and self._can_be_ended(key, halted):
                assert halted is not None
                assert halted.wait(PATIENCE), f"{key} was not ended by stop()"
            result = body() if body is not None else None
            self._strike(key, AFTER)
            result = self._result(key, result)
            was = doors.shut()
        except BaseException as error:
            self._raised(name, key, error)
            raise
        self._note("end", name, key)
        doors.reopen(was)
        return result

    async def call_async(
        self, name: str, body: Callable[[], Awaitable[T]] | None = None, halted: threading.Event | None = None
    ) -> T | None:
        """The same for a coroutine function, which runs on the private loop's thread."""
        key = self._begin(name)
        result = None
        try:
            self._strike(key, BEFORE)
            if self._strike(key, DURING):
                for _ in range(round(1000 * PATIENCE) if self._can_be_ended(key, halted) else 2):
                    await asyncio.sleep(0.001)
                    if halted is not None and halted.is_set():
                        break
            if body is not None:
                result = await body()
            self._strike(key, AFTER)
            result = self._result(key, result)
        except BaseException as error:
            self._raised(name, key, error)
            raise
        self._note("end", name, key)
        return result

    def _begin(self, name: str) -> str:
        with self._lock:
            count = self._counts[name] = self._counts.get(name, -1) + 1
        key = f"{name}#{count}"
        self._note("begin", name, key)
        return key

    def _note(self, what: str, name: str, key: str, error: BaseException | None = None) -> None:
        self.log.append(Entry(what, name, key, threading.get_ident(), error))

    def _raised(self, name: str, key: str, error: BaseException) -> None:
        for fault in self.faults:
            if fault.fired and fault.key == key:
                fault.kind.failed(fault)
        was = doors.shut()
        self._note("raised", name, key, error)
        doors.reopen(was)

    def _strike(self, key: str, moment: str) -> bool:
        """Let the faults happen whose moment this is; True to linger: as a device or hook that waits."""
        lingers = False
        for fault in self.faults:
            if fault.fired:
                fault.kind.later(fault, key, moment)
            elif fault.key == key and fault.kind.moment == moment:
                fault.fired = True
                fault.number = len(self.log)
                fault.kind.strike(fault, key, self)
                lingers = moment == DURING
        return lingers

    def _result(self, key: str, result: T | None) -> T | None:
        """What the call returns, for those who are struck."""
        for fault in self.faults:
            if fault.fired and fault.key == key:
                result = cast(T | None, fault.kind.result(fault, result))
        return result

    def _can_be_ended(self, key: str, halted: threading.Event | None) -> bool:
        """Whether `stop` will end a call in its middle: not a clean-up, nor a device that is not entered yet."""
        name = key.rpartition("#")[0]
        device = name.rpartition(".")[0]
        if name.endswith(CLEAN_UP) or halted is None or not self.began(f"{device}.prepare"):
            time.sleep(0.002)
            return False
        return True

    # -- what happened ------------------------------------------------------------------------------------

    def began(self, name: str) -> int:
        """How often a call was begun."""
        return sum(entry.what == "begin" and entry.name == name for entry in tuple(self.log))

    def names(self, what: str = "begin") -> list[str]:
        """The names of the calls in order, as they began; or as they came to an "end" or "raised"."""
        return [entry.name for entry in self.log if entry.what == what]

    def keys(self) -> list[str]:
        """Every call in order, told apart from its repetitions: where a fault can be."""
        return [entry.key for entry in self.log if entry.what == "begin"]

    def position(self, what: str, name: str) -> int | None:
        """Where in the log a call began or ended for the first time; None when it did not."""
        places = (at for at, entry in enumerate(self.log) if entry.what == what and entry.name == name)
        return next(places, None)

    def listen(self, channel: Any) -> None:
        """Write down what a channel emits, before in `emitting` and after in `emitted`, by its name."""
        before = self.emitting.setdefault(channel.name, [])
        after = self.emitted.setdefault(channel.name, [])
        emit = channel.emit

        def noted(data: Any) -> None:
            before.append(data)
            emit(data)
            after.append(data)

        channel.emit = noted
