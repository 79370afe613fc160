"""What each phase calls, worked out once per scan from the classes of the devices: a point walks no tree."""

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import cache
from itertools import repeat
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, AcquisitionSlave, Steps, TriggerMode
from obtura.engine.seat import Duty
from obtura.works.lanes import AsyncLane, Lane, Loop, ThreadLane

__all__ = [
    "LaneOf",
    "Level",
    "Phase",
    "Plan",
    "Step",
    "Turn",
    "devices_of",
    "lane_of",
    "levels_below",
    "may_be_called_here",
    "needs_lane",
    "overriding",
    "paces",
    "reads_by_itself",
    "trigger_methods",
]


class Step:
    """A call to be made in a phase; `lane` None: inline. `duty`: what the one says of it who makes it inline.

    `is_transparent`: of a master whose class says so: it needs no guard of its own, unless somebody listens to it.
    """

    __slots__ = ("device", "duty", "function", "is_transparent", "lane", "what")

    def __init__(self, device: AcquisitionObject, what: str, function: Callable[[], Any], lane: Lane | None) -> None:
        self.device = device
        self.what = what
        self.function = function
        self.lane = lane
        self.duty: Duty | None = None
        self.is_transparent = False


class Level:
    """Calls to be made together. `on_lanes`: those that are handed to a lane; `inline`: the others.

    `wired`: devices that read by themselves from then on.
    """

    __slots__ = ("inline", "on_lanes", "steps", "wired")

    def __init__(self, steps: Iterable[Step], wired: Iterable[AcquisitionObject] = ()) -> None:
        self.steps = tuple(steps)
        self.on_lanes = tuple((step, step.lane) for step in self.steps if step.lane is not None)
        self.inline = tuple(step for step in self.steps if step.lane is None)
        self.wired = tuple(wired)


class Phase:
    """The levels of a phase, one after the other. `straight`: the calls, if none of them is handed to a lane."""

    def __init__(self, levels: Iterable[Level]) -> None:
        self.levels = tuple(level for level in levels if level.steps)
        is_straight = not any(level.on_lanes or level.wired for level in self.levels)
        self.straight = tuple(step for level in self.levels for step in level.inline) if is_straight else None


LaneOf = Callable[[AcquisitionObject], Lane | None]
"""Where the calls of a device are made; None: inline."""


class Turn:
    """The `__iter__` of a master or slave; `take` sets up its next iteration, `ended` says that there is none."""

    END = object()

    def __init__(self, node: Any, lane: Lane | None) -> None:
        self.ended = False
        self.is_plain = False
        """Whether `take` runs no code of a device, so that it needs no door and no lane."""
        self.iterator: Iterator[object] | None = None
        self.node = node
        self.step = Step(node, f"{node.name}.__iter__", self.take, lane)
        self.level = Level([self.step])

    def take(self) -> None:
        """Advance the iterator; it is made here too, since making it may run the device's code."""
        if self.iterator is None:
            self.iterator = iter(self.node)
            self.is_plain = type(self.iterator) in (repeat, Steps)
        self.ended = next(self.iterator, self.END) is self.END


class Plan:
    """The steps of each phase for the devices below one top-master; level by level, empty ones left out.

    `check` raises when the scan was cut; called within a step that makes several calls.
    """

    def __init__(self, master: AcquisitionMaster, lane_of: LaneOf, check: Callable[[], None]) -> None:
        self.levels = list(levels_below(master))
        self.lanes = {node: lane_of(node) for level in self.levels for node in level}
        upwards = self.levels[::-1]  # deepest level first
        self.parameters = [self._level(filter(_has_parameters, level), "apply_parameters") for level in upwards]
        self.prepare_first = [self._level(overriding(level, "prepare"), "prepare") for level in upwards]
        again = ([node for node in level if not (node.prepare_once or node.start_once)] for level in upwards)
        self.prepare_next = Phase(self._level(overriding(level, "prepare"), "prepare") for level in again)
        self.start_first = Phase(self._starting(level) for level in upwards)
        self.start_next = Phase(self._starting([node for node in level if not node.start_once]) for level in upwards)
        self.wired = [node for level in upwards for node in level if reads_by_itself(node)]
        # Those that read at their own pace are not waited for at each iteration.
        awaited = ([node for node in level if not (node.start_once and node in self.wired)] for level in self.levels)
        self.ready = Phase(self._level(overriding(level, "wait_ready"), "wait_ready") for level in awaited)
        below = [node for level in self.levels[1:] for node in level]
        self._check = check
        self.below = {
            node: Level(self._triggering(slave) for slave in node.slaves if slave.trigger_type is TriggerMode.SOFTWARE)
            for level in self.levels
            for node in level
        }
        """What is called by one trigger of a master."""
        self.asked = set(overriding(below, "trigger_ready"))
        nodes: list[AcquisitionObject] = [node for level in upwards for node in level]
        self.iterating = [node for node in nodes if node is master or overriding([node], "__iter__")]

    def _starting(self, nodes: list[AcquisitionObject]) -> Level:
        wired = [node for node in nodes if reads_by_itself(node)]
        others = [node for node in nodes if node not in wired and _starts(node)]
        return Level([self._beginning(node) for node in (*wired, *others)], wired)

    def _beginning(self, node: AcquisitionObject) -> Step:
        triggers = isinstance(node, AcquisitionMaster) and not overriding([node], "start")  # its `start` does just that
        step = Step(node, f"{node.name}.start", node.trigger if triggers else node.start, self.lanes[node])
        step.is_transparent = _is_transparent(node)
        return step

    def _triggering(self, node: AcquisitionObject) -> Step:
        methods = trigger_methods(node)
        what = f"{node.name}.{' and '.join(methods) or 'trigger'}"
        step = Step(node, what, _trigger(node, methods, self._check), self.lanes[node])
        step.is_transparent = _is_transparent(node)
        return step

    def guard_heard(self) -> None:
        """All are prepared, calculations listen now: what is somebody's code in the middle of an emit may hang."""
        for level in (*self.start_first.levels, *self.start_next.levels, *self.below.values()):
            for step in level.steps:
                if step.is_transparent and any(channel.is_heard for channel in step.device.channels):
                    step.is_transparent = False

    def _level(self, nodes: Iterable[AcquisitionObject], method: str) -> Level:
        return Level(self._steps(nodes, method))

    def _steps(self, nodes: Iterable[AcquisitionObject], method: str) -> list[Step]:
        return [Step(node, f"{node.name}.{method}", getattr(node, method), self.lanes[node]) for node in nodes]


