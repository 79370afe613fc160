"""The documents of a scan in a file."""

from collections.abc import Sequence
from typing import Any, TextIO

import msgspec
import numpy as np
import numpy.typing as npt

from obtura.data.documents.run import Emit, FrameFile, Run, Source, Stream, sources_of
from obtura.data.saved_scan import SavedScan
from obtura.ground.errors import UsageError

__all__ = ["as_line", "emit_documents", "frames_of", "is_epoch", "times_of", "write_documents"]

_STATUS = {"SUCCESS": "success", "USER_ABORT": "abort"}


def write_documents(scan: Sequence[SavedScan], out: TextIO) -> None:
    """Write the documents of one scan, given by all its entries, a line of JSON each: `["start", {...}]`."""
    emit_documents(scan, lambda name, document: out.write(as_line(name, document)))


def as_line(name: str, document: dict[str, Any]) -> str:
    """A document as a line of JSON; NaN and infinite numbers, which JSON lacks, become null."""
    return msgspec.json.encode([name, document]).decode() + "\n"


def emit_documents(scan: Sequence[SavedScan], emit: Emit) -> None:
    """Give the documents of one scan, all its entries, to `emit(name, document)`.

    A scan that runs has no stop document yet; one whose program was killed has one that says so.

    Raises:
        UsageError: the file is gone or damaged, or says not when the scan began.
    """
    first = scan[0]
    began = first.start_time
    if began is None:
        raise UsageError(f"scan {first.name} has no start_time, so there are no documents of it: {first.file}")
    entries = [_Entry(one) for one in scan]
    axes = [source.key for source in entries[0].sources if source.is_axis]
    run = Run(emit, first.number, first.title, began, first.scan_info, first.positioners, axes)
    streams = [entry.descriptors(run, number) for number, entry in enumerate(entries)]
    last = began.timestamp()
    for entry, stream in zip(entries, streams, strict=True):
        last = max(last, entry.events(stream, began.timestamp()))
    if first.end_reason:
        ended = first.end_time.timestamp() if first.end_time else last
        run.stop(_STATUS.get(first.end_reason, "fail"), first.end_message, ended)
    elif first.state == "crashed":
        run.stop("fail", "its program ended without closing the file", last)


class _Entry:
    """One top-master: what it has measured, and the streams that it becomes."""

    def __init__(self, scan: SavedScan) -> None:
        self._table = scan.table()
        infos = list(self._table.infos.values())
        self.sources = sources_of((one.channel, one.unit, one.dtype, one.shape, one.role == "axis") for one in infos)
        self._columns = dict(zip(self._table.infos, self.sources, strict=True))

    def descriptors(self, run: Run, branch: int) -> dict[str, Stream]:
        """Begin its streams; by column."""
        infos = self._table.infos
        rows = [source for name, source in self._columns.items() if infos[name].forms_rows]
        stream = run.stream("primary" if branch == 0 else f"branch_{branch + 1}", rows)
        streams = {name: stream for name in infos if infos[name].forms_rows}
        for name, source in self._columns.items():
            if name not in streams:
                streams[name] = run.stream(f"{source.key}_monitor", [source])
        return streams

    def events(self, streams: dict[str, Stream], start: float) -> float:
        """Give the events; returns the time of the last one."""
        table = self._table
        last = start
        if table.rows:
            values = {self._columns[name].key: column for name, column in table.rows.items()}
            times = times_of(table.rows.get(self._epoch()), table.points, start)
            streams[next(iter(table.rows))].rows(values, times)
            last = float(times.max(initial=start))
        for name, column in table.others.items():
            streams[name].rows({self._columns[name].key: column}, np.full(len(column), start))
        for name in table.frames:
            info, source, stream = table.infos[name], self._columns[name], streams[name]
            frames_of(stream, source, FrameFile(info.file, info.place), info.length, bool(table.rows), start)
        return last

    def _epoch(self) -> str:
        names = [name for name, source in self._columns.items() if is_epoch(source)]
        return names[0] if names else ""


def is_epoch(source: Source) -> bool:
    """Whether a column says when each point was taken."""
    return source.channel.rpartition(":")[2] == "epoch" and source.unit == "s"


def times_of(epoch: npt.NDArray[Any] | None, count: int, otherwise: float) -> npt.NDArray[Any]:
    """When each point was taken, s since 1970; where nobody knows, `otherwise`."""
    if epoch is None:
        return np.full(count, otherwise)
    return np.where(np.isfinite(epoch), epoch, otherwise)


def frames_of(
    stream: Stream, source: Source, where: FrameFile, length: int, beside_rows: bool, otherwise: float
) -> None:
    """Tell of frames; beside rows of numbers there are as many as rows, alone they are the events."""
    alone = not beside_rows or len(stream.sources) == 1
    if alone and length > stream.count:
        stream.rows({}, np.full(length - stream.count, otherwise))
    stream.frames(source, where, min(length, stream.count))
