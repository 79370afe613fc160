"""Counters and axes made of any object's attributes, properties and methods."""

import inspect
import math
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from obtura.contracts.counters import SamplingMode
from obtura.devices.attribute import caller, reader, writer
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = ["SOFT_SAMPLING_FREQUENCY", "SoftAxis", "SoftCounter"]

SOFT_SAMPLING_FREQUENCY = 1000.0
"""Readings per second of a soft counter at most; `counter.controller.max_sampling_frequency` changes it."""


class _SoftController(SelfReadingController):
    """Reads the soft counters of one object in turn. It keeps the object, so that its id stays its own."""

    def __init__(self, name: str, obj: Any) -> None:
        super().__init__(name, max_sampling_frequency=SOFT_SAMPLING_FREQUENCY)
        self.obj = obj


_controllers: WeakValueDictionary[int, _SoftController] = WeakValueDictionary()
_controllers_lock = threading.Lock()


def _controller_of(obj: Any, counter: str, blocking: bool) -> _SoftController:
    """The one controller of an object: two counters on it are never read at once."""
    names = (getattr(obj, "name", None), getattr(obj, "__name__", None), type(obj).__name__)
    name = counter if inspect.isroutine(obj) else next(each for each in names if isinstance(each, str))
    with _controllers_lock:
        controller = _controllers.get(id(obj))
        if controller is None:
            controller = _controllers[id(obj)] = _SoftController(name, obj)
            controller.blocking = blocking
        controller.blocking = controller.blocking or blocking
        return controller


class SoftCounter(SelfReadingCounter):
    """Counts the value of an attribute, property or method of `obj`, or of a function.

    `SoftCounter(obj, "temperature")`, `SoftCounter(obj, "read")`, `SoftCounter(value=function)`. `name` is by
    default that of the attribute or function, or that of the object when the attribute is called `value`.
    `apply` is a function of one reading, e.g. for units; `mode`: what becomes of the readings of a point. `as_text`: it
    reads texts. Set `blocking=False` only for what never waits.

    Raises:
        UsageError: there is no such attribute, or no name can be found.
    """

    def __init__(
        self,
        obj: Any = None,
        value: str | Callable[[], Any] = "value",
        name: str | None = None,
        apply: Callable[[Any], Any] | None = None,
        mode: SamplingMode | str | int | None = None,
        unit: str | None = None,
        blocking: bool = True,
        is_critical: bool = True,
        as_text: bool = False,
    ) -> None:
        if callable(obj) and value == "value" and inspect.getattr_static(obj, "value", None) is None:
            obj, value = None, obj  # SoftCounter(function)
        if obj is None and isinstance(value, str):
            raise UsageError("SoftCounter(obj, value): give an object, or a function: SoftCounter(value=function)")
        name = name or _name_of(obj, value)
        if not name:
            raise UsageError('SoftCounter: no name can be found for the function, give one: name="..."')
        self._read = reader(f"SoftCounter {name}", obj, value)
        device = obj if obj is not None else getattr(value, "__self__", value)  # a method belongs to its object
        dtype = str if as_text else float
        super().__init__(name, _controller_of(device, name, blocking), apply, mode, unit, dtype, (), is_critical)

    def raw(self) -> Any:
        """The present value of the attribute, or what the method or function returns."""
        return self._read()


def _name_of(obj: Any, value: Any) -> str | None:
    if not isinstance(value, str):
        found = getattr(value, "__name__", None)
        return found if isinstance(found, str) and found.isidentifier() else None
    named = getattr(obj, "name", None)
    return named if value == "value" and isinstance(named, str) else value


class _SoftDriver(AxisDriver):
    """Moves by a call that returns when it is there; or, when there is a state to ask for, at once."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Any],
        move: Callable[[float], Any],
        stop: Callable[[], Any] | None,
        state: Callable[[], Any] | None,
        blocking: bool,
    ) -> None:
        self.blocking = blocking
        self._name = name
        self._read = read
        self._move = move
        self._stop = stop
        self._state = state

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        self._move(target)

    def stop(self) -> None:
        if self._stop is not None:
            self._stop()

    def position(self) -> float:
        return float(self._read())

    def state(self) -> AxisState:
        if self._state is None:
            return _READY
        state = self._state()
        try:
            return state if isinstance(state, AxisState) else AxisState(str(state).upper())
        except UsageError as error:
            raise UsageError(f"{self._name}: its state is {state!r}; {error}") from error


_READY = AxisState("READY")


class SoftAxis(Axis):
    """Moves by setting an attribute of `obj`, or by calling a method with the target that returns when there.

    `position`, `move`, `stop`, `state`: names of attributes, properties or methods of `obj`, or functions. Without
    `stop` a move under way goes on until its method returns. `state` says READY, MOVING or another name of
    `AxisState`, or gives one; then `move` may return before it is there. A move that ends further than `tolerance` from
    its target is an error; `math.inf` for what never reads back where it was sent. Set `blocking=False` only
    for what never waits.

    Raises:
        UsageError: there is no such attribute, or it can't be set.
    """

    def __init__(
        self,
        name: str,
        obj: Any,
        position: str | Callable[[], Any] = "position",
        move: str | Callable[[float], Any] = "position",
        stop: str | Callable[[], Any] | None = None,
        state: str | Callable[[], Any] | None = None,
        low_limit: float = -math.inf,
        high_limit: float = math.inf,
        tolerance: Positive = 1e-4,
        unit: str | None = None,
        blocking: bool = True,
    ) -> None:
        if inspect.isclass(obj):
            raise UsageError(f"SoftAxis {name}: {obj.__name__} is a class; give an object: add the brackets")
        owner = f"SoftAxis {name}"
        driver = _SoftDriver(
            name,
            reader(owner, obj, position),
            writer(owner, obj, move),
            None if stop is None else caller(owner, obj, stop),
            None if state is None else reader(owner, obj, state),
            blocking,
        )
        super().__init__(name, driver, unit, (low_limit, high_limit), math.inf, math.inf, tolerance)
