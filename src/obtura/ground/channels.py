"""A channel: the named, typed pipe through which a device hands its values to the scan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import ScanStateError, UsageError
from obtura.ground.ragged import RAGGED, ragged_points
from obtura.ground.texts import TEXT, as_texts, is_text

__all__ = [
    "AcquisitionChannel",
    "AcquisitionChannelList",
    "Block",
    "ChannelRow",
    "Numbers",
    "Sink",
    "as_type",
    "attach_channels",
    "duplicate_channel",
]

Block: TypeAlias = Sequence[float] | npt.NDArray[np.generic]
"""New points of a channel, the first axis counts points: shape (n, *channel.shape); others: see `ragged`, `texts`."""

Sink: TypeAlias = Callable[["AcquisitionChannel", Block], None]

Numbers: TypeAlias = Callable[[Sequence[float]], None]
"""Takes one number of each channel of a row."""


class AcquisitionChannel:
    """A stream of points of one quantity.

    `name` is the full name, `device:quantity`; `shape` that of one point: () for a scalar, (1024,) for a
    spectrum, (-1,) for an array whose length changes from point to point; `unit` a string such as "mm", or None.
    `dtype` str: a point is one text, of any length.
    `compression`: of frames, see `ChannelInfo`; None unless it is set. `may_fail`: it may give NaN for what could not
    be read, as its counter's policy allows.

    `inside`: of frames that their detector writes itself, where in its file they are; None: they are emitted. `file`:
    that file, from the scan's `prepare` on; None: the scan is not saved.
    """

    def __init__(
        self, name: str, dtype: npt.DTypeLike = float, shape: tuple[int, ...] = (), unit: str | None = None
    ) -> None:
        if any(size < 1 for size in shape) and tuple(shape) != RAGGED:
            hint = "; only a point of one dimension may change in length, shape (-1,)" if -1 in shape else ""
            raise UsageError(f"channel {name}: shape {shape} has a dimension smaller than 1{hint}")
        self.name = name
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.is_text = is_text(self.dtype)
        """Whether a point is a text."""
        if self.is_text:
            self.dtype = TEXT
            if shape:
                raise UsageError(f"channel {name}: a point is one text, there are no arrays of them: shape {shape}")
        self.block_type = np.dtype(object) if self.is_text or self.is_ragged else self.dtype
        """The type of an array of its points."""
        self.unit = unit
        self.compression: str | None = None
        self.may_fail = False
        self.inside: str | None = None
        self.file: Path | None = None
        self._is_number = self.shape == () and self.dtype.kind == "f"
        self._target: Sink | None = None
        self._in_vain: Callable[[int], None] | None = None
        self._listeners: tuple[Sink, ...] = ()
        self._holding = False
        self._held: Block | None = None
        self._sink: Sink | None = None  # what `emit` calls: the target itself, unless somebody listens or holds
        self.row: ChannelRow | None = None
        """The row of which it is part."""

    def __repr__(self) -> str:
        unit = f", unit={self.unit!r}" if self.unit else ""
        return f"AcquisitionChannel({self.name!r}, {self.dtype.name}, {self.shape}{unit})"

    @property
    def short_name(self) -> str:
        """The name after the last colon: `diode` of `simulation:diode`."""
        return self.name.rpartition(":")[2]

    @property
    def is_ragged(self) -> bool:
        """Whether a point is an array of any length."""
        return self.shape == RAGGED

    def typed(self, block: Block) -> npt.NDArray[Any]:
        """A block of its points as an array; of ragged ones, as an array of arrays."""
        return np.asarray(block, self.block_type)

    def connect(self, sink: Sink | None, in_vain: Callable[[int], None] | None = None) -> None:
        """Tell where points go; None: nowhere, and emitting is an error. The engine calls this.

        `in_vain`: is told of how many of the next points that is true which `waited_in_vain` says.
        """
        self._target = sink
        self._in_vain = in_vain
        self._held = None
        self._compose()

    def listen(self, listener: Sink) -> None:
        """Have `listener(channel, block)` called with new points, once they are in the scan's record.

        It is called on the thread that emits, also for several channels at once; what it raises, `emit` raises.
        """
        self._listeners = (*self._listeners, listener)
        self._compose()

    def unlisten(self, listener: Sink) -> None:
        """No further call of `listener`; nothing happens when there was none."""
        self._listeners = tuple(one for one in self._listeners if one != listener)
        self._compose()

    @property
    def is_heard(self) -> bool:
        """Whether emitting calls somebody's code: somebody listens, or has put another `emit` in the place of this."""
        return bool(self._listeners) or "emit" in vars(self)

    @property
    def is_attached(self) -> bool:
        """Whether it emits as often as the channel that it is attached to."""
        return self._holding

    def hold(self) -> None:
        """From now on points are kept, the last one only, until `repeat` emits it."""
        self._holding = True
        self._compose()

    @property
    def is_held(self) -> bool:
        """Whether points are kept until `repeat`."""
        return self._holding

    def repeat(self, count: int) -> None:
        """Emit the point that is held, `count` times.

        Raises:
            ScanStateError: there was none yet.
        """
        if self._held is None or self._target is None:
            raise ScanStateError(
                f"channel {self.name} has no value to repeat yet: its device must emit before it triggers those below"
            )
        self._pass_on(self, np.repeat(self.typed(self._held), count, axis=0))

    def _compose(self) -> None:
        if self._target is None:
            self._sink = None
        elif self._holding:
            self._sink = self._keep
        else:
            self._sink = self._pass_on if self._listeners else self._target
        if self.row is not None:
            self.row.compose()

    @property
    def is_direct(self) -> bool:
        """Whether what is emitted are numbers that go to the scan at once.

        Not so when it is held, when somebody listens, or has put another `emit` in the place of this one.
        """
        goes_to_scan = self._sink is not None and self._sink is self._target
        return goes_to_scan and self._is_number and "emit" not in vars(self)

    def _keep(self, channel: "AcquisitionChannel", block: Block) -> None:
        self._held = block[-1:]

    def _pass_on(self, channel: "AcquisitionChannel", block: Block) -> None:
        if self._target is not None:
            self._target(channel, block)
            for listener in self._listeners:
                listener(channel, block)

    def emit(self, data: npt.ArrayLike) -> None:
        """Hand over one point (`data.shape == shape`) or a block of points (`(n, *shape)`).

        Of shape (-1,): an array of any length is one point, also an empty one; a list of arrays is a block.

        May be called on any thread; returns when the points are in the scan's record. `data` is copied, unless it
        holds frames and is read-only (`frames.flags.writeable = False`, and so all that it is a view of).

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

    def waited_in_vain(self, count: int = 1) -> None:
        """Say that the device did not give its next `count` points in time; NaN is emitted in their place."""
        if self._in_vain is not None:
            self._in_vain(count)

    def emit_written(self, count: int) -> None:
        """Say that their detector has written `count` further frames into `file`.

        Raises:
            UsageError: the frames of this channel are emitted.
            ScanStateError: no scan is running with this channel.
        """
        if self.inside is None:
            raise UsageError(f"channel {self.name}: its frames are emitted, nobody else writes them")
        if self._sink is None:
            raise ScanStateError(f"channel {self.name}: emit_written() outside of a running scan")
        if count > 0:
            self._sink(self, range(count))

    def _block(self, data: npt.ArrayLike) -> npt.NDArray[np.generic]:
        if data is None:  # which an array of floats would take for NaN
            raise UsageError(f"channel {self.name}: got None, which is no point")
        try:
            if self.is_ragged:
                return ragged_points(data, partial(as_type, dtype=self.dtype))
            # a copy: the device may reuse its buffer as soon as emit() returns, unless it can't be written any more
            block = data if self._is_handed_over(data) else as_type(data, self.dtype)
        except (TypeError, ValueError) as error:
            raise UsageError(f"channel {self.name}: {data!r} is not of type {self.dtype.name}: {error}") from error
        if block.shape == self.shape:
            return block[np.newaxis]
        if block.ndim == len(self.shape) + 1 and block.shape[1:] == self.shape:
            return block
        raise UsageError(
            f"channel {self.name}: got data of shape {block.shape}, "
            f"expected {self.shape} for a point or (n, {', '.join(map(str, self.shape))}) for a block"
        )

    def _is_handed_over(self, data: npt.ArrayLike) -> TypeGuard[npt.NDArray[np.generic]]:
        """Whether nobody can write it: then frames, which are large, need not be copied."""
        if len(self.shape) < 2 or not isinstance(data, np.ndarray) or data.dtype != self.dtype:
            return False
        owner: Any = data
        while isinstance(owner, np.ndarray):
            if owner.flags.writeable:
                return False
            owner = owner.base
        return owner is None or isinstance(owner, bytes)


class ChannelRow:
    """Channels of a device that emit at the same moment: `row.emit((1.5, 2.5))`, cheaper than one after the other."""

    def __init__(self, *channels: AcquisitionChannel) -> None:
        self.channels: list[AcquisitionChannel] = []
        self._target: Numbers | None = None  # what `emit` does when each channel is direct
        self.emit: Numbers = self._one_by_one
        """`emit(numbers)`: hand over one Python float of each channel, in order; the rest as `emit` of a channel."""
        for channel in channels:
            self.add(channel)

    def add(self, channel: AcquisitionChannel) -> None:
        """Have it emit a further channel, which is part of no other row."""
        channel.row = self
        self.channels.append(channel)

    def connect(self, numbers: Numbers | None) -> None:
        """Tell where numbers go; None: each the way of its channel. The engine calls this."""
        self._target = numbers
        self.compose()

    def compose(self) -> None:
        """A channel goes another way than before."""
        target = self._target
        is_direct = target is not None and all([channel.is_direct for channel in self.channels])
        self.emit = target if target is not None and is_direct else self._one_by_one

    def _one_by_one(self, numbers: Sequence[float]) -> None:
        for channel, number in zip(self.channels, numbers, strict=True):
            channel.emit(number)


class AcquisitionChannelList(list[AcquisitionChannel]):
    """The channels of an acquisition object."""

    def update(self, values: Mapping[str, npt.ArrayLike]) -> None:
        """Emit on several: `channels.update({"diode": 3.5})`, by full or short name.

        Raises:
            UsageError: there is no such channel; nothing was emitted.
        """
        by_name = {name: channel for channel in self for name in (channel.short_name, channel.name)}
        for name in values:
            if name not in by_name:
                there = ", ".join(channel.name for channel in self) or "none"
                raise UsageError(f"there is no channel {name!r} (there are: {there})")
        for name, value in values.items():
            by_name[name].emit(value)

    def update_from_iterable(self, values: Iterable[npt.ArrayLike]) -> None:
        """Emit on each, in order: as many values, or blocks of points, as channels."""
        for channel, value in zip(self, values, strict=True):
            channel.emit(value)

    def update_from_array(self, points: npt.ArrayLike) -> None:
        """Emit on each a column of an array of shape (points, channels)."""
        self.update_from_iterable(np.asarray(points).T)


def as_type(data: npt.ArrayLike, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A copy as an array of `dtype`; texts as an array of objects.

    Raises:
        TypeError, ValueError: it can't be had; of complex numbers, that the imaginary part would be lost.
    """
    if dtype.kind == "U":
        return as_texts(data)
    one = data[0] if isinstance(data, list | tuple) and data else data
    if getattr(getattr(one, "dtype", None), "kind", "") == "c" and dtype.kind != "c":  # numpy would warn only
        raise TypeError("complex numbers would lose their imaginary part; say dtype=complex, or take abs() or .real")
    return np.array(data, dtype)


