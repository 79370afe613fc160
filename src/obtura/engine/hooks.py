"""The one place that calls presets: it orders, notes what was entered, opens the door for Ctrl-C, times, blames."""

import inspect
import logging
from collections.abc import Callable, Coroutine, Iterator
from enum import Enum
from functools import partial
from time import monotonic
from typing import Any, TypeAlias

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset, check_preset
from obtura.engine.outcome import Outcome
from obtura.engine.safety import Safety
from obtura.engine.seat import NOBODY, Doer, Duty, Seat
from obtura.ground.errors import HookError, UsageError, locate, one_line
from obtura.ground.events import Event, HookEntered, HookLeft
from obtura.works.clock import clock
from obtura.works.interrupt import BARRED, OPEN, SHUT, doors
from obtura.works.lanes import Call, Loop
from obtura.works.record import Record

__all__ = ["Circle", "Given", "Hooks", "Kind"]

log = logging.getLogger(__name__)

GIVEN_UP = "given up"
"""Why a hook failed that did not return."""

PATIENCE = 30.0
"""Seconds that an interrupted async hook has to end."""

END = object()


class Given:
    """What the `get_iterator` of a preset gave. `duty`: what is said of each `next`; that gives `END` at the end."""

    __slots__ = ("duty", "iterator", "next", "preset")

    def __init__(self, iterator: Iterator[Any], duty: Duty) -> None:
        self.preset = duty[1]
        self.iterator = iterator
        self.next: Callable[[], Any] = partial(next, iterator, END)
        self.duty = duty


class Circle:
    """The presets of one level, in the order in which they were added, and those of them that are entered.

    `argument`: what their hooks get, () for iteration presets. `branch`, `point`, `npoints`: for messages and
    the record.
    """

    def __init__(
        self, presets: list[Any], argument: tuple[Any, ...], branch: int | None = None, npoints: int = 0
    ) -> None:
        self.presets = presets
        self.argument = argument
        self.branch = branch
        self.npoints = npoints
        self.point: int | None = None
        self.entered: list[Any] = []
        self.before: list[Any] | None = None  # those whose `before_stop` is still to be called, once it has begun
        self.iterators: list[Given] = []
        self.exhausted: list[Given] = []

    def opened(self, preset: Any) -> Any:
        """The iterator of a preset, once: it is to be closed."""
        for found in (self.iterators, self.exhausted):
            for index, given in enumerate(found):
                if given.preset is preset:
                    del found[index]
                    return given.iterator
        return None

    def where(self) -> str:
        """The point in words, for messages: `, point 3 of 11`, counted from 0 as in the table."""
        if self.point is None:
            return ""
        return f", point {self.point}" + (f" of {self.npoints}" if self.npoints else "")


class Kind(Enum):
    """How a hook is called."""

    SKIPPED = 0
    PLAIN = 1
    ASYNC = 2


SKIPPED, PLAIN, ASYNC = Kind  # of a module they are read faster


_Form: TypeAlias = tuple[Kind, str]
"""What is known of a hook from the class of its preset: how it is called, and as what in messages. It is read at each
call, and a plain tuple is taken apart fastest.
"""


