"""A Tango device as a shutter."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from obtura.contracts.looking import is_looking
from obtura.contracts.safety import SafeAction
from obtura.contracts.twins import Twin
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterState
from obtura.devices.unconfirmed import Unconfirmed
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.ground.ranges import Positive
from obtura.instruments.tango.device import OfDevice, TangoDevice
from obtura.instruments.tango.orders import Order
from obtura.instruments.tango.safe import told_from_elsewhere
from obtura.instruments.tango.states import SHUTTER, states_of, wrong_states
from obtura.instruments.tango.values import shown

__all__ = ["TangoShutter"]


class _OfStates(ShutterDriver):
    """Two orders, and the State of a device."""

    def __init__(
        self,
        name: str,
        device: TangoDevice,
        orders: Mapping[str, Order],
        states: Mapping[str, ShutterState],
        timeout: float,
    ) -> None:
        self._name = name
        self._device = device
        self._orders = orders
        self._states = states
        self._timeout = timeout

    def open(self) -> None:
        for order in self._orders.values():  # what could not be closed is not opened
            order.check(self._device.link, f"{self._name}.open failed")
        self._orders["open"].give(self._device.link, self._name, "open", self._timeout)

    def close(self) -> None:
        self._orders["close"].give(self._device.link, self._name, "close", self._timeout)

    def state(self) -> ShutterState:
        state = self._device.link.ask(f"{self._name}.state", "State", lambda proxy: proxy.state())
        return self._states[state.name]

    def action_of(self, method: str) -> SafeAction:
        """The same order, by another client."""
        wanted = ShutterState.OPEN if method == "open" else ShutterState.CLOSED
        good = [name for name, meaning in self._states.items() if meaning is wanted]
        return told_from_elsewhere(self._device, self._orders[method], "State", good)


class _OfAttribute(ShutterDriver):
    """An attribute that says where it is, and is written to."""

    def __init__(self, name: str, device: TangoDevice, orders: Mapping[str, Order], readback: str) -> None:
        self._name = name
        self._device = device
        self._orders = orders
        self._readback = readback

    def open(self) -> None:
        for order in self._orders.values():  # what could not be closed is not opened
            order.check(self._device.link, f"{self._name}.open failed")
        self._orders["open"].give(self._device.link, self._name, "open")

    def close(self) -> None:
        self._orders["close"].give(self._device.link, self._name, "close")

    def state(self) -> ShutterState:
        names = self._device.value_and_name(self._readback, f"{self._name}.state")
        for method, state in {"open": ShutterState.OPEN, "close": ShutterState.CLOSED}.items():
            if self._orders[method].argument in names:
                return state
        return ShutterState.MOVING

    def action_of(self, method: str) -> SafeAction:
        """The same value, written by another client."""
        order = self._orders[method]
        return told_from_elsewhere(self._device, order, self._readback, [order.argument])


class TangoShutter(Unconfirmed, OfDevice, Shutter):
    """A shutter, a valve, a switch: two commands and the State of its device; or an attribute, a boolean or an enum.

    `open`, `close`: the commands; `states`: what a state means, OPEN, CLOSED, MOVING, FAULT or UNKNOWN, where that is
    not as usual: `{ON: OPEN, OFF: CLOSED}`. With `attribute` in their place `open_value` and `closed_value` are
    written to it, numbers or names of an enum's states; it is where that, or `readback`, says. `timeout`: s that it has
    to open or close.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "shutter"

    def __init__(
        self,
        name: str,
        device: TangoDevice,
        open: str = "Open",
        close: str = "Close",
        states: Mapping[str, str] | None = None,
        attribute: str | None = None,
        open_value: Any = True,
        closed_value: Any = False,
        readback: str | None = None,
        timeout: Positive = 5.0,
    ) -> None:
        self.device = device
        driver: ShutterDriver
        if attribute is None:
            orders = {"open": Order(command=open), "close": Order(command=close)}
            driver = _OfStates(name, device, orders, states_of(SHUTTER, states or {}, ShutterState), timeout)
        else:
            orders = {"open": Order(attribute, None, open_value), "close": Order(attribute, None, closed_value)}
            driver = _OfAttribute(name, device, orders, readback or attribute)
        self._orders = orders
        super().__init__(name, driver, timeout)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        for problem in wrong_states(SHUTTER, given.get("states") or {}):
            yield "states", problem
        for key in ("open", "close", "states"):
            if key in given and "attribute" in given:
                yield key, "it is opened and closed by an attribute already"
        for key in ("open_value", "closed_value", "readback"):
            if key in given and "attribute" not in given:
                yield key, "say which attribute this is about"
        if given.get("open", "Open") == given.get("close", "Close"):
            yield "close", "is the same command as open"
        if given.get("open_value", True) == given.get("closed_value", False):
            yield "closed_value", "is the same as open_value"

    @property
    def connection(self) -> str:
        """How it is connected; first of all, whether nobody knows where it is."""
        return self.doubted(super().connection)

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN."""
        return self.seen(super().state)

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, has no such orders, or has a fault; touch nothing."""
        super().check()
        for order in self._orders.values():
            order.check(self.device.link, self.name)
        if self.state is ShutterState.FAULT:
            raise DeviceError(f"{self.name}: it says {self._words()}")

    def open(self, timeout: float | None = None) -> None:
        """Open it; returns when it is open, or with `timeout=0` at once."""
        with self.telling("open"):
            super().open(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Close it; returns when it is closed, or with `timeout=0` at once."""
        with self.telling("close"):
            super().close(timeout)

    def _drive(self, *order: Any) -> None:
        try:
            super()._drive(*order)
        except DeviceError as error:
            raise self._explained(error) from error

    def _explained(self, error: DeviceError) -> DeviceError:
        """With the device's own words, where it answers."""
        kind = DeviceTimeoutError if isinstance(error, TimeoutError) else DeviceError
        late = kind is DeviceTimeoutError or not self.device.link.is_connected
        return error if late or is_looking() else kind(f"{error} ({self._words()})")

    def _words(self) -> str:
        try:
            state, status = self.device.state_and_status(self.name)
        except DeviceError as error:
            return shown(error)
        return f"{self.device.link.address} says {state}: {status}"

    def __info__(self) -> str:
        """Its state, and how it is connected."""
        return f"{super().__info__()}\n  {self.connection}"
