"""The last steps of a scan, after every hook: the return of motors. They can be ended by Ctrl-C and have a deadline."""

import time
from typing import Protocol

from obtura.engine.outcome import Outcome
from obtura.engine.vigil import Vigil
from obtura.ground.errors import DeviceError, ScanAbort
from obtura.works.clock import clock
from obtura.works.interrupt import doors
from obtura.works.lanes import SLICE, Call, ThreadLane

__all__ = ["WayOut", "take"]


class WayOut(Protocol):
    """A last step of a scan, after every hook: the return of motors. See `Scan.on_way_out`."""

    name: str

    def validate(self) -> None:
        """Raise `UsageError` when it makes no sense any more. Called before anything is touched."""

    def estimate(self) -> float:
        """How long `run` takes, in s."""

    def run(self) -> None:
        """Do it; returns when done."""

    def stop(self) -> str:
        """Give it up, from another thread: leave everything at rest, say in words what stands where."""


def take(step: WayOut, outcome: Outcome, vigil: Vigil) -> None:
    """Take a step beside this thread, so that Ctrl-C can end it, and a deadline of twice its estimate.

    Raises:
        DeviceError: it takes too long and was given up.
        ScanAbort: Ctrl-C.
        Whatever the step raises.
    """
    doors.forget()
    patience = outcome.deadlines.device
    allowed, since = 2 * _estimate(step, outcome) + patience, clock.time()
    limit = time.monotonic() + allowed
    lane = ThreadLane(step.name)
    call = Call(step.name, step.run)
    lane.submit(call)
    try:
        with vigil.over(step.name):
            while not call.done.is_set:
                if time.monotonic() > limit or clock.has_passed(since, allowed):
                    raise DeviceError(f"{step.name} takes too long and was given up: {step.stop()}")
                doors.call(call.done.stand_by, SLICE, since + allowed - clock.time())
    except ScanAbort as abort:
        raise ScanAbort(f"{step.name} was stopped by Ctrl-C: {step.stop()}") from abort
    finally:
        call.done.stand_by(patience, patience)
        lane.close()
    if call.error is not None:
        raise call.error


def _estimate(step: WayOut, outcome: Outcome) -> float:
    try:
        return step.estimate()
    except BaseException as error:  # noqa: BLE001 - the step is tried nevertheless
        outcome.fail(error, f"in the estimate of {step.name}")
        return 0.0
