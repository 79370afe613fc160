"""Several axes as one: moved, checked and stopped together, with their motion hooks around.

Any `Movable` will do. An axis may have more than that, and is then served better: `begin(target)` sets off without
hooks and without anybody who follows, and returns whether it was seen to be there already; `halt()` stops without
waiting; `motion_hooks`; `backlash`, for which it needs a look on its way; `check_path(targets)`; with a `modulo`,
`begin(target, way)`, which goes as far as `way` says. A calculated axis has `real_axes`, of which it is made, and a
`joint`.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from obtura.contracts.devices import Movable
from obtura.contracts.halting import at_rest, halt_all, raise_first, take_back
from obtura.contracts.looking import check_may_be_told
from obtura.contracts.motion import MotionHook, Move
from obtura.ground.errors import DeviceBusyError, UsageError, one_line
from obtura.works.clock import Flag, clock
from obtura.works.shelter import Shelter

__all__ = [
    "Joint",
    "Trip",
    "at_rest",
    "check_distinct",
    "check_paths",
    "halt_all",
    "hooks_of",
    "move_together",
    "real_axes",
    "set_off",
    "settle",
]

log = logging.getLogger(__name__)

LOOK = 0.02
"""Seconds between two looks at axes that need one on their way."""
WATCH = 0.1
"""Seconds between two calls of who watches a move."""


class Joint(Protocol):
    """Moves real axes for calculated ones, several of which start at once: else they would be in each other's way."""

    def begin(self, targets: Mapping[Any, float]) -> None:
        """Set off to the targets of its axes; returns at once."""

    def real_targets(self, targets: Mapping[Any, float]) -> Mapping[Movable, float]:
        """Where the real axes go for that."""

    def check_path(self, paths: Mapping[Any, Sequence[float]]) -> None:
        """Raise `LimitError` when its axes can't go along these targets; a path has a target per point for each."""


def move_together(
    axes: Sequence[Movable],
    targets: Sequence[float],
    ended: Flag | None = None,
    watch: Callable[[], object] | None = None,
) -> None:
    """Start all, then wait for all. When one fails, or Ctrl-C comes, every axis that was started is stopped.

    `ended` may be set by whoever stops the axes from another thread, before: none is left moving, even if it
    was started just after. `watch` is called on this thread, every `WATCH` s while they move.
    """
    trip = Trip(axes)
    try:
        trip.begin(targets)
        if ended is not None and ended.is_set:
            at_rest(axes)
        trip.wait(watch)
    except BaseException as error:
        trip.abandon(error)
        raise
    finally:
        trip.leave()


