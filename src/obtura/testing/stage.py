"""The scans in which a preset is tested: with other presets beside it, and every external call recorded.

A hook, a call of a device that the preset makes in its hooks, and a call that the engine makes to the scan's devices
is each a call of the recording, and so a place where a fault can be.
"""

from collections.abc import Callable, Mapping
from typing import Any

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.consumers import Surroundings
from obtura.contracts.presets import check_preset
from obtura.engine.plan import overriding
from obtura.engine.scan import Scan
from obtura.ground.errors import UsageError
from obtura.scans.bench import Bench
from obtura.testing.hooks import LEVELS, Hooks, overridden
from obtura.testing.lab import Lab
from obtura.testing.recorded import recorded
from obtura.testing.recording import Recording
from obtura.testing.siblings import OverEachPoint, SiblingOfAChain, SiblingOfAScan

__all__ = ["WORLDS", "Stage", "again"]

CALLS = ("prepare", "start", "trigger", "reading", "wait_ready", "stop")
COUNT_TIME = 0.0
"""In s. A counter that is read once is called inline: all happens in the same order each time."""


def _step(bench: Bench, lab: Lab) -> Scan:
    """Three points along a motor."""
    return bench.ascan(lab.axes[0], 0, 2, 2, COUNT_TIME, lab["diode"], run=False, save=False)


def _mesh(bench: Bench, lab: Lab) -> Scan:
    """Two by two points."""
    fast, slow = lab.axes
    return bench.amesh(fast, 0, 1, 1, slow, 0, 1, 1, COUNT_TIME, lab["diode"], run=False, save=False)


def _two_top_masters(bench: Bench, lab: Lab) -> Scan:
    """A motor with three points, and beside it a timer with two."""
    motor = LinearStepTriggerMaster(3, lab.axes[0], 0, 2)
    pars = {"npoints": 3, "count_time": COUNT_TIME, "sleep_time": 0.0}
    chain = bench.default_chain.get(pars, [lab["diode"]], motor)
    other = SoftwareTimerMaster(COUNT_TIME, name="other_timer", npoints=2)
    chain.add(other, SamplingCounterAcquisitionSlave(lab["monitor"], count_time=COUNT_TIME, npoints=2))
    motor.terminator = other.terminator = False  # so that every call happens in every run
    return bench.Scan(chain, "two top-masters", save=False)


def again(bench: Bench, lab: Lab) -> Scan:
    """The scan after: one point."""
    return bench.loopscan(1, 0.0, lab["diode"], run=False, save=False)


WORLDS: dict[str, Callable[[Bench, Lab], Scan]] = {
    "step scan": _step,
    "mesh": _mesh,
    "two top-masters": _two_top_masters,
}


class Stage:
    """A preset made anew, with devices made anew, at one of the `LEVELS`."""

    def __init__(self, factory: Callable[..., Any], owner: str, devices: Mapping[str, Any], level: str = "") -> None:
        self.bench = Bench(Surroundings())
        self.lab = Lab(devices, lambda: bool(self.hooks.running))
        self.hooks = Hooks(owner)
        self.preset = self.lab.make(factory, owner)
        self.level = level
        kind = LEVELS.get(level)
        if kind is not None:
            check_preset(self.preset, kind)
            self.hooks.name = type(self.preset).__name__
            self.hooks.names = {self.hooks.name}
            recorded(self.preset, None, names=overridden(self.preset, kind), recorder=self.hooks)
        self.beside, self.above = SiblingOfAScan(), SiblingOfAChain()

    def levels(self) -> list[str]:
        """The levels at which the preset can be.

        Raises:
            UsageError: it is no preset.
        """
        found = [level for level, kind in LEVELS.items() if isinstance(self.preset, kind)]
        if not found:
            raise UsageError(f"expected a class of presets, or what makes one; that makes {self.preset!r}")
        if "scan" in found and len(found) > 1:
            try:
                self.preset.check_scan_level()
            except UsageError:
                found.remove("scan")
        return found

    def scan(self, make: Callable[[Bench, Lab], Scan]) -> Scan:
        """A new scan with the preset and others after it."""
        scan = make(self.bench, self.lab)
        if self.level == "scan":
            scan.add_preset(self.preset)
        elif self.level == "chain":
            scan.acq_chain.add_preset(self.preset)
        else:
            scan.acq_chain.add_preset(OverEachPoint(self.preset))
        # After it: when these fail in prepare it is entered, and when they fail in stop it is still to be left.
        scan.add_preset(self.beside)
        scan.acq_chain.add_preset(self.above)
        return scan

    def run(self, scan: Scan, recording: Recording) -> BaseException | None:
        """Run it, recorded; returns what `run()` raised."""
        recording.scan = scan
        for node in scan.acq_chain.nodes_list:
            names = [name for name in CALLS if overriding([node], name)]
            recorded(node, recording, names=names)
        for sibling, level in ((self.beside, "scan"), (self.above, "chain"), (self.above.point, "point")):
            hooks = [hook for hook in overridden(sibling, LEVELS[level]) if hook != "get_iterator"]
            recorded(sibling, recording, names=hooks)
        mine = [self.hooks, *self.lab.recorders]
        for recorder in mine:
            recorder.recording = recording
        try:
            scan.run()
        except BaseException as error:  # noqa: BLE001 - SystemExit and Ctrl-C are among what is tried
            return error
        finally:
            for recorder in mine:
                recorder.recording = None
        return None
