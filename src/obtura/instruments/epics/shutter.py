"""A shutter that is a PV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import NotNegative
from obtura.instruments.epics.link import TIMEOUT, InvalidError, Link
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.safe import put_from_elsewhere
from obtura.instruments.followed_shutter import FollowedShutter, Value
from obtura.works.clock import clock

__all__ = ["PVShutter"]


class PVShutter(OfPVs, FollowedShutter):
    """A shutter that opens when `open_value` is put to `command_pv`, and closes with `close_value`.

    Where it is says `status_pv`, with the same values; without one, `command_pv` itself. Values are numbers,
    or text, e.g. the names of an enum's states. `timeout`: s that an IOC has to be found, and to answer;
    `patience`: s that the shutter may take to move. As a context manager it is open inside of the `with`.

    Raises:
        UsageError: the two values are the same, or one is text and the other a number.
    """

    def __init__(
        self,
        name: str,
        command_pv: str,
        status_pv: str | None = None,
        open_value: float | str = 1,
        close_value: float | str = 0,
        timeout: NotNegative = TIMEOUT,
        patience: NotNegative = 5.0,
    ) -> None:
        for _, problem in self.yaml_check({"open_value": open_value, "close_value": close_value}):
            raise UsageError(f"{name}: {problem}")
        super().__init__(name, open_value, close_value, patience)
        self._command = Link(name, command_pv, timeout)
        self._status = Link(name, status_pv, timeout) if status_pv else self._command

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from OfPVs.yaml_check(given)
        opens, closes = given.get("open_value", 1), given.get("close_value", 0)
        if opens == closes:
            yield "close_value", f"is {closes!r}, as open_value is: it would never close"
        elif isinstance(opens, str) != isinstance(closes, str):
            what = f"open_value {opens!r} and close_value {closes!r} must be both numbers, or both text"
            yield ("close_value" if "close_value" in given else "open_value"), what

    @property
    def links(self) -> Sequence[Link]:
        """Its PVs."""
        return list(dict.fromkeys([self._command, self._status]))

    @property
    def connection(self) -> str:
        """How its PVs are connected; first of all, whether nobody knows where it is."""
        return self.doubted(super().connection)

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT (the IOC has lost the shutter) or UNKNOWN (not connected, or the IOC hangs)."""
        if not self._status.settle():
            return ShutterState.UNKNOWN
        try:
            return self._meaning(self._read("state"))
        except InvalidError:
            return ShutterState.FAULT
        except DeviceTimeoutError:
            return ShutterState.UNKNOWN

    def check(self) -> None:
        """Raise `DeviceError` unless its PVs are connected, valid, and may be put to; an enum must have both states."""
        self._command.check_writable("")
        self._check_named("", self.open_value, self.close_value)
        if self._status is not self._command:  # which often has no valid value before the first put
            self._read("")

    def action_of(self, method: str) -> SafeAction:
        """How another process opens or closes it: by the same put."""
        return put_from_elsewhere(self._command, self.open_value if method == "open" else self.close_value)

    def __info__(self) -> str:
        """Its state, its PVs, since when they are connected."""
        pvs = "".join(f"\n  PV {link.name}: {link.state}" for link in self.links)
        return f"{super().__info__()}{f' ({self.doubt})' if self.doubt else ''}{pvs}"

    def _read(self, operation: str) -> float | str:
        if isinstance(self.open_value, str):
            return self._status.read_text(operation)
        return self._status.read(operation)

    def _send(self, operation: str, value: Value, seconds: float | None) -> None:
        try:
            put = self._command.put(value, operation)
            if seconds is not None:
                put.wait(clock.time() + seconds)
        except DeviceTimeoutError:
            raise
        except DeviceError:  # an IOC that refuses does not say why
            if self._command.connected:
                self._check_named(operation, value)
            raise

    def _check_named(self, operation: str, *values: Value) -> None:
        if not isinstance(self.open_value, str):
            return
        states = self._command.control(operation).states
        for value in values:
            if any(states) and value not in states:
                what = (
                    f"has no state {value!r}, there are {', '.join(filter(None, states))}; say what it is called there"
                )
                raise self._command.failure(operation, what)

    def _not_followed(self, operation: str, value: Value, seen: Value, seconds: float) -> DeviceError:
        what = f"still says {seen}, {seconds:g} s after {value} was put to {self._command.name}"
        return self._status.failure(operation, what, DeviceTimeoutError)
