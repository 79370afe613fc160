"""A shutter that is a Movable of bluesky."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

from bluesky.protocols import Movable

from obtura.contracts.safety import SafeAction
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.made import part_of
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.position import Place
from obtura.instruments.ophyd.safe import set_from_elsewhere
from obtura.instruments.ophyd.spoken import Spoken, find_partner, wrong_as_written
from obtura.works.clock import clock

__all__ = ["OphydShutter"]

POLL = 0.02


class OphydShutter(Spoken):
    """A shutter that is open when a Movable of ophyd or ophyd-async is at `open_value`, closed at `close_value`.

    `ophyd`, `device`, `part`, `prefix`, `arguments`, `timeout`: as for `OphydAxis`. Values are numbers, or text, e.g.
    the names of an enum's states. `status`: the dotted name of the part of the
    whole device that says, with the same values, where it is.
    `patience`: s that it may take to move. As a context manager it is open inside of the `with`.

    Raises:
        UsageError: what can't be, e.g. the device is no Movable.
    """

    blocking = True
    twin: ClassVar[Twin] = "shutter"
    yaml_attributes: ClassVar[Mapping[str, Any]] = {"safe_action": Literal["close"]}
    safe_action: str | None = None
    """In a session: the method that is called when the process dies while it is open; None: none."""

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        open_value: bool | float | str = 1,
        close_value: bool | float | str = 0,
        status: str = "",
        timeout: Positive = TIMEOUT,
        patience: NotNegative = 5.0,
    ) -> None:
        self.name = name
        self.open_value = open_value
        self.close_value = close_value
        self.patience = patience
        self._partner = find_partner(name, ophyd, device, part, prefix, arguments, timeout)
        if not isinstance(self.ophyd_device, Movable):
            kind = type(self.ophyd_device).__name__
            raise UsageError(f"{name}: a {kind} is no shutter: it has no set(), as a Movable has")
        seen = self._partner.of(name, part_of(name, self._partner.whole, status)) if status else self._partner
        self._place = Place(seen)
        self._described: dict[str, Any] | None = None
        if isinstance(ophyd, str):
            self._described = {"ophyd": ophyd, "part": part, "prefix": prefix, "arguments": dict(arguments or {})}
        self._moving = False

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)
        if given.get("open_value", 1) == given.get("close_value", 0):
            yield "close_value", "is the same value as open_value"

    def __repr__(self) -> str:
        return f"OphydShutter({self.name!r})"

    @property
    def state(self) -> str:
        """OPEN, CLOSED, MOVING or UNKNOWN (e.g. not connected)."""
        try:
            return self._state("state")
        except DeviceError:  # a state is asked for in passing; whoever uses the shutter is told
            return "UNKNOWN"

    def _state(self, operation: str) -> str:
        known = {self.open_value: "OPEN", self.close_value: "CLOSED"}
        value = self._place.position(operation)
        return known.get(value, "MOVING" if self._moving else "UNKNOWN")

    @property
    def is_open(self) -> bool:
        """Whether it is open all the way."""
        return self.state == "OPEN"

    @property
    def is_closed(self) -> bool:
        """Whether it is closed all the way."""
        return self.state == "CLOSED"

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected and says where it is."""
        self._place.position("")

    def action_of(self, method: str) -> SafeAction:
        """How another process opens or closes it: it makes the same device, and sets it.

        Raises:
            UsageError: it was made from an object, which no other process has.
        """
        if self._described is None:
            raise UsageError(
                f"no other process can make the {self._partner.kind}: describe it by its class, ophyd: module:Class"
            )
        value = self.open_value if method == "open" else self.close_value
        return set_from_elsewhere({**self._described, "timeout": self._partner.timeout}, value)

    def open(self) -> None:
        """Open it; returns when it is open."""
        self._drive("open", self.open_value, "OPEN")

    def close(self) -> None:
        """Close it; returns when it is closed."""
        self._drive("close", self.close_value, "CLOSED")

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:  # Python does not call __exit__ now, and it may be under way
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __info__(self) -> str:
        """Its state, and how it is connected."""
        return f"shutter {self.name}: {self.state}\n  {self.connection}"

    def _drive(self, operation: str, value: Any, wanted: str) -> None:
        limit = clock.time() + self.patience
        self._moving = True
        try:
            order = self._partner.tell(operation, self.ophyd_device.set, value)
            self._partner.wait(operation, order, self.patience)
            while (seen := self._state(operation)) != wanted:
                if clock.time() >= limit:
                    what = f"was set to {value!r} and is {seen} {self.patience:g} s later"
                    raise DeviceTimeoutError(str(self._partner.failure(operation, what)))
                clock.sleep(POLL)
        finally:
            self._moving = False
