"""Scans of a grid: amesh, dmesh, a3mesh, d3mesh, anmesh for any number of motors; the first one is the fastest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from obtura.engine.scan import Scan
from obtura.scans.command import Options, command
from obtura.scans.step import Home, grid, ranges_of

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["a3mesh", "amesh", "anmesh", "d3mesh", "dmesh"]


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
    ranges = ranges_of([(motor1, start1, stop1, intervals1), (motor2, start2, stop2, intervals2)])
    return grid(bench, "amesh", ranges, count_time, counters, options, backnforth=backnforth)


@command("dmesh(roby, -1, 1, 10, robz, -1, 1, 5, 0.1, diode)")
def dmesh(
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
    """As `amesh`, relative to where the motors are; whatever happens, they return there."""
    ranges = ranges_of([(motor1, start1, stop1, intervals1), (motor2, start2, stop2, intervals2)])
    return grid(bench, "dmesh", ranges, count_time, counters, options, Home.RELATIVE, backnforth=backnforth)


@command("a3mesh(roby, 0, 10, 10, robz, 0, 5, 5, gap, 0, 1, 2, 0.1, diode)")
def a3mesh(
    bench: "Bench",
    motor1: Any,
    start1: float,
    stop1: float,
    intervals1: int,
    motor2: Any,
    start2: float,
    stop2: float,
    intervals2: int,
    motor3: Any,
    start3: float,
    stop3: float,
    intervals3: int,
    count_time: float,
    *counters: Any,
    backnforth: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Scan a grid of three motors; `motor1` is the fastest, `backnforth` turns all but the slowest at each line."""
    ranges = [
        (motor1, start1, stop1, intervals1),
        (motor2, start2, stop2, intervals2),
        (motor3, start3, stop3, intervals3),
    ]
    return grid(bench, "a3mesh", ranges_of(ranges), count_time, counters, options, backnforth=backnforth)


@command("d3mesh(roby, -1, 1, 10, robz, -1, 1, 5, gap, 0, 1, 2, 0.1, diode)")
def d3mesh(
    bench: "Bench",
    motor1: Any,
    start1: float,
    stop1: float,
    intervals1: int,
    motor2: Any,
    start2: float,
    stop2: float,
    intervals2: int,
    motor3: Any,
    start3: float,
    stop3: float,
    intervals3: int,
    count_time: float,
    *counters: Any,
    backnforth: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """As `a3mesh`, relative to where the motors are; whatever happens, they return there."""
    ranges = [
        (motor1, start1, stop1, intervals1),
        (motor2, start2, stop2, intervals2),
        (motor3, start3, stop3, intervals3),
    ]
    return grid(bench, "d3mesh", ranges_of(ranges), count_time, counters, options, Home.RELATIVE, backnforth=backnforth)


@command("anmesh([(roby, 0, 10, 10), (robz, 0, 5, 5)], 0.1, diode)")
def anmesh(
    bench: "Bench",
    ranges: Sequence[tuple[Any, float, float, int]],
    count_time: float,
    *counters: Any,
    scan_type: str | None = None,
    backnforth: bool = False,
    restore_motor_positions: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Scan a grid of any number of motors: a (motor, start, stop, intervals) for each, the fastest first.

    `scan_type`: what the scan is called; `restore_motor_positions`: at the end, whatever happens, the motors return to
    where they were.
    """
    checked = ranges_of(ranges)
    name = scan_type or {2: "amesh", 3: "a3mesh"}.get(len(checked), "anmesh")
    home = Home.RETURN if restore_motor_positions else Home.STAY
    return grid(bench, name, checked, count_time, counters, options, home, backnforth=backnforth)
