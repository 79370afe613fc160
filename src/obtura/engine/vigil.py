"""On the way out: what takes long is named, and what never returns is given up, so that the rest is left in time."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from obtura.contracts.acquisition import AcquisitionObject
from obtura.engine.outcome import Outcome
from obtura.engine.seat import Duty, Seat
from obtura.engine.why import Waiting
from obtura.ground.errors import DeviceError, HookError, one_line
from obtura.works.companion import companion
from obtura.works.interrupt import AGAIN

__all__ = ["PATIENCE", "Vigil"]

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a step out may take before it is named."""
LOOK = 0.05
"""Seconds between two looks."""


class _Step:
    """A plain class: one made by `contextmanager` would write on errors that pass, and some can't be written on."""

    def __init__(self, steps: "dict[int, _Step]", what: str, given_up_after: float, matters_when_well: bool) -> None:
        self.what = what
        self.began = time.monotonic()
        self.given_up_after = given_up_after
        self.matters_when_well = matters_when_well
        self.named = False
        self._steps = steps

    def __enter__(self) -> None:
        self._steps[id(self)] = self

    def __exit__(self, *error: object) -> None:
        del self._steps[id(self)]


class Vigil:
    """Watches a scan that is being left, from a thread of its own, made when it is needed first.

    `say` shows a line. `ahead` names what is still to be left. `seats`: where user code may be stuck.

    `has_inner`: whether a scan that was started in a hook still runs. It has deadlines of its own; the hook's counts
    from its end on, or both would be left at once.
    """

    def __init__(
        self,
        outcome: Outcome,
        say: Callable[[str], object],
        ahead: Callable[[], Sequence[str]],
        has_inner: Callable[[], bool],
    ) -> None:
        self.seats: list[Seat] = []
        self._has_inner = has_inner
        self._inner_seen = 0.0
        self._named: list[Duty] = []
        self._outcome = outcome
        self.say = say
        self._ahead = ahead
        self._steps: dict[int, _Step] = {}
        self._heard = 0.0
        self._told: list[str] = []
        self._wake = threading.Event()
        self._ended = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def over(
        self, what: str, given_up_after: float = 0.0, matters_when_well: bool = False
    ) -> AbstractContextManager[None]:
        """The body is a wait of the engine, which is named when it takes long; while all is well only if that matters.

        `given_up_after`: its deadline, in s, 0 for none; it counts from an error or Ctrl-C on.
        """
        self.start()
        return _Step(self._steps, what, given_up_after, matters_when_well)

    def start(self) -> None:
        """Watch from now on."""
        with self._starting:
            if self._thread is not None or self._ended:
                return
            self._thread = thread = companion("vigil", self._watch)
            try:
                thread.start()
            except RuntimeError as error:  # there are too many: the way out must not depend on this one
                log.warning("nobody says what the scan waits for: %s", error)
                self._thread = None

    @property
    def waiting(self) -> list[Waiting]:
        """Waits of the engine itself."""
        return [Waiting(step.what, step.began) for step in tuple(self._steps.values())]

    def end(self) -> None:
        """The way out is over."""
        with self._starting:
            self._ended = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._wake.wait(LOOK):
            try:
                self._look()
            except Exception as error:  # without this thread what hangs would hang for ever
                log.exception("%s", one_line(error))

    def _look(self) -> None:
        if self._has_inner():
            self._inner_seen = time.monotonic()
        if self._outcome.bad:
            for seat in self.seats:
                self._look_at(seat)
        self._name_steps()
        if self._outcome.pressed_again > self._heard:
            self._heard = self._outcome.pressed_again
            self._answer()

    def _look_at(self, seat: Seat) -> None:
        doing = seat.turn.doing
        if doing is None:
            return
        since, deadline = self._times(doing)
        now = time.monotonic()
        if self._outcome.is_late(since, deadline):
            if seat.turn.lose(doing):
                self._give_up(doing, now - since)
                seat.replace()
        elif now - since > PATIENCE and not _is_stopped(doing) and not any(doing is other for other in self._named):
            self._named.append(doing)
            self.say(f"Waiting for {doing[0]}; it is given up after {deadline:g} s")

    def _times(self, doing: Duty) -> tuple[float, float]:
        """Since when it counts, and how many seconds it has."""
        deadlines, left_since = self._outcome.deadlines, self._outcome.bad_since
        _, owner, began, _, _ = doing
        since = max(began or 0.0, left_since, self._inner_seen)
        is_device = isinstance(owner, AcquisitionObject)
        return since, deadlines.of_device(owner) if is_device else deadlines.of_hook(owner)

    def _give_up(self, doing: Duty, after: float) -> None:
        what, owner, _, doer, facts = doing
        kind = DeviceError if isinstance(owner, AcquisitionObject) else HookError
        self._outcome.miss(what)
        self._outcome.fail(
            kind(f"{what} has not returned after {after:.3g} s; it is given up, the rest is left without it")
        )
        doer.given_up(facts)

    def _name_steps(self) -> None:
        for step in tuple(self._steps.values()):
            late = time.monotonic() - step.began > PATIENCE
            if late and not step.named and (step.matters_when_well or self._outcome.bad):
                step.named = True
                limited = step.given_up_after and self._outcome.bad
                limit = f"; it is given up after {step.given_up_after:g} s" if limited else ""
                self.say(f"Waiting for {step.what}{limit}")

    def _answer(self) -> None:
        """Say after a second Ctrl-C what is left, and after a third if that is something else."""
        now = time.monotonic()
        waits = [(step.what, step.began, step.given_up_after) for step in tuple(self._steps.values())]
        for seat in self.seats:
            if (doing := seat.turn.doing) is not None:
                waits.append((doing[0], *self._times(doing)))
        is_third = self._outcome.hurried == self._heard
        under_way = [what for what, _, _ in waits]
        if is_third and under_way in ([], self._told):
            return  # it is given up already, or will be soon
        self._told = under_way if is_third else []
        told = [f"{what} ({now - since:.0f} s so far{self._limit(since, given)})" for what, since, given in waits]
        then = self._ahead()
        self.say(
            f"The scan is being left: waiting for {', '.join(told) or 'the engine'}"
            + (f"; then {', '.join(then)}" if then else "")
            + (f". Ctrl-C again, within {AGAIN:g} s, gives up what is waited for" if told and not is_third else "")
        )

    def _limit(self, since: float, deadline: float) -> str:
        return f", given up after {self._outcome.allowed(since, deadline):g} s" if deadline else ""


def _is_stopped(doing: Duty) -> bool:
    """Whether it is a call forward of a device: the `stop` of that one ends it, and is named if it takes long."""
    return doing[2] is None and isinstance(doing[1], AcquisitionObject)
