"""Where points go: into memory, into the record and to callbacks, in one order decided here."""

import inspect
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.presets import DataCallback
from obtura.engine.attempts import Attempts
from obtura.engine.data import Column, RaggedColumn, ScanData, TextColumn, until, whole_row
from obtura.engine.frames import BEHIND, FrameColumn, WrittenColumn, memory
from obtura.engine.outcome import Outcome
from obtura.engine.plan import levels_below, paces
from obtura.engine.timing import BEHIND as SAVER
from obtura.ground.channels import AcquisitionChannel, Block, Numbers, Sink
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo, Event, Points, Row, WaitedInVain
from obtura.works.errands import Timekeeper
from obtura.works.interrupt import doors
from obtura.works.record import Record

__all__ = ["DataPath", "own_channel"]

TRIES = 100
"""How often the points are counted anew when one ends meanwhile."""


class _Listener(NamedTuple):
    preset: object
    counter: object
    callback: DataCallback


class DataPath:
    """The channels of a chain, connected for the time of a scan."""

    def __init__(self, chain: AcquisitionChain, record: Record[Event], outcome: Outcome, keeper: Timekeeper) -> None:
        self._record = record
        self._outcome = outcome
        self._keeper = keeper
        self._chain = chain
        self._channels: list[AcquisitionChannel] = []
        self.infos: tuple[ChannelInfo, ...] = ()
        self._columns: list[Column | RaggedColumn | FrameColumn] = []
        self._listeners: dict[int, list[_Listener]] = {}
        self._calling = threading.RLock()

    def connect(self, renamed: Callable[[str], str], attempts: Mapping[int, Attempts]) -> None:
        """From now on channels may emit. `renamed` gives what a channel is called in the data; `attempts`: of the
        branches whose points may be taken again.
        """
        described = [
            (channel, node, index, node in in_step or channel.is_attached)
            for index, top in enumerate(self._chain.top_masters)
            for in_step in (_in_step(top),)
            for level in levels_below(top)
            for node in level
            for channel in node.channels
        ]
        with self._record.lock:  # a snapshot finds all of it or nothing
            self._channels = [channel for channel, *_ in described]
            names = _renamed(_unique([(channel, node) for channel, node, *_ in described]), renamed)
            self.infos = tuple(_info(*parts, name) for parts, name in zip(described, names, strict=True))
            for number, (channel, info) in enumerate(zip(self._channels, self.infos, strict=True)):
                if info.inside:
                    written = WrittenColumn(info.name, channel.dtype, channel.shape)
                    self._columns.append(written)
                    sink = self._written_sink(number, written)
                elif info.is_frame:
                    frames = FrameColumn(info.name, channel.dtype, channel.shape)
                    self._columns.append(frames)
                    sink = self._frame_sink(number, frames)
                else:
                    column = _column(channel)
                    self._columns.append(column)
                    sink = self._sink(number, column)
                holding = attempts.get(info.branch)
                sink = sink if holding is None else holding.sink(number, sink)
                channel.connect(sink, self._in_vain(number, self._columns[number]))
            if not attempts:
                self._connect_rows()

    def _connect_rows(self) -> None:
        numbers = {channel: number for number, channel in enumerate(self._channels)}
        for row in {channel.row: None for channel in self._channels if channel.row is not None}:
            if all(channel in numbers for channel in row.channels):
                row.connect(self._row_sink(tuple([numbers[channel] for channel in row.channels])))

    def ask_for_frames(self, consumer: Consumer) -> None:
        """Read frames that left the memory from `consumer`, if it gives them back; the first to do so is asked."""
        for number, column in enumerate(self._columns):
            if isinstance(column, FrameColumn) and column.source is None:
                column.source = consumer.frames(number)
                if isinstance(column, WrittenColumn):
                    self._channels[number].file = getattr(column.source, "path", None)

    def disconnect(self) -> None:
        """From now on emitting is an error."""
        for channel in self._channels:
            channel.connect(None)
            channel.file = None
            if channel.row is not None:
                channel.row.connect(None)

    def settle(self) -> None:
        """The savers have done what they could: frames need not wait for them in memory any more."""
        for column in self._columns:
            if isinstance(column, FrameColumn):
                column.ended = True
        memory.trim()

    def snapshot(self, moments: Callable[[], Sequence[int]]) -> ScanData:
        """The points so far. `moments`: see `Branch.moment`; a point that comes in meanwhile must not be half there."""
        was = doors.shut()
        with self._record.lock:
            for _ in range(TRIES):  # rows that nobody reads come without the lock
                before = moments()
                counts = [column.count for column in self._columns]
                if moments() == before:
                    break
            else:
                counts = self._level(counts)
            arrays = [until(column.array(), count) for column, count in zip(self._columns, counts, strict=True)]
            partial = [branch for branch, pair in enumerate(zip(before, moments(), strict=False)) if _in_a_point(*pair)]
            data = ScanData(self.infos, arrays, self._names(), partial)
        doors.reopen(was)
        return data

    def _level(self, counts: list[int]) -> list[int]:
        """Of channels that were counted while points came in: as many of each as there are of all in step."""
        in_step = [info.branch if info.per_point else None for info in self.infos]
        least = {
            branch: min(n for n, other in zip(counts, in_step, strict=True) if other == branch) for branch in in_step
        }
        return [count if branch is None else least[branch] for count, branch in zip(counts, in_step, strict=True)]

    def points(self) -> int:
        """How many complete points the first branch has; where no channels are in step, how many the longest has."""
        with self._record.lock:
            counts = [column.count for column in self._columns]
        first = [(count, info) for count, info in zip(counts, self.infos, strict=True) if not info.branch]
        rows = [count for count, info in first if info.per_point]
        return min(rows) if rows else max((count for count, _ in first), default=0)

    def _sink(self, number: int, column: Column | RaggedColumn) -> Sink:
        record, listeners, append = self._record, self._listeners, column.append

        def take(channel: AcquisitionChannel, block: Block) -> None:
            was = doors.shut()
            try:
                with record.lock:
                    first = append(block)
                    if record.read:
                        record.post(Points(number, first, block))
                if listeners:
                    self._tell(number, channel, block)
            finally:
                doors.reopen(was)

        return take

    def _in_vain(self, number: int, column: Column | RaggedColumn | FrameColumn) -> Callable[[int], None]:
        record = self._record

        def take(count: int) -> None:
            was = doors.shut()
            with record.lock:
                if record.read:
                    record.post(WaitedInVain(number, column.count, count))
            doors.reopen(was)

        return take

    def _row_sink(self, numbers: tuple[int, ...]) -> Numbers:
        """As `_sink`, for one number of each of several channels: one door, one lock and one event for all.

        When nobody reads and nobody listens they need neither: what Ctrl-C or a snapshot finds is part of a row, as
        between the emits of two devices, and such a row is left out.
        """
        record, lock, listeners = self._record, self._record.lock, self._listeners
        columns = [column for number in numbers if isinstance(column := self._columns[number], Column)]
        adds, puts = [column.add for column in columns], [column.put for column in columns]
        alone = adds[0] if len(adds) == 1 else None

        def take(values: Sequence[float]) -> None:
            if not (record.read or listeners):
                if alone is not None:
                    alone(*values)
                    return
                for add, value in zip(adds, whole_row(values, len(adds)), strict=True):
                    add(value)
                return
            was = doors.shut()
            try:
                with lock:
                    firsts = [put(value) for put, value in zip(puts, whole_row(values, len(puts)), strict=True)]
                    if record.read and firsts.count(firsts[0]) == len(firsts):
                        record.post(Row(numbers, firsts[0], tuple(values)))
                    elif record.read:  # one of them got a point by itself before
                        for number, first, value in zip(numbers, firsts, values, strict=True):
                            record.post(Points(number, first, (value,)))
                if listeners:
                    for number, value in zip(numbers, values, strict=True):
                        self._tell(number, self._channels[number], (value,))
            finally:
                doors.reopen(was)

        return take

    def _frame_sink(self, number: int, column: FrameColumn) -> Sink:
        record = self._record

        def take(channel: AcquisitionChannel, block: Block) -> None:
            was = doors.shut()
            try:
                if record.load > 2 * BEHIND:
                    with self._keeper.over(SAVER):
                        while record.load > 2 * BEHIND and not self._outcome.cutting:
                            doors.call(time.sleep, 0.002)  # real time: it is the disk that is waited for
                with record.lock:
                    first = column.append(block)
                    record.post_heavy(Points(number, first, block))
                if self._listeners:
                    self._tell(number, channel, block)
            finally:
                doors.reopen(was)

        return take

    def _written_sink(self, number: int, column: WrittenColumn) -> Sink:
        """What goes into the record are the numbers of the frames in their detector's file."""
        record = self._record

        def take(channel: AcquisitionChannel, block: Block) -> None:
            was = doors.shut()
            try:
                with record.lock:
                    first = column.append(block)
                    numbers = range(first, first + len(block))
                    if record.read:
                        record.post(Points(number, first, numbers))
                if self._listeners:
                    self._tell(number, channel, numbers)
            finally:
                doors.reopen(was)

        return take

    def _names(self) -> dict[int, str]:
        """The channel of each counter and axis, and that of the frames of each camera, by the object's id."""
        infos = {id(channel): info for channel, info in zip(self._channels, self.infos, strict=True)}
        names: dict[int, str] = {}
        for node in self._chain.nodes_list:
            by_name = {channel.name: channel for channel in reversed(node.channels)}  # of one name, the first
            for device in node.devices:
                own = next((by_name[name] for name in _names_of(device) if name in by_name), None)
                if own is not None and (info := infos.get(id(own))) is not None:
                    names[id(device)] = info.name
                    if info.is_frame and hasattr(device, "controller"):
                        names[id(device.controller)] = info.name
        return names

    # -- callbacks ----------------------------------------------------------------------------------------

    def listen(self, preset: object, counters: Sequence[object], callback: DataCallback) -> None:
        """Call `callback` with the new points of `counters` until `unlisten(preset)`."""
        _check_listening(counters, callback)
        for counter, node in zip(counters, self._chain.get_node_from_devices(*counters), strict=True):
            if node is None:
                name = getattr(counter, "name", counter)
                warnings.warn(f"{name} is not in this scan: its data callback is never called", stacklevel=4)
            for channel in self._of(counter, node):
                listener = _Listener(preset, counter, callback)
                self._listeners.setdefault(self._channels.index(channel), []).append(listener)

    def unlisten(self, preset: object) -> None:
        """No further call for `preset`; one that runs is waited for."""
        with self._calling:
            for number, listeners in tuple(self._listeners.items()):
                self._listeners[number] = [one for one in listeners if one.preset is not preset]

    def _of(self, counter: object, node: AcquisitionObject | None) -> list[AcquisitionChannel]:
        if node is None:
            return []
        own = own_channel(node, counter)
        return list(node.channels) if own is None else [own]

    def _tell(self, number: int, channel: AcquisitionChannel, block: Block) -> None:
        with self._calling:
            for listener in self._listeners.get(number, ()):
                name = type(listener.preset).__name__
                try:
                    data = channel.typed(block)
                    with self._keeper.over(f"{name}.data callback", listener.preset):
                        self._user_code(listener.callback, listener.counter, self.infos[number].name, data)
                except BaseException as error:  # noqa: BLE001 - it ends the scan; the device has no part in it
                    self._outcome.fail(error, f"in a data callback of {name}, on {channel.name}")

    @staticmethod
    def _user_code(callback: Callable[..., object], *args: Any) -> None:
        callback(*args)


