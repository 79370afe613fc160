"""Frames in a file of their own: one for each scan and detector, a chunk for each frame, perhaps compressed.

scan0012/camera.h5        beside scan0012.h5, which links to it
    12.1                  NXentry
        instrument/camera/data   NXdetector: (frames, height, width)
        plot              NXdata, of images
"""

import os
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.columns import dtype_of
from obtura.data.common import iso
from obtura.data.contents import open_to_read
from obtura.data.disk import make_directory, saving_error
from obtura.data.filters import filters_of
from obtura.data.growing import GrowingFile
from obtura.data.place import Place
from obtura.data.plots import interpretation
from obtura.data.sketch import Node
from obtura.data.summing import Summing
from obtura.data.tree import (
    attribute,
    column,
    entry_of,
    group,
    link,
    roomy_text,
    say_default,
    say_where,
    text,
    unique_name,
)
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo, ScanBegan

__all__ = ["FrameFile", "FrameSeries", "frame_names"]


class FrameSeries:
    """The frames of one channel: a column of a scan that can be read again. `count`: how many are in the file.

    `place`: the dataset in `path`.
    """

    def __init__(self, info: ChannelInfo, path: Path, place: Place, lock: threading.Lock) -> None:
        self.name = info.name
        self.path = path
        self.place = place
        self.received = 0
        self.count = 0
        self.waiting = 0  # bytes
        self._dtype = dtype_of(info)
        self._shape = info.shape
        self._is_plain = not filters_of(info.compression)  # else HDF5 compresses each: then they are summed at the end
        self._summing = Summing()
        self._lock = lock
        self._blocks: deque[npt.NDArray[Any]] = deque()
        self._on_its_way = self._on_disk = 0
        self._unsafe: list[npt.NDArray[Any]] = []  # written, but HDF5 has not put on the disk where they are

    @property
    def written(self) -> int:
        """How many frames are in the file."""
        return self.count

    @property
    def path_inside(self) -> str:
        """Where the dataset is in the file."""
        return self.place.path

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its pixels."""
        return self._dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a frame."""
        return self._shape

    def flushed(self) -> None:
        """What was written is in the file, whatever comes."""
        self._unsafe.clear()

    def synced(self) -> None:
        """What was flushed when this was called the last time is on the disk itself."""
        self._on_disk, self._on_its_way = self._on_its_way, self.count

    def take_back(self, disk_fails: bool = False) -> tuple[int, list[npt.NDArray[Any]]]:
        """The frames that are not safe in the file, in order, and the number of the first: to be kept elsewhere.

        `disk_fails`: also those that the disk may have lost, as far as they can still be read.
        """
        first = self.count - len(self._unsafe)
        blocks = [*(frame[np.newaxis] for frame in self._unsafe), *self._blocks]
        if disk_fails and self._on_disk < first:
            with suppress(SavingError):  # it can't be read either, as where a server is gone that has had them
                blocks.insert(0, self.read(self._on_disk, first))
                first = self._on_disk
        self._unsafe.clear()
        self._blocks.clear()
        self.waiting = 0
        return first, blocks

    def take(self, values: Block) -> None:
        """Receive new frames."""
        block = np.asarray(values)
        self.received += len(block)
        self.waiting += block.nbytes
        self._blocks.append(block)

    def gather(self) -> None:
        """Nothing to do: frames come in blocks."""

    def write(self, upto: int) -> None:
        """Have the first `upto` frames in the file; all but the newest are never held back, they take much memory."""
        upto = max(upto, self.received - 1)
        if upto <= self.count:
            return
        with self._lock:
            dataset = self.place.dataset
            dataset.set_extent((upto, *self._shape))
            put = self._put_plain if self._is_plain else h5py.Dataset(dataset).__setitem__
            while self.count < upto:  # a frame that could not be written is still there, to be kept elsewhere
                frame = self._first()
                put(self.count, frame)
                self._unsafe.append(frame)
                self._drop()
                self.count += 1

    def _put_plain(self, number: int, frame: npt.NDArray[Any]) -> None:
        """From the camera's memory to the system: HDF5 makes no copy of what is a chunk as it stands."""
        self._summing.begin(frame.data)
        try:
            self.place.dataset.write_direct_chunk((number, *(0 for _ in self._shape)), frame)
        finally:
            checksum = self._summing.result()
        self.place.added(checksum)

    def _first(self) -> npt.NDArray[Any]:
        return np.ascontiguousarray(self._blocks[0][0], self._dtype)

    def _drop(self) -> None:
        block = self._blocks.popleft()
        if len(block) > 1:
            self._blocks.appendleft(block[1:])
        self.waiting -= block[0].nbytes

    def close(self) -> None:
        """Nothing more is written: the file is going to be closed."""
        self._summing.close()
        self.place.detach()

    def read(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        """Frames `first` to `stop - 1`, while the scan runs and after; see `FrameSource`."""
        try:
            with self._lock:
                if self.place.is_open:
                    return h5py.Dataset(self.place.dataset)[first:stop]  # type: ignore[no-any-return]
            with open_to_read(self.path) as file:
                return file[self.place.path][first:stop]  # type: ignore[no-any-return]
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise saving_error(f"the frames of {self.name} can't be read", self.path, error) from error


class FrameFile:
    """The file of one detector in a running scan. `channels`: its channels of frames, by their numbers.

    Raises:
        SavingError: it exists already, or can't be made; then there is no file.
    """

    def __init__(self, path: Path, began: ScanBegan, channels: Mapping[int, ChannelInfo]) -> None:
        self.path = path
        self.series: dict[int, FrameSeries] = {}
        self._lock = threading.Lock()
        self._unsynced = False
        make_directory(path.parent)
        try:
            self._file = GrowingFile(path, began.number, lambda root: self._build(root, began, channels))
        except BaseException:
            self._remove_directory()
            raise

    def _build(self, root: Node, began: ScanBegan, channels: Mapping[int, ChannelInfo]) -> None:
        branch = next(iter(channels.values())).branch
        say_default(root, branch)
        entry = entry_of(root, branch)
        attribute(entry, "default", "plot")
        roomy_text(entry, "title", began.title)
        text(entry, "start_time", iso(began.start_time))
        instrument = group(entry, "instrument", "NXinstrument")
        names = frame_names(channels)
        first = next(iter(channels.values()))
        plot = group(
            entry, "plot", "NXdata", signal=next(iter(names.values())), interpretation=interpretation(first.shape)
        )
        attribute(plot, "axes", ["."] * (1 + len(first.shape)))
        for index, info in channels.items():
            home = group(instrument, names[index], "NXdetector")
            filters = filters_of(info.compression)
            dataset = column(home, "data", dtype_of(info), info.shape, 1, info.unit, filters)
            if filters:
                attribute(dataset, "compression", str(info.compression))
            attribute(dataset, "channel", info.name)
            attribute(dataset, "interpretation", interpretation(info.shape))
            say_where(dataset)
            if not info.per_point:
                attribute(dataset, "pace", "own")
            link(plot, names[index], dataset)
            self.series[index] = FrameSeries(info, self.path, dataset.place(), self._lock)

    @property
    def is_lost(self) -> bool:
        """Whether somebody removed it."""
        return self._file.is_open and self._file.is_lost

    @property
    def disk_is_gone(self) -> bool:
        """Whether its disk is not mounted any more."""
        return self._file.disk_is_gone

    def flush(self) -> None:
        """Show readers what was written."""
        if self._file.is_open:
            self._file.flush()
            self._unsynced = True
            for series in self.series.values():
                series.flushed()

    def begin_sync(self) -> None:
        """Have the frames on the disk itself, in a while.

        Raises:
            OSError: that failed the last time.
        """
        if self._file.is_open and self._unsynced:
            self._unsynced = not self._file.begin_sync()
            if not self._unsynced:
                for series in self.series.values():
                    series.synced()

    @property
    def disk_fails(self) -> bool:
        """Whether the disk does not take what was written, and may lose it."""
        return self._file.is_open and self._file.disk_fails

    def finish(self) -> None:
        """Close it, and return when all frames are on disk; done once.

        Raises:
            SavingError: the file has not as many frames as were taken.
        """
        if not self._file.is_open:
            return
        if self.is_lost:  # that has failed the scan already
            self.abandon()
            return
        with self._lock:
            self._close_places()
            self._file.close()
        for series in self.series.values():
            with open_to_read(self.path) as file:
                dataset = file[series.place.path]
                there = min(len(dataset), dataset.id.get_num_chunks())  # a frame that was never written has no chunk
            if there != series.count:
                raise SavingError(
                    f"{self.path}: {series.count} frames of {series.name} were written, {there} are there"
                )

    def abandon(self) -> None:
        """Close it without touching the disk."""
        with self._lock:
            self._file.divert()
            self._close_places()
            self._file.abandon()

    def remove(self) -> None:
        """The scan was refused: leave nothing."""
        self.abandon()
        self.path.unlink(missing_ok=True)
        self._remove_directory()

    def _close_places(self) -> None:
        for series in self.series.values():
            series.close()

    def _remove_directory(self) -> None:
        with suppress(OSError):  # others have files in it
            os.rmdir(self.path.parent)


def frame_names(channels: Mapping[int, ChannelInfo]) -> dict[int, str]:
    """What frames are called in files: `image` as its camera, for that says more; others by their short names."""
    names: dict[int, str] = {}
    for index, info in channels.items():
        if info.is_frame:
            name = info.device if info.short_name == "image" else info.short_name
            names[index] = unique_name(name, names.values())
    return names
