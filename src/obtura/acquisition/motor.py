"""Step motors: the masters that move to each position, wait, and trigger what is below them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.acquisition.motion import at_rest, move_together
from obtura.contracts.acquisition import AcquisitionMaster
from obtura.contracts.devices import Movable, is_movable
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ArgumentError, DeviceBusyError, UsageError
from obtura.works.clock import Flag, clock

__all__ = ["LinearStepTriggerMaster", "MeshStepTriggerMaster", "VariableStepTriggerMaster"]


class VariableStepTriggerMaster(AcquisitionMaster):
    """Moves axes through lists of positions: `VariableStepTriggerMaster(roby, [0, 1, 5], robz, [3, 3, 4])`.

    Each list of shape (npoints,) in its axis' unit. The move to a point is made in `prepare`, so a shutter that an
    iteration preset opens in `start` is never open during motion; then `stab_time` (s) passes. Emits `axis:NAME`.
    """

    role = "axis"

    def __init__(self, *axes_positions: Any, stab_time: float = 0.0, name: str = "axis") -> None:
        axes: list[Movable] = list(axes_positions[0::2])
        columns = [_positions(axis, column) for axis, column in zip(axes, axes_positions[1::2], strict=False)]
        _check(axes, columns, axes_positions)
        super().__init__(*axes, name=name, npoints=len(columns[0]))
        self.blocking = any(axis.blocking for axis in axes)
        self.positions = columns
        self.stab_time = stab_time
        self._axes = axes
        self.channels += [AcquisitionChannel(f"axis:{axis.name}", unit=axis.unit) for axis in axes]
        self._target: list[float] = []
        self._ended = Flag()

    def validate(self) -> None:
        """Check every position of every axis against its limits, and that the axes are free to move."""
        for axis, column in zip(self._axes, self.positions, strict=True):
            axis.check()
            for target in np.unique(column):
                axis.check_target(float(target))
            if axis.is_moving:
                raise DeviceBusyError(f"{axis.name} is moving; wait for it or stop it")

    def __iter__(self) -> Iterator[object]:
        for target in zip(*self.positions, strict=True):
            self._target = [float(position) for position in target]
            yield self

    def prepare(self) -> None:
        """Move to the next point and wait until there."""
        move_together(self._axes, self._target, self._ended)
        if self.stab_time:
            clock.wait(self._ended, self.stab_time)

    def start(self) -> None:
        """Take the point."""
        if self.parent is None:
            self.trigger()

    def trigger(self) -> None:
        """Trigger what is below and say where the axes are."""
        self.trigger_slaves()
        for channel, axis in zip(self.channels, self._axes, strict=True):
            channel.emit(float(axis.position))
        self.wait_slaves()

    def stop(self) -> None:
        """Leave no axis moving."""
        self._ended.set()
        at_rest(self._axes)


class LinearStepTriggerMaster(VariableStepTriggerMaster):
    """Equidistant positions: `LinearStepTriggerMaster(11, roby, 0, 10, robz, 0, 5)` is 11 points from start to stop."""

    def __init__(self, nb_point: int, *axes_ranges: Any, stab_time: float = 0.0, name: str = "axis") -> None:
        flat: list[Any] = []
        for axis, start, stop in _triples(axes_ranges):
            flat += [axis, np.linspace(start, stop, nb_point)]
        super().__init__(*flat, stab_time=stab_time, name=name)


class MeshStepTriggerMaster(VariableStepTriggerMaster):
    """A grid: `MeshStepTriggerMaster(roby, 0, 10, 11, robz, 0, 1, 3)`; the first axis is the fast one.

    With `backnforth` every second line is taken backwards.
    """

    def __init__(self, *axes_ranges: Any, backnforth: bool = False, stab_time: float = 0.0, name: str = "axis") -> None:
        fast, fast_start, fast_stop, fast_points, slow, slow_start, slow_stop, slow_points = axes_ranges
        line = np.linspace(fast_start, fast_stop, fast_points)
        lines = [line[::-1] if backnforth and number % 2 else line for number in range(slow_points)]
        slow_positions = np.repeat(np.linspace(slow_start, slow_stop, slow_points), fast_points)
        super().__init__(fast, np.concatenate(lines), slow, slow_positions, stab_time=stab_time, name=name)


def _triples(values: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    if not values or len(values) % 3:
        raise UsageError("expected axis, start, stop for each axis")
    return [(values[i], values[i + 1], values[i + 2]) for i in range(0, len(values), 3)]


def _positions(axis: Any, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        positions = np.array(column, dtype=float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"positions of {getattr(axis, 'name', axis)} must be numbers, got {column!r}") from error
    if positions.ndim != 1 or not len(positions):
        raise UsageError(f"positions of {getattr(axis, 'name', axis)} must be a list of at least one number")
    if not np.isfinite(positions).all():
        raise UsageError(f"positions of {getattr(axis, 'name', axis)} must be finite numbers, got {column!r}")
    return positions


def _check(axes: Sequence[Any], columns: Sequence[npt.NDArray[np.float64]], given: Sequence[Any]) -> None:
    if not axes or len(given) % 2:
        raise UsageError("expected axis, positions for each axis")
    for axis in axes:
        if not is_movable(axis):
            raise UsageError(f"{axis!r} is not an axis")
        if sum(other is axis for other in axes) > 1:
            raise ArgumentError(f"Duplicated axis {axis.name}")
    if len({len(column) for column in columns}) > 1:
        lengths = ", ".join(f"{axis.name} {len(column)}" for axis, column in zip(axes, columns, strict=True))
        raise UsageError(f"axes need equally many positions, got {lengths}")
