"""Calculated axes: their positions follow from those of others, which move when they are moved.

The door for slits, tables, energies: derive from `CalcAxes`, write the two functions.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar

from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.motion import MotionHook
from obtura.contracts.together import at_rest, check_distinct, check_paths, halt_all, set_off
from obtura.devices.arguments import choice, number, quantity
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_info import stands
from obtura.devices.axis_place import Underway
from obtura.devices.axis_state import AxisState
from obtura.devices.group import combined_state
from obtura.devices.listeners import Callback
from obtura.ground.errors import DeviceError, LimitError, ObturaError, UsageError, annotate, one_line
from obtura.ground.ranges import Positive

__all__ = ["CalcAxes", "CalcAxis"]


class CalcAxes(ABC):
    """Calculated axes that belong together.

    `real`: the axes they are made of, by tag; these may be calculated themselves. `pseudo`: the name of each
    calculated axis by tag, or nothing where `CalcAxis` objects are made one by one. They are in `axes`, by name, and
    can be had as `table["height"]`, by tag. `unit`: theirs, unless they have one of their own.

        class Table(CalcAxes):
            def calc_from_real(self, real):
                return {"height": (real["front"] + real["back"]) / 2}
            def calc_to_real(self, pseudo):
                return {"front": pseudo["height"], "back": pseudo["height"]}

        table = Table("table", real={"front": tf, "back": tb}, pseudo={"height": "theight"})

    Limits of the real axes hold for the calculated ones, through all layers.
    """

    yaml_members: ClassVar = {"axes": ("calc", "CalcAxis")}

    def __init__(
        self,
        name: str,
        real: Mapping[str, Movable],
        pseudo: Mapping[str, str] | None = None,
        unit: str | None = None,
        tolerance: Positive = 1e-4,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.name = name
        if not isinstance(real, Mapping):
            raise UsageError(f"{name}: real must be the axes by tag, as {{'front': tf, 'back': tb}}, got {real!r}")
        for tag, axis in real.items():
            if not is_movable(axis):
                raise UsageError(f"{name}: {tag} must be an axis, got {axis!r}")
        if not real:
            raise UsageError(f"{name}: it needs real axes")
        check_distinct(list(real.values()))
        self.real = dict(real)
        self.unit = unit
        self.tags: dict[str, CalcAxis] = {}
        for tag, axis_name in (pseudo or {}).items():
            CalcAxis(axis_name, self, tag, tolerance=tolerance, motion_hooks=motion_hooks)

    @property
    def axes(self) -> Mapping[str, "CalcAxis"]:
        """The calculated axes, by name."""
        return {axis.name: axis for axis in self.tags.values()}

    def adopt(self, tag: str, axis: "CalcAxis") -> None:
        """Called by a new calculated axis: it is the `tag` of this.

        Raises:
            UsageError: there is one already.
        """
        if tag in self.tags and self.tags[tag].name != f"{self.name}_{tag}":  # one that nobody named gives way
            raise UsageError(f"{axis.name}: {self.name} has an axis for {tag} already, {self.tags[tag].name}")
        self.tags[tag] = axis

    @abstractmethod
    def calc_from_real(self, real: Mapping[str, float]) -> Mapping[str, float]:
        """Positions of the calculated axes, by tag, from the user positions of the real ones, by tag."""

    @abstractmethod
    def calc_to_real(self, pseudo: Mapping[str, float]) -> Mapping[str, float]:
        """Where the real axes go, by tag, to bring the calculated ones to these positions, by tag.

        Raises:
            ValueError: there is no such place.
        """

    # -- what its axes ask --------------------------------------------------------------------------------

    def positions(self) -> Mapping[str, float]:
        """Where the calculated axes are, by tag."""
        return self.calc_from_real({tag: axis.position for tag, axis in self.real.items()})

    def real_targets(self, targets: Mapping[Any, float]) -> dict[Movable, float]:
        """Where the real axes go for user positions of some of its axes; the other ones stay where they were sent.

        Raises:
            LimitError: there is no such place.
        """
        pseudo = {tag: axis.user2dial(axis.set_position) for tag, axis in self.tags.items() if axis not in targets}
        return self._real_targets(targets, pseudo)

    def _real_targets(self, targets: Mapping[Any, float], others: Mapping[str, float]) -> dict[Movable, float]:
        asked = {tag: axis.user2dial(targets[axis]) for tag, axis in self.tags.items() if axis in targets}
        try:
            found = self.calc_to_real({**others, **asked})
        except (ValueError, ArithmeticError) as error:
            raise LimitError(f"{_wish(targets)} can't be: {one_line(error)}") from error
        except Exception as error:
            raise DeviceError(f"{_wish(targets)}: {self.name}.calc_to_real failed: {one_line(error)}") from error
        if not isinstance(found, Mapping):
            raise DeviceError(f"{self.name}.calc_to_real must give a dict of positions by tag, it gave {found!r}")
        real = {}
        for tag, target in found.items():
            axis = self.real[choice(f"{self.name}.calc_to_real: real axis", tag, self.real)]
            real[axis] = float(target)
            if not math.isfinite(target):
                raise LimitError(f"{_wish(targets)} can't be: {axis.name} would have to go to {target}")
        return real

    def check_path(self, paths: Mapping[Any, Sequence[float]]) -> None:
        """Raise `LimitError` when its axes can't go along these targets: their limits, or those of real axes."""
        for axis, path in paths.items():
            axis.check_own(path)
        others = {tag: axis.user2dial(axis.set_position) for tag, axis in self.tags.items() if axis not in paths}
        real: dict[Movable, list[float]] = {}
        wishes = []
        for point in zip(*paths.values(), strict=True):
            targets = dict(zip(paths, (float(one) for one in point), strict=True))
            wishes.append(targets)
            for axis, target in self._real_targets(targets, others).items():
                real.setdefault(axis, []).append(target)
        try:
            check_paths(list(real), list(real.values()))
        except LimitError as error:
            wish = _wish(wishes[0]) if len(wishes) == 1 else f"{', '.join(axis.name for axis in paths)} can't go there"
            raise LimitError(f"{wish}: {one_line(error)}") from error

    def begin(self, targets: Mapping[Any, float]) -> None:
        """Set off to user positions of some of its axes; returns at once."""
        for axis in targets:
            axis.check()
        self.check_path({axis: [target] for axis, target in targets.items()})
        real = self.real_targets(targets)
        moves = {axis: axis.mark(target, tuple(real)) for axis, target in targets.items()}
        try:
            set_off(list(real), list(real.values()))
        except BaseException:
            for move in moves.values():
                move.started = move.stopped = True
                move.halt()
            raise
        for axis, move in moves.items():
            axis.departed(move)

    def __getitem__(self, tag: str) -> "CalcAxis":
        return self.tags[choice(f"{self.name}: calculated axis", tag, self.tags)]

    def __info__(self) -> str:
        rows = chain(
            ((axis.name, tag, axis) for tag, axis in self.tags.items()),
            ((axis.name, f"{tag} (real)", axis) for tag, axis in self.real.items()),
        )
        lines = [(name, stands(axis), tag) for name, tag, axis in rows]
        widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
        shown = (f"  {name.ljust(widths[0])}  {where.rjust(widths[1])}  {tag}" for name, where, tag in lines)
        return "\n".join([f"{type(self).__name__} {self.name}", *shown])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _wish(targets: Mapping[Any, float]) -> str:
    return " and ".join(f"{axis.name} at {quantity(target, axis.unit)}" for axis, target in targets.items())


