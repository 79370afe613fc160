"""What all step scans share: ranges become positions, relative ones come back, and the bench launches the scan."""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.acquisition.motion import Return
from obtura.acquisition.motor import MeshStepTriggerMaster, VariableStepTriggerMaster
from obtura.contracts.devices import Movable
from obtura.engine.scan import Scan
from obtura.ground.errors import ArgumentError
from obtura.ground.many import check_positions
from obtura.scans.command import axis, count_time, finite, whole

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["Home", "Range", "along", "grid", "ranges_of", "through"]


_EACH = object()
"""Each range has intervals of its own."""


class Home(Enum):
    """What motors do at the end of a scan, however it ends."""

    STAY = 0
    RETURN = 1
    """To where they were."""
    RELATIVE = 2
    """The same, and the scan's positions are relative to that place."""


class Range(NamedTuple):
    """From `start` to `stop` (in the motor's unit) in `intervals` steps."""

    motor: Movable
    start: float
    stop: float
    intervals: int

    def __str__(self) -> str:
        return f"{self.motor.name} {self.start:g} {self.stop:g}"

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """The equidistant positions, shape (intervals + 1,).

        Raises:
            UsageError: there are too many.
        """
        check_positions(self.intervals + 1)
        return np.linspace(self.start, self.stop, self.intervals + 1)


def ranges_of(given: Any, intervals: Any = _EACH) -> list[Range]:
    """Check ranges: (motor, start, stop) with `intervals` for all, or (motor, start, stop, intervals) each.

    Raises:
        ArgumentError: an element is of another kind, or a motor comes twice.
    """
    words = "(motor, start, stop, intervals)" if intervals is _EACH else "(motor, start, stop)"
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ArgumentError(f"expected a list of {words}, got {given!r}")
    ranges = []
    for place, one in enumerate(given, start=1):
        number = str(place) if len(given) > 1 else ""
        if not isinstance(one, Sequence) or len(one) != words.count(",") + 1:
            raise ArgumentError(f"expected {words}, got {one!r}")
        steps = whole(one[3], f"intervals{number}") if intervals is _EACH else whole(intervals, "intervals")
        start, stop = finite(one[1], f"start{number}"), finite(one[2], f"stop{number}")
        ranges.append(Range(axis(one[0]), start, stop, steps))
    return ranges


def along(
    bench: "Bench", name: str, ranges: Sequence[Range], time: Any, counters: Any, options: Any, home: Home = Home.STAY
) -> Scan:
    """Move motors together, each through its range."""
    steps, time = ranges[0].intervals, count_time(time)
    title = f"{name} {' '.join(map(str, ranges))} {steps} {time:g}"
    ranges, back = _placed(ranges, home)
    pars = {
        "npoints": steps + 1,
        "count_time": time,
        "start": [one.start for one in ranges],
        "stop": [one.stop for one in ranges],
    }
    moves = [value for one in ranges for value in (one.motor, one.positions)]
    master = VariableStepTriggerMaster(*moves, stab_time=options.get("stab_time", 0.0))
    return bench.launch(name, pars, title, counters, options, master, back)


def grid(
    bench: "Bench",
    name: str,
    ranges: Sequence[Range],
    time: Any,
    counters: Any,
    options: Any,
    home: Home = Home.STAY,
    backnforth: bool = False,
) -> Scan:
    """Go through a grid, the first motor fastest; `backnforth` as for the mesh master."""
    time = count_time(time)
    title = f"{name} {' '.join(f'{one} {one.intervals}' for one in ranges)} {time:g}"
    ranges, back = _placed(ranges, home)
    points = [one.intervals + 1 for one in ranges]
    pars = {
        "npoints": math.prod(points),
        **{f"npoints{number}": count for number, count in enumerate(points, start=1)},
        "data_dim": len(ranges),
        "start": [one.start for one in ranges],
        "stop": [one.stop for one in ranges],
        "count_time": time,
        "grid": {
            "axes": [one.motor.name for one in ranges],
            "start": [one.start for one in ranges],
            "stop": [one.stop for one in ranges],
            "npoints": points,
            "backnforth": backnforth,
        },
    }
    moves = [value for one in ranges for value in (one.motor, one.start, one.stop, one.intervals + 1)]
    master = MeshStepTriggerMaster(*moves, backnforth=backnforth, stab_time=options.get("stab_time", 0.0))
    return bench.launch(name, pars, title, counters, options, master, back)


def through(
    bench: "Bench",
    name: str,
    moves: Any,
    time: Any,
    counters: Any,
    options: Any,
    home: Home = Home.STAY,
    more: Mapping[str, Any] | None = None,
    title: str = "",
) -> Scan:
    """Go through lists of positions, one for each motor; `more`: further entries of scan_info."""
    if not isinstance(moves, Sequence) or not moves or not all(isinstance(m, Sequence) and len(m) == 2 for m in moves):
        raise ArgumentError(f"expected a list of (motor, positions), got {moves!r}")
    time = count_time(time)
    motors = [axis(motor) for motor, _ in moves]
    master = VariableStepTriggerMaster(
        *(value for move in moves for value in move), stab_time=options.get("stab_time", 0.0)
    )
    pars = {
        "npoints": master.npoints,
        "count_time": time,
        "start": [float(column[0]) for column in master.positions],
        "stop": [float(column[-1]) for column in master.positions],
        **(more or {}),
    }
    title = title or f"{name} {time:g} on motors ({','.join(motor.name for motor in motors)})"
    back = _return(motors) if home is Home.RETURN else None
    return bench.launch(name, pars, title, counters, options, master, back)


def _placed(ranges: Sequence[Range], home: Home) -> tuple[list[Range], Return | None]:
    """Absolute ranges, and the way back."""
    motors = [one.motor for one in ranges]
    if home is not Home.RELATIVE:
        return list(ranges), _return(motors) if home is Home.RETURN else None
    origins = [_here(motor) for motor in motors]
    placed = [
        one._replace(start=one.start + origin, stop=one.stop + origin)
        for one, origin in zip(ranges, origins, strict=True)
    ]
    return placed, Return(motors, origins)


def _return(motors: Sequence[Movable]) -> Return:
    return Return(motors, [_here(motor) for motor in motors])


def _here(motor: Movable) -> float:
    """Where it was sent, as far as it is there: a scan around 5 is around 5, not around 4.9998."""
    sent = getattr(motor, "set_position", None)
    return float(sent) if isinstance(sent, int | float) else float(motor.position)
