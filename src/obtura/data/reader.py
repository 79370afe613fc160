"""What `obtura ls` and `obtura show` print of a data file."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from obtura.data.contents import EntryInfo, datasets_of, frames_of, list_entries, opened_entry, text_of
from obtura.ground.errors import UsageError

__all__ = ["list_entries", "listing", "showing", "those_there_are"]

AT_ONCE = 1_000_000
"""Scalars that are read in one go."""

MOST_NAMED = 10
"""Scans that are named when one is asked for that is not there."""

_WHAT_HAPPENED = {
    "running": "running",
    "crashed": "crashed: its program ended without closing the file; h5py.File(file, swmr=True) reads it",
    "missing": "the file is gone",
    "damaged": "the file can't be read",
}


def listing(path: str | Path) -> str:
    """The scans of a file, one a line: number, title, start, how it ended, points.

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    entries = list_entries(path)
    if not entries:
        return f"{path} holds no scans"
    rows = [("scan", "title", "start", "end", "points")]
    for entry in entries:
        end = entry.end_reason or entry.state
        if entry.state in ("missing", "damaged"):
            end = f"{entry.state}: {entry.file}"
        rows.append((entry.name, entry.title, _moment(entry.start_time), end, str(entry.points)))
    return _aligned(rows, right=(0, 4))


def showing(path: str | Path, number: int | str) -> str:
    """One scan of a file: when, how it ended, presets, and each counter with its range.

    `number`: a scan, 12, with all its entries, or one entry, "12.2".

    Raises:
        UsageError: there is no such file or scan.
    """
    entries = list_entries(path)
    wanted = str(number)
    chosen = [entry for entry in entries if wanted in (str(entry.number), entry.name)]
    if not chosen:
        raise UsageError(f"{path} has no scan {wanted}; {those_there_are(entries)}")
    return "\n\n".join(_show(entry) for entry in chosen)


def those_there_are(entries: Sequence[EntryInfo]) -> str:
    """The end of an error message: which scans a file has."""
    numbers = sorted({entry.number for entry in entries})
    if not numbers:
        return "it holds none"
    last = ", ".join(map(str, numbers[-MOST_NAMED:]))
    if len(numbers) > MOST_NAMED:
        return f"there are {len(numbers)}, the last ones: {last}"
    return f"there are {last}"


def _show(info: EntryInfo) -> str:
    if info.state in ("missing", "damaged"):
        return f"{info.name}: {_WHAT_HAPPENED[info.state]}: {info.file}"
    with opened_entry(info) as entry:
        end = f"{_moment(info.end_time)}  {info.end_reason}" if info.end_reason else _WHAT_HAPPENED[info.state]
        facts = [
            ("file", str(info.file)),
            ("start", _moment(info.start_time)),
            ("end", end),
            ("message", text_of(entry, "end_message")),
            ("user", text_of(entry, "user/name")),
            ("session", text_of(entry, "session")),
            ("points", str(info.points)),
            *[("preset", each) for each in _presets(entry)],
            ("hooks", _hooks(entry)),
        ]
        head = _aligned([fact for fact in facts if fact[1]])
        return f"{info.name}  {_printable(info.title)}\n{head}\n\n{_columns(entry)}"


def _presets(entry: h5py.Group) -> list[str]:
    found = entry.get("presets", {})
    texts = []
    for preset in found.values():
        branch = int(preset["branch"][()])
        level = text_of(preset, "level") + (f", {entry.name.strip('/').split('.')[0]}.{branch}" if branch else "")
        parameters = [f"{key}={text_of(preset['parameters'], key)}" for key in preset["parameters"]]
        texts.append(" ".join([text_of(preset, "name"), f"({level})", *parameters]))
    return texts


def _hooks(entry: h5py.Group) -> str:
    """How often hooks were called, and what took longest."""
    table = entry.get("hooks")
    count = min(table["owner"].shape[0], table["hook"].shape[0], table["seconds"].shape[0]) if table else 0
    if not count:
        return ""
    names, owners, hooks = table["names"].asstr()[:], table["owner"][:count], table["hook"][:count]
    seconds = table["seconds"][:count]
    longest = int(np.argmax(seconds))
    call = f"{names[owners[longest]]}.{names[hooks[longest]]}"
    calls = "1 call" if count == 1 else f"{count} calls"
    return f"{calls}, {seconds.sum():.3g} s; the longest: {call}, {seconds[longest]:.3g} s"


def _columns(entry: h5py.Group) -> str:
    rows = [("name", "unit", "shape", "min", "max", "first", "last")]
    for name, dataset in datasets_of(entry, "measurement").items():
        shape = " x ".join(map(str, dataset.shape))
        rows.append((name, str(dataset.attrs.get("units", "")), shape, *_range(dataset), *_ends(dataset)))
    table = _aligned(rows, right=range(2, 7))
    frames = [(name, *_frames(entry, name, file)) for name, file in frames_of(entry).items()]
    return f"{table}\n\n{_aligned(frames)}" if frames else table


def _frames(entry: h5py.Group, name: str, file: str) -> tuple[str, str]:
    """What there is of frames, without reading them."""
    try:
        dataset = entry["measurement"][name]
    except (KeyError, OSError):
        return "missing", f"the file is gone or damaged: {file}"
    return f"{dataset.dtype} {dataset.shape}", f"frames in {file}"


def _range(dataset: h5py.Dataset) -> tuple[str, str]:
    """The least and the greatest finite value; large datasets are read in pieces."""
    if not dataset.size or dataset.dtype.kind not in "biuf":
        return "", ""
    step = max(1, AT_ONCE * len(dataset) // dataset.size)
    least, greatest = [], []
    for start in range(0, len(dataset), step):
        block = dataset[start : start + step]
        finite = block[np.isfinite(block)]
        if finite.size:
            least.append(finite.min())
            greatest.append(finite.max())
    return (f"{min(least):g}", f"{max(greatest):g}") if least else ("nan", "nan")


def _ends(dataset: h5py.Dataset) -> tuple[str, str]:
    """The first and the last point, of scalars only."""
    if dataset.ndim != 1 or not dataset.size:
        return "", ""
    return f"{dataset[0]:g}", f"{dataset[-1]:g}"


def _moment(iso: str) -> str:
    """`2019-03-13 11:06:11` of an ISO 8601 time, in the zone it was written in."""
    return iso[:19].replace("T", " ")


def _printable(text: str) -> str:
    """Without control characters: a terminal obeys them."""
    return "".join(each if each.isprintable() else " " for each in text)


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns two spaces apart, those of the numbers `right` right-aligned."""
    rows = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
