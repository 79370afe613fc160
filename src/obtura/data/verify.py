"""What `obtura verify` prints: whether a file still holds what was written into it.

Every file of a scan is read whole, its frames too, and compared with its checksums; see `checksums`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py

from obtura.data.checksums import FAILURES, Sums, sums_of, sums_stored
from obtura.data.contents import EntryInfo, chosen_entries, open_to_read
from obtura.data.disk import reason
from obtura.data.links import PACKED, is_there, links_out

__all__ = ["Verified", "damages", "verifying"]

MOST_NAMED = 5
"""Damaged chunks of a dataset that are named."""

_DAMAGED, _UNKNOWN, _GOOD = "0 damaged", "1 not checked", "2 good"
"""What a scan may be: the worst of what its files are."""

_NO_SUMS = {
    "finished": "no checksums: a version of obtura wrote it that made none, or something else did",
    "running": "no checksums yet: it is running",
    "crashed": "no checksums: its program ended without closing the file",
}


class Verified(NamedTuple):
    """What was found, as text for a person; whether anything is damaged or missing."""

    text: str
    is_damaged: bool


def verifying(path: str | Path, number: int | str | None = None) -> Verified:
    """Compare the scans of a file with their checksums: all, or scan 12, or entry "12.2" with its file.

    Raises:
        UsageError: there is no such file or scan, or the file is not HDF5.
    """
    path = Path(path)
    lines: list[str] = []
    results: dict[int, str] = {}
    seen: set[str] = set()
    for info in chosen_entries(path, number):
        results.setdefault(info.number, _GOOD)
        for where, found in _of_entry(path, info, seen):
            if found is None:
                lines.append(f"{info.name}: {where}: {_NO_SUMS.get(info.state, info.state)}")
                results[info.number] = min(results[info.number], _UNKNOWN)
            elif found:
                lines += [f"{info.name}: {where}: {each}" for each in found]
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


def _of_entry(path: Path, info: EntryInfo, seen: set[str]) -> Iterator[tuple[str, Sequence[str] | None]]:
    """The files of an entry that were not seen before, or the parts of a packed one, each with its damages."""
    if info.state in ("missing", "damaged"):
        yield str(info.file), ["the file is gone" if info.state == "missing" else "the file can't be read"]
        return
    waiting = [info.file]
    while waiting:
        file = waiting.pop(0)
        if str(file) in seen:
            continue
        try:
            with open_to_read(file) as opened:
                if PACKED in opened:
                    yield from _of_packed(file, opened, info.name, seen)
                    continue
                seen.add(str(file))
                yield str(file), damages(opened)
                waiting += [file.parent / link.file for link in links_out(opened)]
                gone = [link for link in links_out(opened) if not is_there(opened, link)]
            yield str(file), [f"{link.path} leads to {link.file}, which is gone or damaged" for link in gone]
        except FAILURES as error:
            yield str(file), [f"can't be read: {reason(error)}"]


def _of_packed(file: Path, opened: h5py.File, name: str, seen: set[str]) -> Iterator[tuple[str, Sequence[str] | None]]:
    names = opened[PACKED]["files"].asstr()[:]
    for index, part in enumerate(names):
        base = opened[PACKED][str(index)]
        key = f"{file}: {part}"
        if index and name in base and key not in seen:
            seen.add(key)
            yield key, damages(base)
