"""What a viewer is shown of an entry: which columns, over which."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from obtura.data.grid import Grid
from obtura.ground.events import ChannelInfo, is_coloured

__all__ = ["Plan", "interpretation"]

_Channels = Mapping[int, ChannelInfo]
"""By their numbers."""


class Plan(NamedTuple):
    """Channels by their numbers. `axes`, `signals`: of the plot; `main_axis`: the one that frames are over.

    `grid`: of a mesh, None for other scans; `over`: its axes, the slowest first; `scalars`: what it shows.
    `is_asked`: the user has asked for the plot, so it is shown rather than the grid.
    """

    axes: list[int]
    signals: list[int]
    grid: Grid | None
    over: list[int]
    scalars: list[int]
    main_axis: list[int]
    is_asked: bool

    @classmethod
    def of(cls, info: Mapping[str, Any], channels: _Channels) -> "Plan":
        """What is shown of these channels: the first counters over the axis, or a map, or a spectrum."""
        channels = {index: each for index, each in channels.items() if not (each.is_ragged or each.is_text)}
        per_point = {index: each for index, each in channels.items() if each.per_point}
        counters = [index for index, each in per_point.items() if each.role == "counter"]
        scalars = [index for index in counters if not per_point[index].shape]
        axes = _axes(info, per_point)
        main_axis = axes if len(axes) == 1 else []
        signals = scalars or counters[:1] or _at_their_own_pace(channels)
        if not set(signals) <= set(per_point):
            axes = []
        if asked := _asked(info, per_point):
            axes, signals = asked[0] or axes, asked[1] or signals
        grid = Grid.of(info) if scalars else None
        over = _named(grid.names, per_point) if grid else []
        return cls(axes, signals, grid if over else None, over, scalars, main_axis, asked is not None)


def interpretation(shape: tuple[int, ...]) -> str:
    """What points of this shape are to a viewer; scalars need no word."""
    if is_coloured(shape):
        return "rgba-image"
    return "spectrum" if len(shape) == 1 else "image"


def _axes(info: Mapping[str, Any], per_point: _Channels) -> list[int]:
    is_map = info.get("data_dim") == 2 or "mesh" in str(info.get("type", ""))
    scalars = {index: each for index, each in per_point.items() if not each.shape}
    axes = [index for index, each in scalars.items() if each.role == "axis"]
    times = [index for index, each in scalars.items() if each.short_name == "elapsed_time"]
    return axes[: 2 if is_map else 1] or times[:1]


def _at_their_own_pace(channels: _Channels) -> list[int]:
    """One counter that has points when it likes, over their number; its lengths fit nothing else."""
    return [index for index, each in channels.items() if each.role == "counter" and not each.per_point][:1]


def _asked(info: Mapping[str, Any], per_point: _Channels) -> tuple[list[int], list[int]] | None:
    """The axes and signals of the first plot that the user asked for: see `ScanInfo.add_curve_plot`."""
    known = {name: index for index, each in per_point.items() for name in (each.short_name, each.name)}
    for plot in info.get("plots", ()):
        axes = [plot.get("x"), plot.get("y")] if plot.get("kind") == "scatter-plot" else [plot.get("x")]
        signals = plot.get("yleft", []) + plot.get("yright", []) if len(axes) == 1 else [plot.get("value")]
        found = [[known[name] for name in names if name in known] for names in (axes, signals)]
        if any(found):
            return found[0], found[1]
    return None


def _named(names: tuple[str, ...], per_point: _Channels) -> list[int]:
    """The axes of these names; none when one is not among the channels: the grid is another top-master's."""
    axes = {each.name.rpartition(":")[2]: index for index, each in per_point.items() if each.role == "axis"}
    return [axes[name] for name in names] if axes.keys() >= set(names) else []
