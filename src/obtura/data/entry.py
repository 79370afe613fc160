"""One NXentry: what was scanned and counted by one top-master of a scan.

12.1                NXentry       title, times, user, presets, hooks: see `common`
    instrument      NXinstrument  roby/value (axes), diode/data (counters, timers), metadata of devices,
                                  positioners_start, positioners_end
    measurement     NXcollection  all columns by their short names
    plot            NXdata        what a viewer shows first
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from h5py import h5g

from obtura.data.columns import Column
from obtura.data.common import POSITIONERS, Common
from obtura.data.layout import entry_name
from obtura.data.tree import attribute, column, fact, group, hdf5_name, link, rows_of_a_chunk, unique_name
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo, ScanBegan

__all__ = ["Entry"]


class Entry:
    """The entry of branch `branch` (from 0). `first`: what the entries of a scan share, None to make that."""

    def __init__(self, root: Any, began: ScanBegan, branch: int, zero: float, first: Common | None = None) -> None:
        self._began = began
        self._channels = {i: info for i, info in enumerate(began.channels) if info.branch == branch}
        self.name = entry_name(began.number, branch)
        entry = group(root, self.name, "NXentry")
        instrument = group(entry, "instrument", "NXinstrument")
        self.common = first or Common(entry, instrument, began, zero)
        if first is not None:
            first.share(entry, instrument)
        self._names = _names(self._channels)
        self._homes: dict[int, tuple[h5g.GroupID, str]] = {}
        self.columns = {index: self._column(instrument, index) for index in self._channels}
        self._metadata(instrument)
        self._link_all(group(entry, "measurement", "NXcollection"), self._channels)
        self._plot(entry)

    @property
    def rows(self) -> list[Column]:
        """The columns that get one point an iteration each."""
        return [self.columns[index] for index, info in self._channels.items() if info.per_point]

    @property
    def others(self) -> list[Column]:
        """The columns that grow at their own pace."""
        return [self.columns[index] for index, info in self._channels.items() if not info.per_point]

    def _column(self, instrument: h5g.GroupID, index: int) -> Column:
        info = self._channels[index]
        dtype = _dtype(info)
        is_axis = info.role == "axis"
        field = "value" if is_axis else "data"
        home = group(instrument, self._names[index], "NXpositioner" if is_axis else "NXdetector")
        expected = int(self._began.scan_info.get("npoints") or 0) if info.per_point else 0
        dataset = column(home, field, dtype, info.shape, rows_of_a_chunk(info.shape, expected), info.unit)
        attribute(dataset, "channel", info.name)
        self._homes[index] = (home, field)
        return Column(info.name, dataset, dtype, info.shape)

    def _metadata(self, instrument: h5g.GroupID) -> None:
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

    def _link_all(self, parent: h5g.GroupID, indices: Sequence[int] | Mapping[int, Any]) -> None:
        for index in indices:
            link(parent, self._names[index], *self._homes[index])

    def _plot(self, entry: h5g.GroupID) -> None:
        """The NXdata a viewer opens with: the first counters over the axis, or a map, or a spectrum."""
        per_point = {index: info for index, info in self._channels.items() if info.per_point}
        counters = [index for index, info in per_point.items() if info.role == "counter"]
        signals = [index for index in counters if not per_point[index].shape] or counters[:1]
        if not signals:
            return
        axes = self._plot_axes(per_point)
        names = [self._names[index] for index in axes]
        plot = group(entry, "plot", "NXdata", signal=self._names[signals[0]])
        if per_point[signals[0]].shape:
            attribute(plot, "interpretation", "spectrum" if len(per_point[signals[0]].shape) == 1 else "image")
            names = (names[:1] or ["."]) + ["."] * len(per_point[signals[0]].shape)
        if names:
            attribute(plot, "axes", names)
        if len(signals) > 1:
            attribute(plot, "auxiliary_signals", [self._names[index] for index in signals[1:]])
        self._link_all(plot, [*axes, *signals])
        attribute(entry, "default", "plot")

    def _plot_axes(self, per_point: Mapping[int, ChannelInfo]) -> list[int]:
        info = self._began.scan_info
        is_map = info.get("data_dim") == 2 or "mesh" in str(info.get("type", ""))
        scalars = {index: each for index, each in per_point.items() if not each.shape}
        axes = [index for index, each in scalars.items() if each.role == "axis"]
        times = [index for index, each in scalars.items() if each.short_name == "elapsed_time"]
        return axes[: 2 if is_map else 1] or times[:1]


def _dtype(info: ChannelInfo) -> np.dtype[Any]:
    try:
        dtype = np.dtype(info.dtype)
    except TypeError as error:
        raise SavingError(f"channel {info.name}: {info.dtype} can't be saved; use numbers") from error
    if dtype.kind not in "biufc":
        raise SavingError(f"channel {info.name}: {info.dtype} can't be saved; use numbers")
    return dtype


def _names(channels: Mapping[int, ChannelInfo]) -> dict[int, str]:
    """What each channel is called in the file: its short name, or its full one when the short one clashes."""
    counts = Counter(hdf5_name(info.short_name) for info in channels.values())
    taken = set(POSITIONERS)
    names: dict[int, str] = {}
    for index, info in channels.items():
        short = hdf5_name(info.short_name)
        names[index] = unique_name(short if counts[short] == 1 else info.name, taken)
        taken.add(names[index])
    return names