def _check_listening(counters: Any, callback: Any) -> None:
    """Refuse what could never be called: a protection that is silently not there."""
    what = "connect_data_channels(counters, callback)"
    if not isinstance(counters, list | tuple | set) or not counters:
        raise UsageError(f"{what}: expected a list of counters, got {counters!r}")
    for counter in counters:
        if not isinstance(getattr(counter, "name", None), str):
            raise UsageError(f"{what}: {counter!r} is no counter, controller or axis")
    try:
        inspect.signature(callback).bind(None, "", None)
    except ValueError:  # a builtin that tells no signature
        return
    except TypeError as error:
        raise UsageError(f"{what}: {callback!r} can't be called as callback(counter, channel_name, data)") from error


def _column(channel: AcquisitionChannel) -> Column | RaggedColumn:
    if channel.is_text:
        return TextColumn()
    return RaggedColumn() if channel.is_ragged else Column(channel.dtype, channel.shape)


def _in_a_point(before: int, after: int) -> bool:
    return before != after or before % 2 == 1


def _names_of(device: object) -> tuple[str | None, str]:
    """The names that the channel of a counter or an axis has."""
    return getattr(device, "fullname", None), f"axis:{getattr(device, 'name', None)}"


def own_channel(node: AcquisitionObject, device: object) -> AcquisitionChannel | None:
    """The channel of a node that belongs to one of its counters or axes; None for a device as a whole."""
    names = _names_of(device)
    return next((channel for channel in node.channels if channel.name in names), None)


