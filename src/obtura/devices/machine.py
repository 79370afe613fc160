"""A storage ring: how much current it has, how long that lasts, when it is refilled."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from obtura.contracts.counters import Counter, SamplingCounter, SamplingCounterController
from obtura.contracts.settings import Setting
from obtura.devices.arguments import number, quantity
from obtura.devices.kept import Kept
from obtura.devices.shutter_driver import ShutterState
from obtura.ground.errors import UsageError

__all__ = ["MachineDriver", "MachineInfo"]


class MachineDriver(ABC):
    """What tells of a storage ring; called by one `MachineInfo`. `blocking`: whether an answer may take time."""

    blocking = True

    @abstractmethod
    def current(self) -> float:
        """The stored current in mA."""

    def lifetime(self) -> float:
        """The seconds in which the current would fall to 1/e; NaN: not known."""
        return math.nan

    def refill_countdown(self) -> float:
        """Seconds until the next refill begins; 0 during one, infinite when none will be or nothing is known."""
        return math.inf

    def front_end(self) -> ShutterState:
        """The state of the shutter between ring and beamline; UNKNOWN: nothing tells."""
        return ShutterState.UNKNOWN


class _Controller(SamplingCounterController):
    """Reads the counters of a machine."""

    def __init__(self, name: str, driver: MachineDriver) -> None:
        super().__init__(name, blocking=driver.blocking, max_sampling_frequency=10.0)
        self._readings = {
            SamplingCounter("current", self, unit="mA"): driver.current,
            SamplingCounter("lifetime", self, unit="s"): driver.lifetime,
            SamplingCounter("refill", self, unit="s"): driver.refill_countdown,
        }

    def read(self, counter: Any) -> float:
        return self._readings[counter]()


class MachineInfo(Kept):
    """What a beamline knows of its storage ring. It can be counted: `loopscan(10, 0.1, machine)`.

    `machine.check = True` has every standard scan of the session wait before each point while there is no beam
    or a refill is near; that is kept between sessions. `least_current`: less than this, in mA, is no beam.
    """

    def __init__(self, name: str, driver: MachineDriver, least_current: float = 1.0) -> None:
        self.name = name
        self.least_current = number(f"{name}: least_current", least_current)
        self._driver = driver
        self._controller = _Controller(name, driver)
        self._check = False
        self._on_check: Callable[[bool], None] | None = None

    @property
    def counters(self) -> Mapping[str, Counter]:
        """`current` (mA), `lifetime` (s) and `refill` (the countdown, in s)."""
        return self._controller.counters

    @property
    def current(self) -> float:
        """The stored current in mA."""
        return self._driver.current()

    @property
    def lifetime(self) -> float:
        """The seconds in which the current would fall to 1/e; NaN where not known."""
        return self._driver.lifetime()

    @property
    def refill_countdown(self) -> float:
        """Seconds until the next refill begins; 0 during one, infinite when none will be."""
        return self._driver.refill_countdown()

    @property
    def front_end(self) -> ShutterState:
        """The state of the shutter between ring and beamline."""
        return ShutterState(self._driver.front_end())

    def check_for_refill(self, checktime: float) -> bool:
        """Whether there is beam, and no refill within the next `checktime` s."""
        return (
            self.front_end in (ShutterState.OPEN, ShutterState.UNKNOWN)
            and self.current >= self.least_current
            and self.refill_countdown > checktime
        )

    # -- standing guard over scans ------------------------------------------------------------------------

    @property
    def check(self) -> bool:
        """Whether standard scans wait for beam and refills."""
        return self._check

    @check.setter
    def check(self, on: bool) -> None:
        if not isinstance(on, bool):
            raise UsageError(f"{self.name}.check must be True or False, got {on!r}")
        self._check = on
        if self._on_check is not None:
            self._on_check(on)
        self._keep("check", on)

    def on_check(self, listener: Callable[[bool], None] | None) -> None:
        """Have `listener(check)` called each time it is set; None: nobody."""
        self._on_check = listener

    def settings(self) -> Mapping[str, Setting]:
        """Whether scans wait."""
        return {"check": self._check}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept."""
        self.check = settings.get("check", self._check)  # type: ignore[assignment]  # the setter looks at it

    def __info__(self) -> str:
        lines = [
            f"machine {self.name}: {quantity(round(self.current, 3), 'mA')}, front end {self.front_end}",
            f"  lifetime {_span(self.lifetime)}, refill in {_span(self.refill_countdown)}",
            f"  standard scans {'wait' if self._check else 'do not wait'} for beam and refills",
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _span(seconds: float) -> str:
    """A time as it is read: 1 h 3 min."""
    if not math.isfinite(seconds):
        return "unknown time"
    hours, minutes = divmod(round(seconds) // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {round(seconds) % 60} s" if minutes else f"{seconds:.0f} s"
