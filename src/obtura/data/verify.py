"""What `obtura verify` prints: whether a file still holds what was written into it.

Every file of a scan is read whole, its frames too, and compared with its checksums; see `checksums`. On a damaged one
HDF5 may hang or crash, so each file is a question to whoever is asked: see `apart`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py

from obtura.data.apart import Asking, NoAnswer, call_here, seconds_for
from obtura.data.checksums import CHECKSUMS, FAILURES, Sums, sums_of, sums_stored
from obtura.data.contents import EntryInfo, chosen, describe, entries_in, open_to_read
from obtura.data.disk import reason
from obtura.data.links import PACKED, links_out

__all__ = ["Verified", "damages", "verifying"]

MOST_NAMED = 5
"""Damaged chunks of a dataset that are named."""

_DAMAGED, _UNKNOWN, _GOOD = "0 damaged", "1 not checked", "2 good"
"""What a scan may be: the worst of what its files are."""

_NO_SUMS = {
    "finished": "no checksums: a version of obtura wrote it that made none, or something else did",
    "running": "no checksums yet: it is running",
    "crashed": "no checksums: its program ended without closing the file",
    "spooled": "no checksums yet: its data are in the spool, `obtura recover` moves them",
}


class Verified(NamedTuple):
    """What was found, as text for a person; whether anything is damaged or missing."""

    text: str
    is_damaged: bool


def verifying(path: str | Path, number: int | str | None = None, ask: Asking = call_here) -> Verified:
    """Compare the scans of a file with their checksums: all, or scan 12, or entry "12.2" with its file.

    `ask`: with that of an `Apart` a file on which HDF5 hangs or crashes is named, and the others are checked.

    Raises:
        UsageError: there is no such file or scan, or the file is not HDF5.
    """
    path = Path(path)
    try:
        entries = chosen(ask(seconds_for(path), entries_in, path), path, number)
    except NoAnswer as error:
        return Verified(f"{path}: {error}", True)
    lines: list[str] = []
    results: dict[int, str] = {}
    seen: set[tuple[Path, int | None]] = set()
    for info in entries:
        results.setdefault(info.number, _GOOD)
        for where, looked in _of_entry(info, seen, ask):
            if looked.found is None:
                lines.append(f"{info.name}: {where}: {_NO_SUMS.get(looked.state, looked.state)}")
                results[info.number] = min(results[info.number], _UNKNOWN)
            elif looked.found:
                lines += [f"{info.name}: {where}: {each}" for each in looked.found]
                results[info.number] = _DAMAGED
    counts = Counter(results.values())
    told = ", ".join(f"{counts[what]} {what[2:]}" for what in (_GOOD, _UNKNOWN, _DAMAGED) if counts[what]) or "nothing"
    scans = "1 scan" if len(results) == 1 else f"{len(results)} scans"
    return Verified("\n".join([*lines, f"{scans}: {told}"]), bool(counts[_DAMAGED]))


def damages(base: h5py.Group) -> list[str] | None:
    """What differs from the checksums of a file, whose root is `base`; None when it has none."""
    try:
        stored = sums_stored(base)
        if stored is None:
            return None
        found = sums_of(base.id)
    except FAILURES as error:
        return [f"its groups or its checksums can't be read: {reason(error)}"]
    return [line for path, sums in stored.items() for line in _differences(base, path, sums, found.get(path))]


def _differences(base: h5py.Group, path: str, stored: Sums, found: Sums | None) -> Iterator[str]:
    name = path or "/"
    if found is None:
        yield f"{name} is not there"
        return
    if found.failed is not None:
        yield f"{name} can't be read: {found.failed}"
        return
    if found.head != stored.head:
        yield f"{name}: its attributes or its links differ from what was written"
    if len(found.chunks) != len(stored.chunks):
        yield f"{name}: {len(found.chunks)} chunks, {len(stored.chunks)} were written"
        return
    wrong = [at for at, (one, other) in enumerate(zip(found.chunks, stored.chunks, strict=True)) if one != other]
    for at in wrong[:MOST_NAMED]:
        yield f"{name}, chunk {at}{_place(base, path, at)}: differs from what was written"
    if len(wrong) > MOST_NAMED:
        yield f"{name}: {len(wrong) - MOST_NAMED} more chunks differ"


def _place(base: h5py.Group, path: str, at: int) -> str:
    """Which points are in chunk number `at`."""
    dataset = base[path]
    if not dataset.chunks:
        return ""
    inner = 1
    for length, step in zip(dataset.shape[1:], dataset.chunks[1:], strict=True):
        inner *= -(-length // step)
    first = at // inner * dataset.chunks[0]
    last = min(first + dataset.chunks[0], len(dataset)) - 1
    return f" (point {first})" if first == last else f" (points {first} to {last})"


class _Part(NamedTuple):
    """A file, or part `number` of a packed one, called `name` there; `targets`: what links in others lead to."""

    file: Path
    number: int | None = None
    name: str = ""
    targets: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return str(self.file) if self.number is None else f"{self.file}: {self.name}"


class _Looked(NamedTuple):
    """What was found in a part; None: it has no checksums, `state` says why. `onward`: the parts it leads to."""

    found: list[str] | None
    state: str = ""
    onward: tuple[_Part, ...] = ()


def _of_entry(info: EntryInfo, seen: set[tuple[Path, int | None]], ask: Asking) -> Iterator[tuple[str, _Looked]]:
    """The parts of an entry that were not seen before, each with what was found."""
    waiting = [_Part(info.file)]
    while waiting:
        part = waiting.pop(0)
        if (part.file, part.number) in seen:
            continue
        try:
            looked = ask(seconds_for(part.file), _look, part, info)
        except NoAnswer as error:
            looked = _Looked([str(error)])
        waiting += looked.onward
        if all(each.number is None for each in looked.onward):  # else it is packed, and the next entry has other parts
            seen.add((part.file, part.number))
        yield str(part), looked


def _look(part: _Part, info: EntryInfo) -> _Looked:
    """What is in one part of an entry."""
    if not part.file.exists():
        return _Looked(["the file is gone"])
    try:
        with open_to_read(part.file) as opened:
            if part.number is not None:
                return _Looked(damages(opened[PACKED][str(part.number)]), info.state)
            if PACKED in opened:
                return _Looked([], onward=tuple(_packed(part.file, opened, info.name)))
            found = damages(opened)
            missing = [f"{path} is not there, where another file's link leads" for path in _missing(part, opened)]
            onward = tuple(_linked(part.file, opened))
    except FAILURES as error:
        return _Looked([f"can't be read: {reason(error)}"])
    state = "" if found is not None else describe(info).state
    if state == "damaged":
        found = ["the file can't be read"]
    return _Looked([*(found or []), *missing] if missing else found, state, onward)


def _missing(part: _Part, opened: h5py.File) -> list[str]:
    return [path for path in sorted(part.targets) if path not in opened]


def _linked(file: Path, opened: h5py.File) -> Iterator[_Part]:
    """The files that a file has links to."""
    targets: dict[Path, set[str]] = {}
    for link in links_out(opened):
        targets.setdefault(file.parent / link.file, set()).add(link.target)
    return (_Part(each, targets=frozenset(paths)) for each, paths in targets.items())


def _packed(file: Path, opened: h5py.File, name: str) -> Iterator[_Part]:
    """What was one file each of entry `name` before it was packed; a master has no checksums."""
    names = opened[PACKED]["files"].asstr()[:]
    for index, part in enumerate(names):
        base = opened[PACKED][str(index)]
        if name in base and (index or CHECKSUMS in base):
            yield _Part(file, index, part)
