"""Scans along a line: ascan to a5scan, dscan to d5scan, and anscan, dnscan for any number of motors."""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from obtura.engine.scan import Scan
from obtura.scans.command import Options, command
from obtura.scans.step import Home, along, ranges_of

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = [
    "a2scan",
    "a3scan",
    "a4scan",
    "a5scan",
    "anscan",
    "ascan",
    "d2scan",
    "d3scan",
    "d4scan",
    "d5scan",
    "dnscan",
    "dscan",
]

_ABSOLUTE = {
    True: "Move `motor` from `start` to `stop` (its unit) in `intervals` steps, and count at intervals + 1 points.",
    False: "Move {motors} motors together in `intervals` steps, each from its `start` to its `stop` (its unit).",
}
_RELATIVE = "As `{absolute}`, relative to where the motors are; whatever happens, they return there."


def _scan(motors: int, relative: bool) -> Callable[..., Scan]:
    """The scan of so many motors, with a signature of its own: `motor1, start1, stop1, motor2, ..., count_time`."""
    number = str(motors) if motors > 1 else ""
    name = f"{'d' if relative else 'a'}{number}scan"
    signature = _signature(motors)

    def scan(bench: "Bench", *args: Any, **options: Any) -> Scan:
        given = signature.bind(bench, *args, **options).arguments
        values = list(given.values())[1:]
        triples = [tuple(values[i : i + 3]) for i in range(0, 3 * motors, 3)]
        ranges = ranges_of(triples, given["intervals"])
        home = Home.RELATIVE if relative else Home.STAY
        options = given.get("options", {})
        return along(bench, name, ranges, given["count_time"], given.get("counters", ()), options, home)

    scan.__name__ = scan.__qualname__ = name
    scan.__doc__ = (
        _RELATIVE.format(absolute=f"a{number}scan") if relative else _ABSOLUTE[motors == 1].format(motors=motors)
    )
    scan.__signature__ = signature  # type: ignore[attr-defined]
    shown = ", ".join(f"{motor}, {-1 if relative else 0}, 1" for motor in _MOTORS[:motors])
    return command(f"{name}({shown}, 20, 0.1, diode)")(scan)


_MOTORS = ("roby", "robz", "slit", "gap", "energy")


def _signature(motors: int) -> inspect.Signature:
    kind = inspect.Parameter
    numbers = [""] if motors == 1 else [str(number) for number in range(1, motors + 1)]
    types = {"motor": Any, "start": float, "stop": float}
    named = {f"{what}{number}": annotation for number in numbers for what, annotation in types.items()}
    named |= {"intervals": int, "count_time": float}
    return inspect.Signature(
        [
            kind("bench", kind.POSITIONAL_OR_KEYWORD),
            *(kind(name, kind.POSITIONAL_OR_KEYWORD, annotation=each) for name, each in named.items()),
            kind("counters", kind.VAR_POSITIONAL, annotation=Any),
            kind("options", kind.VAR_KEYWORD, annotation=Any),
        ],
        return_annotation=Scan,
    )


ascan, a2scan, a3scan, a4scan, a5scan = (_scan(motors, relative=False) for motors in range(1, 6))
dscan, d2scan, d3scan, d4scan, d5scan = (_scan(motors, relative=True) for motors in range(1, 6))


@command("anscan([(roby, 0, 10), (robz, 0, 5)], 20, 0.1, diode)")
def anscan(
    bench: "Bench",
    ranges: Sequence[tuple[Any, float, float]],
    intervals: int,
    count_time: float,
    *counters: Any,
    scan_type: str | None = None,
    restore_motor_positions: bool = False,
    **options: Unpack[Options],
) -> Scan:
    """Move any number of motors together, each through its (motor, start, stop) of `ranges`, in `intervals` steps.

    `scan_type`: what the scan is called, by default `a2scan` for two motors; `restore_motor_positions`: at the end,
    whatever happens, the motors return to where they were.
    """
    checked = ranges_of(ranges, intervals)
    home = Home.RETURN if restore_motor_positions else Home.STAY
    return along(bench, scan_type or _name("a", len(checked)), checked, count_time, counters, options, home)


@command("dnscan([(roby, -1, 1), (robz, -1, 1)], 20, 0.1, diode)")
def dnscan(
    bench: "Bench",
    ranges: Sequence[tuple[Any, float, float]],
    intervals: int,
    count_time: float,
    *counters: Any,
    scan_type: str | None = None,
    **options: Unpack[Options],
) -> Scan:
    """As `anscan`, relative to where the motors are; whatever happens, they return there."""
    checked = ranges_of(ranges, intervals)
    return along(bench, scan_type or _name("d", len(checked)), checked, count_time, counters, options, Home.RELATIVE)


def _name(kind: str, motors: int) -> str:
    return f"{kind}{motors if motors > 1 else ''}scan"
