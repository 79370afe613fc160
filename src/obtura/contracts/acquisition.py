"""Acquisition objects: masters and slaves of a chain. Override what your device needs; every default is harmless."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Flag, IntEnum, auto
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from obtura.contracts.counters import Counter
from obtura.ground.channels import (
    AcquisitionChannel,
    AcquisitionChannelList,
    attach_channels,
    duplicate_channel,
)
from obtura.ground.errors import ScanStateError, UsageError
from obtura.works.clock import Flag as Ended

__all__ = [
    "AcquisitionMaster",
    "AcquisitionObject",
    "AcquisitionSlave",
    "Crew",
    "Effort",
    "MetaTiming",
    "Steps",
    "TriggerMode",
]


T = TypeVar("T")


class TriggerMode(IntEnum):
    """Who triggers a slave: a wire, or its master's `trigger_slaves()`."""

    HARDWARE = 1
    SOFTWARE = 2

    @classmethod
    def _missing_(cls, value: object) -> "TriggerMode":
        """By name, as it stands in YAML."""
        if isinstance(value, str) and value.upper() in cls.__members__:
            return cls.__members__[value.upper()]
        raise UsageError(f"trigger_type {value!r} is not known (known: HARDWARE, SOFTWARE)")


class MetaTiming(Flag):
    """When a device is asked for facts about itself; timings can be joined with `|`.

    START: before anything is prepared; PREPARED: every device is prepared for the first point; END: everything is
    stopped.
    """

    START = auto()
    PREPARED = auto()
    END = auto()


class Effort(NamedTuple):
    """How long a device works in a scan: seconds of motion, of counting, and of waiting on purpose."""

    motion: float = 0.0
    counting: float = 0.0
    waiting: float = 0.0


class Steps(map, Generic[T]):  # type: ignore[type-arg]  # a `map` has no parameter when it runs
    """What an `__iter__` may return that has nothing to do but to go to the next of several things, e.g. targets.

    The engine goes there by itself, without calling the device on its lane, nor any line of Python: hence a `map`.
    """

    _at: deque[T]

    def __new__(cls, each: Iterable[T]) -> "Steps[T]":
        at = deque[T](maxlen=1)
        steps: Steps[T] = super().__new__(cls, at.append, each)
        steps._at = at
        return steps

    @property
    def present(self) -> T:
        """The one that it is at."""
        return self._at[0]


class Crew(Protocol):
    """What the engine does for a master while a scan runs."""

    @property
    def triggered(self) -> Collection["AcquisitionObject"]:
        """The slaves that were triggered and are to be waited for; those in memory are done when `trigger` returns."""

    def trigger(self, master: "AcquisitionObject") -> None:
        """Trigger the slaves of `master` together, each on its lane; returns when they are triggered."""

    def wait(self, slaves: Sequence["AcquisitionObject"]) -> None:
        """Wait until what was triggered is done; raises what a slave raised."""

    def pause(self, master: "AcquisitionObject", ended: Ended, seconds: float) -> None:
        """Let time pass until `ended` is set: `master` counts, or waits on purpose. Ctrl-C comes into it."""


