"""From what a scan has measured to what a plot shows: curves, images, and what there is to say."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import obtura.analysis as analysis
from obtura.display.picture import Curve, Curves, Image, Marks, Picture, Side
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo, is_coloured
from obtura.scans.measured import Along, Measured, said

__all__ = ["pictures"]


def pictures(seen: Measured, counters: Sequence[ChannelInfo]) -> list[Picture]:
    """What to draw of some counters: the scalars of a line as curves in one picture, anything else one by one.

    Raises:
        UsageError: nothing was measured, or a counter gives more than an image a point.
    """
    if not counters:
        raise UsageError(f"{seen.label} has no counter to plot")
    missing = [info.short_name for info in counters if not len(seen.values[info.name])]
    if missing:
        raise UsageError(f"{seen.label} has no point of {', '.join(missing)}")
    scalars = [info for info in counters if not info.shape]
    drawn: list[Picture] = []
    if scalars and not seen.is_mesh:
        drawn.append(_curves(seen, scalars))
    for info in counters:
        if not info.shape and seen.is_mesh:
            drawn.append(_mesh(seen, info))
        elif len(info.shape) == 1:
            drawn.append(_spectra(seen, info))
        elif len(info.shape) == 2 or is_coloured(info.shape):
            drawn.append(_frame(seen, info))
        elif info.shape:
            shape = " x ".join(map(str, info.shape))
            raise UsageError(f"{info.short_name} gives {shape} numbers a point, more than an image")
    return drawn


def _curves(seen: Measured, counters: Sequence[ChannelInfo]) -> Curves:
    longest = max(len(seen.values[info.name]) for info in counters)
    along = seen.over[0] if seen.over else _counted(longest)
    curves = [Curve(_label(info.short_name, info.unit), *map(_floats, seen.curve(along, info))) for info in counters]
    units = {info.unit for info in counters}
    ylabel = curves[0].name if len(curves) == 1 else (units.pop() or "" if len(units) == 1 else "")
    words = [_said_of(seen, info) for info in counters]
    here = _here(along)
    if not math.isnan(here):
        words.append(_now(seen))
    return Curves(
        title=seen.title,
        xlabel=_label(along.name, along.unit),
        ylabel=ylabel,
        curves=tuple(curves),
        marks=_marks(curves[0]),
        words=tuple(words),
        here=here,
    )


def _marks(curve: Curve) -> Marks | None:
    x, y = curve.x, curve.y
    if analysis.is_flat(y):
        return None
    centre, width = analysis.cen(x, y)
    finite = y[np.isfinite(y)]
    half = float(finite.min() / 2 + finite.max() / 2)
    return Marks((analysis.peak(x, y), float(finite.max())), centre, (centre - width / 2, centre + width / 2), half)


def _said_of(seen: Measured, info: ChannelInfo) -> str:
    """Peak, centre and width of a counter, along each axis."""
    values = _floats(seen.values[info.name])
    if analysis.is_flat(values):
        return f"{info.short_name}: {f'{values[0]:g} at' if len(values) else 'no'} every one of {len(values)} points"
    highest = f"{info.short_name}: peak {np.max(values[np.isfinite(values)]):.6g} {info.unit or ''}".rstrip()
    if not seen.over:
        return highest
    curves = [seen.curve(along, info) for along in seen.over]
    lines = [analysis.cen(*seen.curve(along, info, on_grid=True)) for along in seen.over]
    peaks = _places(seen.over, (analysis.peak(*curve) for curve in curves))
    shown = [said(along, place) for along, place in zip(seen.over, peaks, strict=True)]
    return (
        f"{highest} at {', '.join(shown)}; "
        f"centre {_numbers(_places(seen.over, (one.position for one in lines)))}; "
        f"width (fwhm) {_numbers(one.fwhm for one in lines)}; "
        f"centre of mass {_numbers(_places(seen.over, (analysis.com(*curve) for curve in curves)))}"
    )


def _places(over: Sequence[Along], positions: Iterable[float]) -> list[float]:
    return [along.place(position) for along, position in zip(over, positions, strict=True)]


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _mesh(seen: Measured, info: ChannelInfo) -> Image:
    """The first two axes; of more, the plane with the highest point."""
    steps = [along.steps for along in seen.over if along.steps is not None]
    length = min(len(seen.values[info.name]), *(len(along.x) for along in seen.over))
    values = _floats(seen.values[info.name])[:length]
    stack = analysis.image(values, [along.on_grid[:length] for along in seen.over], steps)
    title = f"{seen.title}: {info.short_name}"
    highest = 0 if analysis.is_flat(values) else int(np.nanargmax(np.where(np.isfinite(values), values, np.nan)))
    for along, one in zip(seen.over[:1:-1], steps[:1:-1], strict=True):
        place = int(one.nearest(along.on_grid[highest : highest + 1])[0])
        stack = stack[place]
        title += f", at {said(along, float(one.positions[place]))}"
    fast, slow = seen.over[:2]
    words = [_said_of(seen, info)]
    if not math.isnan(_here(fast)):
        words.append(_now(seen))
    drawn = Image(
        title=title,
        across=Side(_label(fast.name, fast.unit), steps[0].start, steps[0].stop),
        along=Side(_label(slow.name, slow.unit), steps[1].start, steps[1].stop),
        values=stack,
        unit=info.unit or "",
        words=tuple(words),
        here=(_here(fast), _here(slow)),
    )
    if analysis.is_flat(values):
        return drawn
    (x, width), (y, height) = (analysis.cen(*seen.curve(along, info, on_grid=True)) for along in (fast, slow))
    peak = float(fast.x[highest]), float(slow.x[highest])
    return drawn._replace(peak=peak, centre=(x, y), width=(width, height))


def _spectra(seen: Measured, info: ChannelInfo) -> Picture:
    """One spectrum as a curve, several as an image: a line for each point."""
    values = _floats(seen.values[info.name])
    title = f"{seen.title}: {info.short_name}"
    channels = np.arange(values.shape[1], dtype=float)
    highest = np.unravel_index(int(np.nanargmax(np.where(np.isfinite(values), values, -np.inf))), values.shape)
    largest = f"{info.short_name}: largest {values[highest]:.6g} {info.unit or ''}".rstrip()
    if len(values) == 1:
        curve = Curve(_label(info.short_name, info.unit), channels, values[0])
        words = f"{largest} in channel {highest[1]} of {len(channels)}"
        return Curves(title, "channel", curve.name, (curve,), _marks(curve), (words,))
    over = seen.over[0] if seen.over and not seen.is_mesh and len(seen.over[0].x) >= len(values) else None
    if over is None or not _is_even(over.x[: len(values)]):
        along = Side("point", 0, len(values) - 1)
        where = f"point {highest[0]}"
    else:
        along = Side(_label(over.name, over.unit), float(over.x[0]), float(over.x[len(values) - 1]))
        where = said(over, float(over.x[highest[0]]))
    return Image(
        title=title,
        across=Side("channel", 0, len(channels) - 1),
        along=along,
        values=values,
        unit=info.unit or "",
        words=(f"{largest} in channel {highest[1]} of {len(channels)}, at {where}",),
    )


def _frame(seen: Measured, info: ChannelInfo) -> Image:
    """The last frame; of one in colour, how bright it is."""
    frames = seen.values[info.name]
    last = _floats(frames[len(frames) - 1])
    if last.ndim > 2:
        last = last.mean(axis=2)
    lines, columns = last.shape
    line, column = np.unravel_index(int(np.nanargmax(np.where(np.isfinite(last), last, -np.inf))), last.shape)
    return Image(
        title=f"{seen.title}: {info.short_name}, frame {len(frames)} of {len(frames)}",
        across=Side("column", 0, columns - 1),
        along=Side("line", 0, lines - 1),
        values=last,
        unit=info.unit or "",
        words=(f"{info.short_name}: largest {last[line, column]:.6g} in line {line}, column {column}",),
        upright=True,
    )


def _counted(points: int) -> Along:
    """The numbers of the points, where there is neither an axis nor a time."""
    x = np.arange(points, dtype=float)
    return Along("point", None, x, None, None, x)


def _here(along: Along) -> float:
    """Where the axis stands now, NaN when it is none or does not answer."""
    try:
        return math.nan if along.axis is None else along.here()
    except RuntimeError:  # a device that fails must not spoil the plot
        return math.nan


def _now(seen: Measured) -> str:
    return f"now: {', '.join(said(along, along.place(_here(along))) for along in seen.over)}"


def _is_even(x: npt.NDArray[np.float64]) -> bool:
    """Whether the lines of an image can stand for these positions: they go one way, in nearly equal steps."""
    steps = np.diff(x)
    return bool(np.isfinite(x).all() and (steps != 0).all() and np.allclose(steps, steps.mean(), rtol=0.25, atol=0))


def _label(name: str, unit: str | None) -> str:
    return f"{name} [{unit}]" if unit else name


def _floats(values: Any) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=float)
