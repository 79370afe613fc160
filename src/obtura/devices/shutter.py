"""A shutter: lets the beam through, or not."""

from collections.abc import Mapping

from obtura.contracts.looking import check_may_be_told
from obtura.contracts.safety import SafeAction
from obtura.contracts.settings import Setting
from obtura.devices.any_shutter import AnyShutter
from obtura.devices.arguments import choice, number, positive, quantity
from obtura.devices.kept import Kept
from obtura.devices.shutter_driver import ShutterDriver, ShutterMode, ShutterState
from obtura.devices.switch import Switch
from obtura.devices.twostate import patience, reach
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.works.clock import clock

__all__ = ["Shutter"]


class Shutter(AnyShutter, Kept):
    """A shutter. `with shutter:` opens it for the time of the body, and closes it whatever happens.

    `timeout`: seconds that it has to open or to close. `external_control`: a switch with the states OPEN and
    CLOSED that drives it in mode EXTERNAL. `opening_time`, `closing_time`: how long it takes, in s, None where
    not known; `measure_open_close_time` finds out. Mode and times are kept between sessions.
    """

    def __init__(
        self,
        name: str,
        driver: ShutterDriver,
        timeout: Positive = 10.0,
        mode: ShutterMode = ShutterMode.MANUAL,
        external_control: Switch | None = None,
        opening_time: NotNegative | None = None,
        closing_time: NotNegative | None = None,
    ) -> None:
        self.name = name
        self.timeout = positive(f"{name}: timeout", timeout)
        self.external_control = external_control
        self._driver = driver
        if not isinstance(external_control, Switch | None):
            raise UsageError(f"{name}: external_control must be a switch, got {external_control!r}")
        if external_control is not None and not {"OPEN", "CLOSED"} <= set(external_control.states_list()):
            states = ", ".join(external_control.states_list())
            raise UsageError(
                f"{name}: the external control {external_control.name} needs OPEN and CLOSED, has {states}"
            )
        self._mode = self._known_mode(mode)
        self._told: ShutterMode | None = None  # the mode that the electronics were told
        times = {"opening_time": opening_time, "closing_time": closing_time}
        self._times = {key: self._time(key, seconds) for key, seconds in times.items()}

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def state(self) -> ShutterState:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN; in mode CONFIGURATION it is UNKNOWN."""
        if self._mode is ShutterMode.CONFIGURATION:
            return ShutterState.UNKNOWN
        state = ShutterState(self._driver.state())
        control = self._control
        if state is ShutterState.UNKNOWN and control is not None and (said := control.get()) in ("OPEN", "CLOSED"):
            return ShutterState(said)
        return state

    @property
    def mode(self) -> ShutterMode:
        """Who says when it opens: MANUAL, EXTERNAL or CONFIGURATION. Setting it moves nothing by itself."""
        return self._mode

    @mode.setter
    def mode(self, mode: ShutterMode | str) -> None:
        known = self._known_mode(mode)
        check_may_be_told(self.name, "mode")
        self._driver.set_mode(known)
        self._mode = self._told = known
        self._keep("mode", str(known))

    def _known_mode(self, mode: object) -> ShutterMode:
        wanted = mode.upper() if isinstance(mode, str) else mode
        return ShutterMode(choice(f"{self.name}: mode", wanted, [str(known) for known in ShutterMode]))

    @property
    def opening_time(self) -> float | None:
        """How long it takes to open, in s; None: not known."""
        return self._times["opening_time"]

    @opening_time.setter
    def opening_time(self, seconds: float | None) -> None:
        self._set_time("opening_time", seconds)

    @property
    def closing_time(self) -> float | None:
        """How long it takes to close, in s; None: not known."""
        return self._times["closing_time"]

    @closing_time.setter
    def closing_time(self, seconds: float | None) -> None:
        self._set_time("closing_time", seconds)

    def _time(self, key: str, seconds: object) -> float | None:
        value = None if seconds is None else number(f"{self.name}: {key}", seconds)
        if value is not None and value < 0:
            raise UsageError(f"{self.name}: {key} must not be negative, got {quantity(value)}")
        return value

    def _set_time(self, key: str, seconds: float | None) -> None:
        self._times[key] = self._time(key, seconds)
        self._keep(key, self._times[key])

    # -- what it can do -----------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when its mode does not allow to open and close it; touch nothing."""
        self._allowed("open")

    def action_of(self, method: str) -> SafeAction:
        """How another process opens or closes it, as its driver says.

        Raises:
            UsageError: none can; or it is not in mode MANUAL.
        """
        if self._mode is not ShutterMode.MANUAL:
            raise UsageError(f"it is in mode {self._mode}, where no other process can drive it")
        return self._driver.action_of(method)

    def open(self, timeout: float | None = None) -> None:
        """Open it; returns when it is open, or with `timeout=0` at once.

        Raises:
            DeviceError: its mode does not allow it, it has a fault, or is not open after `timeout` s (its own
                by default).
        """
        self._drive("open", ShutterState.OPEN, timeout, self.opening_time)

    def close(self, timeout: float | None = None) -> None:
        """Close it; returns when it is closed, or with `timeout=0` at once.

        Raises:
            DeviceError: its mode does not allow it, it has a fault, or is not closed after `timeout` s (its own
                by default).
        """
        self._drive("close", ShutterState.CLOSED, timeout, self.closing_time)

    def measure_open_close_time(self) -> tuple[float, float]:
        """Open and close it, note how long each took, in s, and return both. It is closed afterwards."""
        self.close()
        began = clock.time()
        with self:
            opened = clock.time()
        closed = clock.time()
        self.opening_time, self.closing_time = opened - began, closed - opened
        return opened - began, closed - opened

    @property
    def _control(self) -> Switch | None:
        """The switch to work with in this mode."""
        return self.external_control if self._mode is ShutterMode.EXTERNAL else None

    def _allowed(self, verb: str) -> None:
        if self._mode is ShutterMode.CONFIGURATION:
            raise DeviceError(
                f"{self.name}.{verb} refused: it is in mode CONFIGURATION; set {self.name}.mode = 'MANUAL' first"
            )
        if self._mode is ShutterMode.EXTERNAL and self.external_control is None:
            raise DeviceError(
                f"{self.name}.{verb} refused: in mode EXTERNAL a signal from elsewhere drives it, and no external "
                f"control is configured; set {self.name}.mode = 'MANUAL' to drive it by hand"
            )

    def _drive(self, verb: str, wanted: ShutterState, timeout: float | None, usual: float | None) -> None:
        check_may_be_told(self.name, verb)
        what = f"{self.name}.{verb}"
        seconds = patience(what, timeout, self.timeout)
        self._allowed(verb)
        if self._told is not self._mode:
            self._driver.set_mode(self._mode)
            self._told = self._mode
        control = self._control
        there = control is not None and self.state is wanted

        def command() -> None:
            if control is not None:
                control.set(wanted)
            elif wanted is ShutterState.OPEN:
                self._driver.open()
            else:
                self._driver.close()

        reach(what, command, wanted, lambda: self.state, self._driver.look_again_after, seconds)
        if control is not None and not there and usual and self._driver.state() == ShutterState.UNKNOWN:
            clock.sleep(min(usual, seconds))  # the switch is there at once, the shutter takes its time

    # -- what is kept -------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """Mode and times."""
        return {"mode": str(self._mode), **self._times}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept; the electronics are told of the mode with the next order."""
        mode = self._known_mode(settings.get("mode", self._mode))
        times = {key: self._time(key, settings.get(key, before)) for key, before in self._times.items()}
        self._mode, self._times = mode, times

    def __info__(self) -> str:
        try:
            lines = [f"shutter {self.name}: {self.state}"]
        except DeviceError as error:
            lines = [f"shutter {self.name}: {ShutterState.UNKNOWN} ({error})"]
        if self._mode is not ShutterMode.MANUAL:
            control = f", through {self.external_control.name}" if self.external_control is not None else ""
            lines.append(f"  mode {self._mode}{control if self._mode is ShutterMode.EXTERNAL else ''}")
        known = {"opens": self.opening_time, "closes": self.closing_time}
        if times := [f"{verb} in {seconds:.3g} s" for verb, seconds in known.items() if seconds is not None]:
            lines.append(f"  {', '.join(times)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
