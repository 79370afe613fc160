"""What every shutter has, whatever drives it: it follows from its state, and from opening and closing it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import annotate, one_line

__all__ = ["AnyShutter"]


class AnyShutter(ABC):
    """A shutter: override `state`, `open` and `close`, the rest follows. A subclass need not call `__init__`.

    `with shutter:` opens it for the time of the body, and closes it whatever happens.
    """

    yaml_attributes: ClassVar[Mapping[str, Any]] = {"safe_action": Literal["close"]}
    safe_action: str | None = None
    """In a session: the method that is called when the process dies while it is open; None: none."""

    @property
    @abstractmethod
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN."""

    @abstractmethod
    def open(self, timeout: float | None = None) -> None:
        """Open it; returns when it is open, or with `timeout=0` at once."""

    @abstractmethod
    def close(self, timeout: float | None = None) -> None:
        """Close it; returns when it is closed, or with `timeout=0` at once."""

    @property
    def state_string(self) -> str:
        """The state as it is read: Open, Closed, Moving, Fault, Unknown."""
        return self.state.capitalize()

    @property
    def is_open(self) -> bool:
        """Whether it is open all the way."""
        return self.state is ShutterState.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether it is closed all the way."""
        return self.state is ShutterState.CLOSED

    # -- for the time of a block --------------------------------------------------------------------------

    @property
    def open_context(self) -> AbstractContextManager[Self]:
        """`with shutter.open_context:` it is open for the time of the body; closed afterwards unless it was open."""
        return self._opened()

    @property
    def closed_context(self) -> AbstractContextManager[Self]:
        """`with shutter.closed_context:` it is closed for the time of the body, and opened again if it was open.

        After an error or Ctrl-C it stays closed.
        """
        return self._closed()

    @contextmanager
    def _opened(self) -> Iterator[Self]:
        if self.is_open:
            yield self
        else:
            with self:
                yield self

    @contextmanager
    def _closed(self) -> Iterator[Self]:
        was_open = self.is_open
        if not self.is_closed:
            self.close()
        yield self
        if was_open:
            self.open()

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException as error:  # Python does not call __exit__ now, and it may be half open
            try:
                self.close()
            except Exception as later:  # noqa: BLE001 - the first error is the one to raise
                annotate(error, f"then {one_line(later)}")
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __info__(self) -> str:
        return f"shutter {getattr(self, 'name', type(self).__name__)}: {self.state}"
