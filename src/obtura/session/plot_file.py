"""The scans of a data file, as plots look at them."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from obtura.data.contents import EntryInfo, datasets_of, frames_of, list_entries, opened_entry, text_of
from obtura.data.filters import require_readable
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo
from obtura.scans.measured import Measured, along_axes, over_time

__all__ = ["is_data_file", "measured_in"]

log = logging.getLogger(__name__)

TIMERS = ("elapsed_time", "epoch")


def is_data_file(what: Any) -> bool:
    """Whether an argument of `plot` names a file."""
    return isinstance(what, Path) or (isinstance(what, str) and what.endswith((".h5", ".hdf5", ".nxs")))


def measured_in(path: Path, number: int | str | None = None) -> Measured:
    """What a scan of a file has measured; `number`: 12 or "12.1", None for the last one.

    Raises:
        UsageError: there is no such file or scan, or it can't be read.
    """
    entries = list_entries(path)
    wanted = [entry for entry in entries if number is None or str(number) in (str(entry.number), entry.name)]
    if not wanted:
        known = ", ".join(entry.name for entry in entries[-10:]) or "none"
        raise UsageError(f"{path} has no scan {number}; the last ones: {known}")
    newest = wanted[-1].number
    entry = next(entry for entry in wanted if entry.number == newest)  # the first top-master of it
    if entry.state in ("missing", "damaged"):
        raise UsageError(f"scan {entry.name} can't be read, its file is {entry.state}: {entry.file}")
    return _measured(entry)


def _measured(info: EntryInfo) -> Measured:
    with opened_entry(info) as entry:
        datasets = datasets_of(entry, "measurement") | _frames(entry)
        values: dict[str, Any] = {name: _values(each) for name, each in datasets.items() if each.dtype.kind in "biuf"}
        units = {name: each.attrs.get("units") for name, each in datasets.items()}
        positioners = [
            name
            for name, group in entry.get("instrument", {}).items()
            if group.attrs.get("NX_class") == "NXpositioner" and name in values
        ]
        axes = [name for name in _plotted_over(entry) if name in positioners] or positioners
        scan_info = json.loads(text_of(entry, "scan_info") or "{}")
    over = along_axes(
        scan_info, [None] * len(axes), axes, [units[name] for name in axes], [values[name] for name in axes]
    )
    if not over and "elapsed_time" in values:
        over = over_time(units["elapsed_time"], values["elapsed_time"])
    counters = tuple(
        ChannelInfo(name, name, "float64", datasets_shape, units[name], "counter", 0, name, True)
        for name, datasets_shape in ((name, _shape(each)) for name, each in values.items())
        if name not in positioners and name not in TIMERS
    )
    label = f"scan {info.name} of {info.file.name}"
    return Measured(label, f"{label}: {info.title}", over, counters, values)


def _plotted_over(entry: Any) -> list[str]:
    """The axes of the plot, the fastest first; an array has its slowest first."""
    plot = entry.get("plot")
    if plot is None:
        return []
    axes = [str(name) for name in np.atleast_1d(plot.attrs.get("axes", []))]
    signal = plot.get(str(plot.attrs.get("signal")))
    return axes[::-1] if signal is not None and signal.ndim == len(axes) else axes


def _frames(entry: Any) -> dict[str, Any]:
    """The frames, which are in files of their own, as far as these are there."""
    found = {}
    for name in frames_of(entry):
        try:
            found[name] = entry["measurement"][name]
        except (KeyError, OSError) as error:
            log.info("frames %s are not there: %s", name, error)
    return found


def _shape(values: Any) -> tuple[int, ...]:
    return tuple(values.shape[1:])


def _values(dataset: Any) -> Any:
    """The numbers of a dataset; of frames only the last is read, for only that is drawn."""
    return _LastFrame(dataset) if dataset.ndim > 2 and len(dataset) else np.asarray(dataset[()])


class _LastFrame:
    """As long as all frames, but the last one is all that it has, if it can be read at all."""

    def __init__(self, dataset: Any) -> None:
        self.shape = dataset.shape
        self._problem: UsageError | None = None
        try:
            require_readable(dataset)
            self._last = np.asarray(dataset[-1])
        except UsageError as error:
            self._problem = error

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, index: int) -> Any:
        if self._problem is not None:
            raise self._problem
        return self._last
