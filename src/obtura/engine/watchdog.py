"""Calls a scan's watchdog: a reader of its record, on that reader's thread."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from obtura.contracts.called import refuse_generators
from obtura.contracts.watchdog import WatchdogCallback
from obtura.engine.states import ScanState
from obtura.ground.channels import Block
from obtura.ground.errors import UsageError, locate
from obtura.ground.events import ChannelInfo, Event, Points, ScanBegan, ScanEnded, StateChanged, unfolded
from obtura.works.clock import clock

__all__ = ["Watchdog", "check_watchdog"]


class Watchdog:
    """`end(None)` ends the scan well, `end(error)` fails it."""

    name = "watchdog"
    essential = False

    def __init__(
        self, callback: WatchdogCallback, scan: Any, infos: Sequence[ChannelInfo], end: Callable[[Any], None]
    ) -> None:
        self._callback = callback
        self._scan = scan
        self._infos = infos
        self._end = end
        self._watching = False
        self._paused = False
        self._last = 0.0

    def receive(self, events: Sequence[Event]) -> None:
        """Tell the callback what happened: the points of a batch in one call."""
        new: dict[int, list[Block]] = {}
        for event in unfolded(events):
            match event:
                case Points():
                    new.setdefault(event.channel, []).append(event.values)
                case ScanBegan():
                    self._watching = True
                    self._last = clock.time()
                    self._call("on_scan_new", self._scan, self._scan.scan_info)
                case StateChanged(state=ScanState.STOPPING.name):
                    self._tell(new)
                    self._watching = False
                case StateChanged(state=state):
                    self._paused = state == ScanState.PAUSED.name
                    self._last = clock.time()
                case ScanEnded():
                    self._call("on_scan_end", self._scan.scan_info)
        self._tell(new)

    def idle(self) -> None:
        """Nothing came since the last look."""
        now = clock.time()
        if self._watching and not self._paused and now - self._last >= self._callback.watchdog_timeout:
            self._last = now
            self._call("on_timeout")

    def _tell(self, new: dict[int, list[Block]]) -> None:
        if new and self._watching:
            self._last = clock.time()
            data = {
                self._infos[channel].name: np.concatenate([np.asarray(each) for each in blocks])
                for channel, blocks in new.items()
            }
            self._call("on_scan_data", data, self._scan.scan_info)
        new.clear()

    def _call(self, method: str, *args: Any) -> None:
        try:
            getattr(self._callback, method)(*args)
        except StopIteration:
            self._give_up(None)
        except BaseException as error:  # noqa: BLE001 - it fails the scan
            locate(error, f"in {type(self._callback).__name__}.{method}")
            self._give_up(error)

    def _give_up(self, error: BaseException | None) -> None:
        watching, self._watching = self._watching, False
        if watching or error is not None:
            self._end(error)


def check_watchdog(callback: object) -> WatchdogCallback:
    """Refuse what is no watchdog.

    Raises:
        UsageError: no WatchdogCallback, a method with other arguments, or a timeout that is no time.
    """
    if not isinstance(callback, WatchdogCallback):
        raise UsageError(f"expected a WatchdogCallback, got {callback!r}")
    refuse_generators(callback, ("on_scan_new", "on_scan_data", "on_timeout", "on_scan_end"), "")
    for name, method in vars(WatchdogCallback).items():
        if name.startswith("on_"):
            _check_arguments(callback, name, list(inspect.signature(method).parameters)[1:])
    timeout = callback.watchdog_timeout
    if not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise UsageError(f"{type(callback).__name__}.watchdog_timeout must be a time in s above 0, got {timeout!r}")
    return callback


def _check_arguments(callback: WatchdogCallback, name: str, arguments: list[str]) -> None:
    try:
        inspect.signature(getattr(callback, name)).bind(*arguments)
    except TypeError as error:
        raise UsageError(
            f"{type(callback).__name__}.{name} must be called as {name}({', '.join(arguments)})"
        ) from error
