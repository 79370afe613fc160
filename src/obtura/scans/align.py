"""Where the peak is, and going there: cen, com, peak, trough, fwhm, goto_*, find_position, where, lineup.

All look at the last scan unless one is given (a scan, or its number), and at the counter that is given, else that of
`plotselect`, else the scan's first; which one is said. In a mesh `peak` and `trough` are one point of it, `com` is the
centre of mass of the image, `cen` and `fwhm` are those of its projection on each axis (the mean over the others).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, Unpack

import numpy as np
import numpy.typing as npt

import obtura.analysis as analysis
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import ArgumentError, UsageError
from obtura.ground.events import ChannelInfo
from obtura.scans.command import Options, command
from obtura.scans.goto import go
from obtura.scans.measured import Along, Measured, measured, said
from obtura.scans.selection import expanded, looked_at, scan_of

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = [
    "Found",
    "Function",
    "cen",
    "com",
    "find_position",
    "fwhm",
    "goto_cen",
    "goto_com",
    "goto_custom",
    "goto_min",
    "goto_peak",
    "lineup",
    "peak",
    "trough",
    "where",
]

Found: TypeAlias = float | dict[Any, float]
"""A position, or one for each of several axes, by axis."""

Function: TypeAlias = Callable[[Any, Any], Any]
"""`function(x, y)` of two arrays of shape (points,); returns a position."""


class _Way(NamedTuple):
    """A way to find a position.

    `on_grid`: wants every line of a mesh at one position; `of_flat`: needs no height to find something; `is_place`:
    what it finds is a position, not a distance.
    """

    find: Function
    on_grid: bool = False
    of_flat: bool = False
    is_place: bool = True

    def of(self, seen: Measured, info: ChannelInfo, along: Along) -> float:
        """The position along one axis, NaN for none."""
        value = self.find(*seen.curve(along, info, self.on_grid))
        try:
            found = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"the function must return a position, a number; it returned {value!r}") from None
        return along.place(found) if self.is_place else found


_CEN = _Way(lambda x, y: analysis.cen(x, y).position, on_grid=True)
_FWHM = _Way(analysis.fwhm, on_grid=True, is_place=False)
_COM = _Way(analysis.com)
_PEAK = _Way(analysis.peak)
_TROUGH = _Way(analysis.trough)


def cen(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """The centre at half height of the last scan, or of `scan`; {axis: position} when several axes moved."""
    return _found(bench, _CEN, counter, axis, scan)


def fwhm(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """The full width at half maximum of the last scan, or of `scan`; {axis: width} when several axes moved."""
    return _found(bench, _FWHM, counter, axis, scan)


def com(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """The centre of mass of the last scan, or of `scan`; {axis: position} when several axes moved."""
    return _found(bench, _COM, counter, axis, scan)


def peak(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """Where the last scan, or `scan`, is highest; {axis: position} when several axes moved. A flat one: NaN."""
    return _found(bench, _PEAK, counter, axis, scan)


def trough(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """Where the last scan, or `scan`, is lowest; {axis: position} when several axes moved. A flat one: NaN."""
    return _found(bench, _TROUGH, counter, axis, scan)


def find_position(bench: "Bench", func: Function, counter: Any = None, axis: Any = None, scan: Any = None) -> Found:
    """What `func(x, y)` finds in the last scan, or in `scan`; x: positions, y: counts, both of shape (points,)."""
    return _found(bench, _Way(_function("find_position", func)), counter, axis, scan)


def goto_cen(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> None:
    """Move the scanned axes to `cen`. When one can't get there, all come back to where they were.

    Raises:
        UsageError: there is nothing to go to, or it lies outside the limits; nothing moved.
        DeviceError: an axis failed.
    """
    _goto(bench, "goto_cen", _CEN, counter, axis, scan)


def goto_com(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> None:
    """Move the scanned axes to `com`. As `goto_cen` otherwise."""
    _goto(bench, "goto_com", _COM, counter, axis, scan)


def goto_peak(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> None:
    """Move the scanned axes to `peak`. As `goto_cen` otherwise."""
    _goto(bench, "goto_peak", _PEAK, counter, axis, scan)


def goto_min(bench: "Bench", counter: Any = None, axis: Any = None, scan: Any = None) -> None:
    """Move the scanned axes to `trough`. As `goto_cen` otherwise."""
    _goto(bench, "goto_min", _TROUGH, counter, axis, scan)


def goto_custom(bench: "Bench", func: Function, counter: Any = None, axis: Any = None, scan: Any = None) -> None:
    """Move the scanned axes to what `find_position(func)` says. As `goto_cen` otherwise."""
    _goto(bench, "goto_custom", _Way(_function("goto_custom", func), of_flat=True), counter, axis, scan)


def where(bench: "Bench", axis: Any = None, scan: Any = None) -> Found:
    """Say where the axes of the last scan, or of `scan`, stand now; returns it, {axis: position} for several."""
    seen = measured(scan_of(bench, scan))
    found = {}
    for along in _moved(seen, "where", axis):
        position = float(along.axis.position)
        found[along.axis] = position
        x = along.x[np.isfinite(along.x)]
        inside = bool(x.size) and bool(x.min() <= along.here() <= x.max())
        bench.tell(f"{said(along, position)}, {'inside' if inside else 'outside'} {seen.label}")
    return _one_or_all(found)


@command("lineup(roby, -1, 1, 20, 0.1, diode)")
def lineup(
    bench: "Bench",
    motor: Any,
    start: float,
    stop: float,
    intervals: int,
    count_time: float,
    counter: Any,
    **options: Unpack[Options],
) -> Scan:
    """A `dscan` of `motor`, after which it goes to the peak of `counter`."""
    counters = expanded([counter])
    if len(counters) != 1:
        names = ", ".join(getattr(one, "name", str(one)) for one in counters)
        raise ArgumentError(f"counter must be one counter, got {names or 'none'}")
    scan = bench.dscan(motor, start, stop, intervals, count_time, counter, **options)
    if options.get("run", True):
        _goto(bench, "lineup", _PEAK, counters[0], None, scan)
    return scan


def _function(name: str, func: Any) -> Function:
    if not callable(func):
        raise UsageError(f"{name}: func must be a function of positions and counts, func(x, y), got {func!r}")
    return func  # type: ignore[no-any-return]


def _found(bench: "Bench", way: _Way, counter: Any, axis: Any, scan: Any) -> Found:
    seen, info = looked_at(bench, scan, counter)
    found = {
        along.name if along.axis is None else along.axis: way.of(seen, info, along) for along in _alongs(seen, axis)
    }
    return _one_or_all(found)


def _goto(bench: "Bench", name: str, way: _Way, counter: Any, axis: Any, scan: Any) -> None:
    scan = scan_of(bench, scan)
    if scan.state < ScanState.DONE:
        raise UsageError(f"{name}: {scan.name} has not ended; wait until it has")
    seen, info = looked_at(bench, scan, counter)
    alongs = _moved(seen, name, axis)
    stays = ", ".join(f"{said(along, along.axis.position)}" for along in alongs)
    values = seen.values[info.name]
    if not way.of_flat and analysis.is_flat(values):
        raise UsageError(f"{name}: {info.short_name} of {seen.label} {_flat(values)}; nothing moved: {stays}")
    targets = [way.of(seen, info, along) for along in alongs]
    if not np.isfinite(targets).all():
        request = ", ".join(said(along, target) for along, target in zip(alongs, targets, strict=True))
        raise UsageError(f"{name}: no position found in {info.short_name} of {seen.label}: {request}; nothing moved")
    go(name, [along.axis for along in alongs], targets, bench.tell)


def _flat(values: npt.NDArray[Any]) -> str:
    """Why such values have no peak."""
    points, finite = len(values), int(np.isfinite(values).sum())
    if points < 2:
        return f"has {points} points"
    return f"is flat, all {points} points are equal" if finite > 1 else f"has {finite} numbers in {points} points"


def _alongs(seen: Measured, axis: Any) -> list[Along]:
    """The axes that are meant: all, or the one that was named."""
    if not seen.over:
        raise UsageError(f"{seen.label} has neither an axis nor a time to look along")
    alongs = [along for along in seen.over if axis is None or axis is along.axis or axis == along.name]
    if not alongs:
        known = ", ".join(along.name for along in seen.over)
        raise UsageError(f"{getattr(axis, 'name', axis)} was not moved in {seen.label}, which went along {known}")
    return alongs


def _moved(seen: Measured, name: str, axis: Any) -> list[Along]:
    if not seen.moves:
        raise UsageError(f"{name}: {seen.label} moved no axis, there is nowhere to go")
    return _alongs(seen, axis)


def _one_or_all(found: dict[Any, float]) -> Found:
    return next(iter(found.values())) if len(found) == 1 else found
