"""Counters, and the controllers that measure them: what a user derives from to have a device counted."""

import difflib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from obtura.contracts.policies import Policy, PolicyText, WithPolicy
from obtura.contracts.sampling import SamplingMode, check_mode_of_text
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ragged import RAGGED, size_text
from obtura.ground.ranges import Positive
from obtura.ground.spelling import Spelled
from obtura.ground.tally import NO_STATISTICS, Statistics
from obtura.ground.texts import NOT_READ, TEXT, is_text
from obtura.ground.units import check_unit

__all__ = [
    "Counter",
    "CounterController",
    "Counters",
    "IntegratingCounter",
    "IntegratingCounterController",
    "SamplingCounter",
    "SamplingCounterController",
    "SamplingMode",
]

C = TypeVar("C", bound="Counter")


class Counters(dict[str, "Counter"]):
    """Counters by name, also as attributes: `mca.counters.fe`."""

    def __getattr__(self, name: str) -> "Counter":
        if name in self:
            return self[name]
        close = difflib.get_close_matches(name, self, n=1)
        hint = f": did you mean {close[0]!r}?" if close else f" (there are: {', '.join(self) or 'none'})"
        raise AttributeError(f"there is no counter {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]


class CounterController(WithPolicy):
    """A device that measures: it owns counters and says how they get into a chain.

    `master_controller`: the controller whose acquisition object triggers this one's, None for the timer or motor of
    the scan. `register_counters`: whether a session lists its counters. `blocking`: whether a call may wait for
    something outside of this process, and needs a lane. `is_interruptible`, not inherited: see `AcquisitionObject`.
    """

    is_interruptible: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        master_controller: "CounterController | None" = None,
        register_counters: bool = True,
        blocking: bool = True,
    ) -> None:
        if master_controller is not None and not isinstance(master_controller, CounterController):
            raise UsageError(f"{name}: master_controller must be a CounterController, got {master_controller!r}")
        self.name = name
        self.master_controller = master_controller
        self.register_counters = register_counters
        self.blocking = blocking
        self.lock = threading.RLock()
        self.counters = Counters()

    def create_counter(self, kind: type[C], *arguments: Any, **keywords: Any) -> C:
        """Make a counter of this device: `create_counter(SamplingCounter, "diode", unit="V")`."""
        name, *others = arguments
        return kind(name, self, *others, **keywords)

    def check(self) -> None:
        """Raise `DeviceError` when the device can't be used now, e.g. is not connected; touch nothing."""

    def check_counters(self, *counters: Any) -> None:
        """Raise `DeviceError` when these can't be read, though the device is there; asked before a scan of them."""

    def on_lane_start(self) -> None:
        """Called first on the thread that makes a scan's calls to this device: a place for a context per thread."""

    def get_default_chain_parameters(
        self, scan_params: Mapping[str, Any], acq_params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the acquisition object of a standard scan is made with: by default `count_time` (s) and `npoints`.

        `scan_params`: the scan's `count_time`, `npoints` (0: endless), `type`, perhaps `start`, `stop`, `sleep_time`;
        `acq_params`: what `DEFAULT_CHAIN.set_settings` says for this device, which prevails.
        """
        return {"count_time": scan_params["count_time"], "npoints": scan_params["npoints"], **acq_params}

    def prepare(self, *counters: "Counter") -> None:
        """Get ready to measure these counters; called once per scan.

        In a scan that steps once per point, and so `start`, if it counts by its own clock (trigger type HARDWARE).
        """

    def start(self, *counters: "Counter") -> None:
        """Arm the device; called once per scan, after `prepare` and before the first trigger."""

    def stop(self, *counters: "Counter") -> None:
        """Leave the device quiet; called once per scan, also while another call is in progress."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __info__(self) -> str:
        """Its counters; asks no hardware."""
        lines = [f"  {one.name}{_kind(one)}" for one in self.counters.values()]
        return "\n".join([f"{type(self).__name__} {self.name}", *(lines or ["  no counters"])])


class Counter(Spelled):
    """A quantity that can be measured; it gives one channel.

    `conversion_function` is applied to each raw value; `shape` is that of one point, () for a scalar, (-1,) for an
    array whose length changes from point to point; `dtype` str: a point is a text; `is_critical`: see there.

    Raises:
        UsageError: a name, conversion or unit that can't be.
    """

    _policy: Policy | None = None
    yaml_attributes: ClassVar[Mapping[str, Any]] = {"is_critical": bool, "policy": PolicyText}

    def __init__(
        self,
        name: str,
        controller: CounterController,
        conversion_function: Callable[[Any], Any] | None = None,
        unit: str | None = None,
        dtype: npt.DTypeLike | None = float,
        shape: tuple[int, ...] = (),
        is_critical: bool = True,
    ) -> None:
        if not name or ":" in name:
            raise UsageError(f"a counter's name must not be empty nor contain a colon, got {name!r}")
        if conversion_function is not None and not callable(conversion_function):
            hint = f"; is it the unit? unit={conversion_function!r}" if isinstance(conversion_function, str) else ""
            raise UsageError(f"{name}: conversion_function must be a function, got {conversion_function!r}{hint}")
        check_unit(name, unit)
        self.name = name
        self.controller = controller
        self.conversion_function = conversion_function
        self.unit = unit
        self._dtype = np.dtype(float if dtype is None else dtype)
        self._shape = tuple(shape)
        if is_text(self._dtype):
            self._dtype = TEXT
            if shape:
                raise UsageError(f"{name}: a point of text is one text: its shape must be (), not {self._shape}")
        self.is_critical = is_critical
        controller.counters[name] = self

    @property
    def fullname(self) -> str:
        """`controller:counter`."""
        return f"{self.controller.name}:{self.name}"

    @property
    def _counter_controller(self) -> CounterController:  # by this name modules written for BLISS ask for it
        return self.controller

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values."""
        return self._dtype

    @property
    def is_text(self) -> bool:
        """Whether a point is a text."""
        return is_text(self.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one point, () for a scalar."""
        return self._shape

    @property
    def missing(self) -> Any:
        """What stands for a point that could not be read: NaN, of text an empty one."""
        if self.is_text:
            return NOT_READ
        return np.full(self.shape, np.nan) if self.shape else float("nan")

    @property
    def _has_missing(self) -> bool:
        return self.shape != RAGGED and self.dtype.kind in "fU"

    @property
    def is_critical(self) -> bool:
        """Whether a scan ends when the counter can't be read. If not, its point is NaN, of text an empty one, and a
        line says so once a scan.

        Of counters that are sampled or integrated; one that is calculated has NaN where its inputs have.
        """
        return self._is_critical

    @is_critical.setter
    def is_critical(self, is_critical: bool) -> None:
        if not isinstance(is_critical, bool):
            raise UsageError(f"{self.name}: is_critical must be True or False, got {is_critical!r}")
        if not is_critical and self.shape == RAGGED:
            raise UsageError(f"{self.name}: is_critical must be True: a point of any length has no NaN")
        if not is_critical and not self._has_missing:
            raise UsageError(f"{self.name}: is_critical must be True: its values, of type {self.dtype}, have no NaN")
        self._is_critical = is_critical

    @property
    def may_fail(self) -> bool:
        """Whether a scan goes on without it, with NaN for what can't be read."""
        return self.policy.is_optional or not self.is_critical

    @property
    def policy(self) -> Policy:
        """What a scan does when it fails; by default what its controller's `policy` says. Text is taken: "retry 3"."""
        return self.controller.policy if self._policy is None else self._policy

    @policy.setter
    def policy(self, policy: Policy | str) -> None:
        self._policy = Policy.of(policy)
        self.check_policy()

    def check_policy(self) -> None:
        """Raise `UsageError` when it may drop out, and its values have no NaN."""
        if self.policy.is_optional and not self._has_missing:
            raise UsageError(f"{self.name} can't be optional: its values, of type {self.dtype}, have no NaN")

    def convert(self, raw: Any) -> Any:
        """A raw value in `unit`."""
        return raw if self.conversion_function is None else self.conversion_function(raw)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fullname!r})"

    def __info__(self) -> str:
        """What it is; asks no hardware."""
        return f"counter {self.fullname}{_kind(self)}"