class Hooks(Doer):
    """Calls presets, on the thread that called `run()`; when that is stuck, on the one that took its `seat`.

    What is left is noted as left before the call: whoever takes over goes on with the next.
    """

    def __init__(self, record: Record[Event], outcome: Outcome, loop: Loop, seat: Seat) -> None:
        self._record = record
        self._outcome = outcome
        self._loop = loop
        self._seat = seat
        self._forms: dict[str, dict[type, _Form]] = {}
        self._checked: set[type] = set()
        self._answer: Any = None  # what the last hook returned
        self.safety: Safety | None = None
        """Insures presets before they are entered; None: nothing is really called."""

    # -- forward ------------------------------------------------------------------------------------------

    def prepare(self, circle: Circle) -> None:
        """Enter the presets of a scan or a chain."""
        self._outcome.check()
        for preset in circle.presets:
            self._enter(circle, preset)
            if circle.branch is None:
                self._bind(preset, circle.argument[0])
            self._call(circle, preset, "prepare", OPEN)
            if circle.branch is not None:
                self._open_iterator(circle, preset)

    def prepare_iteration(self, chain: Circle, iteration: Circle) -> None:
        """Take the next iteration preset of each chain preset, and enter it."""
        for given in tuple(chain.iterators):
            item = self._next(given, iteration)
            if item is END:
                chain.exhausted.append(given)
                chain.iterators.remove(given)
            else:
                self._enter(iteration, item)
                self._call(iteration, item, "prepare", OPEN)

    def prepare_again(self, circle: Circle, presets: list[Any]) -> None:
        """The same point is taken again: enter those that were left."""
        self._outcome.check()
        for preset in presets:
            self._enter(circle, preset)
            self._call(circle, preset, "prepare", OPEN)

    def judge(self, circle: Circle, presets: list[Any], reasons: list[str]) -> None:
        """A point is done: ask whether it has to be taken again, and add why to `reasons`."""
        self._outcome.check()
        for preset in presets:
            self._answer = None
            self._call(circle, preset, "retake", OPEN)
            if isinstance(self._answer, str) or self._answer is None:
                reasons += [self._answer] if self._answer else []
            else:
                raise HookError(f"{type(preset).__name__}.retake must give a reason or None, got {self._answer!r}")

    def _enter(self, circle: Circle, preset: Any) -> None:
        circle.entered.append(preset)
        if preset.safety and self.safety is not None:
            self.safety.entering(preset)

    def start(self, circle: Circle) -> None:
        """Call `start` of those that are entered."""
        if self._outcome.cutting:
            self._outcome.check()
        for preset in circle.entered:
            self._call(circle, preset, "start", OPEN)

    def pause(self, circle: Circle) -> None:
        """The scan pauses: call `pause` of those that are entered, in reverse."""
        self._outcome.check()
        for preset in reversed(circle.entered):
            self._call(circle, preset, "pause", OPEN)

    def resume(self, circle: Circle) -> None:
        """The scan goes on: call `resume` of those that are entered."""
        self._outcome.check()
        for preset in circle.entered:
            self._call(circle, preset, "resume", OPEN)

    # -- the way out --------------------------------------------------------------------------------------

    def before_stop(self, circle: Circle) -> None:
        """Call `before_stop` of chain presets that are entered, in reverse."""
        if circle.before is None:
            circle.before = list(circle.entered)
        while circle.before:
            self._leave(circle, circle.before.pop(), "before_stop")

    def leave(self, circle: Circle) -> None:
        """Leave those that are entered: in reverse, each exactly once, whatever the others raise."""
        while circle.entered:
            preset = circle.entered[-1]
            iterator = circle.opened(preset) if circle.iterators or circle.exhausted else None
            if iterator is not None and hasattr(iterator, "close"):
                self._outcome.attempt(self._close, preset, iterator)
                if not (circle.entered and circle.entered[-1] is preset):
                    continue  # that took so long that another thread did the rest
            circle.entered.pop()
            if circle.branch is None:
                self._silence(circle, preset)
            self._leave(circle, preset, "stop")
            if circle.branch is None:
                self._bind(preset, None)

    def _leave(self, circle: Circle, preset: Any, hook: str) -> None:
        try:  # as `attempt` does it, which takes any arguments, and for that as long as the call itself
            self._call(circle, preset, hook, BARRED)
        except BaseException as error:  # noqa: BLE001 - as there
            self._outcome.fail(error)
            self._outcome.miss(f"{type(preset).__name__}.{hook}")
        else:
            if hook == "stop" and self.safety is not None and self.safety.insured:
                self.safety.left(preset)

    def _bind(self, preset: Any, scan: Any) -> None:
        """While a scan preset is entered it knows its scan, for `connect_data_channels`."""
        object.__setattr__(preset, "_scan", scan)  # a preset may be a frozen dataclass

    def _silence(self, circle: Circle, preset: Any) -> None:
        """No callback of a scan preset is called during its `stop`."""
        circle.argument[0].disconnect_data(preset)

    def _close(self, preset: Any, iterator: Any) -> None:
        what = f"{type(preset).__name__}.get_iterator, on closing it"
        try:
            self._seat.turn.call((what, preset, monotonic(), NOBODY, None), BARRED, iterator.close)
        except BaseException as error:
            locate(error, f"in {what}")
            raise

    # -- iterators ----------------------------------------------------------------------------------------

    def _open_iterator(self, circle: Circle, preset: ChainPreset) -> None:
        if type(preset).get_iterator is ChainPreset.get_iterator:
            return
        found: list[Any] = []  # kept, to be closed, also when Ctrl-C comes in the instant of its return
        what = f"{type(preset).__name__}.get_iterator"
        duty = what, preset, None, NOBODY, None
        turn = self._seat.turn
        try:
            turn.call(duty, OPEN, lambda: found.append(preset.get_iterator(*circle.argument)))
        except BaseException as error:
            locate(error, f"in {what}")
            raise
        finally:
            if found and found[0] is not None and not turn.lost:
                circle.iterators.append(Given(self._iterator(preset, found[0]), duty))
        self._outcome.check()

    def _iterator(self, preset: ChainPreset, given: Any) -> Iterator[Any]:
        try:
            return iter(given)
        except TypeError as error:
            raise HookError(f"{type(preset).__name__}.get_iterator must give an iterator: {error}") from error

    def _next(self, given: Given, iteration: Circle) -> Any:
        try:
            item = self._seat.turn.call(given.duty, OPEN, given.next)
        except BaseException as error:
            locate(error, f"in {given.duty[0]}{iteration.where()}")
            raise
        if self._outcome.cutting:
            self._outcome.check()
        if item is not END and type(item) not in self._checked:
            try:
                check_preset(item, ChainIterationPreset)
            except UsageError as error:
                raise HookError(f"{given.duty[0]}: {error}") from error
            self._checked.add(type(item))
        return item

    # -- the call -----------------------------------------------------------------------------------------

    def _call(self, circle: Circle, preset: Any, hook: str, door: int) -> None:
        """Call a hook, if the preset has it: every call of a hook begins and ends here.

        On the way forward it is looked afterwards whether the scan is to be left, so nobody need look before the next.
        """
        try:
            kind, what = self._forms[hook][type(preset)]
        except KeyError:
            kind, what = self._form(preset, hook)
        if kind is SKIPPED:
            if door == OPEN:
                self._outcome.check()
            return
        began: float | None = None
        if self._record.read:
            began = clock.time()
            self._record.write(HookEntered(type(preset).__name__, hook, circle.branch, circle.point, began))
        turn = self._seat.turn
        failure: str | None = None
        try:
            since = monotonic() if self._outcome.cutting else None
            duty = what, preset, since, self, (circle, preset, hook, began)
            function = getattr(preset, hook)
            if circle.argument:
                function = partial(function, *circle.argument)
            if kind is PLAIN:
                self._answer = turn.call(duty, door, function)
            else:
                around = SHUT if door == OPEN else door  # forward it is open only while the loop is awaited
                turn.call(duty, around, partial(self._run_async, what, function))
        except BaseException as error:
            failure = one_line(error)
            locate(error, f"in {what}{circle.where()}")
            raise
        finally:
            if began is not None and not turn.lost:
                self._tell_left(circle, preset, hook, began, failure)
        if door == OPEN and self._outcome.cutting:  # e.g. a Ctrl-C that the hook swallowed
            self._outcome.check()

    def _tell_left(self, circle: Circle, preset: Any, hook: str, began: float, failure: str | None) -> None:
        now, owner = clock.time(), type(preset).__name__
        self._record.write(HookLeft(owner, hook, circle.branch, circle.point, now, now - began, failure))

    def given_up(self, facts: Any) -> None:
        """A hook does not return."""
        circle, preset, hook, began = facts
        if began is not None:
            self._tell_left(circle, preset, hook, began, GIVEN_UP)

    def came_back(self, facts: Any) -> None:
        """A hook that was given up has ended after all; what it did after the preset's `stop` is undone by another."""
        circle, preset, hook, _ = facts
        if hook not in ("prepare", "start", "resume") or self._form(preset, "stop")[0] is SKIPPED:
            return
        log.warning("%s.%s came back after it was given up: stop is called again", type(preset).__name__, hook)
        stop = Call(f"{type(preset).__name__}.stop", lambda: preset.stop(*circle.argument))
        if self._form(preset, "stop")[0] is ASYNC:
            return  # the loop is gone, and with it what the hook had begun
        doors.barred(stop.run)
        if stop.error is not None:
            log.error("%s, called again: %s", stop.what, one_line(stop.error), exc_info=stop.error)

    def _run_async(self, what: str, function: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        def coroutine() -> Coroutine[Any, Any, None]:
            return self._answered(function())

        self._loop.run(what, coroutine, PATIENCE)

    async def _answered(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._answer = await coroutine

    def _form(self, preset: Any, hook: str) -> _Form:
        form = _kind(preset, hook), f"{type(preset).__name__}.{hook}"
        return self._forms.setdefault(hook, {}).setdefault(type(preset), form)


def _kind(preset: Any, hook: str) -> Kind:
    function = getattr(type(preset), hook, None)
    defaults = [vars(contract).get(hook) for contract in (ScanPreset, ChainPreset, ChainIterationPreset)]
    if function in defaults:
        return SKIPPED
    return ASYNC if inspect.iscoroutinefunction(getattr(preset, hook)) else PLAIN
