"""Devices and presets that write each call into their world."""

import threading
from functools import cache

from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.channels import AcquisitionChannel


class Noted:
    """Puts each call of an acquisition object into the world's log; `halted` is set when it is stopped."""

    def in_world(self, world):
        """Write into `world` from now on."""
        self.world = world
        self.halted = threading.Event()
        for channel in self.channels:
            world.listen(channel)
        return self

    def _noted(self, method, body):
        return self.world.call(f"{self.name}.{method}", body, self.halted)

    def validate(self):
        self._noted("validate", super().validate)

    def get_acquisition_metadata(self):
        return self._noted("metadata", super().get_acquisition_metadata)

    def prepare(self):
        self._noted("prepare", super().prepare)

    def start(self):
        self._noted("start", super().start)

    def trigger(self):
        self._noted("trigger", super().trigger)

    def wait_ready(self):
        self._noted("wait_ready", super().wait_ready)

    def stop(self):
        self.halted.set()
        self._noted("stop", super().stop)


class Iterating(Noted):
    """A master whose iterator is noted too."""

    def __iter__(self):
        iterator = super().__iter__()
        end = object()
        while self._noted("next", lambda: next(iterator, end)) is not end:
            yield self


class Timer(Iterating, SoftwareTimerMaster):
    """The software timer."""


class Motor(Iterating, LinearStepTriggerMaster):
    """The step motor."""


class Repeating(AcquisitionMaster):
    """A master of any kind: `npoints` iterations, each of which triggers what is below once."""

    def __init__(self, name, npoints=2, blocking=False, **options):
        super().__init__(name=name, npoints=npoints, **options)
        self.blocking = blocking
        self.channels.append(AcquisitionChannel(f"{name}:value"))

    def __iter__(self):
        for _ in range(self.npoints):
            yield self

    def start(self):
        if self.parent is None:
            self.trigger()

    def trigger(self):
        self.trigger_slaves()
        self.channels[0].emit(1.0)
        self.wait_slaves()


class Master(Iterating, Repeating):
    """The same, noted."""


class Slave(Noted, AcquisitionSlave):
    """A counter that emits one point a trigger; `blocking` puts it on a lane."""

    def __init__(self, name, blocking=False, **options):
        super().__init__(name=name, **options)
        self.blocking = blocking
        self.channels.append(AcquisitionChannel(f"{name}:value"))
        self.points = 0

    def reading(self):
        self._noted("reading", self.take)

    def take(self):
        """Emit a point."""
        self.channels[0].emit(float(self.points))
        self.points += 1


class OwnPace(Slave):
    """A device on a wire: started once, it reads all its points by itself, in blocks of two."""

    def __init__(self, name, npoints):
        super().__init__(
            name, blocking=True, npoints=npoints, trigger_type=Slave.HARDWARE, prepare_once=True, start_once=True
        )

    def take(self):
        """Emit every point, in blocks, unless stopped."""
        while self.points < self.npoints and not self.halted.is_set():
            block = [float(point) for point in range(self.points, min(self.points + 2, self.npoints))]
            self.channels[0].emit(block)
            self.points += len(block)


class Async(Slave):
    """A counter whose driver is written with `async def`."""

    async def _noted_async(self, method, body=None):
        await self.world.call_async(f"{self.name}.{method}", body, self.halted)

    async def prepare(self):
        await self._noted_async("prepare")

    async def start(self):
        await self._noted_async("start")

    async def trigger(self):
        await self._noted_async("trigger")

    async def reading(self):
        await self._noted_async("reading", self.take_async)

    async def take_async(self):
        self.take()

    async def wait_ready(self):
        await self._noted_async("wait_ready")

    async def stop(self):
        self.halted.set()
        await self._noted_async("stop")


class Whole(ScanPreset):
    """A scan preset; `world` may be changed from scan to scan."""

    def __init__(self, world):
        self.world = world

    def _noted(self, hook):
        self.world.call(f"{type(self).__name__}.{hook}")

    def prepare(self, scan):
        self._noted("prepare")

    def start(self, scan):
        self._noted("start")

    def pause(self, scan):
        self._noted("pause")

    def resume(self, scan):
        self._noted("resume")

    def stop(self, scan):
        self._noted("stop")


class Pausing(Whole):
    """Has the scan pause after its first point, and go on as soon as it pauses."""

    def start(self, scan):
        scan.pause()
        super().start(scan)

    def pause(self, scan):
        scan.resume()
        super().pause(scan)


class Each(ChainIterationPreset):
    """An iteration preset."""

    def __init__(self, world, name):
        self.world = world
        self.name = name

    def prepare(self):
        self.world.call(f"{self.name}.prepare")

    def start(self):
        self.world.call(f"{self.name}.start")

    def stop(self):
        self.world.call(f"{self.name}.stop")


class EachInTurn:
    """The iterator of a chain preset; a class, so that its `close` is a call like any other."""

    def __init__(self, preset):
        self.preset = preset
        self.name = type(preset).__name__
        self.point = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.point == self.preset.count:
            raise StopIteration
        return self.preset.world.call(f"{self.name}.next", self.take)

    def take(self):
        """The next iteration preset."""
        self.point += 1
        return named(Each, f"{self.name}I", self.preset.world, f"{self.name}I{self.point - 1}")

    def close(self):
        self.preset.world.call(f"{self.name}.close")


class Chained(ChainPreset):
    """A chain preset with iteration presets: `count` of them, None without end."""

    def __init__(self, world, count=None):
        self.world = world
        self.count = count

    def _noted(self, hook):
        self.world.call(f"{type(self).__name__}.{hook}")

    def get_iterator(self, acq_chain):
        self._noted("get_iterator")
        return EachInTurn(self)

    def prepare(self, acq_chain):
        self._noted("prepare")

    def start(self, acq_chain):
        self._noted("start")

    def pause(self, acq_chain):
        self._noted("pause")

    def resume(self, acq_chain):
        self._noted("resume")

    def before_stop(self, acq_chain):
        self._noted("before_stop")

    def stop(self, acq_chain):
        self._noted("stop")


class Retaking(Chained):
    """Has the first point taken again, twice; its iteration presets are noted anew each time."""

    asked = 0

    def prepare(self, acq_chain):
        self.asked = 0
        super().prepare(acq_chain)

    def retake(self, acq_chain):
        self._noted("retake")
        self.asked += 1
        return f"attempt {self.asked}" if self.asked < 3 else None


class AsyncWhole(Whole):
    """A scan preset with `async def` hooks."""

    async def _noted_async(self, hook):
        await self.world.call_async(f"{type(self).__name__}.{hook}")

    async def prepare(self, scan):
        await self._noted_async("prepare")

    async def start(self, scan):
        await self._noted_async("start")

    async def stop(self, scan):
        await self._noted_async("stop")


@cache
def _class(kind, name):
    return type(name, (kind,), {})


def named(kind, name, *arguments):
    """A preset of a class of its own name, as the record shows it."""
    return _class(kind, name)(*arguments)
