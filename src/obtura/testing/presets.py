"""Test a preset: every fault, in every call, in several scans."""

import difflib
import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.errors import UsageError
from obtura.testing.faults import AFTER, BEFORE, CLEAN_UP, Abort, CtrlC, Hang, Kind, Raise
from obtura.testing.hanging import Hanging
from obtura.testing.lab import DEVICES
from obtura.testing.quiet import quiet
from obtura.testing.stage import WORLDS, Stage
from obtura.testing.trial import Case, Trial

__all__ = ["Finding", "PresetReport", "assert_preset_ok", "try_preset"]

KINDS: tuple[Kind, ...] = (
    Raise("raise"),
    Raise("raise", AFTER),
    Raise("SystemExit", error=SystemExit),
    CtrlC("Ctrl-C"),
    CtrlC("Ctrl-C", AFTER),
    CtrlC("Ctrl-C twice", again="call"),
    CtrlC("Ctrl-C at every call from", again="always"),
    Abort("abort from a thread"),
)

HANGS = (Hang("hangs"), Hang("hangs", AFTER))
"""Of devices only: a hook that hangs is the preset's own."""
SLOW_WORLD = "step scan"
"""Where devices hang."""

LIMIT = 20.0
"""Seconds of the machine's time that a scan may take, if not told otherwise; it takes some ms."""


LEVELS = (ScanPreset, ChainPreset, ChainIterationPreset)


class Finding(NamedTuple):
    """Something that a preset does not survive: what, the first case of it, and in how many it is so."""

    what: str
    case: str
    times: int


class PresetReport:
    """What was tried and found; prints as a short table.

    `faults`: how many were tried. `findings`: what the preset does not survive. `seconds`: for each hook how often it
    was called in good scans, and the longest time it took, in s.
    """

    def __init__(self, preset: str) -> None:
        self.preset = preset
        self.faults = 0
        self.hangs = False
        """Whether a hook never returned: nothing was tried after that."""
        self.tried: dict[str, int] = {}
        self.findings: list[Finding] = []
        self.seconds: dict[str, tuple[int, float]] = {}

    @property
    def ok(self) -> bool:
        """Whether it survives everything."""
        return not self.findings

    def add(self, trial: Trial) -> None:
        """Take up what a trial found."""
        if trial.fault is None:
            for hook, seconds in trial.seconds.items():
                count, longest = self.seconds.get(hook, (0, 0.0))
                self.seconds[hook] = (count + len(seconds), max(longest, *seconds))
        elif trial.fault.fired:
            self.faults += 1
            self.tried[trial.case.world] = self.tried.get(trial.case.world, 0) + 1
        for what in trial.findings:
            at = next((at for at, finding in enumerate(self.findings) if finding.what == what), None)
            if at is None:
                self.findings.append(Finding(what, str(trial.case), 1))
            else:
                self.findings[at] = self.findings[at]._replace(times=self.findings[at].times + 1)

    def __str__(self) -> str:
        ending = "survives all of them" if self.ok else "does not survive all of them"
        tried = ", ".join(f"{world} {count}" for world, count in self.tried.items())
        lines = [f"{self.preset}: {self.faults} faults{f' ({tried})' if tried else ''}; it {ending}"]
        lines += [
            f"  {hook:<32} {count:4} calls, {longest:.3f} s at most" for hook, (count, longest) in self.seconds.items()
        ]
        for finding in self.findings:
            times = "once" if finding.times == 1 else f"{finding.times} times, first"
            lines += [
                f"  - {finding.what}",
                f"      {times} with: {finding.case}",
                f"      again: assert_preset_ok({self.preset}, only={finding.case!r})",
            ]
        if self.hangs:
            lines.append("  Nothing was tried after that: each further case might hang as well.")
        return "\n".join(lines)


def assert_preset_ok(
    preset: Callable[..., Any],
    *,
    devices: Mapping[str, Callable[[], Any]] | None = None,
    may_change: Collection[str] = (),
    only: str = "",
    limit: float = LIMIT,
) -> PresetReport:
    """Run a preset through every single fault, on simulated devices and virtual time; returns what was tried.

    `preset`: a class of presets, or a function that makes one, of any level. Each of its arguments without a default
    is given the device of that name: `shutter`, `cover`, `multiplexer`, `roby`, `robz`, `diode`, `diode2`, `monitor`,
    `machine`, `world`, as in the demo session, or one of `devices`, which says for each name what makes it. Everything
    is made anew for each fault.

    The faults: at each hook of the preset and of others beside it, at each call that it makes to its devices in a
    hook, and at each call of the scan's devices, before and after its effect: an error, SystemExit, Ctrl-C once, twice
    and at every call from there on, an abort from another thread; in a step scan, a mesh, and a scan with two
    top-masters. In the step scan also a device that hangs until Ctrl-C, or until it is given up.

    Each time: no hook raises of itself; what was entered is left exactly once; every device that the preset was given
    is as it was before the scan, but for those that `may_change` names; motors are still; no thread and descriptor
    is left; the next scan with the same preset goes well. `time.sleep` and `asyncio.sleep` take no time here.

    `only`: tries nothing but the cases whose words contain this text, as the message gives them. `limit`: seconds of
    the machine's time that a scan may take; a hook that has not returned by then is ended, and named with its line; an
    `async def` one that swallows what ends it has 30 s more. If it can't be ended the process is, with the same words.

    Raises:
        AssertionError: what it does not survive, in words, each with the line that runs the case again.
        UsageError: no preset, an argument for which there is no device, a device in `may_change` that there is none
            of, an option that is not what it should be, or no case is called `only`.
    """
    report = try_preset(preset, devices=devices, may_change=may_change, only=only, limit=limit)
    if not report.ok:
        raise AssertionError(str(report))
    return report