class _Calculated(AxisDriver):
    """Asks the real axes; they are moved by `CalcAxes.begin`."""

    def __init__(self, calc: CalcAxes, tag: str) -> None:
        self._calc = calc
        self._tag = tag
        self.blocking = any(axis.blocking for axis in calc.real.values())

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        raise NotImplementedError("it is calculated: it can be moved to positions only")

    def stop(self) -> None:
        halt_all(list(self._calc.real.values()))

    def position(self) -> float:
        return float(self._calc.positions()[self._tag])

    def state(self) -> AxisState:
        return combined_state(self._calc.real.values())

    def look_again_after(self) -> float:
        pauses = [axis.look_again_after() for axis in self._calc.real.values() if isinstance(axis, Axis)]
        return min([pause for pause in pauses if pause > 1e-6] or [super().look_again_after()])

    def set_position(self, position: float) -> None:
        raise NotImplementedError("it is calculated: set the dial positions of its real axes")


class CalcAxis(Axis):
    """One calculated axis: the `tag` of `calc`. It has limits, an offset and hooks of its own; it has no velocity.

    Its dial position is what `calc_from_real` says.
    """

    def __init__(
        self,
        name: str,
        calc: CalcAxes,
        tag: str,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.joint = calc
        self.real_axes = tuple(calc.real.values())
        super().__init__(
            name,
            _Calculated(calc, tag),
            unit or calc.unit,
            limits,
            math.inf,
            math.inf,
            tolerance,
            low_limit,
            high_limit,
            motion_hooks=motion_hooks,
        )
        calc.adopt(tag, self)
        self._calc = calc
        self._movers: Sequence[Movable] = ()
        self._following: dict[str, Callback] = {}

    def check(self) -> None:
        """Raise `DeviceError` when it, or one of its real axes, can't set off now. Touch nothing."""
        if self.disabled:
            super().check()
        for axis in self.real_axes:
            axis.check()

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target` is outside of its limits or one of a real axis. Touch nothing."""
        self._calc.check_path({self: [target]})

    def check_own(self, targets: Sequence[float]) -> None:
        """Raise `LimitError` when one of `targets` is outside of its own limits."""
        for target in targets:
            self._position(target)

    def check_path(self, targets: Any) -> None:
        """Raise `LimitError` when it can't go to these targets one after another; touch nothing."""
        self._calc.check_path({self: list(targets)})

    def estimate(self, target: float) -> float:
        """How long a move from here to `target` takes, in s: as long as the slowest real axis."""
        value = number(f"{self.name}: position", target)
        return max(axis.estimate(there) for axis, there in self._calc.real_targets({self: value}).items())

    def jog(self, velocity: float) -> None:
        """Refused: only the real axes can jog."""
        raise UsageError(f"{self.name}: it is calculated, so it can't jog; its real axes can")

    def begin(self, target: float, way: float | None = None) -> bool:
        """Set off; see `Axis.begin`. `way` means nothing: it does not go round."""
        self._calc.begin({self: float(target)})
        return False

    def stop(self, wait: bool = True) -> None:
        """Stop its real axes, from any thread; returns when they are at rest."""
        move = self._move
        if move is not None:
            move.stopped = True
        if wait:
            at_rest(self.real_axes)
            self._rest()
        else:
            self._driver.stop()
        if move is not None:
            move.halt()

    # -- what `CalcAxes` does with it ------------------------------------------------------------------------

    def mark(self, target: float, axes: Sequence[Movable]) -> Underway:
        """It is about to go there, by these axes."""
        with self._lock:
            move = self._move = Underway(float(target))
            self._trip = None
            self._movers = axes
        return move

    def departed(self, move: Underway) -> None:
        """Its real axes are on their way."""
        move.started = True
        if move.stopped:
            self._driver.stop()
        if self._listeners:
            self._tell_departure()

    def _arrive(self, move: Underway) -> None:
        state = self._rest(move)
        if not state.ready:
            at_rest(self._movers)  # one has failed: the others need not get there
        problem: ObturaError | None = None
        for axis in self._movers:
            try:
                axis.wait_move()
            except ObturaError as error:
                problem = problem or error
        try:
            super()._arrive(move)
        except DeviceError as error:
            if problem is not None:
                annotate(error, f"because {one_line(problem)}")
            raise
        if problem is not None and move.kind == "move" and not move.stopped:
            raise problem

    # -- events: it moves when a real axis does --------------------------------------------------------------

    def on_event(self, event: str, callback: Callback) -> None:
        """See `Axis.on_event`; position and state are told, too, when somebody moves a real axis."""
        super().on_event(event, callback)
        self._follow_real()

    def off_event(self, event: str, callback: Callback) -> None:
        """Call it no more; nothing happens when it is not there."""
        super().off_event(event, callback)
        self._follow_real()

    def _follow_real(self) -> None:
        for event in ("position", "state"):
            if (event in self._listeners) is (event in self._following):
                continue
            follower = self._following.pop(event, None)
            for axis in self.real_axes:
                if isinstance(axis, Axis) and follower is not None:
                    axis.off_event(event, follower)
            if follower is None:
                follower = self._following[event] = self._told
                for axis in self.real_axes:
                    if isinstance(axis, Axis):
                        axis.on_event(event, follower)

    def _told(self, value: object) -> None:
        if isinstance(value, AxisState):
            self._listeners.tell("state", self.state)
        else:
            self._tell_position()

    def _near(self, position: float, target: float) -> bool:
        """As for any axis; also where its real axes are as near as they get, with steps and tolerances of their own."""
        return super()._near(position, target) or super()._near(self._position_sent(), target)

    def _position_sent(self) -> float:
        real = {tag: getattr(axis, "set_position", axis.position) for tag, axis in self._calc.real.items()}
        found = self._calc.calc_from_real(real)
        return self.dial2user(next(float(found[tag]) for tag, axis in self._calc.tags.items() if axis is self))
