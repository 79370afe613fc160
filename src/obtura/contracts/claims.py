"""The axes that a running scan uses: nobody else may set them off meanwhile.

Whoever works for the scan may: its hooks, its devices on their lanes, and the threads that these make with the engine's
means. Only what is asked for by hand is checked (`axis.move`, `mv`), not how a scan moves its axes from point to point.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from obtura.contracts.together import real_axes
from obtura.ground.errors import DeviceBusyError

__all__ = ["Holder", "check_free", "employer", "hold", "let_go", "note", "working_for"]


class Holder(Protocol):
    """A scan that runs."""

    name: str
    scan_number: int

    def add_comment(self, text: str) -> None:
        """Keep words with its data."""


_lock = threading.Lock()
_holders: dict[int, list[Holder]] = {}
_employers: ContextVar[tuple[Holder, ...]] = ContextVar("the scans that are worked for here", default=())


@contextmanager
def working_for(scan: Holder) -> Iterator[None]:
    """In the body, and in threads that are made there as companions, the axes of `scan` may be moved."""
    token = _employers.set((*_employers.get(), scan))
    try:
        yield
    finally:
        _employers.reset(token)


def note(text: str) -> None:
    """Keep words with the data of the scan that is worked for here; nothing happens where there is none."""
    if employers := _employers.get():
        employers[-1].add_comment(text)


def employer() -> Holder | None:
    """The scan that is worked for here, the innermost one; None: whoever is at work does it by hand."""
    return next(reversed(_employers.get()), None)


def hold(scan: Holder, axes: Iterable[Any]) -> None:
    """From now on `scan` uses these axes."""
    with _lock:
        for axis in axes:
            _holders.setdefault(id(axis), []).append(scan)


def let_go(scan: Holder) -> None:
    """`scan` uses no axis any more."""
    with _lock:
        for key, holders in tuple(_holders.items()):
            _holders[key] = [holder for holder in holders if holder is not scan]
            if not _holders[key]:
                del _holders[key]


def check_free(axes: Iterable[Any]) -> None:
    """Raise `DeviceBusyError` when a running scan uses one of these axes, or a real axis of theirs."""
    if not _holders:
        return
    for axis in axes:
        for moved in (axis, *real_axes([axis])):
            holders = _holders.get(id(moved), ())
            if holders and not any(holder in _employers.get() for holder in holders):
                raise DeviceBusyError(_busy(axis, moved, holders[-1]))


def _busy(axis: Any, moved: Any, scan: Holder) -> str:
    what = f"{axis.name} moves {moved.name}, which" if moved is not axis else axis.name
    number = f"scan {scan.scan_number} ({scan.name})" if scan.scan_number else scan.name
    return f"{what} is used by {number} that is running; wait until it has ended, or end it: it has stop() and abort()"
