"""One NXentry: what was scanned and counted by one top-master of a scan.

12.1                NXentry       title, times, user, presets, hooks: see `common`
    instrument      NXinstrument  roby/value (axes), diode/data (counters, timers), metadata of devices,
                                  positioners_start, positioners_end
    measurement     NXcollection  all columns by their short names
    plot            NXdata        what a viewer shows first: a curve, of a mesh its grid, a spectrum
    grid            NXdata        of a mesh for which another plot was asked
    plot_camera     NXdata        the frames of a camera
    valid           NXcollection  which points are not as they should be, see `validity`
    attempts        NXcollection  what was measured for points that were taken again, see `attempts`

Frames are in files of their own (see `frames`): what is called `camera` in these groups is a link to them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.data.attempts import AttemptTable
from obtura.data.columns import Column, Growing, dtype_of
from obtura.data.common import POSITIONERS, Common
from obtura.data.frames import FrameSeries, frame_names
from obtura.data.grid import GridPlot
from obtura.data.layout import entry_name
from obtura.data.notes import Notes
from obtura.data.plots import Plan, interpretation
from obtura.data.ragged import RaggedColumn
from obtura.data.sketch import Node
from obtura.data.timeouts import Timeouts
from obtura.data.tree import (
    attribute,
    column,
    entry_of,
    external,
    fact,
    group,
    hdf5_name,
    link,
    rows_of_a_chunk,
    say_where,
    unique_name,
)
from obtura.data.validity import Flags
from obtura.data.written_frames import WrittenSeries
from obtura.ground.events import ChannelInfo, ScanBegan

__all__ = ["Entry"]

_CLASSES = {"sample": "NXsample", "user": "NXuser", "source": "NXsource"}


class Entry:
    """The entry of branch `branch` (from 0). `first`: what the entries of a scan share, None to make that.

    `frames`: by channel, those that are saved, each with its file relative to this one.
    """

    def __init__(
        self,
        root: Node,
        began: ScanBegan,
        branch: int,
        zero: float,
        frames: Mapping[int, tuple[str, FrameSeries | WrittenSeries]],
        first: Common | None = None,
    ) -> None:
        self._began = began
        self._frames = frames
        own = {index: info for index, info in enumerate(began.channels) if info.branch == branch}
        self._channels = {index: info for index, info in own.items() if index in frames or not info.is_frame}
        self.name = entry_name(began.number, branch)
        self._entry = entry = entry_of(root, branch)
        instrument = group(entry, "instrument", "NXinstrument")
        self.common = first or Common(entry, instrument, began, zero)
        self.notes = Notes(entry, began, zero) if first is None else None
        valid = group(entry, "valid", "NXcollection")
        self.flags = Flags.new(valid)
        if first is not None:
            first.share(entry, instrument)
        self._names = _names(self._channels)
        self._plan = Plan.of(began.scan_info, self._channels)
        self._grid = self._mesh(entry)
        self._homes: dict[int, tuple[Node, Node | None]] = {}  # the group of a channel, and its data if they are here
        self.columns: dict[int, Growing] = {index: self._column(instrument, index) for index in self._channels}
        retakes = branch in began.retakes
        self.attempts = AttemptTable(entry, branch, self._channels, self._names) if retakes else None
        may_fail = any(info.may_fail and info.per_point for info in self._channels.values())
        self.timeouts = Timeouts(valid, branch) if may_fail else None
        self._metadata(instrument)
        self._link_all(group(entry, "measurement", "NXcollection"), self._channels)
        grid = [self._grid.name] if self._grid else []
        plots = [*filter(None, [self._plot(entry)]), *grid, *self._plot_frames(entry)]
        if plots:
            attribute(entry, "default", plots[0])
        self._categories(entry, instrument)  # last: the user's names give way

    @property
    def points(self) -> int:
        """What `contents.points_of` finds in the file."""
        written = {self._names[index]: one.written for index, one in self.columns.items() if isinstance(one, Column)}
        plot = self._entry.members.get("plot")
        plotted = [written[name] for name in (plot.members if plot else ()) if name in written]
        return min(plotted) if plotted else max(written.values(), default=0)

    @property
    def rows(self) -> list[Growing]:
        """The columns that get one point an iteration each."""
        return [self.columns[index] for index, info in self._channels.items() if info.per_point]

    @property
    def others(self) -> list[Growing]:
        """The columns that grow at their own pace."""
        return [self.columns[index] for index, info in self._channels.items() if not info.per_point]

    def _column(self, instrument: Node, index: int) -> Growing:
        info = self._channels[index]
        dtype = dtype_of(info)
        is_axis = info.role == "axis"
        field = "value" if is_axis else "data"
        kind = "NXpositioner" if is_axis else "NXcollection" if info.is_text else "NXdetector"  # whose data are numbers
        home = group(instrument, self._names[index], kind)
        if index in self._frames:
            self._homes[index] = (home, None)
            self._link(home, field, index)
            return self._frames[index][1]
        expected = int(self._began.scan_info.get("npoints") or 0) if info.per_point else 0
        if info.is_ragged:
            points = group(home, "points", "NXcollection")
            self._homes[index] = (home, points)
            return RaggedColumn(info, points, expected)
        dataset = column(home, field, dtype, info.shape, rows_of_a_chunk(info.shape, expected), info.unit)
        self._homes[index] = (home, dataset)
        attribute(dataset, "channel", info.name)
        say_where(dataset)
        if not info.per_point:
            attribute(dataset, "pace", "own")  # it forms no rows with the others
        if info.shape:
            attribute(dataset, "interpretation", interpretation(info.shape))
        place = dataset.place()
        on_grid = self._grid if index in self._plan.scalars else None
        made = (
            Column(info.name, place, dtype, info.shape)
            if on_grid is None
            else on_grid.column(info, self._names[index], place)
        )
        made.may_fail = info.may_fail and dtype.kind in "fO"
        return made

    def _mesh(self, entry: Node) -> GridPlot | None:
        """The NXdata of a mesh: it is the plot, unless the user has asked for another one."""
        plan = self._plan
        if plan.grid is None:
            return None
        axes = {self._names[index]: self._channels[index].unit for index in plan.over}
        signals = [self._names[index] for index in plan.scalars]
        made = GridPlot(entry, "grid" if plan.is_asked else "plot", plan.grid, axes, signals)
        self._entitle(made.home)
        return made

    def _metadata(self, instrument: Node) -> None:
        """What devices say of themselves: into the group of their name, new or there already."""
        elsewhere = {info.device for info in self._began.channels} - {i.device for i in self._channels.values()}
        there = {self._names[index]: home for index, (home, _) in self._homes.items()}
        for device, facts in self._began.metadata.items():
            if not facts or device in elsewhere:
                continue
            home = there.get(hdf5_name(device))
            if home is None:
                fact(instrument, device, facts)
                continue
            for key, value in facts.items():
                if key != "@NX_class":
                    fact(home, str(key), value)

    def _categories(self, entry: Node, instrument: Node) -> None:
        """What the user says, by category; what belongs to the instrument goes there."""
        for category, facts in self._began.scan_info.get("scan_meta", {}).items():
            if category == "instrument":
                home = instrument
            else:
                nx_class = str(facts.get("@NX_class", _CLASSES.get(category, "NXcollection")))
                home = group(entry, unique_name(category, entry.members), nx_class)
            for key, value in facts.items():
                if key != "@NX_class":
                    fact(home, str(key), value)

    def _link_all(self, parent: Node, indices: Sequence[int] | Mapping[int, Any]) -> None:
        for index in indices:
            self._link(parent, self._names[index], index)

    def _link(self, parent: Node, name: str, index: int) -> None:
        _, data = self._homes[index]
        if data is None:
            file, series = self._frames[index]
            external(parent, name, file, series.path_inside)
        else:
            link(parent, name, data)

    def _plot(self, entry: Node) -> str | None:
        """The NXdata of columns; its name, None when there is nothing to plot or the grid is what a viewer shows."""
        plan, channels = self._plan, self._channels
        if not plan.signals or (self._grid and not plan.is_asked):
            return None
        first, *others = plan.signals
        inside = channels[first].shape
        over = plan.axes if not inside or len(plan.axes) == 1 else []
        names = [self._names[index] for index in over] or ["."]
        plot = group(entry, "plot", "NXdata", signal=self._names[first], axes=[*names, *("." for _ in inside)])
        if inside:
            attribute(plot, "interpretation", interpretation(inside))
        if others:
            attribute(plot, "auxiliary_signals", [self._names[index] for index in others])
        self._link_all(plot, [*over, *plan.signals])
        self._entitle(plot)
        return "plot"

    def _plot_frames(self, entry: Node) -> list[str]:
        """An NXdata for the frames of each channel; their names."""
        made = []
        for index in self._frames.keys() & self._channels.keys():
            name = self._names[index]
            axes = self._plan.main_axis if self._channels[index].per_point else []  # else it goes at its own pace
            made.append(unique_name(f"plot_{name}", entry.members))
            shape = self._channels[index].shape
            plot = group(entry, made[-1], "NXdata", signal=name, interpretation=interpretation(shape))
            attribute(plot, "axes", [self._names[axes[0]] if axes else ".", *("." for _ in shape)])
            self._link_all(plot, [*axes, index])
            self._entitle(plot)
        return made

    def _entitle(self, plot: Node) -> None:
        """Have a plot bear the scan's title, unless a column is called so."""
        if "title" not in self._names.values():
            link(plot, "title", self.common.title)
            say_where(self.common.title)


def _names(channels: Mapping[int, ChannelInfo]) -> dict[int, str]:
    """What each channel is called in the file: its short name, or its full one when the short one clashes.

    Frames are called as their detector.
    """
    short = {index: hdf5_name(info.short_name) for index, info in channels.items()} | frame_names(channels)
    counts = Counter(short.values())
    taken = set(POSITIONERS)
    names: dict[int, str] = {}
    for index, info in channels.items():
        names[index] = unique_name(short[index] if counts[short[index]] == 1 else info.name, taken)
        taken.add(names[index])
    return names
