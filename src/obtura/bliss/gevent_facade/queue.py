"""Queues, as in `gevent.queue`."""

from collections import deque
from collections.abc import Iterable
from queue import Empty, Full
from typing import Any, Self

from obtura.bliss.gevent_facade.lock import Semaphore
from obtura.bliss.gevent_facade.strand import Waiters, here

__all__ = ["Empty", "Full", "Queue"]


class Queue:
    """First in, first out. `maxsize`: how many it holds, None or 0 for any number; `items`: what is in it at first.

    As an iterator it gives items, waiting for each, until it gets `StopIteration`.
    """

    def __init__(self, maxsize: int | None = None, items: Iterable[Any] = ()) -> None:
        self._items = deque(items)
        self.maxsize = maxsize or None
        self._room = None if self.maxsize is None else Semaphore(max(self.maxsize - len(self._items), 0))
        self._waiters = Waiters()

    def qsize(self) -> int:
        """How many items are in it."""
        return len(self._items)

    __len__ = qsize

    def __bool__(self) -> bool:
        return True

    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._items

    def full(self) -> bool:
        """Whether no more would fit."""
        return self._room is not None and self._room.locked()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item in, waiting for room for `timeout` s at most; then Full is raised."""
        if self._room is not None and not self._room.acquire(block, timeout):
            raise Full
        self._items.append(item)
        self._waiters.wake()

    def put_nowait(self, item: Any) -> None:
        """As `put(item, block=False)`."""
        self.put(item, block=False)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the oldest item out, waiting for one for `timeout` s at most; then Empty is raised."""
        found: list[Any] = []

        def take() -> bool:
            try:
                found.append(self._items.popleft())
            except IndexError:
                return False
            return True

        if not here().wait(timeout if block else 0.0, take, self._waiters):
            raise Empty
        if self._room is not None:
            self._room.release()
        return found[0]

    def get_nowait(self) -> Any:
        """As `get(block=False)`."""
        return self.get(block=False)

    def peek(self, block: bool = True, timeout: float | None = None) -> Any:
        """The oldest item, which stays in it; the rest as `get`."""
        if not here().wait(timeout if block else 0.0, lambda: bool(self._items), self._waiters):
            raise Empty
        return self._items[0]

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        item = self.get()
        if item is StopIteration:
            raise item
        return item
