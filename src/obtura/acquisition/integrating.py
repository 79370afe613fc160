"""Integrating: the device counts by itself and keeps its points; they are fetched in blocks."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.acquisition.forgiving import Forgiving, forgiving_for
from obtura.contracts.acquisition import AcquisitionSlave, Effort, TriggerMode
from obtura.contracts.counters import Counter, IntegratingCounter, IntegratingCounterController
from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.ground.ragged import RAGGED, ragged_block
from obtura.works.clock import Flag, clock

__all__ = ["IntegratingCounterAcquisitionSlave"]

POLL = 0.02
"""The device is asked for new points this often (s)."""


class IntegratingCounterAcquisitionSlave(AcquisitionSlave):
    """Fetches what the counters of one controller have counted, in points of `count_time` s.

    `trigger_type` SOFTWARE: each trigger of the master asks the device for `points_per_trigger` points in a row, which
    are waited for. HARDWARE: the device is started once and gives `npoints` points (0: until it is stopped) by itself,
    or by a wire; they come in at its own pace. Without `start_once` each start gives `npoints`.
    """

    def __init__(
        self,
        *devices: IntegratingCounter | IntegratingCounterController,
        count_time: float,
        npoints: int = 1,
        points_per_trigger: int = 1,
        name: str | None = None,
        trigger_type: TriggerMode | str | int = TriggerMode.SOFTWARE,
        prepare_once: bool = True,
        start_once: bool = True,
        ctrl_params: Mapping[str, Any] | None = None,
    ) -> None:
        controllers = {getattr(device, "controller", device) for device in devices}
        if len(controllers) != 1 or not isinstance(controller := controllers.pop(), IntegratingCounterController):
            raise UsageError(f"an integrating slave takes counters of one controller, got {list(devices)}")
        super().__init__(
            controller,
            name=name or (devices[0].name if len(devices) == 1 else controller.name),
            npoints=npoints,
            trigger_type=trigger_type,
            prepare_once=prepare_once,
            start_once=start_once,
            ctrl_params=ctrl_params,
        )
        self.controller = controller
        self.count_time = count_time
        self.points_per_trigger = points_per_trigger if self.trigger_type is TriggerMode.SOFTWARE else 0
        self.blocking = controller.blocking or count_time > 0
        self._fetched = 0  # points since the device was configured
        self._ended = Flag()
        self._forgiving: Forgiving | None = None
        for device in devices:
            if isinstance(device, Counter):
                self.add_counter(device)

    @property
    def _counters(self) -> tuple[Any, ...]:
        return self.devices[1:]

    def validate(self) -> None:
        """Refuse a scan with a device that can't be used."""
        check_may_be_told(self.controller.name, "start")
        self.controller.check()
        self.controller.check_counters(*self._counters)
        for counter in self._counters:
            counter.check_policy()

    def on_lane_start(self) -> None:
        """Let the device make its context on this thread."""
        self.controller.on_lane_start()

    def effort(self, points: float) -> Effort:
        """The count time of each point."""
        at_each = self.points_per_trigger or (0 if self.start_once else self.npoints)
        counted = points * at_each if at_each else self.npoints or math.inf
        return Effort(counting=counted * self.count_time if self.count_time else 0.0)

    def effort_of(self, method: str) -> Effort:
        """The count time of each point that came, or is counted now."""
        if "reading" not in method:
            return Effort()
        return Effort(counting=(self.points_per_trigger or self._fetched) * self.count_time)

    def prepare(self) -> None:
        """Tell the device what comes."""
        self._fetched = 0
        if self._forgiving is None:
            self._forgiving = forgiving_for(self._counters, self._ended)
        self._have(self._configure)

    def _configure(self, *counters: Any) -> None:
        self.controller.configure(self.count_time, self.npoints, self.points_per_trigger)
        self.controller.prepare(*counters)

    def _have(self, method: Callable[..., object]) -> None:
        if self._forgiving is None:
            method(*self._counters)
        else:
            self._forgiving.call(method)

    def start(self) -> None:
        """Arm the device; with trigger type HARDWARE it begins."""
        self._have(self.controller.start)

    def trigger(self) -> None:
        """Have the next points counted."""
        self._have(self.controller.trigger)

    def reading(self) -> None:
        """Fetch and emit: the points that were triggered, or all there are to come."""
        triggered = self.points_per_trigger
        goal = self._fetched + triggered if triggered else self.npoints
        allowed = self.count_time * (triggered or 1) + self.controller.timeout
        late = clock.time() + allowed
        while not self._ended.is_set:
            before = self._fetched
            self._fetch(goal)
            if goal and self._fetched >= goal:
                return
            if not triggered and (
                self._fetched > before or not self.is_awaited
            ):  # a wire may be quiet while hooks wait
                late = clock.time() + allowed
            elif clock.time() > late:
                if self._forgiving is None:
                    raise self._late(goal, allowed)
                self._forgiving.give_up(self._late(goal, allowed))
                if not goal:
                    return
            clock.wait(self._ended, min(POLL, self.count_time / 2 or POLL))

    def _late(self, goal: int, allowed: float) -> DeviceTimeoutError:
        name, points = self.controller.name, self._fetched
        if self.points_per_trigger:
            what = f"was triggered for point {points} and has not counted it after {allowed:g} s; is it connected,"
        else:
            of_all = f" of {goal}" if goal else ""
            what = f"has given {points} points{of_all} and no further one for {allowed:g} s; is it connected,"
        return DeviceTimeoutError(f"{name} {what} does its clock run?")

    def _fetch(self, goal: int) -> None:
        if self._forgiving is None:
            arrays = self._points(self._counters)
        else:
            arrays = self._forgiving.blocks(self._points, self._counters, max(goal - self._fetched, 0))
        lengths = {len(array) for array in arrays}
        if len(lengths) > 1:
            told = ", ".join(f"{one.name} {len(array)}" for one, array in zip(self._counters, arrays, strict=True))
            raise DeviceError(f"{self.controller.name} gave unequally many points: {told}")
        count = len(arrays[0]) if not goal else min(len(arrays[0]), goal - self._fetched)
        if count:
            if self._forgiving is not None:
                self._forgiving.excuse(self.channels, count)
            for channel, array in zip(self.channels, arrays, strict=True):
                channel.emit(array[:count])
            self._fetched += count

    def _points(self, counters: Sequence[Any]) -> list[npt.NDArray[Any]]:
        """The new points of some counters, converted."""
        with self.controller.lock:
            blocks = self.controller.get_values(self._fetched, *counters)
        sized = not isinstance(blocks, Mapping) and hasattr(blocks, "__len__")
        if not sized or not all(hasattr(block, "__len__") for block in blocks):
            raise DeviceError(
                f"{self.controller.name}.get_values must give a list of points for each counter, got {blocks!r}"
            )
        if len(blocks) != len(counters):
            raise DeviceError(f"{self.controller.name} gave points of {len(blocks)} counters, not of {len(counters)}")
        return [
            _as_block(
                counter, block if counter.conversion_function is None else [counter.convert(one) for one in block]
            )
            for counter, block in zip(counters, blocks, strict=True)
        ]

    def stop(self) -> None:
        """End the reading, and leave the device quiet."""
        self._ended.set()
        try:
            self.controller.stop(*self._counters)
        finally:
            if self._forgiving is not None:
                self._forgiving.sum_up()


def _as_block(counter: Counter, points: Any) -> npt.NDArray[Any]:
    if counter.shape == RAGGED:
        return ragged_block(map(np.asarray, points))
    return np.asarray(points, object if counter.is_text else None)