class AcquisitionObject:
    """What masters and slaves have in common.

    `devices`: the counters, axes or other objects it drives; `npoints`: how many points it is armed for (0: no
    end known); `prepare_once`, `start_once`: prepared, started for the first iteration only.

    Set `blocking = False` only for in-memory devices that never wait for anything but the clock: they are called
    on the scan's own thread. All others get a **lane**, a thread on which alone they are called.
    """

    HARDWARE = TriggerMode.HARDWARE
    SOFTWARE = TriggerMode.SOFTWARE
    META_TIMING = MetaTiming
    role = "counter"
    blocking = True
    is_interruptible = False
    """Whether its calls may be made on the scan's own thread, if no other device of the branch blocks: to hand over
    and back takes 50 to 100 us. A Ctrl-C comes into any of them, must tear nothing and end it at once; and when nobody
    answers, they end by themselves within seconds."""
    is_repeatable = False
    """Whether a point can be taken again although it is prepared or started once: it is not armed for so many points,
    each trigger is a measurement of its own."""
    is_awaited = False
    """Whether the scan waits for this one only, its master has done its part: now it is late. For a `reading` of
    trigger type HARDWARE; the engine sets it."""

    def __init__(
        self,
        *devices: Any,
        name: str | None = None,
        npoints: int = 1,
        trigger_type: TriggerMode | str | int = TriggerMode.SOFTWARE,
        prepare_once: bool = False,
        start_once: bool = False,
        ctrl_params: Mapping[str, Any] | None = None,
    ) -> None:
        if npoints < 0:
            raise UsageError(f"npoints must not be negative, got {npoints}")
        self.devices = devices
        self.name: str = name or getattr(self.device, "name", None) or type(self).__name__
        self.npoints = npoints
        self.trigger_type = TriggerMode(trigger_type)  # type: ignore[arg-type]
        self.prepare_once = prepare_once
        self.start_once = start_once
        self.channels = AcquisitionChannelList()
        self.parent: AcquisitionMaster | None = None
        self.slaves: list[AcquisitionObject] = []  # what it triggers: none, for a slave
        self.crew: Crew | None = None
        self.ctrl_params = dict(ctrl_params or {})

    def effort_of(self, method: str) -> Effort:
        """What the call of `method` that has just ended was for: at most so many seconds of motion, counting, waiting.

        For the table of times only, see `scan.timing()`: what the call took beyond that is shown as the device's own.
        Called after each call of more than 20 us if it is overridden; `method`: "prepare", "trigger and reading".
        """
        return Effort()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def device(self) -> Any:
        """The first of `devices`, or None."""
        return self.devices[0] if self.devices else None

    def add_counter(self, counter: Counter) -> None:
        """Have a further counter of the device measured, by a channel of its name; once is enough.

        Raises:
            UsageError: it belongs to another device.
        """
        if not any(getattr(device, "controller", device) is counter.controller for device in self.devices):
            raise UsageError(f"{self.name} can't measure {counter.fullname}: it belongs to another device")
        if counter not in self.devices:
            self.devices += (counter,)
            self.channels += self.channels_of(counter)

    def channels_of(self, counter: Counter) -> list[AcquisitionChannel]:
        """The channels that a counter needs: by default one, of its full name, type, shape and unit."""
        channel = AcquisitionChannel(counter.fullname, counter.dtype, counter.shape, counter.unit)
        channel.may_fail = counter.may_fail
        return [channel]

    def validate(self) -> None:
        """Check, without touching or moving anything, that the whole scan is possible: limits, connections.

        Called before the first preset is entered. Raise `LimitError`, `DeviceError` or `UsageError`.
        """

    def on_lane_start(self) -> None:
        """Called first on the thread of this object's lane: for control systems that want a context per thread."""

    def apply_parameters(self) -> None:
        """Set up the device with `ctrl_params`: by default what its own `apply_parameters(ctrl_params)` does.

        Called once, just before the first `prepare`, if either has it; from then on `stop` is owed.
        """
        self.device.apply_parameters(self.ctrl_params)

    def prepare(self) -> None:
        """Get ready for an iteration (all of them with `prepare_once`); a step motor moves here, and waits."""

    def start(self) -> None:
        """Arm, or go. A top-master does an iteration's work here and returns when it is done."""

    def stop(self) -> None:
        """Leave the device quiet. Called exactly once per scan if `prepare` was begun.

        This one call may come from another thread, while `prepare`, `start`, `trigger` or `reading` are still in
        progress, or by a hair before their first line; it must make them return soon. A flag that `stop` sets and
        that they look at is the safe way.
        """

    def trigger(self) -> None:
        """Do what one trigger of the master asks for."""

    def wait_ready(self) -> None:
        """Return when the next iteration may begin; called at the end of each iteration."""

    def trigger_ready(self) -> bool:
        """Whether the next trigger may come."""
        return True

    def effort(self, points: float) -> Effort:
        """How long this object works in a scan in which it takes so many points; touch nothing.

        `points` is inf when no end is known. The default says nothing: no time at all.
        """
        return Effort()

    def get_acquisition_metadata(self, timing: MetaTiming = MetaTiming.START) -> Mapping[str, Any] | None:
        """Facts about the device worth keeping with the data: text, numbers, arrays, nested mappings.

        Override it with the argument `timing` to be asked at START, PREPARED and END, without it to be asked at START
        only. The default is what the devices' own `scan_metadata()` say, at START. What it raises at START refuses the
        scan; later it is noted in the place of the facts.
        """
        if timing is not MetaTiming.START:
            return None
        said = {getattr(one, "name", type(one).__name__): one.scan_metadata() for one in self.describing()}
        return next(iter(said.values())) if len(said) == 1 else said

    def describing(self) -> list[Any]:
        """The devices that say something of themselves, by `scan_metadata()`: controllers, axes, each once."""
        owners = {id(one): one for one in (getattr(device, "controller", device) for device in self.devices)}
        return [
            one
            for one in owners.values()
            if callable(getattr(one, "scan_metadata", None)) and getattr(one, "scan_metadata_enabled", True)
        ]


class AcquisitionSlave(AcquisitionObject):
    """A device that is triggered: counters, cameras."""

    def reading(self) -> None:
        """Emit what was measured: called after each `trigger` (SOFTWARE) or after `start` (HARDWARE)."""


