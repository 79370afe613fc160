"""Checksums of frames, taken beside the thread that writes them: writing waits for the disk, summing for the processor.

Both let go of Python's lock for a frame. One frame at a time: nothing piles up.
"""

from queue import SimpleQueue
from threading import Thread
from typing import Any
from zlib import crc32

from obtura.works.companion import companion

__all__ = ["Summing"]


class Summing:
    """`begin` with a frame, write it, then ask for its `result`; `close` at the end."""

    def __init__(self) -> None:
        self._frames: SimpleQueue[Any] = SimpleQueue()
        self._sums: SimpleQueue[int] = SimpleQueue()
        self._thread: Thread | None = None

    def begin(self, frame: Any) -> None:
        """Begin with the bytes of a frame."""
        if self._thread is None:
            self._thread = companion("checksums", self._work)
            self._thread.start()
        self._frames.put(frame)

    def result(self) -> int:
        """The sum of the frame, when it is ready."""
        return self._sums.get()

    def close(self) -> None:
        """End the thread; it may begin again."""
        if self._thread is not None:
            self._frames.put(None)
            self._thread.join(1.0)
            self._thread = None

    def _work(self) -> None:
        while (frame := self._frames.get()) is not None:
            self._sums.put(crc32(frame))
