"""The software timer: the master that counts time and triggers its slaves once a point."""

from collections.abc import Iterator
from itertools import repeat

from obtura.contracts.acquisition import AcquisitionMaster, Effort
from obtura.ground.channels import AcquisitionChannel, ChannelRow
from obtura.ground.errors import UsageError
from obtura.works.clock import Flag, clock

__all__ = ["SoftwareTimerMaster"]


class SoftwareTimerMaster(AcquisitionMaster):
    """Triggers its slaves, then lets `count_time` (s) pass; waits `sleep_time` (s) before every point but the first.

    `npoints` 0 goes on until the scan is stopped. Emits `timer:elapsed_time` (s since the first trigger) and
    `timer:epoch` (s since 1970-01-01 UTC) of each trigger.
    """

    blocking = False
    is_transparent = True

    def __init__(self, count_time: float, sleep_time: float = 0.0, name: str = "timer", npoints: int = 1) -> None:
        if count_time < 0 or sleep_time < 0:
            raise UsageError(f"{name}: count_time and sleep_time must not be negative")
        super().__init__(name=name, npoints=npoints)
        self.count_time = count_time
        self.sleep_time = sleep_time
        elapsed = AcquisitionChannel(f"{name}:elapsed_time", unit="s")
        epoch = AcquisitionChannel(f"{name}:epoch", unit="s")
        self.channels += [elapsed, epoch]
        self._row = ChannelRow(elapsed, epoch)
        self._first: float | None = None
        self._counting, self._sleeping = Effort(counting=count_time), Effort(waiting=sleep_time)
        self._effort = self._counting
        self._ended = Flag()

    def effort(self, points: float) -> Effort:
        """The count time of each point, and what is slept between them."""
        asleep = (points - 1) * self.sleep_time if self.sleep_time else 0.0
        return Effort(counting=points * self.count_time if self.count_time else 0.0, waiting=asleep)

    def effort_of(self, method: str) -> Effort:
        """The count time, but for what the slaves needed of it, or what it slept."""
        return self._effort

    def __iter__(self) -> Iterator[object]:
        return repeat(self, self.npoints) if self.npoints else repeat(self)

    def trigger(self) -> None:
        """Take one point."""
        if self._first is not None and self.sleep_time:
            self._effort = self._sleeping
            self.pause(self._ended, self.sleep_time)
            self._effort = self._counting
        now = clock.time()
        if self._first is None:
            self._first = now
        self.trigger_slaves()
        self._row.emit((now - self._first, clock.epoch()))
        self.wait_slaves()
        if self.count_time and (rest := now + self.count_time - clock.time()) > 0:
            self.pause(self._ended, rest)

    def stop(self) -> None:
        """End the waiting."""
        self._ended.set()
