"""Protecting what stands in the beam: act within the point, not at its end."""

import logging
from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from obtura.contracts.counters import SamplingCounter
from obtura.contracts.devices import Shutter
from obtura.contracts.presets import ScanPreset
from obtura.devices.arguments import choice, number, positive, quantity
from obtura.ground.errors import DeviceError, ScanStateError, UsageError, annotate, one_line
from obtura.ground.ranges import Positive
from obtura.presets.anylevel import Switch, require
from obtura.presets.polling import Polling
from obtura.presets.protector import IN_VAIN, Protector

__all__ = ["ProtectPreset", "Watched"]

log = logging.getLogger(__name__)

ACTIONS = ("close", "pause", "end")


class Watched(Protocol):
    """A counter, or anything else that can be asked for its value.

    With a method `subscribe(callback)` it is heard, too: `callback(value)` with each new value, from any thread, until
    what `subscribe` has returned is called.
    """

    name: str

    def read(self) -> Any:
        """The present value: a number, or an array, of which each number counts."""


class ProtectPreset(ScanPreset):
    """Acts the moment `counter` is above `maximum`, or below `minimum`: within the point, not at its end.

    `action`: `close` closes `shutter`; `pause` pauses the scan, which begins after the point; `end` ends it well, the
    point is cut off. With a `shutter` each of them closes it. It is done once each time it gets dangerous, and again
    when somebody opens the shutter while it still is, or has a paused scan go on; what was done is said, and kept with
    the data as a comment. A shutter that can't be closed fails the scan at once.

    A sampling counter of the scan is seen with each of its own readings, any other counter of the scan with its data.
    Whatever else has a `read()` is asked every `poll` s, and heard at once when it has a `subscribe(callback)`; either
    is looked at also before the first point, and when a pause ends. What can't be read, or is no number, is dangerous,
    unless `unreadable_is_danger` is False. In a continuous scan a pause begins at the end of the pass: close, or end.
    """

    unreadable_is_danger = Switch()
    _protector: Protector | None = None

    def __init__(
        self,
        counter: Watched,
        maximum: float | None = None,
        action: Literal["close", "pause", "end"] = "close",
        minimum: float | None = None,
        shutter: Shutter | None = None,
        poll: Positive = 0.1,
        unreadable_is_danger: bool = True,
    ) -> None:
        require(self, "a counter", counter, "read")
        if getattr(counter, "is_text", False):
            raise UsageError(f"ProtectPreset: {counter.name} gives text, and only numbers have a maximum or a minimum")
        if maximum is None and minimum is None:
            raise UsageError("ProtectPreset: give a maximum, a minimum, or both")
        self.counter = counter
        self.maximum = np.inf if maximum is None else number("ProtectPreset: maximum", maximum)
        self.minimum = -np.inf if minimum is None else number("ProtectPreset: minimum", minimum)
        if not self.minimum <= self.maximum:
            raise UsageError(f"ProtectPreset: the minimum {self.minimum:g} is above the maximum {self.maximum:g}")
        self.action = choice("ProtectPreset: action", action, ACTIONS)
        if shutter is not None or self.action == "close":
            require(self, "a shutter", shutter, "open", "close")
        self.shutter = shutter
        self.poll = positive("ProtectPreset: poll", poll)
        self.unreadable_is_danger = unreadable_is_danger
        self._undo: list[Callable[[], object]] = []

    # -- when ---------------------------------------------------------------------------------------------

    def prepare(self, scan: Any) -> None:
        """Look on from now on."""
        self._undo = []
        self._main = ""
        self._protector = protector = Protector(lambda danger: self._act(scan, danger), self._is_undone)
        self._undo.append(protector.end)
        is_counted = any(self.counter is one for node in scan.acq_chain.nodes_list for one in node.devices)
        if is_counted:
            self.connect_data_channels([self.counter], self._data)
        if is_counted and isinstance(self.counter, SamplingCounter):
            self._tap(self.counter)
        elif not is_counted:
            if callable(subscribe := getattr(self.counter, "subscribe", None)):
                self._undo.append(subscribe(lambda value, *_, **__: self._see(value)))
            self._undo.append(Polling("protection watch", self._look, self.poll).end)

    def start(self, scan: Any) -> None:
        """Look: it may be dangerous already, and then nothing is counted before something is done about it."""
        self._look()
        self._settle()

    def resume(self, scan: Any) -> None:
        """The scan goes on after a pause: what is dangerous still, or again, is acted upon again."""
        if self._protector is not None:
            self._protector.rearm()
        self._look()
        self._settle()

    def stop(self, scan: Any) -> None:
        """Look no longer; what was seen has been acted upon on return."""
        failure: Exception | None = None
        while self._undo:
            try:
                self._undo.pop()()
            except Exception as error:  # noqa: BLE001 - the others come first, then it is raised
                if failure is None:
                    failure = error
                else:
                    annotate(failure, f"then {one_line(error)}")
        self._protector = None
        if failure is not None:
            raise failure

    # -- what is seen -------------------------------------------------------------------------------------

    def _tap(self, counter: SamplingCounter) -> None:
        """See each reading, as it is when the counter has made it a value; on whatever thread reads."""
        convert = counter.conversion_function

        def seen(raw: Any) -> Any:
            value = raw if convert is None else convert(raw)
            self._see(value)
            return value

        def back() -> None:
            counter.conversion_function = convert

        self._undo.append(back)
        counter.conversion_function = seen

    def _look(self) -> None:
        try:
            value = self.counter.read()
        except Exception as error:  # noqa: BLE001 - a signal that is gone is what a protection is for
            self._tell(f"{self._name} can't be read: {one_line(error)}" if self.unreadable_is_danger else "")
        else:
            self._see(value)

    def _data(self, counter: object, channel: str, data: Any) -> None:
        """New points. Of a sampling counter they are means and the like; only that one has no value is news."""
        self._main = self._main or channel
        if channel == self._main:
            values = np.asarray(data, dtype=float)
            if not isinstance(self.counter, SamplingCounter) or np.isnan(values).any():
                self._see(values)

    def _see(self, value: Any) -> None:
        try:
            values = np.ravel(np.asarray(value, dtype=float))
        except (TypeError, ValueError):
            values = np.array([np.nan])
        high, low = values > self.maximum, values < self.minimum
        if high.any():
            self._tell(f"{self._name} reads {self._in_unit(values[high][0])}, above {self.maximum:g}")
        elif low.any():
            self._tell(f"{self._name} reads {self._in_unit(values[low][0])}, below {self.minimum:g}")
        elif self.unreadable_is_danger and np.isnan(values).any():
            self._tell(f"{self._name} reads {value!r}, which is no number")
        else:
            self._tell("")

    def _in_unit(self, value: float) -> str:
        try:
            unit = getattr(self.counter, "unit", None)
        except DeviceError as error:  # a device may have to be asked for it, and the danger is told without
            log.warning("the unit of %s is not known: %s", self._name, one_line(error))
            unit = None
        return quantity(float(value), unit)

    def _tell(self, danger: str) -> None:
        protector = self._protector
        if protector is not None:
            protector.see(danger)

    def _settle(self) -> None:
        if self._protector is not None:
            self._protector.settle()

    @property
    def _name(self) -> str:
        return getattr(self.counter, "name", None) or type(self.counter).__name__

    # -- what is done; on the protector's thread ------------------------------------------------------------

    def _is_undone(self) -> bool:
        return bool(getattr(self.shutter, "is_open", False))

    def _act(self, scan: Any, danger: str) -> str:
        done = []
        if self.action == "pause":
            scan.pause()  # first: closing may outlast the point
            done.append("the scan is paused after this point")
        failure: BaseException | None = None
        if self.shutter is not None:
            try:
                self.shutter.close()
                done.append(f"{getattr(self.shutter, 'name', 'the shutter')} is closed")
            except BaseException as error:  # noqa: BLE001 - it fails the scan
                failure = error
                annotate(error, f"ProtectPreset had to close it: {danger}")
                done.append(f"{getattr(self.shutter, 'name', 'the shutter')} could NOT be closed: {one_line(error)}")
        if failure is not None or self.action == "end":
            done.append("the scan is ended")
        text = f"protection: {danger}; {', '.join(done)}"
        log.warning("%s", text)
        scan.say(f"!!! {text}")
        try:
            scan.add_comment(text)
        except ScanStateError:
            log.info("the scan has ended, its file is closed")
        if failure is not None or self.action == "end":
            scan.end(failure)
        return "" if failure is None else IN_VAIN