class AcquisitionMaster(AcquisitionObject):
    """A device that triggers others. The top of a chain also says how many iterations there are: `__iter__`."""

    role = "timer"
    terminator = True
    """Whether the end of this top-master ends the other branches of the scan."""

    emits_first = False
    """Whether it must emit before it triggers its slaves, since a faster channel repeats what it emits."""

    triggers = 1
    """How often it triggers its slaves in one iteration; below another master: at each trigger of that."""

    is_transparent = False
    """Whether its `start` and `trigger` call nothing of a device: they emit, trigger slaves, wait for them and `pause`.
    Such a one needs no guard of its own against hanging and Ctrl-C, which would cost 1 us a call; it has one if
    somebody listens to its channels when the scan starts. To be said by the class itself: who derives from it may add
    code."""

    attached_to: tuple["AcquisitionMaster", ...] = ()
    """The faster masters whose points repeat what this one emits: see `attach_channels`."""

    @property
    def iterations(self) -> int:
        """How many iterations there are, 0: no end known."""
        return -(-self.npoints // self.triggers)

    def __iter__(self) -> Iterator[object]:
        """One iteration unless overridden: a generator that sets up each iteration, then yields; or `Steps`."""
        yield self

    def start(self) -> None:
        """At the top of a chain: trigger itself, unless overridden. Below another master it waits for that."""
        if self.parent is None:
            self.trigger()

    def trigger_slaves(self) -> None:
        """Trigger every slave of this master that is software-triggered.

        Raises:
            DeviceError: a slave is not ready; its name is in the message.
        """
        crew = self.crew
        if crew is None:
            raise self._idle()
        crew.trigger(self)

    def add_external_channel(
        self,
        device: AcquisitionObject,
        name: str,
        rename: str | None = None,
        conversion: Callable[[Any], Any] | None = None,
        dtype: Any = None,
    ) -> AcquisitionChannel:
        """Have what another object emits in its channel `name` (full or short) emitted here too, as `rename`.

        `conversion` makes the new points of the old ones, blocks of shape (n, *shape).

        Raises:
            UsageError: there is no such channel.
        """
        channel = duplicate_channel(_channel(device, name), rename or name, conversion, dtype)
        self.channels.append(channel)
        return channel

    def attach_channels(self, master: "AcquisitionMaster", to_channel_name: str) -> None:
        """Have this master's channels emitted once for each point of a channel of a faster `master`, to form rows.

        This master has to emit before it triggers the faster one (`emits_first`). If the channel is this master's own,
        it is the other way round: the channels of `master` are attached to it.

        Raises:
            UsageError: neither has such a channel.
        """
        slow, fast = (master, self) if _find(self, to_channel_name) else (self, master)
        if not isinstance(slow, AcquisitionMaster):
            raise UsageError(f"expected the master whose channels are to be attached, got {slow!r}")
        attach_channels(slow.channels, _channel(fast, to_channel_name))
        slow.emits_first = True
        slow.attached_to = (*slow.attached_to, fast)

    def check_attached(self) -> None:
        """Raise `UsageError` when its channels are attached to a master that is not below it: no rows would come."""
        for fast in self.attached_to:
            above = fast.parent
            while above is not None and above is not self:
                above = above.parent
            if above is None:
                raise UsageError(
                    f"the channels of {self.name} are attached to {fast.name}, which is not below it in the chain: "
                    f"attach those of the slower master, e.g. {fast.name}'s to {self.name}"
                )

    def wait_slaves_prepare(self) -> None:
        """Nothing: slaves are prepared before their masters. For masters written for BLISS, where they may not be."""

    def wait_slaves(self) -> None:
        """Wait until what `trigger_slaves` began is done and its data emitted."""
        crew = self.crew
        if crew is None:
            raise self._idle()
        if crew.triggered:
            crew.wait(self.slaves)

    def pause(self, ended: Ended, seconds: float) -> None:
        """Let so much time pass, or until `ended` is set, which `stop` should do."""
        crew = self.crew
        if crew is None:
            raise self._idle()
        crew.pause(self, ended, seconds)

    def _idle(self) -> ScanStateError:
        return ScanStateError(f"{self.name}: slaves can be triggered in a running scan only")


def _find(owner: AcquisitionObject, name: str) -> AcquisitionChannel | None:
    return next((channel for channel in owner.channels if name in (channel.name, channel.short_name)), None)


def _channel(owner: AcquisitionObject, name: str) -> AcquisitionChannel:
    if not isinstance(owner, AcquisitionObject):
        raise UsageError(f"expected an acquisition object, which has channels, got {owner!r}")
    channel = _find(owner, name)
    if channel is None:
        there = ", ".join(channel.name for channel in owner.channels) or "none"
        raise UsageError(f"{owner.name} has no channel {name!r} (it has: {there})")
    return channel