class Trip:
    """Axes on their way together and the motion hooks around; `move_together` shows its use.

    Or `follow()` after `begin()`: a thread then does the rest, and `join()` waits for it.
    """

    __slots__ = ("_awaited", "_axes", "_done", "_entered", "_error", "_shelter", "_thread")

    def __init__(self, axes: Sequence[Movable]) -> None:
        self._axes = self._awaited = axes
        self._entered: list[tuple[MotionHook, Sequence[Move]]] = []
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._shelter: Shelter | None = None

    def begin(
        self, targets: Sequence[float], start: Callable[[Sequence[Any], Sequence[float]], None] | None = None
    ) -> None:
        """Call `pre_move`, then set off; returns at once. `start`: what to do instead of `set_off`."""
        begun: list[Any] = []
        try:
            for axis in self._axes:
                check_may_be_told(axis.name, "move")
            settle(self._axes)
            for axis in self._axes:
                if getattr(axis, "motion_hooks", None) or getattr(axis, "real_axes", None):
                    self._enter(targets)
                    break
            if start is None:
                self._awaited = set_off(self._axes, targets, begun)
            else:
                start(self._axes, targets)
        except BaseException:
            self._axes = begun  # whatever else moves now was set off by somebody else
            raise

    def _enter(self, targets: Sequence[float]) -> None:
        hooked = hooks_of(self._axes)
        if not hooked:
            return
        where = _everywhere(dict(zip(self._axes, targets, strict=True)))
        for hook, axes in hooked:
            self.enter(hook, [Move(axis, axis.position, float(where[axis])) for axis in axes if axis in where])

    def enter(self, hook: MotionHook, moves: Sequence[Move]) -> None:
        """Call a hook's `pre_move`; `leave` will call its `post_move`."""
        if self._shelter is None:
            self._shelter = Shelter(self, (Trip.leave.__code__,), self._say_kept)
            self._shelter.put_up()
        hook.ready()
        self._entered.append((hook, moves))
        hook.pre_move(moves)

    def wait(self, watch: Callable[[], object] | None = None) -> None:
        """Return when all are at rest, where they were sent; for `watch` see `move_together`."""
        axes = self._awaited
        if watch is not None:
            while any([axis.is_moving for axis in axes]):
                watch()
                clock.sleep(WATCH)
        elif len(axes) > 1 and any([_wants_looks(axis) for axis in axes]):
            while any([axis.is_moving for axis in axes]):  # a list: each of them needs the look
                clock.sleep(LOOK)
        for axis in axes:
            axis.wait_move()

    def abandon(self, error: BaseException) -> None:
        """Stop all and leave the hooks; what fails then becomes a note of `error`."""
        try:
            take_back(self._axes, error)
        finally:
            self.leave(error)

    def leave(self, error: BaseException | None = None) -> None:
        """Call `post_move` of every hook that was entered, the last first; all of them, whatever they raise.

        The first of their errors is raised, or all become notes of `error`. Ctrl-C waits until they are done, unless
        it is pressed again. Where all was left already, nothing happens.
        """
        if (shelter := self._shelter) is None:
            return
        errors: list[BaseException] = []
        while self._entered:
            hook, moves = self._entered.pop()
            if (failed := shelter.step(partial(hook.post_move, moves))) is not None:
                errors.append(failed)
        self._shelter = None
        shelter.take_down()
        shelter.deliver(error or next(iter(errors), None))
        raise_first(errors, error)

    def _say_kept(self) -> None:
        names = ", ".join(axis.name for axis in self._axes)
        log.warning("Ctrl-C waits until the motion hooks of %s are done; press again to end the present one", names)

    def follow(self) -> None:
        """Have a thread wait for the axes and leave the hooks; `join` raises what goes wrong there."""
        if self._shelter is not None:  # no Ctrl-C comes to that thread
            self._shelter.take_down()
        self._done = Flag()
        _followed.update((axis, self) for axis in self._all_axes())
        names = ", ".join(axis.name for axis in self._axes)
        self._thread = threading.Thread(target=self._follow, name=f"move {names}", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            try:
                # Not by the clock: who only follows must not make virtual time pass.
                while any([_look(axis) for axis in self._axes]):
                    self._done.wait(LOOK)
                self.wait()
            except BaseException as error:
                self.abandon(error)
                raise
            self.leave()
        except BaseException as error:
            self._error = error
            log.warning("%s", one_line(error), exc_info=error)
        finally:
            for axis in self._all_axes():
                if _followed.get(axis) is self:
                    del _followed[axis]
            self._done.set()

    def _all_axes(self) -> list[Movable]:
        return [*self._axes, *real_axes(self._axes)]

    @property
    def is_over(self) -> bool:
        """Whether its axes are at rest; the thread that follows may not have seen it yet."""
        try:
            return not any(axis.is_moving for axis in self._axes)
        except Exception as error:  # noqa: BLE001 - the thread that follows says so
            log.debug("%s", one_line(error))
            return False

    def join(self) -> None:
        """Return when the thread of `follow` is done, at once on that thread itself; raise what it met, once."""
        self.wait_followed()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def finish(self) -> None:
        """Return when the axes are at rest and the thread of `follow` is done; raise what went wrong. Ctrl-C stops."""
        try:
            while any([axis.is_moving for axis in self._axes]):
                clock.sleep(LOOK)
        except BaseException as error:
            take_back(self._axes, error)
            raise
        self.join()

    def wait_followed(self) -> None:
        """As `join`, but what the thread met is left to who joins."""
        if self._thread is None or self._thread is threading.current_thread():
            return
        while not self._done.wait(LOOK):  # nor here by the clock
            pass


_followed: dict[Any, Trip] = {}
"""By axis the trip that a thread follows now."""


def settle(axes: Sequence[Any]) -> None:
    """When an earlier move of these axes is over, wait until its hooks were called: only then may the next begin."""
    if not _followed:
        return
    for axis in (*axes, *real_axes(axes)):
        trip = _followed.get(axis)
        if trip is not None and trip.is_over:
            trip.wait_followed()


def _wants_looks(axis: Any) -> bool:
    """Whether it can't get to its target all by itself: it may have to turn round."""
    return bool(getattr(axis, "backlash", 0.0) or getattr(axis, "real_axes", None))


def _look(axis: Any) -> bool:
    """Whether it moves; who wants to know where it is hears of it."""
    return bool(axis.look() if hasattr(axis, "look") else axis.is_moving)


def set_off(axes: Sequence[Any], targets: Sequence[float], begun: list[Any] | None = None) -> list[Any]:
    """Start all; returns at once, with those that were not seen to be there already.

    No hook is called, and nobody follows: go on to wait for them, or stop them. When one can't start, those that were
    started here are stopped; one that refuses since it is busy is not. `begun`: gets each before it is told.
    """
    begun = [] if begun is None else begun
    joints: dict[Joint, dict[Any, float]] = {}
    awaited = []
    before = 0
    try:
        for axis, target in zip(axes, targets, strict=True):
            if (joint := getattr(axis, "joint", None)) is not None:
                joints.setdefault(joint, {})[axis] = target
                awaited.append(axis)
                continue
            before = len(begun)
            begun.append(axis)
            if (begin := getattr(axis, "begin", None)) is None:
                axis.move(target, wait=False)
                awaited.append(axis)
            elif not begin(target):
                awaited.append(axis)
        for joint, own in joints.items():
            before = len(begun)
            begun += own
            joint.begin(own)
    except BaseException as error:
        if isinstance(error, DeviceBusyError):  # somebody else moves it
            del begun[before:]
        take_back(begun, error)
        raise
    return awaited


def real_axes(axes: Iterable[Any]) -> list[Movable]:
    """The real axes below calculated ones, through all layers, each once; none that is among `axes` itself."""
    given = list(axes)
    found: list[Movable] = []
    ahead = [real for axis in given for real in getattr(axis, "real_axes", ())]
    while ahead:
        axis = ahead.pop(0)
        if not any(axis is other for other in (*given, *found)):
            found.append(axis)
        ahead += getattr(axis, "real_axes", ())
    return found


def check_distinct(axes: Sequence[Any]) -> None:
    """Raise `UsageError` when two of `axes` would move the same axis."""
    owners: dict[Any, Any] = {}
    for axis in axes:
        for moved in (axis, *real_axes([axis])):
            other = owners.setdefault(moved, axis)
            if other is axis and moved is axis and sum(one is axis for one in axes) > 1:
                raise UsageError(f"{axis.name} is there twice")
            shared = getattr(axis, "joint", None)
            if other is not axis and (shared is None or getattr(other, "joint", None) is not shared):
                mover = other if moved is not other else axis
                raise UsageError(f"{moved.name} is moved by {mover.name} too: they can't be moved together")


def check_paths(axes: Sequence[Any], paths: Sequence[Any]) -> None:
    """Raise `LimitError` when the axes can't go together along these targets, one path for each; touch nothing."""
    joints: dict[Joint, dict[Any, Any]] = {}
    for axis, path in zip(axes, paths, strict=True):
        check_may_be_told(axis.name, "move")
        if (joint := getattr(axis, "joint", None)) is not None:
            joints.setdefault(joint, {})[axis] = path
        elif hasattr(axis, "check_path"):
            axis.check_path(path)
        else:
            for target in dict.fromkeys(path):
                axis.check_target(float(target))
    for joint, own in joints.items():
        joint.check_path(own)


def hooks_of(axes: Sequence[Movable]) -> list[tuple[MotionHook, list[Movable]]]:
    """Each hook of these axes and of the real ones below, with the axes that have it."""
    found: dict[int, tuple[MotionHook, list[Movable]]] = {}
    for axis in (*axes, *real_axes(axes)):
        for hook in getattr(axis, "motion_hooks", ()):
            found.setdefault(id(hook), (hook, []))[1].append(axis)
    return list(found.values())


def _everywhere(targets: Mapping[Any, float]) -> dict[Any, float]:
    """The targets and, through all layers, those of the real axes."""
    joints: dict[Joint, dict[Any, float]] = {}
    for axis, target in targets.items():
        if (joint := getattr(axis, "joint", None)) is not None:
            joints.setdefault(joint, {})[axis] = target
    everywhere = dict(targets)
    for joint, own in joints.items():
        everywhere.update(_everywhere(joint.real_targets(own)))
    return everywhere
