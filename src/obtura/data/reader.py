"""What `obtura ls` and `obtura show` print of a data file."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from obtura.data.apart import Asking, NoAnswer, call_here, seconds_for
from obtura.data.checksums import FAILURES
from obtura.data.contents import EntryInfo, chosen_entries, datasets_of, frames_of, list_entries, opened_entry, text_of
from obtura.data.disk import reason
from obtura.data.filters import compressed_as, require_readable
from obtura.data.happened import happened
from obtura.data.links import is_there, links_out
from obtura.data.ragged import ragged_of
from obtura.data.times import timings_of
from obtura.ground.errors import UsageError

__all__ = ["list_entries", "listing", "showing"]

AT_ONCE = 1_000_000
"""Scalars that are read in one go."""

LONGEST, SHORTEST = 80, 20
"""Characters of a title in a list."""

_WHAT_HAPPENED = {
    "running": "running",
    "crashed": "crashed: its program ended without closing the file; `obtura recover` puts it in order, "
    "so does the next scan; until then h5py.File(file, swmr=True) reads it",
    "spooled": "its last data are in the spool, since its disk was full or gone; until they are recovered "
    "h5py.File(file, swmr=True) reads the first ones",
    "missing": "the file is gone",
    "damaged": "the file can't be read",
}


def listing(path: str | Path, ask: Asking = call_here, width: int = 0) -> str:
    """The scans of a file, one a line: number, title, start, how it ended, points.

    `ask`: with that of an `Apart` a file on which HDF5 hangs or crashes is a damaged one. `width`: characters that fit
    on a line, 0 when nobody knows; long titles are cut.

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    entries = list_entries(path, ask)
    if not entries:
        return f"{path} holds no scans"
    rows = [("scan", "title", "start", "end", "points")]
    for entry in entries:
        end = _end(entry)
        if entry.state in ("missing", "damaged"):
            end = f"{entry.state}: {entry.file}"
        rows.append((entry.name, entry.title, _moment(entry.start_time), end, str(_points(entry))))
    return "\n".join([_aligned(_cut(rows, width), right=(0, 4)), *_in_the_spool(path, entries)])


def _end(entry: EntryInfo) -> str:
    end = entry.end_reason or entry.state
    return f"{end}, in the spool" if entry.spool is not None else end


def _points(entry: EntryInfo) -> int:
    """Complete ones, of the file and the spool."""
    there = entry.spool.points[entry.branch - 1 : entry.branch] if entry.spool is not None else ()
    return max(entry.points, *there) if there else entry.points


def _in_the_spool(path: str | Path, entries: Sequence[EntryInfo]) -> list[str]:
    """Where data are that are not in their files, a line each, and how they get there."""
    where = dict.fromkeys(f"scan {entry.number}: {entry.spool.path}" for entry in entries if entry.spool is not None)
    return [f"\n`obtura recover {path}` moves home what is in the spool:", *where] if where else []


def showing(path: str | Path, number: int | str | None = None, ask: Asking = call_here, width: int = 0) -> str:
    """One scan of a file: when, how it ended, presets, and each counter with its range.

    `number`: a scan, 12, with all its entries, or one entry, "12.2". None: all of them, a line each, and whether all
    their links lead somewhere. `ask`, `width`: see `listing`.

    Raises:
        UsageError: there is no such file or scan.
    """
    chosen = chosen_entries(path, number, ask)
    if number is None:
        return _summary(path, chosen, ask, width)
    return "\n\n".join([*(_shown(entry, ask) for entry in chosen), *_in_the_spool(path, chosen)])


def _shown(info: EntryInfo, ask: Asking) -> str:
    try:
        return ask(seconds_for(info.file), _show, info)
    except NoAnswer as error:
        return f"{info.name}: {_WHAT_HAPPENED['damaged']}, {error}: {info.file}"
    except FAILURES as error:
        return f"{info.name}: {_WHAT_HAPPENED['damaged']}, {reason(error)}: {info.file}"