def _unique(described: Sequence[tuple[AcquisitionChannel, AcquisitionObject]]) -> list[str]:
    """The names of channels; those that several have, with that of the device."""
    alike: dict[str, list[AcquisitionChannel]] = {}
    for channel, _ in described:
        alike.setdefault(channel.name, []).append(channel)
    names = []
    for channel, node in described:
        name, same = channel.name, alike[channel.name]
        if len(same) > 1:
            own = f"{node.name}:{channel.short_name}"
            name = own if own != name else f"{own}_{same.index(channel)}"
        names.append(name)
    return names


def _in_step(top: AcquisitionMaster) -> set[AcquisitionObject]:
    """The objects of a branch that take a point together with the fastest master, so that their channels form rows."""
    pace = paces(top)
    fastest = max(pace.values())
    total = top.npoints * fastest // top.triggers
    return {node for node, own in pace.items() if own == fastest and _keeps_step(node, own, total)}


def _keeps_step(node: AcquisitionObject, pace: int, total: int) -> bool:
    """Whether it takes so many points in an iteration. Started once for another number: at its own pace."""
    if node.trigger_type is TriggerMode.HARDWARE:
        return not node.start_once and node.npoints == pace
    return not node.start_once or node.npoints == total


def _renamed(names: list[str], renamed: Callable[[str], str]) -> list[str]:
    """The names as they are called in the data; one keeps its own that would hide another."""
    new = [renamed(name) for name in names]
    taken, times = set(names), Counter(new)
    return [
        after if after not in taken and times[after] == 1 else before for before, after in zip(names, new, strict=True)
    ]


def _info(channel: AcquisitionChannel, node: AcquisitionObject, branch: int, per_point: bool, name: str) -> ChannelInfo:
    return ChannelInfo(
        name=name,
        short_name=name.rpartition(":")[2],
        dtype=channel.dtype.name,
        shape=channel.shape,
        unit=channel.unit,
        role=node.role,
        branch=branch,
        device=node.name,
        per_point=per_point,
        compression=channel.compression,
        may_fail=channel.may_fail,
        inside=channel.inside or "",
    )