def duplicate_channel(
    source: AcquisitionChannel,
    name: str | None = None,
    conversion: Callable[[npt.NDArray[np.generic]], npt.ArrayLike] | None = None,
    dtype: npt.DTypeLike | None = None,
    unit: str | None = None,
) -> AcquisitionChannel:
    """A channel that emits whatever `source` emits, converted: `conversion(block)`, blocks of shape (n, *shape).

    Put it among the channels of an acquisition object of the same scan. `unit`: that of `source` without a conversion.
    """
    unit = source.unit if unit is None and conversion is None else unit
    double = AcquisitionChannel(name or source.name, source.dtype if dtype is None else dtype, source.shape, unit)

    def follow(channel: AcquisitionChannel, block: Block) -> None:
        points = channel.typed(block)
        double.emit(points if conversion is None else conversion(points))

    source.listen(follow)
    return double


def attach_channels(sources: Sequence[AcquisitionChannel], to_channel: AcquisitionChannel) -> None:
    """Have slow channels emit their present value once for each point of a fast one, so that they form rows.

    The devices of `sources` must emit before `to_channel` does.

    Raises:
        UsageError: a channel would be attached to itself.
    """
    if to_channel in sources:
        raise UsageError(f"channel {to_channel.name} can't be attached to itself")
    for source in sources:
        source.hold()

    def repeat(channel: AcquisitionChannel, block: Block) -> None:
        for source in sources:
            source.repeat(len(block))

    to_channel.listen(repeat)
