"""Where points go: into memory, into the record and to callbacks, in one order decided here."""

import inspect
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject, TriggerMode
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import DataCallback
from obtura.engine.data import Column, ScanData
from obtura.engine.outcome import Outcome
from obtura.engine.plan import levels_below
from obtura.ground.channels import AcquisitionChannel, Block, Sink
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo, Event, Points
from obtura.works.interrupt import doors
from obtura.works.record import Record

__all__ = ["DataPath", "own_channel"]


class _Listener(NamedTuple):
    preset: object
    counter: object
    callback: DataCallback


class DataPath:
    """The channels of a chain, connected for the time of a scan."""

    def __init__(self, chain: AcquisitionChain, record: Record[Event], outcome: Outcome) -> None:
        self._record = record
        self._outcome = outcome
        self._chain = chain
        self._channels: list[AcquisitionChannel] = []
        self.infos: tuple[ChannelInfo, ...] = ()
        self._columns: list[Column] = []
        self._listeners: dict[int, list[_Listener]] = {}
        self._calling = threading.RLock()

    def connect(self) -> None:
        """From now on channels may emit."""
        described = [
            (channel, node, index, _per_point(node, top))
            for index, top in enumerate(self._chain.top_masters)
            for level in levels_below(top)
            for node in level
            for channel in node.channels
        ]
        self._channels = [channel for channel, *_ in described]
        self.infos = tuple(_info(*parts, self._unique(parts[0], parts[1])) for parts in described)
        self._columns = [Column(channel.dtype, channel.shape) for channel in self._channels]
        for number, (channel, column) in enumerate(zip(self._channels, self._columns, strict=True)):
            channel.connect(self._sink(number, column))

    def disconnect(self) -> None:
        """From now on emitting is an error."""
        for channel in self._channels:
            channel.connect(None)

    def snapshot(self) -> ScanData:
        """The points so far."""
        was = doors.shut()
        with self._record.lock:
            arrays = [column.array() for column in self._columns]
        doors.reopen(was)
        return ScanData(self.infos, arrays, self._names())

    def points(self) -> int:
        """How many complete points the first branch has."""
        counts = [column.count for column, info in zip(self._columns, self.infos, strict=True) if info.branch == 0]
        return min(counts, default=0)

    def _sink(self, number: int, column: Column) -> Sink:
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

    def _names(self) -> dict[int, str]:
        """The channel of each counter and axis, by the object's id."""
        return {
            id(device): info.name
            for channel, info in zip(self._channels, self.infos, strict=True)
            for node in self._chain.nodes_list
            if channel in node.channels
            for device in node.devices
            if channel is own_channel(node, device)
        }

    def _unique(self, channel: AcquisitionChannel, node: AcquisitionObject) -> str:
        same = [other for other in self._channels if other.name == channel.name]
        if len(same) == 1:
            return channel.name
        own = f"{node.name}:{channel.short_name}"
        return own if own != channel.name else f"{own}_{same.index(channel)}"

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
                    data = np.asarray(block, channel.dtype)
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


def own_channel(node: AcquisitionObject, device: object) -> AcquisitionChannel | None:
    """The channel of a node that belongs to one of its counters or axes; None for a device as a whole."""
    names = {getattr(device, "fullname", None), f"axis:{getattr(device, 'name', None)}"}
    return next((channel for channel in node.channels if channel.name in names), None)


def _per_point(node: AcquisitionObject, top: AcquisitionMaster) -> bool:
    """Whether one point an iteration can be expected of a node, so that its channels form rows with others'."""
    return node.trigger_type is TriggerMode.SOFTWARE and (node.npoints == top.npoints or not node.start_once)


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
    )