def _kind(counter: Counter) -> str:
    shape = f", {size_text(counter.shape)} {counter.dtype}" if counter.shape else ", text" if counter.is_text else ""
    mode = getattr(counter, "mode", None)
    usual = SamplingMode.LAST if counter.is_text else SamplingMode.MEAN
    told = f", {mode.name}" if isinstance(mode, SamplingMode) and mode is not usual else ""
    return f"{shape}{f' in {counter.unit}' if counter.unit else ''}{told}"


class SamplingCounterController(CounterController):
    """A device whose counters are read as often as the count time allows. Override `read`, or `read_all`.

    `max_sampling_frequency`: readings per second, None for as fast as the device answers.
    """

    def __init__(
        self,
        name: str,
        master_controller: CounterController | None = None,
        register_counters: bool = True,
        blocking: bool = True,
        max_sampling_frequency: Positive | None = None,
    ) -> None:
        super().__init__(name, master_controller, register_counters, blocking)
        self.max_sampling_frequency = max_sampling_frequency

    @property
    def max_sampling_frequency(self) -> float | None:
        """Readings per second at most, None for as fast as the device answers."""
        return self._max_sampling_frequency

    @max_sampling_frequency.setter
    def max_sampling_frequency(self, frequency: float | None) -> None:
        if frequency is not None and not (isinstance(frequency, int | float) and frequency > 0):
            raise UsageError(
                f"{self.name}: max_sampling_frequency must be a number of readings per s greater than 0, "
                f"or None for no limit, got {frequency!r}"
            )
        self._max_sampling_frequency = frequency

    def read(self, counter: Any) -> Any:
        """The present raw value of one counter."""
        raise NotImplementedError(f"{type(self).__name__} must override read() or read_all()")

    def read_all(self, *counters: Any) -> Sequence[Any]:
        """The present raw values of several counters; override it when the device reads them in one go."""
        return [self.read(counter) for counter in counters]

    def sample(self, counters: Sequence[Counter]) -> list[Any]:
        """Converted values, with the device to oneself: two calls never run on one device at once."""
        with self.lock:
            raw = self.read_all(*counters)
        if type(raw) is list:
            values = raw.copy()
        else:
            values = list(raw) if hasattr(raw, "__iter__") and getattr(raw, "ndim", None) != 0 else []  # array(5.0): 0
        if len(values) != len(counters):
            names = ", ".join(counter.name for counter in counters)
            raise DeviceError(f"{self.name}.read_all must give a value for each of {names}, got {raw!r}")
        for number, counter in enumerate(counters):
            if counter.conversion_function is not None:
                values[number] = counter.conversion_function(values[number])
        return values