def _summary(path: str | Path, entries: Sequence[EntryInfo], ask: Asking, width: int) -> str:
    if not entries:
        return f"{path} holds no scans"
    rows = [("scan", "title", "end", "points", "columns", "links")]
    broken: list[str] = []
    for info in entries:
        try:
            columns, links, gone = ask(seconds_for(info.file), _looked_into, info)
        except NoAnswer as error:
            columns, links, gone = "", 1, [f"{_WHAT_HAPPENED['damaged']}, {error}: {info.file}"]
        except FAILURES as error:
            columns, links, gone = "", 1, [f"{_WHAT_HAPPENED['damaged']}, {reason(error)}: {info.file}"]
        state = "ok" if not gone else f"{len(gone)} broken"
        points = str(_points(info))
        rows.append((info.name, info.title, _end(info), points, columns, f"{links} {state}" if links else "-"))
        broken += [f"{info.name}: {each}" for each in gone]
    table = _aligned(_cut(rows, width), right=(0, 3, 4))
    return "\n".join([table, *(["", *broken] if broken else []), *_in_the_spool(path, entries)])


def _looked_into(info: EntryInfo) -> tuple[str, int, list[str]]:
    """How many columns an entry has, how many links out of its file, and which of these lead nowhere."""
    if info.state in ("missing", "damaged"):
        return "", 1, [f"{_WHAT_HAPPENED[info.state]}: {info.file}"]
    with opened_entry(info) as entry:
        links = links_out(entry)
        gone = [f"{one.path}: {one.file} is gone or damaged" for one in links if not is_there(entry, one)]
        measured = entry.get("measurement")
        return str(len(measured) if isinstance(measured, h5py.Group) else 0), len(links), gone


def _show(info: EntryInfo) -> str:
    if info.state in ("missing", "damaged"):
        return f"{info.name}: {_WHAT_HAPPENED[info.state]}: {info.file}"
    with opened_entry(info) as entry:
        end = _WHAT_HAPPENED[info.state] if info.state != "finished" else ""
        if info.end_reason:
            end = f"{_moment(info.end_time)}  {info.end_reason}{f'; {end}' if end else ''}"
        facts = [
            ("file", str(info.file)),
            ("start", _moment(info.start_time)),
            ("end", end),
            ("message", text_of(entry, "end_message")),
            ("user", text_of(entry, "user/name")),
            ("session", text_of(entry, "session")),
            ("points", str(_points(info))),
            *[("preset", each) for each in _presets(entry)],
            ("hooks", _hooks(entry)),
            ("time", timings_of(entry, info.title).summary),
            *happened(entry, info.points),
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
    columns = datasets_of(entry, "measurement")
    texts = [(name, *_texts(one)) for name, one in columns.items() if h5py.check_string_dtype(one.dtype)]
    for name, dataset in columns.items():
        if h5py.check_string_dtype(dataset.dtype):
            continue
        shape = " x ".join(map(str, dataset.shape))
        rows.append((name, str(dataset.attrs.get("units", "")), shape, *_range(dataset), *_ends(dataset)))
    table = _aligned(rows, right=range(2, 7))
    frames = [(name, *_frames(entry, name, file)) for name, file in frames_of(entry).items()]
    ragged = [
        (name, f"{values.dtype}, {len(index)} points", f"{len(values)} values, a changing number at each point")
        for name, (values, index) in ragged_of(entry).items()
    ]
    below = [*frames, *ragged, *texts]
    return f"{table}\n\n{_aligned(below)}" if below else table


def _texts(dataset: h5py.Dataset) -> tuple[str, str]:
    """How many texts there are, the first and the last."""
    ends = [dataset.asstr()[at] for at in (0, -1)] if dataset.size else []
    shown = (f"{name} {_short(text)}" for name, text in zip(("first", "last"), ends, strict=False))
    return f"text, {len(dataset)} points", ", ".join(shown)


def _short(text: str) -> str:
    return f'"{text if len(text) <= SHORTEST else f"{text[: SHORTEST - 1]}…"}"'


def _frames(entry: h5py.Group, name: str, file: str) -> tuple[str, str]:
    """What there is of frames, without reading them."""
    try:
        dataset = entry["measurement"][name]
    except (KeyError, OSError):
        return "missing", f"the file is gone or damaged: {file}"
    where = f"frames in {file or 'this file'}"
    if packed := compressed_as(dataset):
        where += f", compressed by {packed}"
    try:
        require_readable(dataset)
    except UsageError as error:
        where += f"; {error}"
    return f"{dataset.dtype} {dataset.shape}", where


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


def _cut(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """With titles, the second column, so short that the lines fit, or at least such that one pads no other for ever."""
    others = [max(map(len, column)) + 2 for place, column in enumerate(zip(*rows, strict=True)) if place != 1]
    most = min(LONGEST, max(width - sum(others), SHORTEST)) if width else LONGEST
    return [[row[0], row[1] if len(row[1]) <= most else f"{row[1][: most - 1]}…", *row[2:]] for row in rows]


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
