"""Scans through lists of positions: lookupscan for any number of motors, pointscan for one."""

from collections.abc import Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, Unpack

from obtura.engine.scan import Scan
from obtura.ground.errors import ArgumentError
from obtura.scans.command import Options, axis, command
from obtura.scans.step import Home, through

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["lookupscan", "pointscan"]


@command("lookupscan([(roby, [0, 1, 5]), (robz, [3, 3, 4])], 0.1, diode)")
def lookupscan(
    bench: "Bench",
    moves: Sequence[tuple[Any, Sequence[float]]],
    count_time: float,
    *counters: Any,
    scan_type: str | None = "lookupscan",
    scan_params: Mapping[str, Any] | None = None,
    restore_motor_positions: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Count at each point of a path: (motor, positions) for each motor, equally many positions, in its unit.

    `scan_type`: what the scan is called; `scan_params`: facts for scan_info, e.g. `{"data_dim": 2}`;
    `restore_motor_positions`: at the end, whatever happens, the motors return to where they were.
    """
    home = Home.RETURN if restore_motor_positions else Home.STAY
    return through(bench, scan_type or "lookupscan", moves, count_time, counters, options, home, scan_params)


@command("pointscan(roby, [0, 1, 5], 0.1, diode)")
def pointscan(
    bench: "Bench",
    motor: Any,
    positions: Sequence[float],
    count_time: float,
    *counters: Any,
    **options: Unpack[Options],
) -> Scan:
    """Count at each of `positions` (in the motor's unit)."""
    if not isinstance(positions, Sized):
        raise ArgumentError(f"positions must be a list of numbers, got {positions!r}")
    title = f"pointscan {axis(motor).name} {len(positions)} points {count_time}"
    return through(bench, "pointscan", [(motor, positions)], count_time, counters, options, title=title)
