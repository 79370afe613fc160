"""Which scan and which counter are meant when none is named: the last one, and those of `plotselect`, `plotinit`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo
from obtura.scans.default_chain import expand_counters
from obtura.scans.measured import Measured, measured

if TYPE_CHECKING:  # for annotations only: the bench is made of functions that use these
    from obtura.scans.bench import Bench

__all__ = ["Selection", "chosen", "expanded", "looked_at", "plotinit", "plotselect", "scan_of"]


class Selection:
    """The counters to look at, or names of such: in all scans, or in the next one only."""

    def __init__(self) -> None:
        self.counters: tuple[Any, ...] = ()
        self.for_next: tuple[Any, ...] = ()

    def take_next(self) -> tuple[Any, ...]:
        """What `plotinit` chose for the next scan; after that it is forgotten."""
        counters, self.for_next = self.for_next, ()
        return counters


def plotselect(bench: "Bench", *counters: Any) -> None:
    """Choose the counters that plots and alignment look at: `plotselect(diode)`. Without any, say which are chosen.

    `plotselect(None)` chooses none: then a scan's first counter is looked at.

    Raises:
        UsageError: something is no counter, or all that is chosen gives texts.
    """
    if counters:
        bench.selection.counters = () if counters == (None,) else _of_numbers(counters)
    names = _listed(bench.selection.counters)
    bench.tell(f"Counters for plots and alignment: {names or 'the first of each scan'}")


def plotinit(bench: "Bench", *counters: Any) -> None:
    """As `plotselect`, for the next scan only.

    Raises:
        UsageError: as `plotselect`.
    """
    bench.selection.for_next = _of_numbers(counters)
    names = _listed(bench.selection.for_next)
    bench.tell(f"Counters for plots and alignment of the next scan: {names or 'as for the others'}")


def _of_numbers(counters: Iterable[Any]) -> tuple[Any, ...]:
    """As `expanded`, without counters of texts: those are neither plotted nor aligned to."""
    found = expanded(counters)
    numbers = tuple(one for one in found if not getattr(one, "is_text", False))
    if found and not numbers:
        raise UsageError(f"no numbers to plot: {_listed(found)} gives text")
    return numbers


def expanded(counters: Iterable[Any]) -> tuple[Any, ...]:
    """Counters and names of counters as they are, containers as the counters they hold; each once.

    Raises:
        UsageError: something is no counter, holds none, and is no name either.
    """
    found: list[Any] = []
    for one in counters:
        found += [one] if isinstance(one, str) else expand_counters([one])
    return tuple(dict.fromkeys(found))


def scan_of(bench: "Bench", scan: Any = None) -> Scan:
    """The scan that is meant: itself, one of `SCANS` by its number, None for the last one that is no sequence.

    One that runs counts from its first point on. Scans that are not saved have numbers of their own: one is found by
    its number only if no saved scan has it.

    Raises:
        UsageError: there is none.
    """
    if isinstance(scan, Scan):
        return scan
    scans = tuple(bench.scans)[::-1]
    if scan is None and scans:
        single = (one for one in scans if one.scan_info.get("type") != "sequence" and _has_begun(one))
        return next(single, scans[0])
    numbered = [one for one in scans if scan is not None and one.scan_number == scan]
    for one in numbered:
        if one.scan_info.get("save"):
            return one
    filename, entries = bench.Scan.surroundings.entries(scan) if numbered else ("", ())
    if entries:
        raise UsageError(
            f"scan {scan} is none of the last scans of this session; it is in the file: "
            f'plot("{filename}", {scan}). One that is not saved has that number too: '
            f"SCANS[{-1 - scans.index(numbered[0])}]"
        )
    if numbered:
        return numbered[0]
    if not scans:
        raise UsageError("there is no scan yet")
    known = ", ".join(str(one.scan_number) for one in reversed(scans) if one.scan_number)
    raise UsageError(f"{scan!r} is none of the last scans of this session: {known}")


def _has_begun(scan: Scan) -> bool:
    """Whether there is something to look at, or never will be."""
    return scan.state >= ScanState.DONE or any(len(points) for points in scan.get_data().values())


def chosen(bench: "Bench", scan: Scan, seen: Measured) -> list[ChannelInfo]:
    """The selected counters that are in a scan: those of `plotinit`, else of `plotselect`, else its first one."""
    for counters in (getattr(scan, "plotted", ()), bench.selection.counters):
        found = [info for one in counters if (info := seen.get(one)) is not None]
        if found:
            return list(dict.fromkeys(found))
    return sorted(seen.counters, key=lambda info: len(info.shape))[:1]


def looked_at(bench: "Bench", scan: Any = None, counter: Any = None) -> tuple[Measured, ChannelInfo]:
    """What a scan has measured, and the counter to look at; which one is said if none was given.

    Raises:
        UsageError: there is no such scan or counter, or it gives more than one number a point.
    """
    scan = scan_of(bench, scan)
    seen = measured(scan)
    if counter is not None:
        info = seen.find(counter)
    else:
        found = chosen(bench, scan, seen)
        if not found:
            raise UsageError(f"{seen.label} has no counter to look at")
        info = next((one for one in found if not one.shape), found[0])
        if not info.shape:
            bench.tell(f"Counter used: {info.short_name}")
    if info.shape:
        numbers = " x ".join(map(str, info.shape))
        raise UsageError(f"{info.short_name} of {seen.label} gives {numbers} numbers a point; name one that gives one")
    return seen, info


def _listed(counters: Sequence[Any]) -> str:
    return ", ".join(getattr(one, "name", one) for one in counters)
