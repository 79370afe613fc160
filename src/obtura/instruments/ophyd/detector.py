"""A Triggerable of bluesky that counts for the count time."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from bluesky.protocols import Triggerable

from obtura.contracts.claims import note
from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceTimeoutError, UsageError
from obtura.ground.ranges import Positive
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.facts import Key
from obtura.instruments.ophyd.order import Order
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.position import signal_set
from obtura.instruments.ophyd.readable import KeyCounter, Reads
from obtura.instruments.ophyd.spoken import find_partner, wrong_as_written
from obtura.works.clock import clock
from obtura.works.lanes import SLICE

__all__ = ["FRAMES", "OphydDetector", "OphydDetectorCounter"]

FRAMES = "frames"
"""The key of a counter that says how many points are in the files that a detector writes."""


class OphydDetector(Reads, IntegratingCounterController):
    """A detector of ophyd or ophyd-async: staged, told the count time, triggered and read at each point, unstaged.

    `ophyd`, `device`, `part`, `prefix`, `arguments`, `timeout`: as for `OphydAxis`. `exposure`: the dotted name of the
    signal that is set to the count time, `cam.acquire_time`, `preset_time`; a StandardDetector of ophyd-async needs
    none, it is prepared with a `TriggerInfo` whose livetime that is. `timeout` is also what a point may take longer.

    Without counters listed there is one for each hinted key whose value is in the readings. What a detector writes into
    files of its own stays there: `files` says where.

    Raises:
        UsageError: what can't be, e.g. the device is no Triggerable.
    """

    yaml_members: Mapping[str, tuple[str, str | None]] = {"counters": ("controller", "OphydDetectorCounter")}
    twin: ClassVar[Twin] = "readable"

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        exposure: str = "",
        timeout: Positive = TIMEOUT,
    ) -> None:
        super().__init__(name, blocking=True, timeout=timeout)
        self._kind = OphydDetectorCounter
        self._begin(find_partner(name, ophyd, device, part, prefix, arguments, timeout))
        if not isinstance(self.ophyd_device, Triggerable):
            raise UsageError(f"{name}: a {type(self.ophyd_device).__name__} is no detector: it has no trigger()")
        self._exposure = exposure
        self._count_time = 0.0
        self._order: Order | None = None
        self._late = 0.0
        self._files: dict[str, str] = {}

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)

    @property
    def files(self) -> Mapping[str, str]:
        """Where the values are that it writes into files of its own in the last scan: by key, `file://...#dataset`."""
        return dict(self._files)

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected and answers."""
        self._partner.ready("")
        if not self._writes_files:  # such a one knows what it reads when it is prepared, and not before
            self.learn("")

    def configure(self, count_time: float, npoints: int, points_per_trigger: int) -> None:
        """Note the count time.

        Raises:
            UsageError: it would have to go on by itself, or by a wire.
        """
        if points_per_trigger != 1:
            raise UsageError(
                f"{self.name} takes one point a trigger, not {points_per_trigger}: its trigger type must be SOFTWARE"
            )
        self._count_time = count_time
        self._files.clear()

    def prepare(self, *_counters: Any) -> None:
        """Stage it, and tell it the count time."""
        self._stage()
        if self._exposure:
            signal_set(self._partner, self._exposure, self._count_time)
        if self._writes_files:
            info = importlib.import_module("ophyd_async.core").TriggerInfo(livetime=self._count_time)
            told = self._partner.begin("prepare", self.ophyd_device.prepare, info)
            self._partner.wait("prepare", told, self.timeout)

    def trigger(self, *_counters: Any) -> None:
        """Begin a point."""
        self._late = clock.time() + self._count_time + self.timeout
        self._order = self._partner.begin("trigger", self.ophyd_device.trigger)

    def get_values(self, from_index: int, *counters: Any) -> Sequence[Any]:
        """The point that was triggered, once it is done; nothing before.

        Raises:
            DeviceTimeoutError: it was not done `timeout` s after the count time.
        """
        order = self._order
        if order is None:
            return [[] for _ in counters]
        if not clock.wait(order.done, SLICE) and not order.done.is_set:
            if clock.time() > self._late:
                self._order = None
                what = f"was triggered and is not done {self._count_time + self.timeout:g} s later"
                raise DeviceTimeoutError(str(self._partner.failure("trigger", what)))
            return [[] for _ in counters]
        self._order = None
        self._partner.check("trigger", order)
        values = self._read(counters)
        self._note_files()
        return [[value] for value in values]

    def stop(self, *_counters: Any) -> None:
        """Unstage it, which ends what it does."""
        self._order = None
        self._unstage()

    def learn(self, operation: str) -> dict[str, Key]:
        """The keys of its readings, and one more for how many points are in files of its own."""
        if self._writes_files and not self._keys:
            self._keys = {FRAMES: Key(FRAMES, np.dtype(int), (), None, False, True)}
        return super().learn(operation)

    def _read(self, counters: Sequence[Any]) -> list[Any]:
        if any(counter.key == FRAMES for counter in counters):
            written = self._partner.ask("read", self.ophyd_device.get_index)
        read = iter(self._values("read", [counter for counter in counters if counter.key != FRAMES]))
        return [written if counter.key == FRAMES else next(read) for counter in counters]

    def _note_files(self) -> None:
        """Say in the data where the files of its own are, once they are there."""
        if not self._writes_files or self._files:
            return
        for kind, document in self._partner.ask("read", self._asset_docs):
            if kind == "stream_resource":
                dataset = document["parameters"].get("dataset", "")
                self._files[document["data_key"]] = f"{document['uri']}#{dataset}"
        if self._files:
            told = ", ".join(f"{key} in {where}" for key, where in self._files.items())
            note(f"{self.name} writes files of its own: {told}")

    async def _asset_docs(self) -> list[Any]:
        return [document async for document in self.ophyd_device.collect_asset_docs()]

    @property
    def _writes_files(self) -> bool:
        """Whether it is a StandardDetector of ophyd-async, which is prepared with a TriggerInfo."""
        core = sys.modules.get("ophyd_async.core")
        return core is not None and isinstance(self.ophyd_device, core.StandardDetector)


class OphydDetectorCounter(KeyCounter, IntegratingCounter):
    """A counter that is one key of the readings of an `OphydDetector`; `frames`: how many points are in its own files.

    `key`, `unit`: as for `OphydCounter`.
    """

    controller: OphydDetector
    twin: ClassVar[Twin] = "counter"

    def __init__(
        self,
        name: str,
        controller: OphydDetector,
        key: str = "",
        unit: str | None = None,
        conversion_function: Callable[[Any], Any] | None = None,
    ) -> None:
        controller.list_counters()
        self._written = key
        super().__init__(name, controller, conversion_function, unit)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values, as the device says."""
        found = self._known
        return self._dtype if found is None or self.conversion_function is not None else found.dtype

    def __repr__(self) -> str:
        return f"OphydDetectorCounter({self.fullname!r})"
