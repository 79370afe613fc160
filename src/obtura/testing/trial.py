"""One fault in one scan with a preset: what went wrong that should not have, in plain words."""

import re
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.engine.whereabouts import raised_at
from obtura.ground.errors import ScanAbort, one_line
from obtura.testing.faults import CLEAN_UP, Fault, Kind
from obtura.testing.hanging import Hanging
from obtura.testing.quiet import Endless
from obtura.testing.recording import Recording
from obtura.testing.stage import WORLDS, Stage, again
from obtura.testing.watching import Leftovers
from obtura.works.interrupt import BY_CTRL_C, Ejected

__all__ = ["Case", "Trial"]

LONG = 1e6
"""More than any leash (s)."""


class Case(NamedTuple):
    """A fault of `kind` in the call `key` of a world; without one, a good scan."""

    world: str
    level: str
    key: str
    kind: Kind | None

    def __str__(self) -> str:
        """What is given as `only` to have it run again."""
        where = f"{self.world}, preset of the {self.level}"
        if self.kind is None:
            return f"no fault, {where}"
        name, _, count = self.key.rpartition("#")
        return f"{self.kind} {self.kind.moment} {name}, call {int(count) + 1}, {where}"


class Trial:
    """Runs a case on a stage made anew, then a scan after; `findings` says what is wrong, nothing if all is well."""

    def __init__(self, case: Case, stage: Stage, hanging: Hanging, may_change: tuple[str, ...]) -> None:
        self.case = case
        self.stage = stage
        self.fault = None if case.kind is None else Fault(case.key, case.kind)
        self.recording = Recording() if self.fault is None else Recording(self.fault)
        self.findings: list[str] = []
        self.failed = False
        """Whether the scan ended with an error."""
        self.seconds: dict[str, list[float]] = {}
        """How long each call of each hook took in the scan itself, in s."""
        self._hanging = hanging
        self._may_change = set(may_change)

    @property
    def hangs(self) -> bool:
        """Whether a hook did not return."""
        return self._hanging.found is not None

    def run(self) -> "Trial":
        """Do it."""
        before = self.stage.lab.states()
        left = Leftovers()
        self._hanging.begin()
        with _deadlines(0.0 if self.fault is None else self.fault.kind.deadline):
            scan = self.stage.scan(WORLDS[self.case.world])
            raised = self.stage.run(scan, self.recording)
        self.failed = raised is not None
        self.seconds = {hook: list(seconds) for hook, seconds in self.stage.hooks.seconds.items()}
        if self._hanging.found is not None:
            self.findings = [str(self._hanging)]
            return self
        if not self._pressed:
            _let_through(raised)
        if self.fault is not None and not self.fault.fired:
            if raised is not None:
                self.findings.append(f"a good scan failed: {one_line(raised)}")
            return self
        self._made()
        self._own_errors()
        self._given_up(scan)
        self._outcome(raised)
        self._entered_and_left()
        self._async_hooks()
        exempt = self._failed_in_clean_up()
        self._states(before, exempt)
        self._leftovers(left)
        if not exempt:
            self._runs_again(before)
        self.findings = list(dict.fromkeys(self.findings))
        return self

    # -- one question each ----------------------------------------------------------------------------------

    def _made(self) -> None:
        """What making the preset did, long before a scan."""
        if self.stage.lab.touched:
            touched, owner = ", ".join(self.stage.lab.touched), type(self.stage.preset).__name__
            self.findings.append(
                f"{owner} changes {touched} when it is made; nobody puts that back before a scan has run: "
                "let __init__ only keep what it is given, and do this in prepare or start"
            )

    def _own_errors(self) -> None:
        """What the preset's hooks raised, but for the fault and what was made of it."""
        for entry in self.recording.log:
            owner, _, hook = entry.name.rpartition(".")
            if entry.error is None or owner not in self.stage.hooks.names or self._comes_of_the_fault(entry.error):
                continue
            if isinstance(entry.error, KeyboardInterrupt | Ejected | CancelledError) or (
                self._pressed and hook not in CLEAN_UP
            ):
                continue
            if isinstance(entry.error, Endless):
                self.findings.append(f"{entry.name} {entry.error}: {raised_at(entry.error)}")
                continue
            self.findings.append(f"{entry.name} itself raised {one_line(entry.error)}{_advice(entry.error, hook)}")

    def _given_up(self, scan: Scan) -> None:
        """Hooks that did not return by their deadline, but for one in which a device hung."""
        for error in scan.errors:
            what, given_up, _ = str(error).partition(" has not returned after ")
            if given_up and what.rpartition(".")[0] in self.stage.hooks.names and what != self._hook_of_the_fault():
                self.findings.append(f"{what} hangs; it was given up after its deadline")

    @property
    def _pressed(self) -> bool:
        return self.fault is not None and self.fault.fired and self.fault.kind.ends_with_abort

    def _comes_of_the_fault(self, error: BaseException | None) -> bool:
        fault = None if self.fault is None else self.fault.error
        seen: set[int] = set()
        while error is not None and fault is not None and id(error) not in seen:
            if error is fault:
                return True
            seen.add(id(error))
            error = error.__cause__ or error.__context__
        return False

    def _outcome(self, raised: BaseException | None) -> None:
        if self.fault is None:
            if raised is not None and not self.findings:
                self.findings.append(f"a good scan failed: {one_line(raised)}")
        elif self._pressed:
            if not isinstance(raised, ScanAbort):
                self.findings.append(f"the scan was not aborted, run() raised {raised!r}")
        elif not self._comes_of_the_fault(raised) and self._hook_of_the_fault() is None and not self.findings:
            self.findings.append(f"run() raised {raised!r} instead of {self.fault.error!r}")

    def _entered_and_left(self) -> None:
        names = self.recording.names()
        for owner in self.stage.hooks.names:
            entered, left = names.count(f"{owner}.prepare"), names.count(f"{owner}.stop")
            if entered and left and entered != left:
                self.findings.append(f"{owner} was entered {entered} times and left {left} times")

    def _async_hooks(self) -> None:
        """An `async def` hook that blocks keeps every async device from going on."""
        for name, seconds in self.stage.hooks.blocked.items():
            if self.fault is None and seconds > 0:
                self.findings.append(
                    f"{name} is `async def` and blocks for {seconds:g} s between two awaits; "
                    "use asyncio.sleep, and asyncio.to_thread for a device that blocks"
                )

    def _hook_of_the_fault(self) -> str | None:
        """The hook of the preset in which the fault was, None elsewhere."""
        running: list[str] = []
        for entry in self.recording.log:
            if self.fault is not None and entry.what == "begin" and entry.key == self.fault.key:
                own = entry.name.rpartition(".")[0] in self.stage.hooks.names
                return entry.name if own else (running[-1] if running else None)
            if entry.name.rpartition(".")[0] in self.stage.hooks.names:
                if entry.what == "begin":
                    running.append(entry.name)
                else:
                    running.remove(entry.name)
        return None

    def _failed_in_clean_up(self) -> set[str]:
        """A device that did not obey when it was to be put back can't be where it was."""
        hook = self._hook_of_the_fault()
        if self.fault is None or self.fault.error is None or hook is None or hook.rpartition(".")[2] not in CLEAN_UP:
            return set()
        return {self.fault.key.rpartition("#")[0].rpartition(".")[0]} - self.stage.hooks.names

    def _states(self, before: dict[str, dict[str, Any]], exempt: set[str], when: str = "") -> None:
        for name, state in self.stage.lab.states().items():
            if name in exempt or name in self._may_change or name in self.stage.lab.touched:
                continue
            for word, value in state.items():
                if word in before[name] and before[name][word] != value:
                    was = _shown(before[name][word])
                    self.findings.append(f"{name} was not put back{when}: {word} is {_shown(value)}, it was {was}")
        for name in self.stage.lab.moving():
            self.findings.append(f"{name} was left moving{when}")

    def _leftovers(self, left: Leftovers) -> None:
        try:
            left.check()
        except AssertionError as error:
            self.findings.append(re.sub(r"Thread-\d+", "Thread", str(error)))  # the same at each case

    def _runs_again(self, before: dict[str, dict[str, Any]]) -> None:
        """The next scan with the same preset and devices."""
        had = bool(self.findings)
        self._hanging.begin()
        scan = self.stage.scan(again)
        raised = self.stage.run(scan, Recording())
        _let_through(raised)
        if self._hanging.found is not None:
            self.findings.append(f"in the next scan with the same preset {self._hanging}")
            return
        if scan.state is not ScanState.DONE:
            said = str(raised) if raised is None or isinstance(raised, Endless) else one_line(raised)
            self.findings.append(f"the next scan with the same preset failed: {said}")
        if not had:
            self._states(before, set(), " by the scan after")


@contextmanager
def _deadlines(seconds: float) -> Iterator[None]:
    """Scans that are made in the body have these deadlines; 0: a hook has more than its leash, which tells of it."""
    before = Scan.deadlines
    Scan.deadlines = Deadlines(seconds, seconds) if seconds else Deadlines(hook=LONG, hurried=LONG)
    try:
        yield
    finally:
        Scan.deadlines = before


def _let_through(raised: BaseException | None) -> None:
    """A Ctrl-C that no fault has pressed: somebody wants to end the tests."""
    if isinstance(raised, ScanAbort) and str(raised) == BY_CTRL_C:
        raise KeyboardInterrupt


def _shown(value: Any) -> str:
    return str(value)


def _advice(error: BaseException, hook: str) -> str:
    if hook not in CLEAN_UP or not isinstance(error, AttributeError | UnboundLocalError | KeyError):
        return ""
    return (
        f"; {hook} is called also when prepare was cut off half-way: "
        "set in __init__ what it needs, and undo only what was done"
    )
