"""One branch of a scan: a top-master, what it triggers, and the presets hooked to it. The loop is here."""

from collections.abc import Callable
from typing import Any, Protocol

from obtura.contracts.acquisition import AcquisitionMaster
from obtura.engine.attempts import Attempts
from obtura.engine.hooks import Circle, Hooks
from obtura.engine.outcome import Outcome
from obtura.engine.plan import paces
from obtura.ground.events import Event, IterationDone
from obtura.works.clock import clock
from obtura.works.record import Record

__all__ = ["Branch", "Devices"]


class Devices(Protocol):
    """What a branch asks of its devices: `Apparatus`, or the recorder of `scan.explain()`."""

    def advance(self) -> bool:
        """Set up the next iteration; False when there is none."""

    def prepare(self, first: bool) -> None:
        """Prepare, deepest level first."""

    def start(self, first: bool) -> None:
        """Start, slaves before masters; return when what was started is ready and its data emitted."""

    def finish_all(self) -> None:
        """Wait for slaves that read at their own pace."""

    def cut(self) -> None:
        """Stop those with a call in progress at once."""

    def stop(self) -> None:
        """Stop the others, masters first."""


class Branch:
    """A branch is entered (first prepare), runs, and is left, exactly once each.

    `hooks`: what calls its presets, on the thread that called `run()`, wherever the branch itself runs. `boundary` is
    called between iterations: the scan may wait there for its savers, or pause.
    """

    def __init__(
        self,
        index: int,
        master: AcquisitionMaster,
        circle: Circle,
        outcome: Outcome,
        record: Record[Event],
        attempts: Attempts | None = None,
    ) -> None:
        self.master = master
        self.in_iteration = False
        self.longest = 0.0
        """Seconds that the longest iteration took so far."""
        self.moment = 0
        """Goes up by one when the devices begin a point and when all of them have ended it: odd in between."""
        self._index = index
        self.chain = circle
        self._iteration = Circle([], (), index, master.iterations)
        self.where = self._iteration.where
        self._outcome = outcome
        self._record = record
        self._attempts = attempts
        self._again: list[Any] = []  # the iteration presets of a point that is taken again
        self._entered = False
        self._left = False
        self._was_cut = False

    @property
    def point(self) -> int:
        """The last point that was begun, -1 before the first."""
        return -1 if self._iteration.point is None else self._iteration.point

    @property
    def place(self) -> Circle:
        """What knows the point that is being taken."""
        return self._iteration

    @property
    def is_stepwise(self) -> bool:
        """Whether an iteration is one row, not many."""
        return max(paces(self.master).values()) == 1

    @property
    def is_left(self) -> bool:
        """Whether it is over."""
        return self._left

    @property
    def circles(self) -> tuple[Circle, Circle]:
        """Its presets, in the order in which they are left."""
        return self._iteration, self.chain

    def enter(self, devices: Devices, hooks: Hooks) -> None:
        """The first prepare: chain presets, then the first iteration's presets and devices."""
        self._devices = devices
        self._entered = True
        hooks.prepare(self.chain)
        self._next(hooks)

    def run(self, hooks: Hooks, boundary: Callable[[], None]) -> None:
        """Take the points."""
        hooks.start(self.chain)
        going = self.in_iteration
        while going:
            accepted = self._take(hooks)
            boundary()
            going = self._next(hooks) if accepted else self._once_more(hooks)
        if not self._outcome.over:
            self._devices.finish_all()

    def _next(self, hooks: Hooks) -> bool:
        """Set up the next iteration; False when the scan is over or the master has come to its end."""
        outcome = self._outcome
        if outcome.cutting:
            outcome.check()
        if outcome.over or not self._devices.advance():
            return False
        iteration = self._iteration
        before = iteration.point
        iteration.point = 0 if before is None else before + 1
        self.in_iteration = True
        if self.chain.iterators:
            hooks.prepare_iteration(self.chain, iteration)
        self.moment += 1
        self._devices.prepare(before is None)
        if outcome.cutting:
            outcome.check()
        return True

    def _once_more(self, hooks: Hooks) -> bool:
        """Set up the same iteration again; False when the scan is over."""
        self._outcome.check()
        if self._outcome.over:
            return False
        self.in_iteration = True
        hooks.prepare_again(self._iteration, self._again)
        self.moment += 1
        self._devices.prepare(first=False)
        self._outcome.check()
        return True

    def _take(self, hooks: Hooks) -> bool:
        """Take the point; False when it has to be taken again."""
        outcome, iteration, attempts = self._outcome, self._iteration, self._attempts
        if iteration.entered:
            hooks.start(iteration)
        if outcome.cutting:
            outcome.check()
        point = iteration.point or 0
        began = clock.time()
        self._devices.start(point == 0 and not (attempts and attempts.count))
        now = clock.time()
        accepted = attempts is None or self._judge(attempts, point, hooks)
        self.moment += 1
        took = now - began
        if took > self.longest:
            self.longest = took
        if accepted and self._record.read:
            self._record.write(IterationDone(self._index, point, now, took))
        if outcome.cutting:
            outcome.check()
        if iteration.entered:
            hooks.leave(iteration)
            if outcome.cutting:
                outcome.check()
        self.in_iteration = False
        return accepted

    def _judge(self, attempts: Attempts, point: int, hooks: Hooks) -> bool:
        """Have its presets say whether the point counts."""
        self._outcome.check()
        reasons: list[str] = []
        hooks.judge(self.chain, attempts.judges, reasons)
        if reasons:
            self._again = list(self._iteration.entered)
            attempts.reject(point, "; ".join(reasons), self._outcome.over)
        else:
            attempts.accept()
        return not reasons

    def leave(self, hooks: Hooks) -> None:
        """Leave whatever is entered still: after an error, calls in progress are ended first.

        Who takes over from a thread that is stuck in here calls it again.
        """
        if not self._entered:
            return
        if self._was_cut and not self._left and not self.moment % 2:  # its devices returned as if the point were whole
            self.moment += 1
        self._left = True
        attempt = self._outcome.attempt
        if self._outcome.cutting:
            attempt(self._devices.cut)
        attempt(hooks.before_stop, self.chain)
        attempt(self._devices.stop)
        if self._attempts is not None:
            attempt(self._attempts.leave, self._iteration.point or 0)
        self.in_iteration = False
        attempt(hooks.leave, self._iteration)
        attempt(hooks.leave, self.chain)

    def cut(self) -> None:
        """End the iteration that runs, from any thread."""
        if self._entered and not self._left:
            self._was_cut = self._was_cut or self.in_iteration
            self._outcome.attempt(self._devices.cut)
