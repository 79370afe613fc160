"""Frames that their detector writes into a file of its own: the scan's file links to them, and they are counted."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.data.columns import dtype_of
from obtura.data.contents import open_to_read
from obtura.data.disk import saving_error
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo

__all__ = ["WrittenSeries"]

PATIENCE = 3.0
LOOK = 0.1
"""Seconds for which frames that are said to be written are looked for, and between two looks."""


class WrittenSeries:
    """The frames of one channel in the file `path` of its detector; a column of a scan. `count`: so many it has said.

    They can be read once the detector has closed the file; while it writes in SWMR mode, at any time.
    """

    def __init__(self, info: ChannelInfo, path: Path) -> None:
        self.name = info.name
        self.path = path
        self.path_inside = info.inside
        self.received = 0
        self.count = 0
        self._is_exact = info.per_point  # what goes at its own pace may write on until it is stopped
        self._dtype = dtype_of(info)
        self._shape = info.shape

    @property
    def written(self) -> int:
        """How many the scan's file counts."""
        return self.count

    def take(self, values: Block) -> None:
        """Receive the numbers of new frames."""
        self.received += len(values)

    def gather(self) -> None:
        """Nothing to do: they are written already."""

    def write(self, upto: int) -> None:
        """Count the first `upto` frames."""
        self.count = max(self.count, min(upto, self.received))

    def check(self) -> None:
        """Raise `SavingError` when the file has not the frames that the detector said it wrote."""
        there = self._there()
        if len(there) != 1 + len(self._shape) or there[1:] != self._shape:
            frames = " x ".join(map(str, there[1:]))
            raise SavingError(f"{self.path}: its frames are of {frames} pixels, {self.name} has {self._shape}")
        if there[0] < self.received or (self._is_exact and there[0] > self.received):
            raise SavingError(
                f"{self.path}: its detector said that it wrote {self.received} frames of {self.name}, "
                f"{there[0]} are there"
            )

    def _there(self) -> tuple[int, ...]:
        """The shape of all frames; a disk of the network may show a little late what another computer has written."""
        late = time.monotonic() + PATIENCE  # real time: it is the disk that is waited for
        while True:
            try:
                shape: tuple[int, ...] = self._ask(lambda data: data.shape)
                if shape[0] >= self.received or time.monotonic() > late:
                    return shape
            except SavingError:
                if time.monotonic() > late:
                    raise
            time.sleep(LOOK)

    def read(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        """Frames `first` to `stop - 1`; see `FrameSource`."""
        frames: npt.NDArray[np.generic] = self._ask(lambda data: data[first:stop])
        if len(frames) != stop - first:
            raise SavingError(f"{self.path}: frames {first} to {stop - 1} of {self.name} are not there")
        return frames.astype(self._dtype, copy=False)

    def _ask(self, what: Any) -> Any:
        try:
            with open_to_read(self.path) as file:
                return what(file[self.path_inside])
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            words = f"the frames of {self.name}, which its detector writes, can't be read"
            raise saving_error(words, self.path, error) from error
