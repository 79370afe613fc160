"""Counters that may fail: read again, NaN where they can't be read, or dropped for the rest of the scan."""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from obtura.contracts.claims import note
from obtura.contracts.counters import Counter
from obtura.contracts.partly import PartlyReadError
from obtura.contracts.policies import Policy
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, may_heal, one_line
from obtura.works.clock import Flag, clock

__all__ = ["Forgiving", "ReadCounters", "forgiving_for", "never_forgiven"]

log = logging.getLogger(__name__)

ReadCounters: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Reads counters of one device in one go: one result for each."""

BREATH = 0.05
"""Seconds before a device that failed is tried again."""

PAUSE = 0.25
"""Seconds before one that is waited for is tried again."""

NAMED = 5


def forgiving_for(counters: Sequence[Counter], ended: Flag) -> "Forgiving | None":
    """None when all counters are critical and required: then nothing stands between them and the device."""
    return None if never_forgiven(counters) else Forgiving(counters, ended)


def never_forgiven(counters: Sequence[Counter]) -> bool:
    """Whether all of them are critical and required."""
    return all(counter.is_critical and counter.policy == Policy.required() for counter in counters)


class Forgiving:
    """Calls one device in one scan, and forgives what its counters' policies allow.

    `ended`: the flag that is set when the scan stops the device: what fails then is no news.
    """

    def __init__(self, counters: Sequence[Counter], ended: Flag) -> None:
        self._counters = counters
        self._ended = ended
        self._told: set[Counter] = set()
        self._silent: set[Counter] = set()  # those that were waited for in vain since the last point
        self._dropped: dict[Counter, str] = {}  # with why

    def values(self, read: ReadCounters, counters: Sequence[Any]) -> list[Any]:
        """What `read` gives, a value for each counter; what can't be read, or is no number, is `missing`."""
        found = self._found(read, counters)
        for number, counter in enumerate(counters):
            value = found[number]
            if not counter.may_fail or _is_right(counter, value):
                continue
            if value is not None or counter not in self._told:
                self._tell(
                    counter, DeviceError(f"it read {value!r}, which is no {'text' if counter.is_text else 'number'}")
                )
            found[number] = counter.missing
        return found

    def blocks(self, read: ReadCounters, counters: Sequence[Any], wanted: int) -> list[Any]:
        """What `read` gives, a block of points for each counter; NaN for what can't be read.

        There are as many as of the others, or `wanted` when there is nothing to go by.
        """
        found = self._found(read, counters)
        count = min((len(block) for block in found if block is not None), default=wanted)
        return [
            [counter.missing] * count if block is None else block
            for counter, block in zip(counters, found, strict=True)
        ]

    def call(self, method: Callable[..., object]) -> None:
        """Make the device do something; when it can't, again, or all its counters drop out, if all of them may."""
        if len(self._dropped) == len(self._counters):
            return
        try:
            self._again(lambda: method(*self._counters), self._counters)
        except Exception as error:  # noqa: BLE001 - forgiven, and told, or raised
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """The device as a whole has failed: drop all its counters, or raise the error if one of them is required."""
        if self._ended.is_set or not all(counter.policy.is_optional for counter in self._counters):
            raise error
        self._note_silence(self._counters, error)
        for counter in self._counters:
            self._tell(counter, error)

    def excuse(self, channels: Sequence[AcquisitionChannel], count: int = 1) -> None:
        """Say whose next `count` points were waited for in vain. `channels`: of all counters, one each."""
        if self._silent:
            for counter, channel in zip(self._counters, channels, strict=True):
                if counter in self._silent:
                    channel.waited_in_vain(count)
            self._silent.clear()

    def sum_up(self) -> None:
        """The scan is over: name what dropped out."""
        for counter, why in self._dropped.items():
            sys.stderr.write(f"!!! {counter.fullname} dropped out, it is {_void(counter)} since then: {why}\n")

    def _found(self, read: ReadCounters, counters: Sequence[Any]) -> list[Any]:
        """What `read` gives for all; when that fails, for one after the other, and None for one that fails."""
        if self._dropped:
            live = [counter for counter in counters if counter not in self._dropped]
            values = dict(zip(live, self._found_of(read, live) if live else (), strict=True))
            return [values.get(counter) for counter in counters]
        return self._found_of(read, counters)

    def _found_of(self, read: ReadCounters, counters: Sequence[Any]) -> list[Any]:
        try:
            return list(self._again(lambda: read(counters), counters))
        except PartlyReadError as error:
            return [self._forgiven(*each) for each in zip(counters, error.found, strict=True)]
        except Exception as error:
            if len(counters) == 1:
                if not counters[0].may_fail:
                    raise
                self._note_silence(counters, error)
                self._tell(counters[0], error)
                return [None]
            log.debug("read together, %d counters failed: %s", len(counters), one_line(error))
        return [value for counter in counters for value in self._found_of(read, [counter])]

    def _forgiven(self, counter: Counter, value: Any) -> Any:
        """A value; None for an error, if it may fail."""
        if not isinstance(value, Exception):
            return value
        if not counter.may_fail:
            raise value
        self._note_silence([counter], value)
        self._tell(counter, value)
        return None

    def _again(self, call: Callable[[], Any], counters: Sequence[Counter]) -> Any:
        """What a call gives, at the first or a later time, as the policies of those that failed say."""
        began, failures, waiting = clock.time(), 0, ""
        while True:
            try:
                result = call()
            except Exception as error:
                failed = _failed(error, counters)
                failing = [counter for counter, _ in failed]
                failures += 1
                longest = max(counter.policy.seconds if may_heal(why) else 0.0 for counter, why in failed)
                waits = clock.time() < began + longest
                if self._ended.is_set or not (waits or failures <= max(one.policy.times for one in failing)):
                    raise
                log.info("%s: tried again after %s", _names(failing), one_line(error))
                if waits and not waiting:
                    waiting = _names(failing)
                    sys.stderr.write(f"!!! {waiting}: {one_line(error)}; the scan waits up to {longest:g} s for it\n")
            else:
                if waiting:
                    sys.stderr.write(f"!!! {waiting} is back after {clock.time() - began:.1f} s; the scan goes on\n")
                return result
            clock.wait(self._ended, PAUSE if waiting else BREATH)

    def _note_silence(self, counters: Sequence[Counter], error: Exception) -> None:
        if isinstance(error, TimeoutError):
            self._silent.update(counters)

    def _tell(self, counter: Counter, error: Exception) -> None:
        if counter in self._told or self._ended.is_set:
            return
        self._told.add(counter)
        void = _void(counter)
        log.info("%s is %s: %s", counter.fullname, void, one_line(error), exc_info=error)
        what = f"can't be read and is {void}"
        if counter.policy.is_optional:
            self._dropped[counter] = one_line(error)
            what = f"drops out and is {void} from here on"
            note(f"{counter.fullname} {what}: {one_line(error)}")
        # To where people look: into the record of the scan, where it has a display. The log alone nobody sees.
        sys.stderr.write(f"!!! {counter.fullname} {what}: {one_line(error)}\n")


def _failed(error: Exception, counters: Sequence[Counter]) -> list[tuple[Counter, Exception]]:
    """Which of those that were asked for can't be read, each with why."""
    found = error.found if isinstance(error, PartlyReadError) else [error] * len(counters)
    return [(counter, why) for counter, why in zip(counters, found, strict=True) if isinstance(why, Exception)]


def _names(counters: Sequence[Counter]) -> str:
    names = ", ".join(counter.fullname for counter in counters[:NAMED])
    return f"{names} and {len(counters) - NAMED} more" if len(counters) > NAMED else names


def _is_right(counter: Counter, value: Any) -> bool:
    """Whether a value is what the counter should read."""
    if counter.is_text:
        return isinstance(value, str)
    return type(value) is float or np.asarray(value).dtype.kind in "biuf"


def _void(counter: Counter) -> str:
    """What a point is that could not be read."""
    return "empty" if counter.is_text else "NaN"
