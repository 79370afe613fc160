"""A channel: the named, typed pipe through which a device hands its values to the scan."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import ScanStateError, UsageError

__all__ = ["AcquisitionChannel", "Block", "Sink"]

Block: TypeAlias = Sequence[float] | npt.NDArray[np.generic]
"""New points of a channel, the first axis counts points: shape (n, *channel.shape)."""

Sink: TypeAlias = Callable[["AcquisitionChannel", Block], None]


class AcquisitionChannel:
    """A stream of points of one quantity.

    `name` is the full name, `device:quantity`; `shape` that of one point: () for a scalar, (1024,) for a
    spectrum; `unit` a string such as "mm", or None.
    """

    def __init__(
        self, name: str, dtype: npt.DTypeLike = float, shape: tuple[int, ...] = (), unit: str | None = None
    ) -> None:
        if any(size < 1 for size in shape):
            raise UsageError(f"channel {name}: shape {shape} has a dimension smaller than 1")
        self.name = name
        self.dtype = np.dtype(dtype)
        self.shape = tuple(shape)
        self.unit = unit
        self._is_number = self.shape == () and self.dtype.kind == "f"
        self._sink: Sink | None = None

    def __repr__(self) -> str:
        unit = f", unit={self.unit!r}" if self.unit else ""
        return f"AcquisitionChannel({self.name!r}, {self.dtype}, {self.shape}{unit})"

    @property
    def short_name(self) -> str:
        """The name after the last colon: `diode` of `simulation:diode`."""
        return self.name.rpartition(":")[2]

    def connect(self, sink: Sink | None) -> None:
        """Tell where points go; None: nowhere, and emitting is an error. The engine calls this."""
        self._sink = sink

    def emit(self, data: npt.ArrayLike) -> None:
        """Hand over one point (`data.shape == shape`) or a block of points (`(n, *shape)`).

        May be called on any thread; returns when the points are in the scan's record.

        Raises:
            UsageError: the shape fits neither.
            ScanStateError: no scan is running with this channel.
        """
        sink = self._sink
        if sink is None:
            raise ScanStateError(f"channel {self.name}: emit() outside of a running scan")
        if type(data) is float and self._is_number:  # the common case, thirty times cheaper than an array
            sink(self, (data,))
            return
        block = self._block(data)
        if len(block):
            sink(self, block)

    def _block(self, data: npt.ArrayLike) -> npt.NDArray[np.generic]:
        try:
            # a copy: the device may reuse its buffer as soon as emit() returns
            block = np.array(data, dtype=self.dtype)
        except (TypeError, ValueError) as error:
            raise UsageError(f"channel {self.name}: {data!r} is not of type {self.dtype}") from error
        if block.shape == self.shape:
            return block[np.newaxis]
        if block.ndim == len(self.shape) + 1 and block.shape[1:] == self.shape:
            return block
        raise UsageError(
            f"channel {self.name}: got data of shape {block.shape}, "
            f"expected {self.shape} for a point or (n, {', '.join(map(str, self.shape))}) for a block"
        )
