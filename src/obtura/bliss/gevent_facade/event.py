"""Event and AsyncResult, as in `gevent.event`."""

from typing import Any

from obtura.bliss.gevent_facade.strand import Waiters, here
from obtura.bliss.gevent_facade.timeout import Timeout

__all__ = ["AsyncResult", "Event"]


class Event:
    """A flag that can be set, cleared, and waited for."""

    def __init__(self) -> None:
        self._set = False
        self._waiters = Waiters()

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._set

    isSet = ready = is_set

    def set(self) -> None:
        """Set it; those who wait go on."""
        self._set = True
        self._waiters.wake()

    def clear(self) -> None:
        """Clear it."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, for `timeout` s at most; whether it is."""
        return here().wait(timeout, self.is_set, self._waiters)


class AsyncResult:
    """A value, or an error, that comes later."""

    def __init__(self) -> None:
        self._ready = False
        self._value: Any = None
        self._exception: BaseException | None = None
        self._waiters = Waiters()

    def ready(self) -> bool:
        """Whether it is there."""
        return self._ready

    def successful(self) -> bool:
        """Whether it is there, and a value."""
        return self._ready and self._exception is None

    @property
    def value(self) -> Any:
        """The value, None as long as there is none."""
        return self._value

    @property
    def exception(self) -> BaseException | None:
        """The error, None as long as there is none."""
        return self._exception

    def set(self, value: Any = None) -> None:
        """Give the value."""
        self._value, self._exception = value, None
        self._ready = True
        self._waiters.wake()

    def set_exception(self, exception: BaseException, exc_info: Any = None) -> None:
        """Give an error."""
        self._exception = exception
        self._ready = True
        self._waiters.wake()

    def set_result(self, value: Any) -> None:
        """As `set`."""
        self.set(value)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until it is there, for `timeout` s at most; the value, or None. An error is not raised."""
        here().wait(timeout, self.ready, self._waiters)
        return self._value

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The value.

        Raises:
            Timeout: it is not there after `timeout` s, or at once unless `block`.
            BaseException: the error that was given instead.
        """
        if not here().wait(timeout if block else 0.0, self.ready, self._waiters):
            raise Timeout(timeout if block else 0.0)
        if self._exception is not None:
            raise self._exception
        return self._value

    def get_nowait(self) -> Any:
        """As `get(block=False)`."""
        return self.get(block=False)
