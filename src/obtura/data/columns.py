"""Points into datasets, in blocks: one write per column and batch, not one per point."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from h5py import h5d, h5s

from obtura.ground.channels import Block
from obtura.ground.errors import SavingError

__all__ = ["Column", "Rows"]


class Column:
    """One dataset that grows, and the points that are not safely in it yet.

    Points are `received`, then `written`; they are kept until a flush is known to be good (`settle`), for
    after a failed one HDF5 may have lost what it had taken (`rewind`).
    """

    def __init__(
        self, name: str, dataset: h5d.DatasetID, dtype: np.dtype[Any], shape: tuple[int, ...] = ()
    ) -> None:
        self.name = name
        self.received = 0
        self.written = 0
        self._dataset = dataset
        self._kind = dataset.get_type()
        self._dtype = dtype
        self._shape = shape
        self._kept: list[npt.NDArray[Any]] = []
        self._kept_from = 0
        self._singles: list[Any] = []

    def take(self, values: Block) -> None:
        """Receive new points, shape (n, *shape)."""
        self.received += len(values)
        if isinstance(values, np.ndarray):
            self._gather()
            self._kept.append(values)
        else:
            self._singles.extend(values)

    def write(self, upto: int) -> None:
        """Have the first `upto` points in the dataset."""
        if upto <= self.written:
            return
        block = self._block()[self.written - self._kept_from : upto - self._kept_from]
        self._dataset.set_extent((upto, *self._shape))
        space = h5s.create_simple((upto, *self._shape))
        space.select_hyperslab((self.written, *(0 for _ in self._shape)), block.shape)
        data = np.ascontiguousarray(block, self._dtype)
        self._dataset.write(h5s.create_simple(block.shape), space, data, self._kind)
        self.written = upto

    def settle(self) -> None:
        """What was written is on disk: forget it."""
        if self.written > self._kept_from:
            rest = self._block()[self.written - self._kept_from :]
            self._kept = [rest.copy()] if len(rest) else []
            self._kept_from = self.written

    def rewind(self) -> None:
        """What was written since the last `settle` has to be written again."""
        self.written = self._kept_from

    def _block(self) -> npt.NDArray[Any]:
        """All that is kept, as one array."""
        self._gather()
        if len(self._kept) > 1:
            self._kept = [np.concatenate(self._kept)]
        return self._kept[0] if self._kept else np.empty((0, *self._shape), self._dtype)

    def _gather(self) -> None:
        if not self._singles:
            return
        try:
            block = np.array(self._singles, dtype=self._dtype)
        except (ValueError, TypeError, OverflowError) as error:
            raise SavingError(
                f"channel {self.name}: a value is not of type {self._dtype}: {error}"
            ) from error
        self._singles = []
        self._kept.append(block)


class Rows:
    """The columns of one branch that get one point an iteration each: they grow together."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def write(self) -> None:
        """Write the rows that are complete, so that a reader finds columns of one length."""
        self._write(min((column.received for column in self._columns), default=0))

    def finish(self) -> None:
        """Write what is left at the end of the scan.

        An iteration that was cut leaves some columns one point ahead: that point is dropped. Larger
        differences mean that a device did not deliver; then all there is is kept.
        """
        counts = [column.received for column in self._columns]
        if counts and max(counts) - min(counts) <= 1:
            self._write(min(counts))
            return
        for column in self._columns:
            column.write(column.received)

    def _write(self, count: int) -> None:
        for column in self._columns:
            column.write(count)