def devices_of(node: AcquisitionObject) -> tuple[Any, ...]:
    """What a node drives: controllers of counters, axes, or whatever else it was given; last the node itself."""
    return (*(getattr(device, "controller", device) for device in node.devices), node)


def levels_below(master: AcquisitionMaster) -> Iterator[list[AcquisitionObject]]:
    """The levels of a branch, the top-master first."""
    level: list[AcquisitionObject] = [master]
    while level:
        yield level
        level = [slave for node in level for slave in node.slaves]


def paces(top: AcquisitionMaster) -> dict[AcquisitionObject, int]:
    """How many points each object of a branch takes in one iteration, the top-master first."""
    found: dict[AcquisitionObject, int] = {top: top.triggers}
    for level in levels_below(top):
        for node in level:
            found |= {slave: found[node] * getattr(slave, "triggers", 1) for slave in node.slaves}
    return found


def overriding(nodes: Iterable[AcquisitionObject], method: str) -> list[AcquisitionObject]:
    """Those that override `method`: the others need not be called."""
    inherited = _inherited(method)
    return [node for node in nodes if method in vars(node) or getattr(type(node), method, None) not in inherited]


@cache
def _inherited(method: str) -> frozenset[Any]:
    return frozenset(vars(kind).get(method) for kind in (AcquisitionObject, AcquisitionMaster, AcquisitionSlave))


def _starts(node: AcquisitionObject) -> bool:
    """Whether its `start` does anything; what a master does not override triggers it, if nobody is above it."""
    return bool(overriding([node], "start") or (node.parent is None and overriding([node], "trigger")))


def _is_transparent(node: AcquisitionObject) -> bool:
    """Whether its own class, and no base of it, says that it is; and nobody has put other methods on the object."""
    return bool(vars(type(node)).get("is_transparent")) and vars(node).keys().isdisjoint(("start", "trigger"))


def _has_parameters(node: AcquisitionObject) -> bool:
    return bool(overriding([node], "apply_parameters")) or hasattr(node.device, "apply_parameters")


def reads_by_itself(node: AcquisitionObject) -> bool:
    """Whether a slave is triggered by a wire and reads on its own: `reading` runs beside the scan loop."""
    return node.trigger_type is TriggerMode.HARDWARE and bool(overriding([node], "reading"))


def _is_async(node: AcquisitionObject) -> bool:
    methods = ("prepare", "start", "stop", "trigger", "reading", "wait_ready")
    return any(inspect.iscoroutinefunction(getattr(node, method)) for method in methods if overriding([node], method))


def needs_lane(node: AcquisitionObject) -> bool:
    """Whether its calls may wait for something."""
    return _is_async(node) or node.blocking or reads_by_itself(node)


def may_be_called_here(node: AcquisitionObject) -> bool:
    """Whether one that needs a lane may do without; who reads beside the scan loop, or on an event loop, may not."""
    return node.is_interruptible and not _is_async(node) and not reads_by_itself(node)


def lane_of(node: AcquisitionObject, loop: Loop) -> Lane | None:
    """A new lane for a device, or None when it may be called inline."""
    if _is_async(node):
        return AsyncLane(node.name, loop)
    if needs_lane(node):
        return ThreadLane(node.name, node.on_lane_start if overriding([node], "on_lane_start") else None)
    return None


def trigger_methods(node: AcquisitionObject) -> list[str]:
    """What one software trigger of a slave calls, one after the other on its lane."""
    return [name for name in ("trigger", "reading") if overriding([node], name)]


def _trigger(node: AcquisitionObject, names: Iterable[str], check: Callable[[], None]) -> Callable[[], Any]:
    methods = [getattr(node, name) for name in names]
    if len(methods) == 1:
        return methods[0]  # type: ignore[no-any-return]

    def in_turn() -> None:
        for method in methods:
            check()
            method()

    async def in_turn_async() -> None:
        for method in methods:
            check()
            result = method()
            if isinstance(result, Coroutine):
                await result

    return in_turn_async if _is_async(node) else in_turn
