"""`with cleanup(...)`: motors go back, settings are restored, functions are called, whatever happens in the body."""

import functools
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from enum import StrEnum
from types import TracebackType
from typing import Any, TypeAlias

from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.together import move_together
from obtura.devices.arguments import choice, quantity
from obtura.ground.errors import UsageError, annotate, locate, one_line
from obtura.works.shelter import Shelter

__all__ = ["Restore", "cleanup", "error_cleanup"]

log = logging.getLogger(__name__)


class Restore(StrEnum):
    """What of a motor is put back: its position, velocity, acceleration, limits."""

    POS = "POS"
    VEL = "VEL"
    ACC = "ACC"
    LIM = "LIM"


_Thing: TypeAlias = Movable | AbstractContextManager[Any] | Callable[[], Any]

_ATTRIBUTES = {  # limits first: they may forbid the way back
    Restore.LIM: "limits",
    Restore.VEL: "velocity",
    Restore.ACC: "acceleration",
    Restore.POS: "position",
}


def cleanup(
    *things: _Thing, restore_list: Iterable[Restore | str] = (), verbose: bool = False
) -> AbstractContextManager[None]:
    """`with cleanup(roby, shutter.close, restore_list=["POS"]): ...` puts things in order afterwards.

    `things` are motors, functions without arguments, and context managers, which are entered here. When the body
    ends, in whatever way: motors that move are stopped; functions are called and context managers left, the last
    one first; limits, velocities and accelerations are restored, as far as `restore_list` has LIM, VEL and ACC;
    with POS the motors go back. Each step is made whatever the others do. The first error is raised, that of the
    body before all, with the later ones as its notes. `verbose` prints each step.

    Ctrl-C ends the body as ever. While things are put in order it is kept until they are; pressed again, it ends
    the step that is under way, e.g. stops the motors that go back; the others are still made.

    Raises:
        UsageError: something else was given, or a motor has not what is to be restored; nothing was touched.
    """
    return _Cleanup("cleanup", things, restore_list, verbose, only_after_error=False)


def error_cleanup(
    *things: _Thing, restore_list: Iterable[Restore | str] = (), verbose: bool = False
) -> AbstractContextManager[None]:
    """As `cleanup`, but motors and functions are left alone unless the body ends with an error or Ctrl-C."""
    return _Cleanup("error_cleanup", things, restore_list, verbose, only_after_error=True)


