"""An actuator: something that is in or out. A detector cover, a filter, a beam viewer, a beamstop."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Self

from obtura.contracts.looking import check_may_be_told
from obtura.contracts.safety import SafeAction
from obtura.contracts.settings import Setting
from obtura.devices.arguments import choice, positive
from obtura.devices.kept import Kept
from obtura.devices.twostate import patience, reach
from obtura.ground.errors import DeviceError, UsageError, annotate, one_line
from obtura.ground.ranges import Positive
from obtura.works.clock import clock

__all__ = ["Actuator", "ActuatorDriver", "ActuatorState"]


class ActuatorState(StrEnum):
    """Where an actuator is; equal to its name as text: `cover.state == "IN"`."""

    IN = "IN"
    OUT = "OUT"
    MOVING = "MOVING"
    UNKNOWN = "UNKNOWN"


class ActuatorDriver(ABC):
    """What drives an actuator; called by one `Actuator`.

    Override `is_in`, `is_out` or both when there are sensors. With one only, not out is in; with none, it is
    where it was sent last. A fault is a `DeviceError`, raised by any of these.
    """

    @abstractmethod
    def set_in(self) -> None:
        """Begin to put it in; need not wait until it is. Harmless when it is."""

    @abstractmethod
    def set_out(self) -> None:
        """Begin to take it out; need not wait until it is. Harmless when it is."""

    def is_in(self) -> bool | None:
        """Whether it is in all the way; None: nothing tells."""
        return None

    def is_out(self) -> bool | None:
        """Whether it is out all the way; None: nothing tells."""
        return None

    def action_of(self, method: str) -> SafeAction:
        """How another process does what `set_in` or `set_out` does, for `DetectorCoverPreset(..., safety=True)`.

        Raises:
            UsageError: no other process can: so it is unless this is overridden.
        """
        raise UsageError(f"no other process can call it, for {type(self).__name__} has no action_of()")

    def look_again_after(self) -> float:
        """Seconds to wait before it is worth asking again; greater than 0."""
        return 0.02


class Actuator(Kept):
    """An actuator. `with actuator:` it is in for the time of the body, and out afterwards, whatever happens.

    `timeout`: seconds that it has to go in or out.
    """

    def __init__(self, name: str, driver: ActuatorDriver, timeout: Positive = 10.0) -> None:
        self.name = name
        self.timeout = positive(f"{name}: timeout", timeout)
        self._driver = driver
        self._sent: ActuatorState | None = None
        self._under_way_until = clock.time()

    @property
    def is_in(self) -> bool:
        """Whether it is in."""
        return self.state is ActuatorState.IN

    @property
    def is_out(self) -> bool:
        """Whether it is out."""
        return self.state is ActuatorState.OUT

    @property
    def state(self) -> ActuatorState:
        """IN, OUT, MOVING (it was sent less than `timeout` ago, and is not there), else UNKNOWN."""
        inside, outside = self._driver.is_in(), self._driver.is_out()
        if inside is None and outside is None:
            return self._sent or ActuatorState.UNKNOWN
        inside = not outside if inside is None else inside
        outside = not inside if outside is None else outside
        if inside != outside:
            return ActuatorState.IN if inside else ActuatorState.OUT
        moving = not inside and clock.time() < self._under_way_until
        return ActuatorState.MOVING if moving else ActuatorState.UNKNOWN

    def action_of(self, method: str) -> SafeAction:
        """How another process puts it in or takes it out, as its driver says.

        Raises:
            UsageError: none can.
        """
        return self._driver.action_of(method)

    def set_in(self, timeout: float | None = None) -> None:
        """Put it in; returns when it is, or with `timeout=0` at once.

        Raises:
            DeviceError: it has a fault, or is not in after `timeout` s (its own by default).
        """
        self._send("set_in", ActuatorState.IN, timeout)

    def set_out(self, timeout: float | None = None) -> None:
        """Take it out; returns when it is, or with `timeout=0` at once.

        Raises:
            DeviceError: it has a fault, or is not out after `timeout` s (its own by default).
        """
        self._send("set_out", ActuatorState.OUT, timeout)

    def open(self, timeout: float | None = None) -> None:
        """As `set_in`."""
        self.set_in(timeout)

    def close(self, timeout: float | None = None) -> None:
        """As `set_out`."""
        self.set_out(timeout)

    def toggle(self) -> None:
        """Take it out when it is in, put it in when it is out.

        Raises:
            DeviceError: it is neither.
        """
        state = self.state
        if state not in (ActuatorState.IN, ActuatorState.OUT):
            raise DeviceError(f"{self.name}.toggle: it is {state}, neither IN nor OUT; use set_in() or set_out()")
        (self.set_out if state is ActuatorState.IN else self.set_in)()

    def _send(self, method: str, wanted: ActuatorState, timeout: float | None) -> None:
        check_may_be_told(self.name, method)
        what = f"{self.name}.{method}"
        seconds = patience(what, timeout, self.timeout)

        def command() -> None:
            self._under_way_until = clock.time() + (seconds or self.timeout)
            (self._driver.set_in if wanted is ActuatorState.IN else self._driver.set_out)()
            self._sent = wanted
            self._keep("sent", str(wanted))

        reach(what, command, wanted, lambda: self.state, self._driver.look_again_after, seconds)

    def settings(self) -> Mapping[str, Setting]:
        """Where it was sent last: all that is known of one without sensors."""
        return {"sent": None if self._sent is None else str(self._sent)}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept."""
        sent = settings.get("sent")
        if sent is not None:
            known = (ActuatorState.IN, ActuatorState.OUT)
            self._sent = ActuatorState(choice(f"{self.name}: sent", sent, known))

    def __enter__(self) -> Self:
        try:
            self.set_in()
        except BaseException as error:  # Python does not call __exit__ now, and it may be half in
            try:
                self.set_out()
            except Exception as later:  # noqa: BLE001 - the first error is the one to raise
                annotate(error, f"then {one_line(later)}")
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.set_out()

    def __info__(self) -> str:
        return f"actuator {self.name}: {self.state}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
