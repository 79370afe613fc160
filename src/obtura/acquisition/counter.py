"""Sampling: a point is the mean of what was read during the count time."""

from typing import Any

import numpy as np

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import Flag, clock

__all__ = ["SamplingCounterAcquisitionSlave"]


class SamplingCounterAcquisitionSlave(AcquisitionSlave):
    """Reads the counters of one controller as often as `count_time` (s) allows, at least once, and emits the means.

    With a count time it waits, so it has a lane; a single reading of an in-memory device is made inline.
    """

    def __init__(self, *counters: SamplingCounter, count_time: float, npoints: int = 1) -> None:
        if not counters or any(counter.controller is not counters[0].controller for counter in counters):
            raise UsageError(f"a sampling slave takes counters of one controller, got {list(counters)}")
        self.controller: SamplingCounterController = counters[0].controller
        name = counters[0].name if len(counters) == 1 else self.controller.name
        super().__init__(*counters, name=name, npoints=npoints, prepare_once=True, start_once=True)
        self.blocking = self.controller.blocking or count_time > 0
        self.count_time = count_time
        self.channels += [
            AcquisitionChannel(counter.fullname, counter.dtype, counter.shape, counter.unit) for counter in counters
        ]
        self._ended = Flag()

    def validate(self) -> None:
        """Refuse a scan with a device that can't be used."""
        self.controller.check()

    def on_lane_start(self) -> None:
        """Let the device make its context on this thread."""
        self.controller.on_lane_start()

    def reading(self) -> None:
        """Take one point; nothing is emitted when it is cut off by `stop`."""
        end = clock.time() + self.count_time
        frequency = self.controller.max_sampling_frequency
        period = 1 / frequency if frequency else 0.0
        readings = 0
        sums: list[Any] = [0.0] * len(self.devices)
        while True:
            began = clock.time()
            values = self.controller.sample(self.devices)
            sums = [_added(total, value, each) for total, value, each in zip(sums, values, self.devices, strict=True)]
            readings += 1
            now = clock.time()
            if self._ended.is_set:
                return
            following = max(began + period, now)
            if following + (now - began) >= end:
                break
            # on virtual time an in-memory reading takes no time: let a little pass, or the loop would not end
            clock.wait(self._ended, max(following - now, 1e-4 if now == began else 0.0))
        for channel, total in zip(self.channels, sums, strict=True):
            channel.emit(float(total / readings) if channel.shape == () else np.asarray(total) / readings)

    def stop(self) -> None:
        """End the reading."""
        self._ended.set()


def _added(total: Any, value: Any, counter: SamplingCounter) -> Any:
    try:
        return total + value
    except TypeError as error:
        raise DeviceError(f"counter {counter.name} read {value!r}, which is no number") from error
