"""Axes moved together."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.contracts.claims import check_free
from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.together import Trip, at_rest, check_distinct, check_paths, move_together
from obtura.devices.arguments import choice
from obtura.devices.axis_info import safely, stands
from obtura.devices.axis_state import AxisState
from obtura.ground.errors import UsageError
from obtura.works.ending import ending_in_order

__all__ = ["Group", "combined_state"]


class Group:
    """Axes that are moved together: `Group(roby, robz).move(roby, 1, robz, 2)`.

    All targets are checked before anything moves; when one axis fails, or Ctrl-C comes, every one is stopped.

    Raises:
        UsageError: no axes, something else than an axis, or two that would move the same one.
    """

    def __init__(self, *axes: Movable) -> None:
        if not axes:
            raise UsageError("Group: name at least one axis")
        for axis in axes:
            if not is_movable(axis):
                raise UsageError(f"Group: {axis!r} is not an axis")
        check_distinct(axes)
        self.axes: Mapping[str, Movable] = {axis.name: axis for axis in axes}
        self._trip: Trip | None = None

    @property
    def position(self) -> dict[str, float]:
        """Where each axis is, by name."""
        return {name: axis.position for name, axis in self.axes.items()}

    @property
    def is_moving(self) -> bool:
        """Whether any of them moves."""
        return any(axis.is_moving for axis in self.axes.values())

    @property
    def state(self) -> AxisState:
        """READY when all are; MOVING when one is; what else one of them says."""
        return combined_state(self.axes.values())

    @ending_in_order()
    def move(self, *targets: Any, wait: bool = True, relative: bool = False) -> None:
        """Move to targets: `move(roby, 1, robz, 2)` or `move({roby: 1, robz: 2})`; an axis may also be named.

        Raises:
            LimitError, UsageError: not pairs of an axis of the group and a position it can go to; nothing moved.
            DeviceError: one moves already, has a fault, or did not get there; all were stopped.
        """
        pairs = self._pairs(targets)
        axes, positions = [axis for axis, _ in pairs], [float(target) for _, target in pairs]
        if relative:
            bases = [getattr(axis, "set_position", axis.position) for axis in axes]
            positions = [base + step for base, step in zip(bases, positions, strict=True)]
        check_free(axes)
        for axis in axes:
            axis.check()
        check_paths(axes, [[position] for position in positions])
        if wait:
            move_together(axes, positions)
            return
        trip = Trip(axes)
        try:
            trip.begin(positions)
        except BaseException as error:
            trip.abandon(error)
            raise
        trip.follow()
        self._trip = trip

    def rmove(self, *steps: Any, wait: bool = True) -> None:
        """Move by distances; the rest as `move`."""
        self.move(*steps, wait=wait, relative=True)

    @ending_in_order()
    def wait_move(self) -> None:
        """Return when all are at rest, and every hook was called; raise what went wrong. Ctrl-C stops them."""
        followed, self._trip = self._trip, None
        if followed is not None:
            followed.finish()
            return
        trip = Trip(list(self.axes.values()))
        try:
            trip.wait()
        except BaseException as error:
            trip.abandon(error)
            raise

    def stop(self) -> None:
        """Stop those that move, all at once; returns when they are at rest."""
        at_rest(list(self.axes.values()))

    def _pairs(self, targets: Sequence[Any]) -> list[tuple[Movable, Any]]:
        if len(targets) == 1 and isinstance(targets[0], Mapping):
            pairs = list(targets[0].items())
        elif targets and len(targets) % 2 == 0:
            pairs = list(zip(targets[0::2], targets[1::2], strict=True))
        else:
            raise UsageError("Group: expected axis, position, axis, position, ... or one mapping")
        found = [(self._axis(axis), target) for axis, target in pairs]
        for axis, target in found:
            if isinstance(target, bool) or not hasattr(target, "__float__") or not math.isfinite(target):
                raise UsageError(f"{axis.name} can't go to {target!r}, which is no finite number")
        check_distinct([axis for axis, _ in found])
        return found

    def _axis(self, axis: Any) -> Movable:
        name = axis if isinstance(axis, str) else getattr(axis, "name", axis)
        return self.axes[choice("Group: axis", name, self.axes)]

    def __info__(self) -> str:
        width = max(map(len, self.axes))
        rows = (f"  {name.ljust(width)}  {stands(axis)}" for name, axis in self.axes.items())
        return "\n".join([f"group: {safely(lambda: str(self.state))}", *rows])

    def __repr__(self) -> str:
        return f"Group({', '.join(self.axes)})"


def combined_state(axes: Any) -> AxisState:
    """The state of several axes as one: the first obstacle with the axis' name, else MOVING, else READY."""
    states = [(axis.name, _state(axis)) for axis in axes]
    for obstacle in ("FAULT", "DISABLED", "OFF"):
        for name, state in states:
            if obstacle in state:
                return AxisState(obstacle, reason=f"{name}: {state.reason or str(state)}")
    if any(state.moving for _, state in states):
        return AxisState("MOVING")
    touched = {limit: name for limit in ("LIMNEG", "LIMPOS") for name, state in states if limit in state}
    if touched:
        words = ", ".join(f"{name} is at {limit}" for limit, name in touched.items())
        return AxisState("READY", ("ATLIMIT", words))
    unready = [(name, state) for name, state in states if not state.ready]
    if unready:
        name, state = unready[0]
        return AxisState(("NOTREADY", f"{name}: {state}"))
    return AxisState("READY")


def _state(axis: Any) -> AxisState:
    state = getattr(axis, "state", None)
    if isinstance(state, AxisState):
        return state
    return AxisState("MOVING" if axis.is_moving else "READY")
