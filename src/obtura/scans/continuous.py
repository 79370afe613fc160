"""Scans in which the motor moves while the counters count: cscan, sweepscan, cmesh."""

from typing import TYPE_CHECKING, Any, Unpack

from obtura.acquisition.continuous import SoftwarePositionTriggerMaster, SweepMotorMaster
from obtura.acquisition.motor import VariableStepTriggerMaster
from obtura.contracts.together import check_distinct
from obtura.engine.scan import Scan
from obtura.ground.channels import attach_channels
from obtura.ground.errors import ArgumentError
from obtura.scans.command import Options, command, count_time, finite, whole
from obtura.scans.step import Range, ranges_of

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["cmesh", "cscan", "sweepscan"]

LATENCY = 0.05
LEAST_LATENCY = 0.005
"""What an interval takes longer than its count time unless told: a part of that, at least so many s."""


@command("cscan(roby, 0, 10, 100, 0.1, diode)")
def cscan(
    bench: "Bench",
    motor: Any,
    start: float,
    stop: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    latency_time: float | None = None,
    passes: int = 1,
    backnforth: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Move `motor` from `start` to `stop` (its unit) without a stop, counting once in each of `intervals` intervals.

    Each point is counted from the beginning of its interval on, and has the position of that moment. An interval takes
    `count_time` and `latency_time` (s; by default 5 %, at least 5 ms) for reading out: that gives the velocity. The
    motor sets off before `start` and stops after `stop`, as far as its acceleration asks for. `passes`: how often;
    `backnforth` takes every second pass backwards.
    """
    along = ranges_of([(motor, start, stop)], intervals)[0]
    time, latency = _times(count_time, latency_time)
    passes = whole(passes, "passes")
    _check_options(options)
    master = _passing(along, time + latency, passes=passes, backnforth=backnforth)
    pars = _pars([along], passes * along.intervals, time, latency_time=latency, velocity=master.velocity)
    title = f"cscan {along} {along.intervals} {time:g}" + (f" {passes} passes" if passes > 1 else "")
    return bench.launch("cscan", pars, title, counters, options, master)


@command("sweepscan(roby, 0, 10, 20, 0.1, diode)")
def sweepscan(
    bench: "Bench",
    motor: Any,
    start: float,
    stop: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """Sweep `motor` through each of `intervals` intervals between `start` and `stop` (its unit) while counting.

    Each point is counted over its whole interval, which takes `count_time` s, and has the position of its middle.
    Between two points the motor stops and takes a new run-up, so there is time for reading out.
    """
    along = ranges_of([(motor, start, stop)], intervals)[0]
    time, _ = _times(count_time, 0.0)
    _check_options(options)
    master = SweepMotorMaster(along.motor, along.start, along.stop, time * along.intervals, along.intervals)
    pars = _pars([along], along.intervals, time, velocity=master.velocity)
    return bench.launch("sweepscan", pars, f"sweepscan {along} {along.intervals} {time:g}", counters, options, master)


@command("cmesh(roby, 0, 10, 100, robz, 0, 5, 5, 0.01, diode)")
def cmesh(
    bench: "Bench",
    motor1: Any,
    start1: float,
    stop1: float,
    intervals1: int,
    motor2: Any,
    start2: float,
    stop2: float,
    intervals2: int,
    count_time: float,
    *counters: Any,
    latency_time: float | None = None,
    backnforth: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """A grid whose lines are passed without a stop: `motor1` as in `cscan`, `motor2` in steps as in `amesh`.

    There are `intervals1` points in a line and intervals2 + 1 lines; `backnforth` takes every second line backwards.
    """
    fast, slow = ranges_of([(motor1, start1, stop1, intervals1), (motor2, start2, stop2, intervals2)])
    if fast.motor is slow.motor:
        raise ArgumentError(f"Duplicated axis {fast.motor.name}")
    check_distinct([fast.motor, slow.motor])
    time, latency = _times(count_time, latency_time)
    _check_options(options)
    line = _passing(fast, time + latency, backnforth=backnforth, name="line")
    steps = VariableStepTriggerMaster(slow.motor, slow.positions)
    steps.emits_first = True
    attach_channels(steps.channels, line.channels[0])
    lines = slow.intervals + 1
    pars = _pars([fast, slow], fast.intervals * lines, time, latency_time=latency, velocity=line.velocity)
    pars |= {"npoints1": fast.intervals, "npoints2": lines, "data_dim": 2}
    half = (fast.stop - fast.start) / fast.intervals / 2  # a point is counted along an interval: it is in its middle
    pars["grid"] = {
        "axes": [fast.motor.name, slow.motor.name],
        "start": [fast.start + half, slow.start],
        "stop": [fast.stop - half, slow.stop],
        "npoints": [fast.intervals, lines],
        "backnforth": backnforth,
    }
    title = f"cmesh {fast} {fast.intervals} {slow} {slow.intervals} {time:g}"
    return bench.launch("cmesh", pars, title, counters, options, line, above=steps)


def _passing(along: Range, interval: float, **passing: Any) -> SoftwarePositionTriggerMaster:
    points = along.intervals
    return SoftwarePositionTriggerMaster(along.motor, along.start, along.stop, points, points * interval, **passing)


def _pars(ranges: list[Range], npoints: int, time: float, **more: float) -> dict[str, Any]:
    return {
        "npoints": npoints,
        "count_time": time,
        "start": [one.start for one in ranges],
        "stop": [one.stop for one in ranges],
        **more,
    }


def _times(count: Any, latency: Any) -> tuple[float, float]:
    """Count time and latency of an interval, in s."""
    time = count_time(count)
    if not time:
        raise ArgumentError("count_time (s) must be above 0: the velocity follows from it")
    if latency is None:
        return time, max(LATENCY * time, LEAST_LATENCY)
    return time, finite(latency, "latency_time (s)", least=0)


def _check_options(options: Any) -> None:
    for name in ("sleep_time", "stab_time"):
        if options.get(name):
            raise ArgumentError(f"{name} makes no sense here: the motor does not wait between points")
