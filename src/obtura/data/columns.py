"""Points into datasets, in blocks: one write per column and batch, not one per point."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from h5py import h5s

from obtura.data.place import Place, type_of
from obtura.data.texts import STRINGS, in_memory
from obtura.data.validity import Flags, Validity
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo
from obtura.ground.texts import NOT_READ

__all__ = ["Column", "Growing", "Rows", "dtype_of"]


def dtype_of(info: ChannelInfo) -> np.dtype[Any]:
    """The type that a channel has in files.

    Raises:
        SavingError: its values are neither numbers nor texts.
    """
    if info.is_text:
        return STRINGS
    try:
        dtype = np.dtype(info.dtype)
    except TypeError as error:
        raise SavingError(f"channel {info.name}: {info.dtype} can't be saved; use numbers, or str") from error
    if dtype.kind not in "biufc":
        raise SavingError(f"channel {info.name}: {info.dtype} can't be saved; use numbers, or str")
    return dtype


class Growing(Protocol):
    """What grows with the points of a scan: a column of the scan's file, or the frames in a file of their own."""

    name: str
    received: int

    @property
    def written(self) -> int:
        """How many points are in the file."""

    def take(self, values: Block) -> None:
        """Receive new points."""

    def gather(self) -> None:
        """Find out whether what was received can be written."""

    def write(self, upto: int) -> None:
        """Have the first `upto` points in the file."""


class Column:
    """One dataset that grows, and the points that are not in it yet: `received`, then `written`.

    `may_fail`: NaN, or `NOT_READ`, says that the counter could not be read; `not_read`: the points of which that is
    true, until somebody takes them away.
    """

    may_fail = False

    def __init__(self, name: str, place: Place, dtype: np.dtype[Any], shape: tuple[int, ...] = ()) -> None:
        self.name = name
        self.received = 0
        self.written = 0
        self.not_read: list[int] = []
        self._place = place
        self._kind = None if dtype.kind == "V" else _in_memory(dtype)  # bytes are what the dataset says
        self._dtype = dtype
        self._shape = shape
        self._blocks: list[npt.NDArray[Any]] = []
        self._singles: list[Any] = []

    @property
    def path(self) -> str:
        """Where the dataset is in the file."""
        return self._place.path

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its points."""
        return self._dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a point."""
        return self._shape

    def attach(self, root: Any) -> None:
        """Go on in another file, given by its root."""
        self._place.attach(root)

    def take(self, values: Block) -> None:
        """Receive new points, shape (n, *shape)."""
        self.received += len(values)
        if type(values) is tuple:  # single points, nearly always
            self._singles += values
        elif isinstance(values, np.ndarray):
            self.gather()
            self._blocks.append(values)
        else:
            self._singles.extend(values)

    def write(self, upto: int) -> None:
        """Have the first `upto` points in the dataset."""
        count = upto - self.written
        if count <= 0:
            return
        self.gather()
        waiting = self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)
        data = np.ascontiguousarray(waiting[:count], self._dtype)
        dataset = self._place.dataset
        dataset.set_extent((upto, *self._shape))
        inside = outside = h5s.ALL  # the first points are all there are
        if self.written:
            inside, outside = h5s.create_simple((upto, *self._shape)), h5s.create_simple(data.shape)
            inside.select_hyperslab((self.written, *(0 for _ in self._shape)), data.shape)
        dataset.write(outside, inside, data, self._kind or dataset.get_type())
        self._place.appended(data)
        if self.may_fail:
            self.not_read += (self.written + np.flatnonzero(_lacking(data))).tolist()
        self.written = upto
        self._blocks = [waiting[count:].copy()] if len(waiting) > count else []

    def gather(self) -> None:
        """Have single points in a block.

        Raises:
            SavingError: one is not of the column's type; then none of them was received.
        """
        singles, self._singles = self._singles, []
        if not singles:
            return
        try:
            self._blocks.append(np.array(singles, dtype=self._dtype))
        except (ValueError, TypeError, OverflowError) as error:
            self.received -= len(singles)
            raise SavingError(f"channel {self.name}: a value is not of type {self._dtype}: {error}") from error


def _in_memory(dtype: np.dtype[Any]) -> Any:
    return in_memory() if dtype == STRINGS else type_of(dtype)


def _lacking(points: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which points could not be read."""
    if points.dtype == STRINGS:
        return np.array([text is NOT_READ for text in points], bool)
    return np.asarray(np.isnan(points).reshape(len(points), -1).any(axis=1))


class Rows:
    """The columns of one branch that get one point an iteration each; they grow together, and so do its `flags`."""

    def __init__(self, columns: Sequence[Growing], flags: Flags) -> None:
        self._columns = columns
        self._flags = flags

    def write(self) -> None:
        """Write the rows that are complete, so that a reader finds columns of one length."""
        self._write(min((column.received for column in self._columns), default=0))

    def finish(self, cut: bool = True, stopped: int | None = None, in_vain: bool = False) -> None:
        """Write what is left at the end of the scan, and mark the rows that are not as they should be.

        An iteration that was `cut` leaves some columns one point ahead: that point is dropped. Larger
        differences mean that a device did not deliver, and without a cut one has given more; then all there is is kept.
        `stopped`: the point whose devices were stopped, if it is a row; `in_vain`: since one was waited for in vain.
        """
        counts = [column.received for column in self._columns] or [0]
        if cut and max(counts) - min(counts) <= 1:
            self._write(min(counts))
        else:
            for column in self._columns:
                column.write(column.received)
            self._flags.grow(max(counts))
            self._flags.mark(min(counts), max(counts), Validity.DROPPED_OUT)
            self._mark_not_read()
        if stopped is not None:
            why = Validity.INTERRUPTED | Validity.TIMEOUT if in_vain else Validity.INTERRUPTED
            self._flags.mark(stopped, self._flags.rows, why)

    def _write(self, count: int) -> None:
        for column in self._columns:
            column.gather()  # before any of them is written, for it may fail
        for column in self._columns:
            column.write(count)
        self._flags.grow(count)
        self._mark_not_read()

    def _mark_not_read(self) -> None:
        for column in self._columns:
            if isinstance(column, Column) and column.not_read:
                rows, column.not_read = np.array(column.not_read), []
                for together in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
                    self._flags.mark(int(together[0]), int(together[-1]) + 1, Validity.NOT_READ)
