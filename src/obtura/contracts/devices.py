"""What a scan asks of devices. Derive from the classes here or just have these attributes and methods."""

from typing import Any, Protocol, TypeGuard

from obtura.contracts.calculation import CalcCounter, CalcCounterController
from obtura.contracts.counters import (
    Counter,
    CounterController,
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
    SamplingMode,
)

__all__ = [
    "CalcCounter",
    "CalcCounterController",
    "Counter",
    "CounterController",
    "IntegratingCounter",
    "IntegratingCounterController",
    "Movable",
    "Multiplexer",
    "SamplingCounter",
    "SamplingCounterController",
    "SamplingMode",
    "Shutter",
    "TwoWay",
    "is_movable",
]


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
    kind = type(thing)
    known = _moving.get(kind)
    if known is None:
        methods = ("position", "limits", "is_moving", "check", "check_target", "move", "wait_move", "stop", "estimate")
        known = _moving[kind] = not issubclass(kind, type) and all(hasattr(kind, method) for method in methods)
    return known


_moving: dict[type, bool] = {}
"""Of classes that were asked for: each scan asks for all there is."""


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
