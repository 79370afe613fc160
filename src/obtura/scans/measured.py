"""What a scan has measured, as alignment and plots look at it: over which axes, and which counters."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.analysis import Floats, Steps, snapped
from obtura.contracts.devices import is_movable
from obtura.contracts.turns import as_axis_says, near
from obtura.engine.data import NoSuchChannelError
from obtura.engine.scan import Scan
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo

__all__ = ["Along", "Measured", "along_axes", "measured", "over_time", "said"]

CONTINUOUS = ("cmesh", "cscan")
"""Scans whose points have the position at which they began; what was counted belongs to the middle of the counting."""

NUMBERS = ("float", "int", "uint", "bool")


class Along(NamedTuple):
    """An axis that a scan went along, or the time.

    `x`: positions as measured, float array of shape (points,), in `unit`; `axis`: the device, None for the time and in
    a file. In a mesh, `steps` are the positions that were meant, and `on_grid` is for each point that one of them to
    which it belongs; anywhere else `steps` is None and `on_grid` is `x`.
    """

    name: str
    unit: str | None
    x: Floats
    axis: Any
    steps: Steps | None
    on_grid: Floats

    def place(self, position: float) -> float:
        """A position of the curve as the axis says it: of a round axis, in its own turn."""
        return position if self.axis is None else as_axis_says(self.axis, position)

    def here(self) -> float:
        """Where the axis stands now: of a round axis, in the turn of the curve."""
        x = self.x[np.isfinite(self.x)]
        position = float(self.axis.position)
        return near(self.axis, position, float(x.min() + x.max()) / 2) if x.size else position


class Measured(NamedTuple):
    """The points of the first branch of a scan.

    `label`: which scan, in a few words; `over`: the axes, or else the time, or nothing; `counters`: the channels that
    can be looked at; `values`: by full channel name, arrays of shape (points, *shape).
    """

    label: str
    title: str
    over: tuple[Along, ...]
    counters: tuple[ChannelInfo, ...]
    values: Mapping[Any, npt.NDArray[np.generic]]

    @property
    def is_mesh(self) -> bool:
        """Whether the axes make a grid."""
        return len(self.over) > 1 and all(along.steps is not None for along in self.over)

    @property
    def moves(self) -> bool:
        """Whether an axis was moved."""
        return any(along.axis is not None for along in self.over)

    def get(self, counter: Any) -> ChannelInfo | None:
        """The channel of a counter, given by itself or by its name; None when there is none, or several."""
        try:
            return self.find(counter)
        except UsageError:
            return None

    def find(self, counter: Any) -> ChannelInfo:
        """The channel of a counter, given by itself or by its name.

        Raises:
            UsageError: the scan has none, or several.
        """
        name = getattr(counter, "name", counter)
        if hasattr(self.values, "name_of"):
            try:
                name = self.values.name_of(counter)
            except NoSuchChannelError as error:
                raise NoSuchChannelError(f"{self.label}: {error}") from None
        for info in self.counters:
            if name in (info.name, info.short_name):
                return info
        known = ", ".join(info.short_name for info in self.counters) or "none"
        texts = [info for info in getattr(self.values, "channels", ()) if info.is_text]
        is_text = any(name in (info.name, info.short_name) for info in texts)
        why = "has texts, no numbers" if is_text else "can't be looked at"
        raise UsageError(f"{self.label}: {name!r} {why}; there are {known}")

    def curve(self, along: Along, counter: ChannelInfo, on_grid: bool = False) -> tuple[Any, Any]:
        """The positions and values of the points that have both, each of shape (points, ...)."""
        x, y = along.on_grid if on_grid else along.x, self.values[counter.name]
        length = min(len(x), len(y))
        return x[:length], y[:length]


def measured(scan: Scan) -> Measured:
    """What a scan has measured so far."""
    data = scan.get_data()
    own = [info for info in data.channels if info.branch == 0]
    counters = tuple(
        info
        for info in own
        if info.role not in ("axis", "timer") and info.dtype.startswith(NUMBERS) and not info.is_ragged
    )
    return Measured(
        label=f"{scan.name} (scan {scan.scan_number})" if scan.scan_number else scan.name,
        title=f"scan {scan.scan_number}: {scan.scan_info.get('title') or scan.name}",
        over=_along(scan, data, own) or _timed(data, own),
        counters=counters,
        values=data,
    )


def said(along: Along, position: float) -> str:
    """A position in words: `roby 5.01 mm`."""
    return f"{along.name} {position:.6g} {along.unit or ''}".rstrip()


def along_axes(
    info: Mapping[str, Any], axes: Sequence[Any], names: Sequence[str], units: Sequence[str | None], xs: Sequence[Any]
) -> tuple[Along, ...]:
    """Axes with their measured positions `xs`, the fastest first; `info`, the scan's facts, says if it is a mesh."""
    positions = [np.asarray(x, dtype=float) for x in xs]
    meant = list(positions)
    numbers = [info.get(f"npoints{number}") for number in range(1, len(axes) + 1)]
    start, stop = info.get("start") or (), info.get("stop") or ()
    is_mesh = len(axes) > 1 and info.get("data_dim") == len(axes) == len(start) == len(stop) and all(numbers)
    steps = [Steps(*each) for each in zip(start, stop, numbers, strict=True)] if is_mesh else []  # type: ignore[arg-type]
    if positions and info.get("type") in CONTINUOUS:
        direction = _directions(positions[0])
        positions[0] = positions[0] + direction * float(info["velocity"] * info["count_time"] / 2)
        if steps:
            half = (steps[0].stop - steps[0].start) / steps[0].npoints / 2
            steps[0] = Steps(steps[0].start + half, steps[0].stop - half, steps[0].npoints)
            meant[0] = meant[0] + direction * abs(half)
    if not steps:
        return tuple(map(Along, names, units, positions, axes, [None] * len(axes), positions))
    return tuple(map(Along, names, units, positions, axes, steps, map(snapped, meant, steps)))


