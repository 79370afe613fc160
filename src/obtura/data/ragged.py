"""Points whose length changes, in a file: all values one after the other, and where each point begins and ends.

events/points       NXcollection
    data            the values of all points in a row
    index           (points, 2): point i is data[index[i, 0]:index[i, 1]]

Both ends of a point stand in one row of `index`, so that a viewer of a running scan can tell, for each point by itself,
whether all of its values have come; the values are written first.
"""

from collections import deque

import h5py
import numpy as np

from obtura.data.columns import Column, dtype_of
from obtura.data.sketch import Node
from obtura.data.tree import attribute, column, rows_of_a_chunk
from obtura.ground.channels import Block
from obtura.ground.events import ChannelInfo

__all__ = ["RaggedColumn", "ragged_of"]

VALUES = 16_384
"""Values of a chunk: some 100 kB, large enough to be read fast, small enough to be written again at each flush."""


class RaggedColumn:
    """The points of one channel, in a group of their own: `received`, then `written`.

    `expected`: how many points there will be, 0: unknown.
    """

    def __init__(self, info: ChannelInfo, home: Node, expected: int) -> None:
        self.name = info.name
        self.received = 0
        dtype, bounds = dtype_of(info), np.dtype("int64")
        values = column(home, "data", dtype, (), VALUES, info.unit)
        attribute(values, "channel", info.name)
        index = column(home, "index", bounds, (2,), rows_of_a_chunk((2,), expected))
        attribute(index, "long_name", "where each point begins and ends in data")
        self._values = Column(info.name, values.place(), dtype)
        self._index = Column(info.name, index.place(), bounds, (2,))
        self._ends: deque[int] = deque()  # of the points that are not written
        self._end = 0

    @property
    def parts(self) -> tuple[Column, Column]:
        """The column of the index, a row a point, and that of the values."""
        return self._index, self._values

    @property
    def written(self) -> int:
        """How many points are in the file."""
        return self._index.written

    def take(self, values: Block) -> None:
        """Receive new points, an array of arrays."""
        bounds = []
        for point in np.asarray(values, object):
            bounds.append((self._end, self._end + len(point)))
            self._end += len(point)
            self._ends.append(self._end)
            self._values.take(point)
        self._index.take(np.array(bounds, "int64"))
        self.received += len(bounds)

    def gather(self) -> None:
        """Nothing to do: points are arrays of the right type."""

    def write(self, upto: int) -> None:
        """Have the first `upto` points in the file."""
        new = [self._ends.popleft() for _ in range(upto - self.written)]
        if new:
            self._values.write(new[-1])
            self._index.write(upto)


def ragged_of(entry: h5py.Group) -> dict[str, tuple[h5py.Dataset, h5py.Dataset]]:
    """The `data` and `index` of each column of an entry whose points change in length; perhaps none."""
    found = entry.get("measurement")
    groups = found.items() if isinstance(found, h5py.Group) else ()
    pairs = {name: (each.get("data"), each.get("index")) for name, each in groups if isinstance(each, h5py.Group)}
    return {name: pair for name, pair in pairs.items() if all(isinstance(one, h5py.Dataset) for one in pair)}
