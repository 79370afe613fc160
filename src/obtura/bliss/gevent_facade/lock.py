"""Semaphores and locks, as in `gevent.lock`."""

from collections import deque
from types import TracebackType

from obtura.bliss.gevent_facade.strand import Strand, Waiters, here

__all__ = ["BoundedSemaphore", "RLock", "Semaphore"]


class Semaphore:
    """A number of tokens: `acquire` takes one, `release` gives one back."""

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError(f"a semaphore has at least 0 tokens, got {value}")
        self._tokens = deque([None] * value)  # its pop and append are atomic: no lock to be torn by Ctrl-C
        self._waiters = Waiters()

    @property
    def counter(self) -> int:
        """How many tokens are left."""
        return len(self._tokens)

    def locked(self) -> bool:
        """Whether none is left."""
        return not self._tokens

    def ready(self) -> bool:
        """Whether some is left."""
        return bool(self._tokens)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a token, waiting for `timeout` s at most; whether there was one."""
        return here().wait(timeout if blocking else 0.0, self._take, self._waiters)

    def _take(self) -> bool:
        try:
            self._tokens.pop()
        except IndexError:
            return False
        return True

    def release(self) -> int:
        """Give a token back; how many there are."""
        self._tokens.append(None)
        self._waiters.wake()
        return len(self._tokens)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until some token is left, without taking it; how many there are."""
        here().wait(timeout, self.ready, self._waiters)
        return len(self._tokens)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """A semaphore that never has more tokens than at first."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._most = value

    def release(self) -> int:
        """Give a token back; ValueError when none was taken."""
        if len(self._tokens) >= self._most:
            raise ValueError("the semaphore was released more often than acquired")
        return super().release()


class RLock:
    """A lock that its owner may take several times."""

    def __init__(self) -> None:
        self._one = Semaphore(1)
        self._owner: Strand | None = None
        self._count = 0

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._count > 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take it, waiting for `timeout` s at most; whether it was taken."""
        if self._owner is not here():
            if not self._one.acquire(blocking, timeout):
                return False
            self._owner = here()
        self._count += 1
        return True

    def release(self) -> None:
        """Give it back; RuntimeError when it is another's."""
        if self._owner is not here():
            raise RuntimeError("the lock is not yours to release")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._one.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
