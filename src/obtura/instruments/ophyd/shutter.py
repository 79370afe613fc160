"""A shutter that is a Movable of bluesky."""

from collections.abc import Iterator, Mapping
from typing import Any

from bluesky.protocols import Movable

from obtura.contracts.safety import SafeAction
from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.followed_shutter import FollowedShutter, Value
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.made import part_of
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.position import Place
from obtura.instruments.ophyd.safe import set_from_elsewhere
from obtura.instruments.ophyd.spoken import Spoken, find_partner, wrong_as_written

__all__ = ["OphydShutter"]


class OphydShutter(Spoken, FollowedShutter):
    """A shutter that is open when a Movable of ophyd or ophyd-async is at `open_value`, closed at `close_value`.

    `ophyd`, `device`, `part`, `prefix`, `arguments`, `timeout`: as for `OphydAxis`. Values are numbers, or text, e.g.
    the names of an enum's states. `status`: the dotted name of the part of the
    whole device that says, with the same values, where it is.
    `patience`: s that it may take to move. As a context manager it is open inside of the `with`.

    Raises:
        UsageError: what can't be, e.g. the device is no Movable.
    """

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        open_value: Value = 1,
        close_value: Value = 0,
        status: str = "",
        timeout: Positive = TIMEOUT,
        patience: NotNegative = 5.0,
    ) -> None:
        super().__init__(name, open_value, close_value, patience)
        self._partner = find_partner(name, ophyd, device, part, prefix, arguments, timeout)
        if not isinstance(self.ophyd_device, Movable):
            kind = type(self.ophyd_device).__name__
            raise UsageError(f"{name}: a {kind} is no shutter: it has no set(), as a Movable has")
        seen = self._partner.of(name, part_of(name, self._partner.whole, status)) if status else self._partner
        self._place = Place(seen)
        self._described: dict[str, Any] | None = None
        if isinstance(ophyd, str):
            self._described = {"ophyd": ophyd, "part": part, "prefix": prefix, "arguments": dict(arguments or {})}

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)
        if given.get("open_value", 1) == given.get("close_value", 0):
            yield "close_value", "is the same value as open_value"

    def __repr__(self) -> str:
        return f"OphydShutter({self.name!r})"

    @property
    def connection(self) -> str:
        """How it is connected; first of all, whether nobody knows where it is."""
        return self.doubted(super().connection)

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING or UNKNOWN (e.g. not connected)."""
        try:
            return self._meaning(self._read("state"))
        except DeviceError:  # a state is asked for in passing; whoever uses the shutter is told
            return ShutterState.UNKNOWN

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

    def __info__(self) -> str:
        """Its state, and how it is connected."""
        return f"{super().__info__()}\n  {self.connection}"

    def _read(self, operation: str) -> Value:
        value: Value = self._place.position(operation)
        return value

    def _send(self, operation: str, value: Value, seconds: float | None) -> None:
        order = self._partner.set(operation, self.ophyd_device, value)
        if seconds is not None:
            self._partner.wait(operation, order, seconds)

    def _not_followed(self, operation: str, value: Value, seen: Value, seconds: float) -> DeviceError:
        what = f"was set to {value!r} and is {self._meaning(seen)} {seconds:g} s later"
        return DeviceTimeoutError(str(self._partner.failure(operation, what)))
