"""What a scan asks of devices. Derive from the classes here or just have these attributes and methods."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import UsageError

__all__ = [
    "Counter",
    "CounterController",
    "Movable",
    "Multiplexer",
    "SamplingCounter",
    "SamplingCounterController",
    "Shutter",
    "TwoWay",
    "is_movable",
]


class CounterController:
    """A device that measures: it owns counters and says how they get into a chain.

    `blocking`: whether a call may wait for something outside of this process; such a device gets a lane.
    """

    def __init__(self, name: str, blocking: bool = True) -> None:
        self.name = name
        self.blocking = blocking
        self.lock = threading.RLock()
        self.counters: dict[str, Counter] = {}

    def check(self) -> None:
        """Raise `DeviceError` when the device can't be used now, e.g. is not connected; touch nothing."""

    def on_lane_start(self) -> None:
        """Called first on the thread that makes a scan's calls to this device: a place for a context per thread."""


class Counter:
    """A quantity that can be measured; it gives one channel.

    `shape` is that of one point, () for a scalar; `conversion_function` is applied to each raw value.
    """

    def __init__(
        self,
        name: str,
        controller: CounterController,
        unit: str | None = None,
        conversion_function: Callable[[Any], Any] | None = None,
        shape: tuple[int, ...] = (),
        dtype: npt.DTypeLike = float,
    ) -> None:
        if not name or ":" in name:
            raise UsageError(f"a counter's name must not be empty nor contain a colon, got {name!r}")
        self.name = name
        self.controller = controller
        self.unit = unit
        self.conversion_function = conversion_function
        self.shape = shape
        self.dtype = np.dtype(dtype)
        controller.counters[name] = self

    @property
    def fullname(self) -> str:
        """`controller:counter`."""
        return f"{self.controller.name}:{self.name}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fullname!r})"


class SamplingCounterController(CounterController):
    """A device whose counters are read as often as the count time allows. Override `read`, or `read_all`.

    `max_sampling_frequency`: readings per second, None for as fast as the device answers.
    """

    def __init__(self, name: str, blocking: bool = True, max_sampling_frequency: float | None = None) -> None:
        super().__init__(name, blocking)
        self.max_sampling_frequency = max_sampling_frequency

    def read(self, counter: "Counter") -> Any:
        """The present raw value of one counter."""
        raise NotImplementedError(f"{type(self).__name__} must override read() or read_all()")

    def read_all(self, *counters: "Counter") -> Sequence[Any]:
        """The present raw values of several counters; override it when the device reads them in one go."""
        return [self.read(counter) for counter in counters]

    def sample(self, counters: Sequence["Counter"]) -> list[Any]:
        """Converted values, with the device to oneself: two calls never run on one device at once."""
        with self.lock:
            raw = self.read_all(*counters)
        return [
            value if counter.conversion_function is None else counter.conversion_function(value)
            for counter, value in zip(counters, raw, strict=True)
        ]


class SamplingCounter(Counter):
    """A counter whose point is the mean of the readings made during the count time."""

    controller: SamplingCounterController

    def read(self) -> Any:
        """The present value, in `unit`; may be called in hooks."""
        return self.controller.sample([self])[0]


class Movable(Protocol):
    """An axis. Positions are in `unit`; `blocking` as for a controller."""

    name: str
    unit: str | None
    blocking: bool

    @property
    def position(self) -> float:
        """Where it is now."""

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest position allowed; -inf, inf for none."""

    @property
    def is_moving(self) -> bool:
        """Whether it moves."""

    def check(self) -> None:
        """Raise `DeviceError` when it can't be used now; touch nothing."""

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target` can't be gone to; touch nothing."""

    def move(self, target: float, wait: bool = True) -> None:
        """Go to `target`; with `wait`, return when there, else at once."""

    def wait_move(self) -> None:
        """Return when at rest; raise `DeviceError` when it is not where it was sent."""

    def stop(self) -> None:
        """Come to rest, from any thread; returns at rest."""

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s."""


def is_movable(thing: object) -> TypeGuard[Movable]:
    """Whether `thing` is an axis. Its class is asked, not its properties: those may talk to the hardware."""
    methods = ("position", "limits", "is_moving", "check", "check_target", "move", "wait_move", "stop", "estimate")
    return not isinstance(thing, type) and all(hasattr(type(thing), method) for method in methods)


class Shutter(Protocol):
    """Something that lets the beam through or not."""

    name: str

    @property
    def state(self) -> Any:
        """OPEN, CLOSED, MOVING, FAULT or UNKNOWN."""

    def open(self) -> None:
        """Open it; returns when it is open."""

    def close(self) -> None:
        """Close it; returns when it is closed."""


class TwoWay(Protocol):
    """Something that is in or out, e.g. a detector cover."""

    name: str

    def set_in(self) -> None:
        """Put it in; returns when it is in."""

    def set_out(self) -> None:
        """Take it out; returns when it is out."""


class Multiplexer(Protocol):
    """Something that connects each of its outputs to one of its inputs."""

    name: str

    def switch(self, output: str, input: str) -> None:
        """Connect `output` to `input`."""

    def get_output(self, output: str) -> str:
        """The input that `output` is connected to."""