def try_preset(
    preset: Callable[..., Any],
    *,
    devices: Mapping[str, Callable[[], Any]] | None = None,
    may_change: Collection[str] = (),
    only: str = "",
    limit: float = LIMIT,
) -> PresetReport:
    """The same as `assert_preset_ok`, but what is found is in the report and nothing is raised for it."""
    owner = _checked(preset)
    _check_options(devices, may_change, only)
    with quiet() as time, Hanging(limit, time) as hanging:

        def run(case: Case) -> Trial:
            return Trial(case, Stage(preset, owner, devices or {}, case.level), hanging, tuple(may_change)).run()

        def trial(case: Case) -> Trial:
            made = run(case)
            if made.findings and isinstance(case.kind, Hang) and not made.hangs:
                # The machine may have been too slow for the deadline: what is found again counts.
                made = run(case._replace(kind=case.kind.patient()))
            return made

        maker = Stage(preset, owner, devices or {})
        report = PresetReport(owner if owner != "<lambda>" else type(maker.preset).__name__)
        found = not only
        for each in _trials(trial, maker.levels(), only):
            found = True
            report.add(each)
            if hanging.found is not None:
                report.hangs = True
                break
    if not found:
        raise UsageError(f"no case of {owner} is called {only!r}")
    return report


def _trials(trial: Callable[[Case], Trial], levels: Sequence[str], only: str) -> Iterator[Trial]:
    """Those that are called `only`, each when it has run."""
    for level in levels:
        for world in _named(only, WORLDS):
            good = trial(Case(world, level, "", None))
            if only in str(good.case) or good.hangs or good.failed:
                yield good
            if good.failed or (good.findings and not only):
                continue  # what a good scan does not survive, none with a fault will
            for case in _cases(good, only):
                yield trial(case)


def _cases(good: Trial, only: str) -> Iterator[Case]:
    """The faults to be tried: every call of a good scan, every kind."""
    own = good.stage.hooks.names
    given = good.stage.lab.given
    nodes = {node.name for node in good.recording.scan.acq_chain.nodes_list}
    hangs = HANGS if good.case.world == SLOW_WORLD else ()  # they take real time
    for key in good.recording.keys():  # noqa: SIM118 - no dict
        owner, _, call = key.rpartition("#")[0].rpartition(".")
        for kind in KINDS + (hangs if owner in given else hangs[:1] if owner in nodes and call not in CLEAN_UP else ()):
            if owner in own and call in ("stop", "before_stop") and isinstance(kind, Raise) and kind.moment == BEFORE:
                continue  # a hook that never ran is none of the preset's faults
            case = good.case._replace(key=key, kind=kind)
            if only in str(case):
                yield case


def _named(only: str, worlds: Collection[str]) -> Collection[str]:
    """The worlds that `only` names, all if it names none."""
    return [world for world in worlds if world in only] or worlds


def _checked(preset: Any) -> str:
    """Its name."""
    if isinstance(preset, LEVELS):
        kind = type(preset).__name__
        raise UsageError(
            "expected a class of presets, or a function that makes one, since it is made anew for each fault; got one "
            f"that is made already: assert_preset_ok({kind}), or assert_preset_ok(lambda shutter: {kind}(shutter, ...))"
        )
    if not callable(preset):
        raise UsageError(
            f"expected a class of presets, or a function that makes one, got {preset!r}: "
            "assert_preset_ok(MyPreset), or assert_preset_ok(lambda shutter: MyPreset(shutter, 5))"
        )
    while isinstance(preset, functools.partial):
        preset = preset.func
    return getattr(preset, "__name__", type(preset).__name__)


def _check_options(devices: Any, may_change: Any, only: Any) -> None:
    if not isinstance(only, str):
        raise UsageError(f"only must be a text, part of what a case is called, got {only!r}: only='step scan'")
    if devices is not None and not (
        isinstance(devices, Mapping) and all(isinstance(name, str) and callable(make) for name, make in devices.items())
    ):
        raise UsageError(
            f"devices must say for each name what makes the device, got {devices!r}: devices={{'lamp': Lamp}}"
        )
    if isinstance(may_change, str) or not (
        isinstance(may_change, Collection) and all(isinstance(name, str) for name in may_change)
    ):
        like = [may_change] if isinstance(may_change, str) else ["shutter"]
        raise UsageError(f"may_change must be a list of names of devices, got {may_change!r}: may_change={like!r}")
    known = {**DEVICES, **(devices or {})}
    for name in may_change:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise UsageError(f"may_change: no device is called {name!r}; {hint}")
