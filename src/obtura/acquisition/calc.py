"""Calculating: channels made of other channels' points, as these come in."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from obtura.contracts.acquisition import AcquisitionObject, AcquisitionSlave, TriggerMode
from obtura.contracts.calculation import CalcCounter, CalcCounterController, Values
from obtura.contracts.counters import Counter
from obtura.ground.channels import AcquisitionChannel, Block
from obtura.ground.errors import UsageError, locate
from obtura.works.interrupt import doors

__all__ = ["CalcChannelAcquisitionSlave", "CalcCounterAcquisitionSlave", "CalcHook", "Compute"]

Compute: TypeAlias = Callable[[AcquisitionChannel, Values], Mapping[str, npt.ArrayLike] | None]
"""`compute(sender, {short name of sender: its new points})` gives new points of output channels by name, or None."""


class CalcHook:
    """A calculation with a beginning and an end. Override `compute`."""

    def prepare(self) -> None:
        """Called when the devices of the scan are prepared, once per scan."""

    def start(self) -> None:
        """Called when they are started, once per scan."""

    def compute(self, sender: AcquisitionChannel, data_dict: Values) -> Mapping[str, npt.ArrayLike] | None:
        """New points of output channels by name, of the new points of `sender`; None when there are none yet.

        Called on the thread that emits, one at a time; keep it short. If it raises, the scan fails.
        """
        raise NotImplementedError(f"{type(self).__name__} must override compute(sender, data_dict)")

    def stop(self) -> None:
        """Called once per scan when the devices are stopped."""


class CalcChannelAcquisitionSlave(AcquisitionSlave):
    """Emits channels that `func` makes of the channels of other acquisition objects of the same scan.

    `func`: a `CalcHook`, or a function as its `compute`. `output_channels_list`: the channels. Put it into the chain
    under the master of its sources.
    """

    blocking = False
    is_repeatable = True  # it follows its sources

    def __init__(
        self,
        name: str,
        src_acq_devices_list: Sequence[AcquisitionObject],
        func: CalcHook | Compute,
        output_channels_list: Sequence[AcquisitionChannel],
        *devices: Any,
    ) -> None:
        sources = list(src_acq_devices_list)
        if not sources or not all(isinstance(source, AcquisitionObject) for source in sources):
            raise UsageError(f"{name}: expected a list of acquisition objects to calculate from, got {sources}")
        if not (isinstance(func, CalcHook) or callable(func)):
            raise UsageError(f"{name}: expected a function or a CalcHook, got {func!r}")
        self._hook = func if isinstance(func, CalcHook) else CalcHook()
        self._compute: Compute = func.compute if isinstance(func, CalcHook) else func
        at_own_pace = any(source.trigger_type is TriggerMode.HARDWARE for source in sources)
        super().__init__(
            *devices,
            name=name,
            npoints=max(source.npoints for source in sources),
            trigger_type=TriggerMode.HARDWARE if at_own_pace else TriggerMode.SOFTWARE,
            prepare_once=True,
            start_once=True,
        )
        self.sources = sources
        self.channels += output_channels_list
        self._listening: list[AcquisitionChannel] = []
        self._lock = threading.RLock()

    def inputs(self) -> list[AcquisitionChannel]:
        """The channels that are listened to: all those of the sources."""
        return [channel for source in self.sources for channel in source.channels]

    def prepare(self) -> None:
        """Listen from now on."""
        self._hook.prepare()
        self._listening = self.inputs()
        for channel in self._listening:
            channel.listen(self._received)

    def start(self) -> None:
        """Nothing but the hook's."""
        self._hook.start()

    def stop(self) -> None:
        """Listen no longer."""
        for channel in self._listening:
            channel.unlisten(self._received)
        self._hook.stop()

    def _received(self, channel: AcquisitionChannel, block: Block) -> None:
        was = doors.shut()  # what is half calculated must not be torn
        try:
            with self._lock:
                found = self._compute(channel, {channel.short_name: channel.typed(block)}) or {}
                for output in self.channels if found else ():
                    key = output.name if output.name in found else output.short_name
                    if (points := found.get(key)) is not None:
                        output.emit(points)
        except BaseException as error:
            locate(error, f"in the calculation of {self.name}, with a new point of {channel.name}")
            raise
        finally:
            doors.reopen(was)


class CalcCounterAcquisitionSlave(CalcChannelAcquisitionSlave):
    """Calculates counters of one controller, each point as soon as all its inputs are there.

    `sources`: the acquisition objects that measure the controller's inputs.
    """

    def __init__(
        self, controller: CalcCounterController, counters: Sequence[Counter], sources: Sequence[AcquisitionObject]
    ) -> None:
        channels = [channel for source in sources for channel in source.channels]
        self.controller = controller
        self._tags: dict[AcquisitionChannel, list[str]] = {}
        for tag, counter in controller.tagged_inputs.items():
            own = next((channel for channel in channels if channel.name == counter.fullname), None)
            if own is None:
                raise UsageError(f"{controller.name}: its input {counter.fullname} is not measured in this scan")
            self._tags.setdefault(own, []).append(tag)
        self._waiting: dict[str, list[npt.NDArray[Any]]] = {tag: [] for tag in controller.tagged_inputs}
        super().__init__(controller.name, sources, self._gather, [], controller)
        for counter in counters:
            self.add_counter(counter)

    def inputs(self) -> list[AcquisitionChannel]:
        """The channels of the inputs only."""
        return list(self._tags)

    def validate(self) -> None:
        """Refuse a calculation that makes no sense."""
        self.controller.check()

    def add_counter(self, counter: Counter) -> None:
        """Have a further output emitted."""
        if isinstance(counter, CalcCounter):
            super().add_counter(counter)

    def _gather(self, sender: AcquisitionChannel, data: Values) -> Mapping[str, npt.ArrayLike] | None:
        (points,) = data.values()
        for channel, tags in self._tags.items():
            if channel is sender:
                for tag in tags:
                    self._waiting[tag].append(points)
        count = min(sum(map(len, blocks)) for blocks in self._waiting.values())
        return self.controller.calculate({tag: self._taken(tag, count) for tag in self._waiting}) if count else None

    def _taken(self, tag: str, count: int) -> npt.NDArray[Any]:
        blocks = self._waiting[tag]
        whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        self._waiting[tag] = [whole[count:]] if len(whole) > count else []
        return whole[:count]
