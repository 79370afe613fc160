"""Lanes: one thread per blocking device, one event loop for the async ones, and waiting for several at once.

A lane lives as long as the scan; on it alone its device is called, since serial ports, Tango and EPICS contexts
want one and the same thread. A driver stuck in its lane can't be killed: the lane is a daemon, so that the
process can still end, and `Lane.busy` names the call for the error message.
"""

import importlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from obtura.ground.errors import DeviceBusyError
from obtura.works.clock import Flag, Turn, clock
from obtura.works.companion import companion
from obtura.works.interrupt import doors

if TYPE_CHECKING:
    import asyncio

__all__ = ["SLICE", "AsyncLane", "Batch", "Call", "Lane", "Loop", "ThreadLane"]

SLICE = 0.2
"""A wait wakes up this often (s) to see whether its scan is to end."""


class Call:
    """One call handed to a lane: what it is called in messages, and how it ended."""

    def __init__(self, what: str, function: Callable[[], Any], batch: "Batch | None" = None) -> None:
        self.what = what
        self.function = function
        self.error: BaseException | None = None
        self.done = Flag()
        self.began: float | None = None
        """When it left the queue, in s, monotonic."""
        self.turn: Turn | None = None
        self._batch = batch

    def finish(self, error: BaseException | None) -> None:
        """Note the end and wake whoever waits."""
        self.error = error
        self.done.set()
        if self._batch is not None:
            self._batch.finished(self)

    def run(self) -> None:
        """Call the function on this thread; whatever it raises is kept for the one who waits."""
        self.finish(_outcome(self.function))


class Batch:
    """Calls that were handed out together, and the wait for all of them.

    A completion is one `append` and one lock release, the wait one `acquire` with a timeout: a Ctrl-C in it
    can lose a wake-up, never a completion.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._done: deque[Call] = deque()
        self._received = 0
        self._wake = threading.Lock()
        self._wake.acquire()

    def add(self, lane: "Lane", what: str, function: Callable[[], Any]) -> Call:
        """Hand `function` to `lane`."""
        call = Call(what, function, self)
        self.calls.append(call)
        lane.submit(call)
        return call

    def finished(self, call: Call) -> None:
        """A lane is done with a call."""
        self._done.append(call)
        try:
            self._wake.release()
        except RuntimeError:  # it is awake already
            return

    def wait(self, check: Callable[[], None]) -> None:
        """Wait for all; the first error ends the wait at once. `check` runs now and then and may raise."""
        while True:
            while self._done:
                call = self._done.popleft()
                self._received += 1
                if call.error is not None:
                    raise call.error
            if self._received == len(self.calls):
                return
            check()
            if clock.is_ordered:
                doors.call(clock.standby, self._is_told, math.inf, self._wake.acquire, True, SLICE)
            else:
                doors.call(self._wake.acquire, True, SLICE)

    def _is_told(self) -> bool:
        return bool(self._done)


class Lane(Protocol):
    """Where the calls of a device are made, one at a time."""

    @property
    def busy(self) -> Call | None:
        """The call in progress, or the first one waiting."""

    def submit(self, call: Call) -> None:
        """Queue a call."""

    def beside(self, call: Call) -> None:
        """Make a call at once, beside the one in progress: only a device's `stop` may do so."""

    def close(self) -> None:
        """No more calls; the thread ends after the present one."""


