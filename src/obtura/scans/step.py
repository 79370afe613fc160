"""Step scans: ascan, dscan, a2scan, d2scan, amesh. Every position is checked before anything moves."""

from typing import TYPE_CHECKING, Any, Unpack

from obtura.acquisition.motion import Return
from obtura.acquisition.motor import LinearStepTriggerMaster, MeshStepTriggerMaster
from obtura.contracts.acquisition import AcquisitionMaster
from obtura.engine.scan import Scan
from obtura.scans.command import Options, axis, command, count_time, finite, whole

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["a2scan", "amesh", "ascan", "d2scan", "dscan"]


@command("ascan(roby, 0, 10, 20, 0.1, diode)")
def ascan(
    bench: "Bench",
    motor: Any,
    start: float,
    stop: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """Move `motor` from `start` to `stop` (its unit) in `intervals` steps, counting at each of intervals + 1 points."""
    return _linear(bench, "ascan", [(motor, start, stop)], intervals, count_time, counters, options)


@command("dscan(roby, -1, 1, 20, 0.1, diode)")
def dscan(
    bench: "Bench",
    motor: Any,
    start: float,
    stop: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """As `ascan`, relative to where the motor is; whatever happens, it returns there."""
    return _linear(bench, "dscan", [(motor, start, stop)], intervals, count_time, counters, options)


@command("a2scan(roby, 0, 10, robz, 0, 5, 20, 0.1, diode)")
def a2scan(
    bench: "Bench",
    motor1: Any,
    start1: float,
    stop1: float,
    motor2: Any,
    start2: float,
    stop2: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """Move two motors together, in `intervals` steps."""
    ranges = [(motor1, start1, stop1), (motor2, start2, stop2)]
    return _linear(bench, "a2scan", ranges, intervals, count_time, counters, options)


@command("d2scan(roby, -1, 1, robz, -1, 1, 20, 0.1, diode)")
def d2scan(
    bench: "Bench",
    motor1: Any,
    start1: float,
    stop1: float,
    motor2: Any,
    start2: float,
    stop2: float,
    intervals: int,
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """As `a2scan`, relative to where the motors are; whatever happens, they return there."""
    ranges = [(motor1, start1, stop1), (motor2, start2, stop2)]
    return _linear(bench, "d2scan", ranges, intervals, count_time, counters, options)


@command("amesh(roby, 0, 10, 10, robz, 0, 5, 5, 0.1, diode)")
def amesh(
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
    backnforth: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Scan a grid; `motor1` is the fast one, `backnforth` takes every second line backwards."""
    first, second = _range(motor1, start1, stop1), _range(motor2, start2, stop2)
    points1, points2 = whole(intervals1, "intervals1") + 1, whole(intervals2, "intervals2") + 1
    master = MeshStepTriggerMaster(
        *first, points1, *second, points2, backnforth=backnforth, stab_time=options.get("stab_time", 0.0)
    )
    pars = {
        "npoints": points1 * points2,
        "npoints1": points1,
        "npoints2": points2,
        "data_dim": 2,
        "start": [first[1], second[1]],
        "stop": [first[2], second[2]],
        "count_time": _time(count_time),
    }
    title = f"amesh {_text(first)} {intervals1} {_text(second)} {intervals2} {pars['count_time']:g}"
    return bench.launch("amesh", pars, title, counters, options, master)


def _linear(
    bench: "Bench", name: str, ranges: list[Any], intervals: Any, time: Any, counters: Any, options: Any
) -> Scan:
    steps = whole(intervals, "intervals")
    time = _time(time)
    checked = [_range(*one) for one in ranges]
    back = None
    if name.startswith("d"):
        origins = [float(motor.position) for motor, *_ in checked]
        back = Return([motor for motor, *_ in checked], origins)
        checked = [
            (motor, start + origin, stop + origin)
            for (motor, start, stop), origin in zip(checked, origins, strict=True)
        ]
    flat = [value for one in checked for value in one]
    master: AcquisitionMaster = LinearStepTriggerMaster(steps + 1, *flat, stab_time=options.get("stab_time", 0.0))
    pars = {
        "npoints": steps + 1,
        "count_time": time,
        "start": [start for _, start, _ in checked],
        "stop": [stop for *_, stop in checked],
    }
    title = f"{name} {' '.join(map(_text, [_range(*one) for one in ranges]))} {steps} {time:g}"
    return bench.launch(name, pars, title, counters, options, master, back)


_time = count_time


def _range(motor: Any, start: Any, stop: Any) -> tuple[Any, float, float]:
    return axis(motor), finite(start, "start"), finite(stop, "stop")


def _text(one: tuple[Any, float, float]) -> str:
    motor, start, stop = one
    return f"{motor.name} {start:g} {stop:g}"
