"""Something that a device was told, and that is done when its Status says so."""

import asyncio
from collections.abc import Callable
from typing import Any

from obtura.works.clock import Flag

__all__ = ["Order"]


class Order:
    """`done` is set once it is; then `error` says what went wrong, None for nothing. `progress`: what it told last.

    `given`: what the device gave when it was told: a Status, an awaitable, or anything else, which is done at once.
    Made on the thread, of an async device on the loop, on which the device was told.
    """

    def __init__(self, given: Any, on_done: Callable[[BaseException | None], None]) -> None:
        self.given = given
        self.done = Flag()
        self.error: BaseException | None = None
        self.progress: dict[str, Any] = {}
        self.steps = 0
        """How often it told of its progress."""
        self.is_told = True
        """Whether what was given tells when it is done."""
        self._on_done = on_done
        self._task: asyncio.Future[Any] | None = None
        if callable(getattr(given, "add_callback", None)):
            if callable(getattr(given, "watch", None)):
                given.watch(self._watch)
            given.add_callback(self._status_ended)
        elif asyncio.iscoroutine(given) or isinstance(given, asyncio.Future):
            self._task = asyncio.ensure_future(given)
            self._task.add_done_callback(self._task_ended)
        else:
            self.is_told = False
            self._end(None)

    def _watch(self, **told: Any) -> None:
        self.progress = told
        self.steps += 1

    def _status_ended(self, status: Any = None) -> None:
        self._end(_error_of(status))

    def _task_ended(self, task: "asyncio.Future[Any]") -> None:
        self._end(asyncio.CancelledError() if task.cancelled() else task.exception())

    def _end(self, error: BaseException | None) -> None:
        self.error = error
        self._on_done(error)
        self.done.set()


def _error_of(status: Any) -> BaseException | None:
    told: BaseException | None = None
    if callable(getattr(status, "exception", None)):
        told = status.exception(0.0)
    if told is None and not getattr(status, "success", True):
        told = RuntimeError("it ended without success, and did not say why")
    return told