class ThreadLane:
    """A thread of its own for one blocking device."""

    def __init__(self, name: str, on_start: Callable[[], None] | None = None) -> None:
        self.name = name
        self.last: str | None = None
        """The last call that went well."""
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._waiting: deque[Call] = deque()
        self._closed = False
        self._thread = companion(f"lane {name}", self._work, on_start)
        self._thread.start()

    @property
    def busy(self) -> Call | None:
        """The call in progress, or None."""
        try:
            return self._waiting[0]
        except IndexError:
            return None

    def submit(self, call: Call) -> None:
        """Queue a call; refused once the lane was given up."""
        if self._closed:
            call.finish(DeviceBusyError(f"{self.name}: no call possible, its lane is closed"))
            return
        self._waiting.append(call)
        if clock.is_ordered:
            call.turn = clock.expect(lambda: self.busy is call)
        self._queue.put(call)

    def beside(self, call: Call) -> None:
        """Make a call on a thread of its own."""
        companion(f"beside {self.name}", _in_turn, clock.expect(), call.run).start()

    def close(self) -> None:
        """End the thread after the present call, and wait for it when it is idle."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            if self.busy is None:
                self._thread.join(1.0)  # `on_start` may hang

    def _work(self, on_start: Callable[[], None] | None) -> None:
        failed = Call(f"{self.name}.on_start", on_start) if on_start is not None else None
        if failed is not None:
            failed.run()
        while (call := self._queue.get()) is not None:
            call.began = time.monotonic()
            turn = call.turn
            if turn is not None:
                turn.begin()
            if failed is not None and failed.error is not None:
                error: BaseException | None = failed.error
            else:
                error = _outcome(call.function)
            call.error = error
            if error is None:
                self.last = call.what
            self._waiting.popleft()  # idle before the waiter is told, so that it never sees a stale call
            call.finish(error)
            if turn is not None:
                turn.end()


def _in_turn(turn: Turn, function: Callable[[], None]) -> None:
    turn.begin()
    try:
        function()
    finally:
        turn.end()


def _outcome(function: Callable[[], Any]) -> BaseException | None:
    try:
        function()
    except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit; the waiter gets it
        return error
    return None


def _asyncio() -> Any:
    """The module: 40 ms, for which only those wait who have async devices or hooks."""
    return importlib.import_module("asyncio")


class Loop:
    """The private event loop of a scan: async devices and async hooks run here, on one thread.

    `running`: a loop that runs on a thread of somebody else's and is used in its place; it is not closed.
    """

    def __init__(self, running: "asyncio.AbstractEventLoop | None" = None) -> None:
        self._loop = running
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(self, call: Call, coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], None]:
        """Start a coroutine; `call` is finished when it is. Returns the function that cancels it."""
        loop = self._started()
        task: asyncio.Task[BaseException | None]

        def begin() -> None:
            nonlocal task
            task = loop.create_task(_async_outcome(coroutine))
            task.add_done_callback(end)

        def end(ended: "asyncio.Task[BaseException | None]") -> None:
            call.finish(_asyncio().CancelledError() if ended.cancelled() else ended.result())

        def cancel() -> None:
            loop.call_soon_threadsafe(lambda: task.cancel())  # after `begin`: the loop keeps the order

        loop.call_soon_threadsafe(begin)
        return cancel

    def run(self, what: str, coroutine: Callable[[], Coroutine[Any, Any, Any]], patience: float) -> None:
        """Run a coroutine while this thread waits, in a doorway; interrupted, it is cancelled and waited for."""
        call = Call(what, lambda: None)
        cancel = self.submit(call, coroutine)
        try:
            while not call.done.is_set:
                doors.call(call.done.stand_by, SLICE)
        except BaseException:
            cancel()
            call.done.wait(patience)
            raise
        if call.error is not None:
            raise call.error

    @property
    def is_here(self) -> bool:
        """Whether this thread is the loop's own: whoever waits here for what runs on it waits for ever."""
        return self._loop is not None and _asyncio()._get_running_loop() is self._loop

    def close(self) -> None:
        """Cancel what still runs, stop the loop and its thread."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(1.0)

    def _started(self) -> "asyncio.AbstractEventLoop":
        with self._starting:  # branches may come at once
            if self._loop is None:
                self._loop = _asyncio().new_event_loop()
                self._thread = companion("loop", self._work, self._loop)
                self._thread.start()
            assert self._loop is not None
            return self._loop

    @staticmethod
    def _work(loop: "asyncio.AbstractEventLoop") -> None:
        loop.run_forever()
        if left := _asyncio().all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(_asyncio().wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _async_outcome(coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> BaseException | None:
    """As `_outcome`, inside the task: asyncio ends its loop when a task itself raises SystemExit."""
    try:
        await coroutine()
    except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit; the waiter gets it
        return error
    return None


class AsyncLane:
    """The lane of an async device: its calls are made one after the other on the scan's private loop."""

    def __init__(self, name: str, loop: Loop) -> None:
        self.name = name
        self._loop = loop
        self._turn = _asyncio().Lock()
        self._waiting: deque[Call] = deque()

    @property
    def busy(self) -> Call | None:
        """The call in progress, or None."""
        return next((call for call in tuple(self._waiting) if not call.done.is_set), None)

    def submit(self, call: Call) -> None:
        """Queue a call whose function may return a coroutine."""
        while self._waiting and self._waiting[0].done.is_set:
            self._waiting.popleft()
        self._waiting.append(call)
        self._loop.submit(call, lambda: self._in_turn(call))

    def beside(self, call: Call) -> None:
        """Make a call on the loop without waiting for its turn."""
        self._loop.submit(call, lambda: self._make(call))

    async def _in_turn(self, call: Call) -> None:
        async with self._turn:
            await self._make(call)

    async def _make(self, call: Call) -> None:
        call.began = time.monotonic()
        result = call.function()
        if isinstance(result, Coroutine):
            await result

    def close(self) -> None:
        """Nothing to end: the loop belongs to the scan."""