def _directions(x: Floats) -> Floats:
    """Which way the motor went at each point: 1 or -1. The way from one pass to the next counts for neither."""
    if len(x) < 2:
        return np.zeros_like(x)
    ways = np.diff(x)
    before, after = np.append(ways[0], ways), np.append(ways, ways[-1])
    is_last = np.abs(after) > 1.5 * np.median(np.abs(ways))
    return np.asarray(np.sign(np.where(is_last, before, after)))


def over_time(unit: str | None, elapsed: Any) -> tuple[Along, ...]:
    """The time, for a scan that moves nothing; `elapsed` in `unit`, shape (points,)."""
    x = np.asarray(elapsed, dtype=float)
    return (Along("time", unit, x, None, None, x),)


def _along(scan: Scan, data: Any, own: Sequence[ChannelInfo]) -> tuple[Along, ...]:
    """The axes of the first top-master and of what is below it: of a mesh, the fastest first."""
    units = {info.name: info.unit for info in own if info.role == "axis"}
    axes = {
        data.name_of(device): device
        for node in reversed(scan.acq_chain.nodes_list)  # what is further down is faster
        for device in node.devices
        if is_movable(device) and _has(data, device)
    }
    names = [name for name in axes if name in units]
    moved = [axes[name] for name in names]
    shown = [name.rpartition(":")[2] for name in names]
    return along_axes(scan.scan_info, moved, shown, [units[name] for name in names], [data[name] for name in names])


def _has(data: Any, device: object) -> bool:
    try:
        data.name_of(device)
    except NoSuchChannelError:
        return False
    return True


def _timed(data: Any, own: Sequence[ChannelInfo]) -> tuple[Along, ...]:
    for info in own:
        if info.role == "timer" and info.short_name == "elapsed_time":
            return over_time(info.unit, data[info.name])
    return ()
