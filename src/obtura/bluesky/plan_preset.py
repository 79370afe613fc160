"""Plan stubs of bluesky as hooks of a scan."""

from collections.abc import Callable, Iterable
from typing import Any

from obtura.bluesky.stub import Stub
from obtura.contracts.presets import ScanPreset
from obtura.ground.errors import UsageError

__all__ = ["PlanPreset"]

_Stubs = Callable[[], Iterable[Any]] | None


class PlanPreset(ScanPreset):
    """Runs plan stubs of bluesky in the hooks of a scan: `PlanPreset(prepare=lambda: bps.mv(motor, 3), stop=...)`.

    Each is a function that gives a plan, called anew in each scan. Of messages it knows those that set things up: set,
    trigger, prepare, stage, unstage, read, locate, stop, wait, sleep; none that opens a run. What is begun is waited
    for at the end of the hook. `timeout`: s that a device has for each, None for any time.

    Raises:
        UsageError: no plan at all, or one that was made already: it could be gone through only once.
    """

    def __init__(
        self, prepare: _Stubs = None, start: _Stubs = None, stop: _Stubs = None, timeout: float | None = None
    ) -> None:
        given = {"prepare": prepare, "start": start, "stop": stop}
        for hook, plan in given.items():
            if plan is not None and not callable(plan):
                raise UsageError(
                    f"PlanPreset: {hook} must be a function that gives a plan, got {plan!r}; "
                    "a plan can be gone through once only: write lambda: before it"
                )
        if not any(given.values()):
            raise UsageError("PlanPreset: give a plan for prepare, start or stop")
        self._plans = given
        self._timeout = timeout

    def prepare(self, scan: Any) -> None:
        """Run the plan for `prepare`."""
        self._run("prepare")

    def start(self, scan: Any) -> None:
        """Run the plan for `start`."""
        self._run("start")

    def stop(self, scan: Any) -> None:
        """Run the plan for `stop`."""
        self._run("stop")

    def _run(self, hook: str) -> None:
        plan = self._plans[hook]
        if plan is not None:
            Stub(f"PlanPreset.{hook}", self._timeout).run(plan())
