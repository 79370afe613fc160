"""Sampling: a point is made of what was read during the count time."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.acquisition.forgiving import Forgiving, forgiving_for, never_forgiven
from obtura.contracts.acquisition import AcquisitionSlave, Effort
from obtura.contracts.counters import Counter, SamplingCounter, SamplingCounterController, SamplingMode
from obtura.contracts.pushing import PushingCounterController
from obtura.contracts.sampling import check_mode_of_text
from obtura.ground.channels import AcquisitionChannel, ChannelRow
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.tally import NO_STATISTICS, ArrayTally, RaggedTally, Statistics, Tally, TextTally
from obtura.works.clock import Flag, clock

__all__ = ["SamplingCounterAcquisitionSlave"]

DENSEST = 1000.0
"""Readings per second of a device that has no limit of its own, when every reading is kept."""

GLANCE = 0.2
"""Seconds after which one who listens looks whether there is still somebody who tells."""

_NO_EFFORT = Effort()

_STATISTICS = ("N", "std", "var", "min", "max", "p2v")
_PLAIN = (SamplingMode.MEAN, SamplingMode.SINGLE, SamplingMode.LAST)
_WITH_STATISTICS = (SamplingMode.STATS, SamplingMode.INTEGRATE_STATS)
_are_floats = frozenset((float,)).issuperset
_INTEGRATING = (SamplingMode.INTEGRATE, SamplingMode.INTEGRATE_STATS)


class SamplingCounterAcquisitionSlave(AcquisitionSlave):
    """Reads the counters of one controller as often as `count_time` (s) allows, at least once, and emits points.

    `devices`: the counters, or their controller, to which counters are added. What a point is, says each counter's
    `mode`. A controller that pushes is not asked, but listened to for the count time. With a count time it waits, so it
    has a lane; a single reading of an in-memory device is made inline.
    """

    is_repeatable = True

    def __init__(
        self,
        *devices: SamplingCounter | SamplingCounterController,
        count_time: float,
        npoints: int = 1,
        name: str | None = None,
        prepare_once: bool = True,
        start_once: bool = True,
        ctrl_params: Mapping[str, Any] | None = None,
    ) -> None:
        controllers = {getattr(device, "controller", device) for device in devices}
        if len(controllers) != 1 or not isinstance(controller := controllers.pop(), SamplingCounterController):
            raise UsageError(f"a sampling slave takes counters of one controller, got {list(devices)}")
        name = name or (devices[0].name if len(devices) == 1 else controller.name)
        super().__init__(
            controller, name=name, npoints=npoints, prepare_once=prepare_once, start_once=start_once,
            ctrl_params=ctrl_params,
        )  # fmt: skip
        self.controller = controller
        self._pushing = controller if isinstance(controller, PushingCounterController) else None
        self.count_time = count_time
        self._counters: list[SamplingCounter] = []
        self._outputs: list[Callable[[Tally], None]] = []
        self._kinds: list[type[Tally]] = []
        self._counting = Effort(counting=count_time)
        self._single = self._numbers = True  # all counters want a single reading; and give numbers as they are read
        self._once = self._plain = True  # a point is a single reading; and it is emitted as it is
        self._row = ChannelRow()
        self._period = 0.0
        self._values: list[float] = []
        self._tallies: Sequence[Tally] = ()
        self._taken = math.nan
        self._forgiving: Forgiving | None = None
        self._ended = Flag()
        self._sample: Callable[[list[SamplingCounter]], list[Any]] = controller.sample
        for device in devices:
            if isinstance(device, SamplingCounter):
                self.add_counter(device)
        self.blocking = controller.blocking or count_time > 0

    @property
    def is_interruptible(self) -> bool:  # type: ignore[override]
        """A single reading of a controller that is; what is waited for, or tried again, may take minutes."""
        said = vars(type(self.controller)).get("is_interruptible", False)  # what derives from it may add code
        return said and self.count_time == 0 and never_forgiven(self._counters)

    def add_counter(self, counter: Counter) -> None:
        """Have a further counter of the controller read."""
        if isinstance(counter, SamplingCounter) and counter not in self._counters:
            super().add_counter(counter)
            self._counters.append(counter)
            self._single = self._single and counter.mode is SamplingMode.SINGLE
            plain = counter.mode in _PLAIN and not counter.shape and not counter.is_text
            self._numbers = self._numbers and plain
            self._once = self.count_time == 0 or self._single
            self._plain = self._once and self._numbers

    def channels_of(self, counter: Counter) -> list[AcquisitionChannel]:
        """One channel, or more, as the counter's mode asks for."""
        (main,) = super().channels_of(counter)
        mode = counter.mode if isinstance(counter, SamplingCounter) else SamplingMode.MEAN
        if main.is_ragged and mode not in (SamplingMode.SINGLE, SamplingMode.LAST):
            raise UsageError(
                f"{counter.fullname} gives arrays whose length changes, which have no mean: "
                "its mode must be SINGLE or LAST"
            )
        if main.is_text:
            check_mode_of_text(counter.fullname, mode)
        if mode in _INTEGRATING and main.unit:
            main.unit = f"{main.unit}*s"
        if mode is SamplingMode.SAMPLES:
            channels = [main, AcquisitionChannel(f"{main.name}_samples", float, (self._most(), *main.shape), main.unit)]
            self._kinds.append(_Kept if main.shape else _KeptNumbers)
        else:
            names = _STATISTICS if mode in _WITH_STATISTICS else ()
            channels = [main, *[self._statistic(main, name) for name in names]]
            self._kinds.append(_tally_of(main))
        self._outputs.append(self._output(mode, channels))
        self._row.add(main)
        return channels

    def _statistic(self, main: AcquisitionChannel, name: str) -> AcquisitionChannel:
        if name == "N":
            return AcquisitionChannel(f"{main.name}_N", int)
        unit = f"({main.unit})^2" if main.unit and name == "var" else main.unit
        return AcquisitionChannel(f"{main.name}_{name}", float, main.shape, unit)

    def _most(self) -> int:
        """The most readings that a point may have, when they are kept: one more than the frequency times the time."""
        return math.floor(self.count_time * (self.controller.max_sampling_frequency or DENSEST)) + 1

    def _output(self, mode: SamplingMode, channels: list[AcquisitionChannel]) -> Callable[[Tally], None]:
        main, *others = channels
        emit = main.emit
        number: Callable[[Any], Any] = _as_it_is if main.is_text else np.asarray if main.shape else float
        if mode is SamplingMode.SINGLE:
            return lambda tally: emit(number(tally.first))
        if mode is SamplingMode.LAST:
            return lambda tally: emit(number(tally.last))
        if mode is SamplingMode.MEAN:
            return lambda tally: emit(number(tally.mean))
        return partial(self._emit_all, main, others, self.count_time if mode in _INTEGRATING else 1.0)

    def _emit_all(
        self, main: AcquisitionChannel, others: list[AcquisitionChannel], factor: float, tally: Tally
    ) -> None:
        main.emit(tally.mean * factor)
        if isinstance(tally, _Kept):
            others[0].emit(tally.padded(others[0].shape))
        elif others:
            said = tally.statistics(self.count_time, self._taken)
            values = (
                said.N,
                said.std * factor,
                said.var * factor**2,
                *(v * factor for v in (said.min, said.max, said.p2v)),
            )
            for channel, value in zip(others, values, strict=True):
                channel.emit(value)

    def validate(self) -> None:
        """Refuse a scan with a device that can't be used."""
        self.controller.check()
        self.controller.check_counters(*self._counters)
        for counter in self._counters:
            counter.check_policy()

    def effort_of(self, method: str) -> Effort:
        """A reading counts for the count time."""
        return self._counting if "reading" in method else _NO_EFFORT

    def on_lane_start(self) -> None:
        """Let the device make its context on this thread."""
        self.controller.on_lane_start()

    def prepare(self) -> None:
        """Have the device get ready, and the counters' `statistics` be those of this scan."""
        frequency = self.controller.max_sampling_frequency
        if frequency is None and any(issubclass(kind, _Kept) for kind in self._kinds):
            frequency = DENSEST
        self._period = 1 / frequency if frequency else 0.0
        if self._forgiving is None:  # or what dropped out at an earlier point would come back
            self._forgiving = forgiving_for(self._counters, self._ended)
        if self._forgiving is not None:
            self._sample = partial(self._forgiving.values, self.controller.sample)
        for number, counter in enumerate(self._counters):
            counter.report(partial(self._statistics, number))
        self._have(self.controller.prepare)

    def start(self) -> None:
        """Arm the device."""
        self._have(self.controller.start)

    def _have(self, method: Callable[..., object]) -> None:
        if self._forgiving is None:
            method(*self._counters)
        else:
            self._forgiving.call(method)

    def reading(self) -> None:
        """Take one point; nothing is emitted when it is cut off by `stop`."""
        if self._pushing is not None and self._pushing.pushes:
            self._listen(self._pushing)
            return
        began = 0.0 if self._once else clock.time()
        values = self._sample(self._counters)
        if self._plain and (type(values[0]) is float if len(values) == 1 else _are_floats(map(type, values))):
            if not self._ended.is_set:
                if self._forgiving is not None:
                    self._forgiving.excuse(self._row.channels)
                # The single reading is the point: nothing to work out, which matters with a hundred counters.
                self._values, self._tallies, self._taken = values, (), clock.epoch()
                self._row.emit(values)
            return
        tallies = self._tallied(values)
        if not self._once:
            self._read_on(tallies, began, began + self.count_time)
        if not self._ended.is_set:
            self._put_out(tallies)

    def _put_out(self, tallies: list[Tally]) -> None:
        if self._forgiving is not None:
            self._forgiving.excuse(self._row.channels)
        self._tallies, self._taken = tallies, clock.epoch()
        for output, tally in zip(self._outputs, tallies, strict=True):
            output(tally)

    def _listen(self, controller: PushingCounterController) -> None:
        """Take a point of what is told during the count time."""
        hearing = controller.hear(self._counters)
        end = clock.time() + self.count_time
        while not self._ended.is_set and (left := end - clock.time()) > 0:
            if self._forgiving is None and hearing.is_lost:
                break
            clock.wait(self._ended, min(left, GLANCE))
        if self._ended.is_set:
            return
        heard = hearing.values
        told = heard(self._counters) if self._forgiving is None else self._forgiving.values(heard, self._counters)
        readings = [each if isinstance(each, list) else [each] for each in told]  # what is forgiven is one NaN
        tallies = self._tallied([each[0] for each in readings])
        for tally, each in zip(tallies, readings, strict=True):
            for value in each[1:]:
                tally.add(value)
        self._put_out(tallies)

    def _tallied(self, values: list[Any]) -> list[Tally]:
        try:
            return [kind(value) for kind, value in zip(self._kinds, values, strict=True)]
        except TypeError as error:
            raise self._no_number(values) from error

    def _read_on(self, tallies: list[Tally], began: float, end: float) -> None:
        """Read again and again, as long as a further reading would be done by `end`."""
        now = clock.time()
        while not self._ended.is_set:
            following = max(began + self._period, now)
            if following + (now - began) >= end:
                return
            # on virtual time an in-memory reading takes no time: let a little pass, or the loop would not end
            clock.wait(self._ended, max(following - now, 1e-4 if now == began else 0.0))
            began = clock.time()
            values = self._sample(self._counters)
            try:
                for tally, value in zip(tallies, values, strict=True):
                    tally.add(value)
            except (TypeError, ValueError) as error:
                raise self._no_number(values) from error
            now = clock.time()

    def _no_number(self, values: list[Any]) -> DeviceError:
        for counter, value in zip(self._counters, values, strict=True):
            if counter.is_text:
                if not isinstance(value, str):
                    return DeviceError(f"counter {counter.name} read {value!r}, which is no text")
                continue
            array = np.asarray(value)
            if isinstance(value, str):
                hint = "; text is counted with as_text=True, in a class of your own with dtype=str"
                return DeviceError(f"counter {counter.name} read {value!r}, which is no number{hint}")
            if array.dtype.kind not in "biuf":
                return DeviceError(f"counter {counter.name} read {value!r}, which is no number")
            if array.shape != counter.shape:
                expected = f"one of shape {counter.shape}" if counter.shape else "one number"
                hint = "" if counter.shape else "; to count a part of it, give a function that returns that"
                return DeviceError(
                    f"counter {counter.name} read an array of shape {array.shape}, expected {expected}{hint}"
                )
        return DeviceError(f"{self.name} read {values!r}, which are no numbers")

    def _statistics(self, number: int) -> Statistics:
        if self._values and not self._tallies:
            self._tallies = self._tallied(self._values)
        if not self._tallies:
            return NO_STATISTICS
        return self._tallies[number].statistics(self.count_time, self._taken)

    def stop(self) -> None:
        """End the reading, and leave the device quiet."""
        self._ended.set()
        try:
            self.controller.stop(*self._counters)
        finally:
            if self._forgiving is not None:
                self._forgiving.sum_up()


def _as_it_is(text: str) -> str:
    return text


def _tally_of(channel: AcquisitionChannel) -> type[Tally]:
    if channel.is_text:
        return TextTally
    return RaggedTally if channel.is_ragged else ArrayTally if channel.shape else Tally


class _Kept(ArrayTally):
    """Readings of a scalar or an array, every one of which is kept."""

    __slots__ = ("readings",)

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.readings = [self.first]

    def add(self, value: Any) -> None:
        super().add(value)
        self.readings.append(self.last)

    def padded(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """The readings in an array of `shape`, the rest NaN."""
        whole = np.full(shape, np.nan)
        whole[: len(self.readings)] = self.readings[: shape[0]]
        return whole


class _KeptNumbers(_Kept):
    """Readings of a scalar."""

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        if np.ndim(value):
            raise TypeError(f"an array of shape {np.shape(value)} is no number")
        super().__init__(value)