class SamplingCounter(Counter):
    """A counter that is read again and again during the count time; `mode`: by default MEAN, of texts LAST."""

    controller: SamplingCounterController

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController,
        conversion_function: Callable[[Any], Any] | None = None,
        mode: SamplingMode | str | int | None = None,
        unit: str | None = None,
        dtype: npt.DTypeLike | None = float,
        shape: tuple[int, ...] = (),
        is_critical: bool = True,
    ) -> None:
        super().__init__(name, controller, conversion_function, unit, dtype, shape, is_critical)
        self._mode: SamplingMode | None = None
        if mode is not None:
            self.mode = SamplingMode(mode)  # type: ignore[arg-type]
        self._last_point: Callable[[], Statistics] | None = None

    @property
    def mode(self) -> SamplingMode:
        """What becomes of the readings of a point; set it to a `SamplingMode`, its name or number."""
        return self._mode or (SamplingMode.LAST if self.is_text else SamplingMode.MEAN)

    @mode.setter
    def mode(self, mode: SamplingMode | str | int) -> None:
        mode = SamplingMode(mode)  # type: ignore[arg-type]
        if is_text(self._dtype):
            check_mode_of_text(self.name, mode)
        self._mode = mode

    @property
    def statistics(self) -> Statistics:
        """Of the readings of the last point, whatever the mode: `mean N std var min max p2v count_time timestamp`."""
        return NO_STATISTICS if self._last_point is None else self._last_point()

    def report(self, last_point: Callable[[], Statistics]) -> None:
        """Have `statistics` be what `last_point()` says. Whoever samples calls this."""
        self._last_point = last_point

    def read(self) -> Any:
        """The present value, in `unit`; may be called in hooks."""
        return self.controller.sample([self])[0]

    @property
    def raw_read(self) -> Any:
        """The present value, before `conversion_function`."""
        with self.controller.lock:
            return self.controller.read_all(self)[0]


class IntegratingCounterController(CounterController):
    """A device that counts by itself, point after point, and keeps the points until they are fetched in blocks.

    Override `get_values` at least. `timeout`: s that a point may be late when the scan waits for it.
    """

    def __init__(
        self,
        name: str,
        master_controller: CounterController | None = None,
        register_counters: bool = True,
        blocking: bool = True,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(name, master_controller, register_counters, blocking)
        self.timeout = timeout

    def configure(self, count_time: float, npoints: int, points_per_trigger: int) -> None:
        """Say what comes: `npoints` (0: no end known) points of `count_time` s; called first, once per scan.

        `points_per_trigger`: how many each `trigger` will ask for; 0: once started it goes on by itself, or by a wire.
        """

    def trigger(self, *counters: Any) -> None:
        """Begin to count the next points, and return at once."""

    def get_values(self, from_index: int, *counters: Any) -> Sequence[Any]:
        """The points that are complete, from point `from_index` of this scan on: one sequence per counter."""
        raise NotImplementedError(f"{type(self).__name__} must override get_values(from_index, *counters)")


class IntegratingCounter(Counter):
    """A counter whose device gives whole points, e.g. of a counting card."""

    controller: IntegratingCounterController
