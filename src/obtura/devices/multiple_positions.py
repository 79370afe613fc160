"""Places with a label: one or several axes that are sent there together."""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from obtura.contracts.claims import check_free
from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.settings import Setting
from obtura.contracts.together import Trip, at_rest, check_distinct, check_paths, move_together
from obtura.devices.arguments import choice, number, quantity
from obtura.devices.axis_info import safely, stands
from obtura.devices.kept import Kept
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative

__all__ = ["UNKNOWN", "LabelledPosition", "MultiplePositions", "Target"]

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
"""The label of being at none of the positions."""

USUAL_TOLERANCE = 1e-4  # of an axis that has none of its own


class Target(NamedTuple):
    """Where one axis has to be, in its unit. `tolerance`: how far off still counts; None: the axis' own."""

    axis: Movable
    destination: float
    tolerance: NotNegative | None = None

    @property
    def reach(self) -> float:
        """How far off still counts, in the axis' unit."""
        if self.tolerance is not None:
            return float(self.tolerance)
        own = getattr(self.axis, "tolerance", None)
        return USUAL_TOLERANCE if own is None else float(own)

    @property
    def is_met(self) -> bool:
        """Whether the axis is there."""
        return abs(self.axis.position - self.destination) <= self.reach


class LabelledPosition(NamedTuple):
    """A position and its label."""

    label: str
    target: Sequence[Target]
    description: str = ""


