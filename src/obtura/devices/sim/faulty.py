"""Simulated devices that fail in the ways that real ones do: for tests, and to train for the night."""

import math

from obtura.contracts.counters import SamplingCounterController
from obtura.devices.arguments import number
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterState
from obtura.devices.sim.blades import ShutterBlade
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.works.clock import clock

__all__ = ["FaultyBlade", "FaultyCounter", "FaultyShutter"]


class FaultyBlade(ShutterBlade):
    """The blade of a faulty shutter; its attributes are those of `FaultyShutter`, and may be set at any time."""

    def __init__(self, name: str, travel: float) -> None:
        super().__init__(travel)
        self._name = name
        self.bad_open = self.bad_close = self.bad_state = False
        self.stuck_closed = self.stuck_open = False
        self.opens_late = self.hangs_in_open = self.hangs_in_close = 0.0
        self._opens_at: float | None = None

    def open(self) -> None:
        """Set off, out of the beam, unless something is wrong."""
        self._fail("open", self.bad_open)
        clock.sleep(self.hangs_in_open)
        if self.opens_late:
            self._opens_at = clock.time() + self.opens_late
        elif not self.stuck_closed:
            super().open()

    def close(self) -> None:
        """Set off, into the beam, unless something is wrong."""
        self._fail("close", self.bad_close)
        clock.sleep(self.hangs_in_close)
        self._opens_at = None
        if not self.stuck_open:
            super().close()

    def state(self) -> ShutterState:
        """As that of a good one, unless something is wrong."""
        self._fail("state", self.bad_state)
        self._open_late()
        return super().state()

    @property
    def transmission(self) -> float:
        """The part of the beam that it lets pass, from 0 to 1."""
        self._open_late()
        return super().transmission

    def look_again_after(self) -> float:
        """Seconds until it may have changed."""
        late = 0.0 if self._opens_at is None else self._opens_at - clock.time()
        return max(late, super().look_again_after(), 0.02)

    def _open_late(self) -> None:
        if self._opens_at is not None and clock.time() >= self._opens_at:
            self._opens_at = None
            if not self.stuck_closed:
                super().open()

    def _fail(self, what: str, bad: bool) -> None:
        if bad:
            raise DeviceError(f"{self._name}.{what}: the simulated electronics fail")


class FaultyShutter(Shutter):
    """A simulated shutter with faults; `shutter.blade` has them too, to be set and mended at any time.

    `bad_open`, `bad_close`, `bad_state`: the call raises. `stuck_closed`, `stuck_open`: it takes the order and
    does not move. `opens_late`: it opens that many s after it was told, unless it is told to close before.
    `hangs_in_open`, `hangs_in_close`: the call blocks for that many s. The rest as `SimulatedShutter`.
    """

    def __init__(
        self,
        name: str,
        travel: float = 0.05,
        timeout: Positive = 10.0,
        *,
        bad_open: bool = False,
        bad_close: bool = False,
        bad_state: bool = False,
        stuck_closed: bool = False,
        stuck_open: bool = False,
        opens_late: NotNegative = 0.0,
        hangs_in_open: NotNegative = 0.0,
        hangs_in_close: NotNegative = 0.0,
    ) -> None:
        self.blade = blade = FaultyBlade(name, number(f"{name}: travel", travel))
        blade.bad_open, blade.bad_close, blade.bad_state = bad_open, bad_close, bad_state
        blade.stuck_closed, blade.stuck_open = stuck_closed, stuck_open
        blade.opens_late = _seconds(f"{name}: opens_late", opens_late)
        blade.hangs_in_open = _seconds(f"{name}: hangs_in_open", hangs_in_open)
        blade.hangs_in_close = _seconds(f"{name}: hangs_in_close", hangs_in_close)
        super().__init__(name, blade, timeout)


class FaultyCounter(SelfReadingCounter):
    """A counter that reads `value`, and now and then does not. All may be set at any time.

    Every `bad_every`-th reading raises, every `nan_every`-th is NaN, every `hang_every`-th blocks for
    `hang_for` s first; 0 is never. Readings are counted from 1, in `readings`. One without a `controller` has
    one of its own, which is called on a lane, as hardware is.
    """

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController | None = None,
        value: float = 1.0,
        bad_every: int = 0,
        nan_every: int = 0,
        hang_every: int = 0,
        hang_for: NotNegative = 10.0,
        unit: str | None = None,
    ) -> None:
        own = SelfReadingController(name, max_sampling_frequency=1000.0) if controller is None else controller
        super().__init__(name, own, unit=unit)
        self.value = value
        self.bad_every = bad_every
        self.nan_every = nan_every
        self.hang_every = hang_every
        self.hang_for = _seconds(f"{name}: hang_for", hang_for)
        self.readings = 0

    def raw(self) -> float:
        """One reading."""
        self.readings += 1
        if self._is_turn(self.hang_every):
            clock.sleep(self.hang_for)
        if self._is_turn(self.bad_every):
            raise DeviceError(f"{self.name}: reading {self.readings} failed, as a faulty counter's do")
        return math.nan if self._is_turn(self.nan_every) else self.value

    def _is_turn(self, every: int) -> bool:
        return every > 0 and self.readings % every == 0


def _seconds(what: str, value: float) -> float:
    seconds = number(what, value)
    if seconds < 0:
        raise UsageError(f"{what} must not be negative, got {value}")
    return seconds
