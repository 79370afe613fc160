"""`scan.explain()`: the loop of the engine run with doubles that write down each call instead of making it."""

from collections.abc import Callable, Iterable
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, TriggerMode
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.engine.branch import Branch
from obtura.engine.hooks import Circle, Given, Hooks, Kind
from obtura.engine.outcome import Outcome
from obtura.engine.plan import Level, Plan, trigger_methods
from obtura.engine.seat import NOBODY, Seat
from obtura.engine.timing import new_timekeeper
from obtura.ground.events import Event
from obtura.works.lanes import Loop
from obtura.works.record import Record

__all__ = ["explained"]

SHOWN = 2
"""Iterations that are written out."""


class _Yielded(ChainIterationPreset):
    """Stands for whatever a `get_iterator` yields."""

    def __init__(self, owner: str, point: int) -> None:
        self.name = f"{owner}[{point}]"


class _ToldHooks(Hooks):
    def __init__(self, outcome: Outcome, tell: Callable[[str], None]) -> None:
        super().__init__(Record(), outcome, Loop(), Seat("explain", lambda: None, new_timekeeper()))
        self._tell = tell

    def _call(self, circle: Circle, preset: Any, hook: str, door: int) -> None:
        yielded = isinstance(preset, _Yielded)
        if yielded or self._form(preset, hook)[0] is not Kind.SKIPPED:
            self._tell(f"{preset.name if yielded else type(preset).__name__}.{hook}")

    def _bind(self, preset: Any, scan: Any) -> None:
        """No scan runs, or another one than this."""

    def _silence(self, circle: Circle, preset: Any) -> None:
        """It may be in use in the run that is being explained."""

    def _open_iterator(self, circle: Circle, preset: ChainPreset) -> None:
        if type(preset).get_iterator is not ChainPreset.get_iterator:
            what = f"{type(preset).__name__}.get_iterator"
            self._tell(what)
            circle.iterators.append(Given(iter(()), (what, preset, None, NOBODY, None)))

    def _next(self, given: Given, iteration: Circle) -> Any:
        return _Yielded(type(given.preset).__name__, iteration.point or 0)


class _ToldDevices:
    def __init__(self, master: AcquisitionMaster, tell: Callable[[str], None]) -> None:
        self._plan = Plan(master, lambda node: None, lambda: None)
        self._master = master
        self._tell = tell
        self._left = min(master.iterations or SHOWN, SHOWN)
        self._more = master.iterations - self._left if master.iterations else None

    def advance(self) -> bool:
        self._left -= 1
        if self._left < 0 and self._more != 0:
            self._tell(f"... {self._more} more" if self._more else "... and so on, until it is stopped")
        return self._left >= 0

    def prepare(self, first: bool) -> None:
        if not first:
            self._levels(self._plan.prepare_next.levels)
            return
        for parameters, steps in zip(self._plan.parameters, self._plan.prepare_first, strict=True):
            self._levels([parameters, steps])

    def start(self, first: bool) -> None:
        for level in (self._plan.start_first if first else self._plan.start_next).levels:
            self._levels([level])
            for node in level.wired:
                self._tell(f"  {node.name}.reading")
        self._triggered(self._master, "  ")
        self._levels(self._plan.ready.levels)

    def _triggered(self, master: Any, margin: str) -> None:
        for slave in master.slaves:
            if slave.trigger_type is TriggerMode.SOFTWARE and (methods := trigger_methods(slave)):
                self._tell(margin + "  ".join(f"{slave.name}.{method}" for method in methods))
                if isinstance(slave, AcquisitionMaster):
                    self._triggered(slave, margin + "  ")

    def finish_all(self) -> None:
        if own_pace := [node.name for node in self._plan.wired if node.start_once]:
            self._tell("wait for " + ", ".join(own_pace))

    def cut(self) -> None:
        """Nothing runs."""

    def stop(self) -> None:
        for level in self._plan.levels:
            self._tell("  ".join(f"{node.name}.stop" for node in level))

    def _levels(self, levels: Iterable[Level]) -> None:
        for level in levels:
            if level.steps:
                self._tell("  ".join(step.what for step in level.steps))


def explained(scan: Any, presets: list[Any]) -> str:
    """The order of calls of a scan, one line each; calls made together stand on one line."""
    lines: list[str] = []
    outcome = Outcome()
    hooks = _ToldHooks(outcome, lines.append)
    whole = Circle(presets, (scan,))
    chain = scan.acq_chain
    tops = chain.top_masters
    branches = []
    hooks.prepare(whole)
    for index, top in enumerate(tops):
        mine = [entry.preset for entry in chain.presets if (entry.master or tops[0]) is top]
        branch = Branch(index, top, Circle(mine, (chain,), index), outcome, Record[Event]())
        branch.enter(_ToldDevices(top, lines.append), hooks)
        branches.append(branch)
    hooks.start(whole)
    for branch in branches:
        if len(branches) > 1:
            lines.append(f"-- branch {branch.master.name}, beside the others:")
        branch.run(hooks, lambda: None)
        branch.leave(hooks)
    hooks.leave(whole)
    return "\n".join(lines)
