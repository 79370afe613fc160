"""A call that bluesky waits for by a Status, made on the lane of one device."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from obtura.works.clock import Flag
from obtura.works.lanes import Call, ThreadLane

__all__ = ["Work", "Worker"]


class Work:
    """The Status of a call: done with success, or with the exception that it raised."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._ended = Flag()
        self._error: Exception | None = None
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Any], object]] = []

    def end(self, error: BaseException | None) -> None:
        """The call has ended; whoever wants to know is told."""
        # a RunEngine takes no KeyboardInterrupt, as a scan raises that was aborted
        if error is None or isinstance(error, Exception):
            self._error = error
        else:
            self._error = RuntimeError(f"{self._what} was interrupted: {error}")
        with self._lock:
            self._ended.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def add_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(status)` when it is done, at once if it is."""
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._ended.is_set

    def exception(self, timeout: float | None = 0.0) -> Exception | None:
        """What it raised; None for nothing, and as long as it goes on. `timeout`: s to wait for its end, None: any."""
        self._ended.wait(threading.TIMEOUT_MAX if timeout is None else timeout)
        return self._error

    @property
    def success(self) -> bool:
        """Whether it has ended well."""
        return self.done and self._error is None


class _Reported(Call):
    def __init__(self, work: Work, what: str, function: Callable[[], Any]) -> None:
        super().__init__(what, function)
        self._work = work

    def finish(self, error: BaseException | None) -> None:
        super().finish(error)
        self._work.end(error)


class Worker:
    """The lane of one device; its thread begins with the first call."""

    def __init__(self, name: str, on_start: Callable[[], None] | None = None) -> None:
        self._name = name
        self._on_start = on_start
        self._lane: ThreadLane | None = None

    def begin(self, what: str, function: Callable[[], Any]) -> Work:
        """Have `function` called there; returns at once."""
        if self._lane is None:
            self._lane = ThreadLane(self._name, self._on_start)
        work = Work(f"{self._name}.{what}")
        self._lane.submit(_Reported(work, f"{self._name}.{what}", function))
        return work

    async def get(self, what: str, function: Callable[[], Any]) -> Any:
        """What `function` gives that is called there, after what is under way; an event loop goes on meanwhile."""
        given: list[Any] = []
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        work = self.begin(what, lambda: given.append(function()))
        work.add_callback(lambda _work: loop.call_soon_threadsafe(ended.set))
        await ended.wait()
        if (error := work.exception()) is not None:
            raise error
        return given[0]
