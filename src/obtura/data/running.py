"""Checksums of what is written into a dataset, taken while it is: nothing need be read again for them.

So they say what should be in the file; whether it is, `obtura verify` finds out.
"""

from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from obtura.data.texts import STRINGS

__all__ = ["RunningSums"]


class RunningSums:
    """One sum for each chunk of `rows` rows, in a dataset that is filled from the first row to the last.

    `fill`: the bytes of a row that is not written. Chunks are stored as they are in memory.
    """

    def __init__(self, rows: int, fill: bytes) -> None:
        self._rows = rows
        self._fill = fill
        self._whole: list[int] = []
        self._sum = 0
        self._count = 0  # rows in the chunk that is not whole

    @classmethod
    def of_dataset(cls, made_as: tuple[Any, ...]) -> "RunningSums | None":
        """For one that was sketched so; None where what is stored is not what is in memory."""
        if not made_as or made_as[0] != "chunked":
            return None
        dtype, shape, grows, chunk, filters = made_as[3:]
        kind = np.dtype(dtype)
        if not grows or filters or kind == STRINGS or kind.char in "gG":  # a long double has bytes that are not its own
            return None
        return cls(chunk[0], _row(kind, shape[1:]))

    @classmethod
    def of_value(cls, value: npt.NDArray[Any]) -> "RunningSums":
        """Of one that has no chunks."""
        sums = cls(1, b"")
        sums.append(value.reshape(1))
        return sums

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Rows as they are in the file, behind those before."""
        while len(rows):
            part = rows[: self._rows - self._count]
            self._sum = crc32(part.data, self._sum)
            self._count += len(part)
            if self._count == self._rows:
                self._whole.append(self._sum)
                self._sum = self._count = 0
            rows = rows[len(part) :]

    def add(self, checksum: int) -> None:
        """Of the next chunk, which was written as a whole."""
        self._whole.append(checksum)

    @property
    def values(self) -> list[int]:
        """The sums, also of the chunk that is not full."""
        if not self._count:
            return self._whole
        return [*self._whole, crc32(self._fill * (self._rows - self._count), self._sum)]


@lru_cache(maxsize=64)
def _row(kind: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """One that was not written, as `drawing` has it."""
    return (np.full(shape, np.nan, kind) if kind.kind == "f" else np.zeros(shape, kind)).tobytes()
