"""Shutters that are a class each: derived from, and given methods, in the place of a driver."""

from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.devices.arguments import choice
from obtura.devices.bliss.config import description_in
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterMode, ShutterState
from obtura.ground.errors import UsageError

__all__ = ["DerivedShutter"]


class _Methods(ShutterDriver):
    """Has the shutter's own methods do what a driver does."""

    def __init__(self, shutter: Any) -> None:
        self._shutter = shutter

    def open(self) -> None:
        self._shutter._open()

    def close(self) -> None:
        self._shutter._close()

    def state(self) -> ShutterState:
        said = self._shutter._state()
        name = getattr(said, "name", said)
        return ShutterState(name) if name in ShutterState.__members__ else ShutterState.UNKNOWN

    def action_of(self, method: str) -> SafeAction:
        raise UsageError(f"no other process can call it, for {type(self._shutter).__name__} has no action_of()")

    def set_mode(self, mode: ShutterMode) -> None:
        self._shutter._set_mode(mode)


class DerivedShutter(Shutter):
    """A shutter whose class does the work: override `_open`, `_close` and `_state`; `_init` and `_set_mode` if need be.

    Made with a name and what is said of it, or with that alone: `timeout`, `mode`, `external-control` (a switch),
    `safe_action` and keys of one's own, which are in `config`. `_init` is called when the state is asked for or
    changed first.
    """

    def __init__(self, name: Any, config: Any = None, *more: Any) -> None:
        self.config = description_in((name, config, *more))
        if not self.config.get("name"):
            raise UsageError(f"{type(self).__name__}: a shutter needs a name")
        control = self.config.get("external-control", self.config.get("external_control"))
        super().__init__(
            str(self.config["name"]),
            _Methods(self),
            float(self.config.get("timeout", 10.0)),
            self.config.get("mode", ShutterMode.MANUAL),
            control,
            self.config.get("opening_time"),
            self.config.get("closing_time"),
        )
        if (action := self.config.get("safe-action", self.config.get("safe_action"))) is not None:
            self.safe_action = choice(f"{self.name}: safe_action", action, ["close"])
        self._ready = False

    def init(self) -> None:
        """Have `_init` called, if it was not yet."""
        if not self._ready:
            self._init()
            self._ready = True

    @property
    def state(self) -> ShutterState:
        """See `Shutter`."""
        self.init()
        return super().state

    def open(self, timeout: float | None = None) -> None:
        """See `Shutter`."""
        self.init()
        super().open(timeout)

    def close(self, timeout: float | None = None) -> None:
        """See `Shutter`."""
        self.init()
        super().close(timeout)

    def measure_open_close_time(self) -> tuple[float, float]:
        """See `Shutter`."""
        measured = self._measure_open_close_time()
        if measured is None:
            return super().measure_open_close_time()
        self.opening_time, self.closing_time = measured
        return measured

    # -- to be overridden ---------------------------------------------------------------------------------

    def _init(self) -> None:
        """Get ready."""

    def _open(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _open()")

    def _close(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _close()")

    def _state(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must override _state()")

    def _set_mode(self, mode: ShutterMode) -> None:
        """Follow other orders from now on."""

    def _measure_open_close_time(self) -> tuple[float, float] | None:
        """Opening and closing time in s; None: found out with a clock."""
        return None
