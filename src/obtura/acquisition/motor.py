"""Step motors: the masters that move to each position, wait, and trigger what is below them."""

import math
from collections.abc import Callable, Iterator, Sequence, Sized
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.acquisition.travel import travel_time
from obtura.contracts.acquisition import AcquisitionMaster, Effort, Steps
from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.scan_moves import ScanMoves
from obtura.contracts.together import at_rest, check_distinct, check_paths, real_axes
from obtura.contracts.turns import is_round, near
from obtura.ground.channels import AcquisitionChannel, ChannelRow
from obtura.ground.errors import ArgumentError, DeviceBusyError, UsageError
from obtura.ground.many import check_positions
from obtura.works.clock import Flag, clock

__all__ = ["LinearStepTriggerMaster", "MeshStepTriggerMaster", "VariableStepTriggerMaster"]


_NO_EFFORT = Effort()


class VariableStepTriggerMaster(AcquisitionMaster):
    """Moves axes through lists of positions: `VariableStepTriggerMaster(roby, [0, 1, 5], robz, [3, 3, 4])`.

    Each list of shape (npoints,) in its axis' unit. The move to a point is made in `prepare`, so a shutter that an
    iteration preset opens in `start` is never open during motion; then `stab_time` (s) passes. Emits `axis:NAME`, of
    calculated axes also those of the real ones. Motion hooks of the axes are called around the whole.
    """

    role = "axis"
    emits_first = False
    """Whether positions are emitted before the slaves are triggered: needed by channels attached to a slave's."""

    def __init__(self, *axes_positions: Any, stab_time: float = 0.0, name: str = "axis") -> None:
        axes: list[Movable] = list(axes_positions[0::2])
        columns = [_positions(axis, column) for axis, column in zip(axes, axes_positions[1::2], strict=False)]
        _check(axes, columns, axes_positions)
        super().__init__(*axes, name=name, npoints=len(columns[0]))
        self.blocking = any(axis.blocking for axis in axes)
        self.positions = columns
        self.stab_time = stab_time
        self._moving = Effort(motion=math.inf, waiting=stab_time)
        self._axes = axes
        told = [*axes, *real_axes(axes)]
        self._moves = ScanMoves(axes)
        self.channels += [AcquisitionChannel(f"axis:{axis.name}", unit=axis.unit) for axis in told]
        self._row = ChannelRow(*self.channels)
        self._steps: Steps[tuple[float, ...]] = Steps(())
        self._told = [self._in_its_turn(axis) for axis in told]
        self._ended = Flag()

    def validate(self) -> None:
        """Check every position of every axis against its limits, and that the axes are free to move."""
        for axis in self._axes:
            axis.check()
            if axis.is_moving:
                raise DeviceBusyError(f"{axis.name} is moving; wait for it or stop it")
        check_paths(self._axes, self.positions)

    def effort(self, points: float) -> Effort:
        """The way through all positions, from here."""
        return Effort(travel_time(self._axes, self.positions), waiting=len(self.positions[0]) * self.stab_time)

    def effort_of(self, method: str) -> Effort:
        """To prepare is to move, and to let it settle."""
        return self._moving if method == "prepare" else _NO_EFFORT

    def __iter__(self) -> Iterator[object]:
        self._steps = Steps(zip(*(map(float, column) for column in self.positions), strict=True))
        return self._steps

    def prepare(self) -> None:
        """Move to the next point and wait until there."""
        self._moves.go(self._steps.present, self._ended)
        if self.stab_time:
            clock.wait(self._ended, self.stab_time)

    def trigger(self) -> None:
        """Trigger what is below and say where the axes are."""
        if not self.emits_first:  # they count while it says so
            self.trigger_slaves()
        self._row.emit([float(axis.position) for axis in self._told])
        if self.emits_first:
            self.trigger_slaves()
        self.wait_slaves()

    def _in_its_turn(self, axis: Movable) -> Any:
        if not is_round(axis) or axis not in self._axes:
            return axis
        index = self._axes.index(axis)
        return _InTurn(axis, lambda: self._steps.present[index])

    def stop(self) -> None:
        """Leave no axis moving."""
        self._ended.set()
        try:
            at_rest(self._axes)
        finally:
            self._moves.leave()


class _InTurn:
    """A round axis as the scan sees it: its position is in the turn of the target."""

    def __init__(self, axis: Movable, target: Callable[[], float]) -> None:
        self._axis = axis
        self._target = target

    @property
    def position(self) -> float:
        return near(self._axis, self._axis.position, self._target())


class LinearStepTriggerMaster(VariableStepTriggerMaster):
    """Equidistant positions: `LinearStepTriggerMaster(11, roby, 0, 10, robz, 0, 5)` is 11 points from start to stop."""

    def __init__(self, nb_point: int, *axes_ranges: Any, stab_time: float = 0.0, name: str = "axis") -> None:
        check_positions(nb_point)
        flat: list[Any] = []
        for axis, start, stop in _groups(axes_ranges, 3, "axis, start, stop"):
            flat += [axis, np.linspace(start, stop, nb_point)]
        super().__init__(*flat, stab_time=stab_time, name=name)


class MeshStepTriggerMaster(VariableStepTriggerMaster):
    """A grid: `MeshStepTriggerMaster(roby, 0, 10, 11, robz, 0, 1, 3)`, any number of axes, the first the fastest.

    With `backnforth` every second line is taken backwards, and so is every second plane of three axes.
    """

    def __init__(self, *axes_ranges: Any, backnforth: bool = False, stab_time: float = 0.0, name: str = "axis") -> None:
        ranges = _groups(axes_ranges, 4, "axis, start, stop, points")
        check_positions(math.prod(points for *_, points in ranges))
        columns: list[npt.NDArray[np.float64]] = []
        for _, start, stop, points in ranges:
            line = np.linspace(start, stop, points)
            length = len(columns[0]) if columns else 1
            columns = [_repeated(column, points, backnforth) for column in columns]
            columns.append(np.repeat(line, length))
        flat = [value for (axis, *_), column in zip(ranges, columns, strict=True) for value in (axis, column)]
        super().__init__(*flat, stab_time=stab_time, name=name)


def _repeated(column: npt.NDArray[np.float64], times: int, backnforth: bool) -> npt.NDArray[np.float64]:
    if not backnforth:
        return np.tile(column, times)
    return np.concatenate([column[::-1] if number % 2 else column for number in range(times)])


def _groups(values: Sequence[Any], size: int, words: str) -> list[Sequence[Any]]:
    if not values or len(values) % size:
        raise UsageError(f"expected {words} for each axis")
    return [values[i : i + size] for i in range(0, len(values), size)]


def _positions(axis: Any, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
    check_positions(len(column) if isinstance(column, Sized) else 1)
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
    check_distinct(axes)
    if len({len(column) for column in columns}) > 1:
        lengths = ", ".join(f"{axis.name} {len(column)}" for axis, column in zip(axes, columns, strict=True))
        raise UsageError(f"axes need equally many positions, got {lengths}")
