"""The frames of a scan. The newest are in memory, all of them where a saver gives them back.

A camera fills the memory of any computer within minutes. So one bound holds for the frames of all scans of the
process together; beyond it the oldest are let go of. Of a scan that is saved they are in its file, and a scan waits
for a saver that is far behind; of one that is not saved they are gone.
"""

import threading
import weakref
from collections import deque
from collections.abc import Sized

import numpy as np
import numpy.typing as npt

from obtura.contracts.consumers import FrameSource
from obtura.engine.frameview import FrameView
from obtura.ground.errors import ObturaError
from obtura.ground.events import Event, Points
from obtura.works.interrupt import doors

__all__ = ["BEHIND", "FrameColumn", "FrameMemory", "FramesGoneError", "WrittenColumn", "memory", "weight"]

BEHIND = 256_000_000
"""Bytes of frames a saver may be behind before the scan waits for it, between two points; a camera that goes at its
own pace waits at twice that."""


class FramesGoneError(ObturaError, LookupError):
    """Frames that are neither in memory nor in a file."""


def weight(event: Event) -> int:
    """The bytes of an event that brings frames, 0 of any other."""
    if type(event) is Points and isinstance(event.values, np.ndarray) and event.values.ndim > 2:
        return event.values.nbytes
    return 0


class FrameMemory:
    """The frames in memory, of any number of scans: at most `limit` bytes, but for what is not in a file yet."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lock = threading.Lock()
        self.used = 0
        self._kept: deque[tuple[weakref.ref[FrameColumn], int]] = deque()

    def keep(self, column: "FrameColumn", first: int, block: npt.NDArray[np.generic]) -> None:
        """Keep new frames, and let go of the oldest there are. The caller has shut the door."""
        with self.lock:
            column.blocks.append((first, block))
            self._kept.append((weakref.ref(column), block.nbytes))
            self.used += block.nbytes
            self._trim()

    def trim(self) -> None:
        """Let go of what had to be kept so far. The caller has shut the door."""
        with self.lock:
            self._trim()

    def _trim(self) -> None:
        while self.used > self.limit and len(self._kept) > 1 and self._forget_oldest():
            pass

    def _forget_oldest(self) -> bool:
        reference, size = self._kept[0]
        column = reference()  # None: that scan itself is forgotten
        if column is not None:
            if column.is_waited_for:  # whoever writes it has it in memory, too: nothing would be won
                return False
            column.blocks.popleft()
        self._kept.popleft()
        self.used -= size
        return True


memory = FrameMemory(2 * BEHIND)
"""That of this process."""


class FrameColumn:
    """The frames of one channel. `blocks`: those in memory, each with the index of its first frame.

    `ended`: the scan has; what is not in a file by now may never get there, and is kept as long as there is room.
    """

    def __init__(self, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
        self.name = name
        self.dtype = np.dtype(dtype)
        self.shape = shape
        self.count = 0
        self.source: FrameSource | None = None
        self.ended = False
        self.blocks: deque[tuple[int, npt.NDArray[np.generic]]] = deque()

    @property
    def is_waited_for(self) -> bool:
        """Whether the oldest block in memory is still on its way into a file."""
        first, block = self.blocks[0]
        return not self.ended and self.source is not None and self.source.count < first + len(block)

    def append(self, block: Sized) -> int:
        """Add frames; returns the index of the first. The caller holds the record's lock."""
        first = self.count
        self.count += len(block)
        memory.keep(self, first, np.asarray(block))
        return first

    def array(self) -> FrameView:
        """All frames so far."""
        return FrameView(self, self.count)

    def read(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        """Frames `first` to `stop - 1`, from memory or from where the saver has them: a copy of one's own.

        Raises:
            FramesGoneError: the scan is not saved, and newer frames have taken their place in memory.
            SavingError: the file can't be read any more.
        """
        was = doors.shut()
        try:
            with memory.lock:
                held = [(at, block) for at, block in self.blocks if at < stop and at + len(block) > first]
            elsewhere = max(min(held[0][0], stop), first) if held else stop
            frames = np.empty((stop - first, *self.shape), self.dtype)
            if elsewhere > first:
                frames[: elsewhere - first] = self._from_source(first, elsewhere)
            for at, block in held:
                low, high = max(at, first), min(at + len(block), stop)
                frames[low - first : high - first] = block[low - at : high - at]
        finally:
            doors.reopen(was)
        return frames

    def _from_source(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        if self.source is not None and stop <= self.source.count:
            return self.source.read(first, stop)
        which = f"frame {first}" if stop == first + 1 else f"frames {first} to {stop - 1}"
        why = "they were not saved, and" if self.source is None else "they did not get into the file, and"
        raise FramesGoneError(
            f"{which} of {self.name}: not there any more; {why} "
            f"only the newest {memory.limit / 1e6:.4g} MB of frames stay in memory"
        )


class WrittenColumn(FrameColumn):
    """The frames of a channel whose detector writes them into a file itself; none of them is in memory."""

    def _from_source(self, first: int, stop: int) -> npt.NDArray[np.generic]:
        # also those that the scan's file does not count yet: what the detector has told of is in its file
        return super()._from_source(first, stop) if self.source is None else self.source.read(first, stop)

    def append(self, block: Sized) -> int:
        """Count further frames; returns the index of the first. The caller holds the record's lock."""
        first = self.count
        self.count += len(block)
        return first
