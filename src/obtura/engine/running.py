"""Which scans run in this process: two may not share a device or a preset, nor use a device that is stuck."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from obtura.contracts.claims import hold, let_go
from obtura.contracts.devices import is_movable
from obtura.contracts.together import real_axes
from obtura.ground.errors import DeviceBusyError, UsageError
from obtura.works.lanes import Call

__all__ = ["Claimant", "Running", "running"]


class Claimant(Protocol):
    """A scan that runs, as far as others need to know."""

    name: str
    scan_number: int

    def add_comment(self, text: str) -> None:
        """Keep words with its data."""

    @property
    def in_iteration(self) -> bool:
        """Whether any branch is in the middle of a point."""

    def check_goes_on(self) -> None:
        """Raise when it is to be left now."""


class _Claim:
    def __init__(self, scan: Claimant, devices: list[Any], presets: list[Any]) -> None:
        self.scan = scan
        self.thread = threading.get_ident()
        self.devices = {id(device): device for device in devices}
        self.presets = {id(preset): preset for preset in presets}


class Running:
    """The register of running scans; one per process, since devices are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: list[_Claim] = []
        self._stuck: list[tuple[Any, Call]] = []

    def entered_here(self, preset: object) -> bool:
        """Whether `preset` is in use by a scan of this thread: the one in whose hook we are."""
        here = threading.get_ident()
        with self._lock:
            return any(claim.thread == here and id(preset) in claim.presets for claim in self._claims)

    @property
    def scans(self) -> list[Any]:
        """The scans that run, the oldest first."""
        with self._lock:
            return [claim.scan for claim in self._claims]

    def on_thread(self, ident: int) -> list[Claimant]:
        """The scans that run on a thread; one that was started in a hook of another comes after it."""
        with self._lock:
            return [claim.scan for claim in self._claims if claim.thread == ident]

    def watched_here(self) -> Callable[[], None]:
        """What raises as soon as a scan that runs on this thread now is to be left: to be called by a hook that waits.

        In the main thread a hook is interrupted, elsewhere only it can tell that it waits in vain. It raises ScanAbort
        after `abort()`, else an exception of which the scan knows the reason.
        """
        scans = self.on_thread(threading.get_ident())

        def check() -> None:
            for scan in scans:
                scan.check_goes_on()

        return check

    def has_inner(self, scan: Claimant) -> bool:
        """Whether a scan that was started in a hook of `scan` is running."""
        with self._lock:
            threads = [claim.thread for claim in self._claims if claim.scan is scan]
            here = [claim.scan for claim in self._claims if claim.thread in threads]
        return bool(here) and here[-1] is not scan

    def claim(self, scan: Claimant, devices: Iterable[Any], presets: Iterable[Any]) -> None:
        """Take devices and presets for the time of a scan; with a calculated axis also its real ones.

        A scan that was started in a hook of another one may use its devices while no point is being taken.

        Raises:
            DeviceBusyError: a device is in use, or still in a call that was given up.
            UsageError: a preset is in use.
        """
        devices = list(devices)
        axes = [device for device in devices if is_movable(device)]
        new = _Claim(scan, [*devices, *real_axes(axes)], list(presets))
        with self._lock:
            self._stuck = [(device, call) for device, call in self._stuck if not call.done.is_set]
            for device, call in self._stuck:
                if id(device) in new.devices:
                    raise DeviceBusyError(
                        f"{_name(device)} can't be used: {call.what} of an earlier scan has not returned yet"
                    )
            for other in self._claims:
                self._compare(new, other)
            self._claims.append(new)
        hold(scan, (device for device in new.devices.values() if is_movable(device)))

    def _compare(self, new: _Claim, other: _Claim) -> None:
        theirs = f"{other.scan.name} (scan {other.scan.scan_number}), which is running"
        for key in new.presets.keys() & other.presets.keys():
            raise UsageError(f"this {type(new.presets[key]).__name__} is in use by {theirs}; one object, one scan")
        if other.thread == new.thread and not other.scan.in_iteration:
            return
        for key in new.devices.keys() & other.devices.keys():
            raise DeviceBusyError(f"{_name(new.devices[key])} is in use by {theirs}")

    def release(self, scan: Claimant, stuck: Iterable[tuple[Iterable[Any], Call]] = ()) -> None:
        """Give back what `scan` claimed; devices in `stuck` stay refused until their call returns."""
        let_go(scan)
        with self._lock:
            self._claims = [claim for claim in self._claims if claim.scan is not scan]
            self._stuck += [(device, call) for devices, call in stuck for device in devices]


def _name(device: Any) -> str:
    return str(getattr(device, "name", device))


running = Running()