class _Cleanup(AbstractContextManager[None]):
    def __init__(
        self,
        name: str,
        things: Iterable[_Thing],
        restore_list: Iterable[Restore | str],
        verbose: bool,
        only_after_error: bool,
    ) -> None:
        self._name = name
        self._verbose = verbose
        self._only_after_error = only_after_error
        given = [restore_list] if isinstance(restore_list, str) else restore_list
        wanted = {choice(f"{name}: restore_list", each, [str(part) for part in Restore]) for each in given}
        self._restore = [part for part in _ATTRIBUTES if part in wanted]
        self._motors: list[Any] = []
        self._others: list[Any] = []  # functions and context managers, in order
        for thing in things:
            (self._motors if is_movable(thing) else self._others).append(thing)
        self._check()
        self._before: dict[Restore, list[Any]] = {}
        self._ways_out: list[tuple[str, bool, Callable[[], object]]] = []
        self._error: BaseException | None = None  # of the body
        self._errors: list[BaseException] = []  # of the steps
        self._doing = ""
        codes = (_Cleanup.__enter__.__code__, _Cleanup.__exit__.__code__)
        self._shelter = Shelter(self, codes, self._say_kept)

    def _check(self) -> None:
        for motor in self._motors:
            for part in self._restore:
                if not hasattr(type(motor), _ATTRIBUTES[part]) and _ATTRIBUTES[part] not in vars(motor):
                    raise UsageError(f"{self._name}: {motor.name} has no {_ATTRIBUTES[part]} to be restored")
        for thing in self._others:
            if isinstance(thing, type) or not (callable(thing) or _is_context(thing)):
                raise UsageError(f"{self._name} takes motors, functions and context managers, got {thing!r}")

    def __enter__(self) -> None:
        self._shelter.put_up()
        self._ways_out, self._errors = [], []
        self._error = self._shelter.step(self._open)
        if self._error is None and self._shelter.presses:
            self._error = KeyboardInterrupt("interrupted by Ctrl-C")
        error = self._error
        if error is not None:  # Python does not call __exit__ now
            self._put_in_order()
            self._end()
            raise error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._error = error
        self._put_in_order()
        self._end()
        return error is not None and self._error is None  # a context manager swallowed it

    def _open(self) -> None:
        self._before = {part: [getattr(motor, _ATTRIBUTES[part]) for motor in self._motors] for part in self._restore}
        for thing in self._others:
            if _is_context(thing):
                thing.__enter__()
                self._ways_out.append((f"{_name(thing)} is left", True, functools.partial(self._leave, thing)))
            else:
                self._ways_out.append((f"{_name(thing)}()", False, thing))

    def _put_in_order(self) -> None:
        all_of_it = self._error is not None or not self._only_after_error
        if all_of_it:
            for motor in self._motors:
                self._step(f"{motor.name} is stopped", functools.partial(_stop, motor), quiet=True)
        for what, always, leave in reversed(self._ways_out):
            if always or all_of_it:
                self._step(what, leave)
        if all_of_it:
            for part, values in self._before.items():
                if part is not Restore.POS:
                    self._set_back(_ATTRIBUTES[part], values)
            self._go_back()

    def _set_back(self, attribute: str, values: list[Any]) -> None:
        for motor, value in zip(self._motors, values, strict=True):
            if _differs(motor, attribute, value):
                self._step(f"{motor.name}.{attribute} = {value}", functools.partial(setattr, motor, attribute, value))

    def _go_back(self) -> None:
        """All together; when that fails, those that are not there one by one: a bad motor keeps no other away."""
        positions = list(zip(self._motors, self._before.get(Restore.POS, ()), strict=False))
        moved = [(motor, position) for motor, position in positions if _differs(motor, "position", position)]
        failed = self._step_back(moved) if moved else None
        if failed is None or isinstance(failed, KeyboardInterrupt) or len(moved) == 1:
            return
        for motor, position in moved:
            if _differs(motor, "position", position):
                again = self._step_back([(motor, position)])
                if isinstance(again, KeyboardInterrupt):
                    return

    def _step_back(self, positions: list[tuple[Any, float]]) -> BaseException | None:
        motors, targets = zip(*positions, strict=True)
        what = ", ".join(f"{motor.name} goes back to {quantity(target, motor.unit)}" for motor, target in positions)
        return self._step(what, functools.partial(move_together, motors, targets))

    def _step(self, what: str, function: Callable[[], object], quiet: bool = False) -> BaseException | None:
        self._doing = what
        if self._verbose and not quiet:
            self._shelter.step(functools.partial(print, f"{self._name}: {what}"))  # a closed stdout is no reason
        failed = self._shelter.step(function)
        if failed is not None and failed is not self._error:
            locate(failed, f"in {self._name}: {what}")
            self._errors.append(failed)
        return failed

    def _leave(self, context: Any) -> None:
        error = self._error
        trace = None if error is None else error.__traceback__
        if context.__exit__(None if error is None else type(error), error, trace):
            self._error = None

    def _end(self) -> None:
        """Raise the first error of the steps, unless the body has one, whose note it becomes then."""
        self._shelter.take_down()
        errors = [error for error in (self._error, *self._errors) if error is not None]
        first = errors[0] if errors else None
        for each in errors[1:]:
            if first is not None:
                annotate(first, f"then {one_line(each)}" + "".join(f" ({note})" for note in _places(each)))
        self._shelter.deliver(first)
        if first is not None and first is not self._error:
            raise first

    def _say_kept(self) -> None:
        doing = f": {self._doing}" if self._doing else ""
        try:
            print(f"Ctrl-C waits until {self._name} is done{doing}; press again to end this step", file=sys.stderr)
        except (OSError, RuntimeError, ValueError):
            self._doing = ""  # nobody can be told: stderr is closed, or was interrupted while it printed


def _is_context(thing: object) -> bool:
    return hasattr(type(thing), "__enter__") and hasattr(type(thing), "__exit__")


def _differs(motor: Any, attribute: str, value: Any) -> bool:
    try:
        return bool(getattr(motor, attribute) != value)
    except Exception as error:  # noqa: BLE001 - what is wrong with it is said when it is set
        log.debug("%s.%s can't be had: %s", motor.name, attribute, one_line(error))
        return True


def _stop(motor: Any) -> None:
    if motor.is_moving:
        motor.stop()


def _name(thing: Any) -> str:
    return str(getattr(thing, "name", None) or getattr(thing, "__qualname__", None) or type(thing).__name__)


def _places(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))[:1]