class MultiplePositions(Kept):
    """Something with a few positions that have labels: a filter wheel, a beamstop, places on a sample.

    `positions.move("Al3")`, or `positions.Al3()`. Each position may use other axes. `move_simultaneous`: all
    axes at once, else one after the other, in the order of the targets. Positions that are made, changed or
    removed here are kept between sessions; `axes`: more axes than those of `positions` that they may use.
    """

    def __init__(
        self,
        name: str,
        positions: Sequence[LabelledPosition],
        move_simultaneous: bool = True,
        axes: Sequence[Movable] = (),
    ) -> None:
        self.name = name
        self.move_simultaneous = move_simultaneous
        self._more_axes = tuple(axes)
        self._positions: dict[str, LabelledPosition] = {}
        self._trip: Trip | None = None  # of a move that nobody waits for
        for label, target, description in positions:
            if label in self._positions:
                raise UsageError(f"{name}: the label {label!r} is there twice")
            self._positions[label] = self._checked(label, target, description)

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its positions."""
        return tuple(self._positions)

    @property
    def axes(self) -> tuple[Movable, ...]:
        """Every axis that a position uses or may use."""
        used = [target.axis for position in self._positions.values() for target in position.target]
        return tuple(dict.fromkeys([*used, *self._more_axes]))

    @property
    def position(self) -> str:
        """The label of the position it is at, "unknown" for none."""
        for label, position in self._positions.items():
            if all(target.is_met for target in position.target):
                return label
        return UNKNOWN

    @property
    def is_moving(self) -> bool:
        """Whether any of its axes moves."""
        return any(axis.is_moving for axis in self.axes)

    @property
    def state(self) -> str:
        """MOVING while any of its axes moves, else READY."""
        return "MOVING" if self.is_moving else "READY"

    # -- motion -------------------------------------------------------------------------------------------

    def move(self, label: str, wait: bool = True) -> None:
        """Go to the position with this label; with `wait`, return when there, else at once. Ctrl-C stops.

        Raises:
            UsageError: there is no such label, or a target is out of limits; nothing moved.
            DeviceError: an axis moves already, has a fault, or did not get there.
        """
        targets = self._positions[choice(f"{self.name}: label", label, self._positions)].target
        axes, destinations = [target.axis for target in targets], [target.destination for target in targets]
        if not wait and not self.move_simultaneous and len(axes) > 1:
            raise UsageError(
                f"{self.name} moves its axes one after the other: somebody has to wait, leave out wait=False"
            )
        check_free(axes)
        for axis in axes:
            axis.check()
        check_paths(axes, [[destination] for destination in destinations])
        self._trip = None
        if not self.move_simultaneous:
            for axis, destination in zip(axes, destinations, strict=True):
                axis.move(destination)
        elif wait:
            move_together(axes, destinations)
        else:
            self._set_off(axes, destinations)

    def _set_off(self, axes: Sequence[Movable], destinations: Sequence[float]) -> None:
        trip = Trip(axes)
        try:
            trip.begin(destinations)
        except BaseException as error:
            trip.abandon(error)
            raise
        trip.follow()
        self._trip = trip

    def wait_move(self) -> None:
        """Return when the last move has ended.

        Raises:
            DeviceError: an axis did not get there.
        """
        followed, self._trip = self._trip, None
        if followed is not None:
            followed.finish()

    def stop(self) -> None:
        """Stop all its axes; returns when they are at rest."""
        at_rest(self.axes)

    def __getattr__(self, label: str) -> Callable[..., None]:
        if label in self.__dict__.get("_positions", ()):
            return functools.partial(self.move, label)
        raise AttributeError(f"{type(self).__name__} has no attribute and no position {label!r}")

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *filter(str.isidentifier, self._positions)]

    # -- making positions ---------------------------------------------------------------------------------

    def create_position(self, label: str, target: Sequence[Target | Sequence[Any]], description: str = "") -> None:
        """Add a position: `create_position("half", [(roby, 4), (robz, 5, 0.1)])`; a tolerance may follow each.

        Raises:
            UsageError: the label is taken or can't be one, an axis is none of `axes`, a number is none.
        """
        if label in self._positions:
            raise UsageError(f"{self.name}: there is a position {label!r} already; use update_position")
        self._put(label, target, description)

    def update_position(
        self,
        label: str,
        target: Sequence[Target | Sequence[Any]] | None = None,
        description: str | None = None,
    ) -> None:
        """Give a position another target or description; with neither, it becomes where its axes are now.

        Raises:
            UsageError: there is no such label, an axis is none of `axes`, a number is none.
        """
        before = self._positions[choice(f"{self.name}: label", label, self._positions)]
        if target is None:
            target = before.target
            if description is None:
                target = [each._replace(destination=each.axis.position) for each in before.target]
        self._put(label, target, before.description if description is None else description)

    def remove_position(self, label: str) -> None:
        """Drop a position.

        Raises:
            UsageError: there is no such label.
        """
        gone = self._positions.pop(choice(f"{self.name}: label", label, self._positions))
        self._more_axes = tuple(dict.fromkeys([*self._more_axes, *(target.axis for target in gone.target)]))
        self._keep(label, None)

    def _put(self, label: str, target: Sequence[Target | Sequence[Any]], description: str) -> None:
        position = self._checked(label, target, description)
        for each in position.target:
            choice(f"{self.name}: axis", each.axis.name, [axis.name for axis in self.axes])
        self._positions[label] = position
        self._keep(label, self.settings()[label])

    def _checked(self, label: str, target: Sequence[Target | Sequence[Any]], description: str) -> LabelledPosition:
        if not isinstance(label, str) or not label or label == UNKNOWN or hasattr(type(self), label):
            raise UsageError(f"{self.name}: {label!r} can't be a label: it means something else")
        try:
            targets = tuple(Target(*each) for each in target)
        except TypeError as error:
            raise UsageError(
                f"{self.name}: {label}: expected a list of (axis, destination) or (axis, destination, tolerance), "
                f"got {target!r}"
            ) from error
        for axis, destination, tolerance in targets:
            if not is_movable(axis):
                raise UsageError(f"{self.name}: {label} needs axes, got {axis!r}")
            number(f"{self.name}: {label}: destination of {axis.name}", destination)
            if tolerance is not None and number(f"{self.name}: {label}: tolerance of {axis.name}", tolerance) < 0:
                raise UsageError(f"{self.name}: {label}: tolerance of {axis.name} must not be negative")
        if not targets:
            raise UsageError(f"{self.name}: {label} needs at least one target")
        check_distinct([each.axis for each in targets])
        return LabelledPosition(label, targets, str(description))

    # -- what is kept -------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """The positions, by label."""
        return {
            label: {
                "description": position.description,
                "target": [
                    {"axis": axis.name, "destination": float(destination), "tolerance": tolerance}
                    for axis, destination, tolerance in position.target
                ],
            }
            for label, position in self._positions.items()
        }

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept; a label with nothing was removed."""
        positions = dict(self._positions)
        for label, kept in settings.items():
            if kept is None:
                positions.pop(label, None)
            elif (position := self._kept_position(label, kept)) is not None:
                positions[label] = position
        gone = [target.axis for position in self._positions.values() for target in position.target]
        self._more_axes = tuple(dict.fromkeys([*self._more_axes, *gone]))
        self._positions = positions

    def _kept_position(self, label: str, kept: Any) -> LabelledPosition | None:
        known = {axis.name: axis for axis in self.axes}
        try:
            named = [(each["axis"], each["destination"], each["tolerance"]) for each in kept["target"]]
            description = kept["description"]
        except (TypeError, KeyError):
            raise UsageError(f"{self.name}: {label} can't be a position: {kept!r}") from None
        if missing := [axis for axis, *_ in named if axis not in known]:
            log.warning("%s: position %s is left out: it needs %s", self.name, label, ", ".join(missing))
            return None
        return self._checked(label, [(known[axis], *numbers) for axis, *numbers in named], description)

    def __info__(self) -> str:
        here = safely(lambda: self.position)
        rows = [
            (
                "*" if label == here else " ",
                label,
                position.description,
                ", ".join(
                    f"{axis.name} = {quantity(destination, axis.unit)} (± {quantity(each.reach)})"
                    for each in position.target
                    for axis, destination, _ in [each]
                ),
            )
            for label, position in self._positions.items()
        ]
        widths = [max(len(row[column]) for row in rows) if rows else 0 for column in range(3)]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)) for row in rows]
        where = [f"{axis.name} = {stands(axis)}" for axis in self.axes]
        return "\n".join([f"{self.name}: {here}", *lines, ", ".join(where)])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
