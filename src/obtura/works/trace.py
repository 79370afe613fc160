"""The calls that were kept of a scan, as a trace that Perfetto and chrome://tracing open.

The format is the "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU:
a JSON object with `traceEvents`, of which "X" is a call (`ts` and `dur` in us) and "M" gives a thread its name.
"""

import errno
import json
import os
from pathlib import Path
from typing import Any

from obtura.ground.errors import SavingError, UsageError
from obtura.works.errands import Timekeeper
from obtura.works.timekeeping import Sort, Span, Strand

__all__ = ["trace_file", "trace_of", "write_trace"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def trace_file(export: Any) -> Path:
    """The file that is meant, "~" in it expanded.

    Raises:
        UsageError: this is no name of a file.
    """
    if not isinstance(export, str | os.PathLike) or "\0" in str(export) or not str(export):
        raise UsageError(f'timing: export must be the name of a file, as in export="trace.json", got {export!r}')
    return Path(os.path.expanduser(export))


def write_trace(file: Path, keeper: Timekeeper, name: str) -> None:
    """Write the trace of a scan into a file.

    Raises:
        UsageError: there can't be such a file.
        SavingError: the disk takes no more.
    """
    text = json.dumps(trace_of(keeper, name))
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        said = f"timing: the trace can't be written to {file}: {error.strerror or error}"
        if error.errno in _FULL:
            raise SavingError(f"{said}; choose a file on another disk, what is there now is not whole") from error
        raise UsageError(f"{said}; choose a file that you may write, in a directory that there is") from error


def trace_of(keeper: Timekeeper, name: str) -> dict[str, Any]:
    """The trace of a scan, for JSON. What was left out in the middle stands there as one event that says how much."""
    strands = [strand for strand in tuple(keeper.strands) if strand.first]
    began = keeper.main.made
    events: list[dict[str, Any]] = [{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": name}}]
    for number, strand in enumerate(strands, 1):
        named = {"ph": "M", "pid": 1, "tid": number}
        events.append({**named, "name": "thread_name", "args": {"name": strand.name}})
        events.append({**named, "name": "thread_sort_index", "args": {"sort_index": number}})
        events += _events(strand, number, began)
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"left out": sum(map(_left_out, strands))}}


def _left_out(strand: Strand) -> int:
    kept = len(strand.first) + len(strand.last)
    return max(sum(account.count for account in strand.accounts) - kept, 0)


def _events(strand: Strand, thread: int, began: float) -> list[dict[str, Any]]:
    """By their beginning, the outer before the inner one."""
    first, last = list(strand.first), list(strand.last)
    events = [_call(strand, Span(*span), thread, began) for span in (*first, *last)]
    if count := _left_out(strand):
        since = max(span[1] for span in first)
        until = min((span[0] for span in last if span[0] >= since), default=since)  # earlier ones are around it
        gap = {"name": f"{count} calls left out", "cat": "left out", "args": {"count": count}}
        events.append({**gap, "tid": thread, **_times(since - began, until - began)})
    return sorted(events, key=lambda event: (event["ts"], -event["dur"]))


def _call(strand: Strand, span: Span, thread: int, began: float) -> dict[str, Any]:
    sort = strand.accounts[span.account].sort
    args = {} if span.point is None else {"point": span.point}
    times = _times(span.began - began, span.ended - began)
    return {"name": _name(sort), "cat": sort.kind, "tid": thread, **times, "args": args}


def _name(sort: Sort) -> str:
    return ".".join(filter(None, (sort.owner, sort.what))) or sort.kind


def _times(began: float, ended: float) -> dict[str, Any]:
    """In whole ns: then what was within something else still is."""
    start, end = round(began * 1e9), round(ended * 1e9)
    return {"ph": "X", "pid": 1, "ts": start / 1000, "dur": (end - start) / 1000}
