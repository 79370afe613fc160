"""What happened in a saved scan: comments, interruptions, points that are not as they should be."""

from datetime import datetime
from typing import NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from obtura.data.contents import text_of
from obtura.data.notes import is_full
from obtura.ground.events import Comment

__all__ = ["Interruption", "comments_of", "flags_of", "interruptions_of"]


class Interruption(NamedTuple):
    """Ctrl-C, an error, the end of the process: `message` in one line, `place` says what was called then.

    `time`: s since the scan's start. `point`: the last that was begun, -1 before the first.
    """

    message: str
    place: str
    time: float
    point: int


def comments_of(entry: h5py.Group) -> list[Comment]:
    """The comments of an entry, in their order."""
    found: list[Comment] = []
    goes_on = False
    for date, row in zip(_rows(entry, "comments/date"), _rows(entry, "comments/data"), strict=False):
        time, text = datetime.fromisoformat(date.decode()), row.decode(errors="replace")
        if goes_on and found[-1].time == time:
            found[-1] = Comment(time, found[-1].text + text)
        else:
            found.append(Comment(time, text))
        goes_on = is_full(row)
    return found


def interruptions_of(entry: h5py.Group) -> list[Interruption]:
    """The interruptions of an entry, in their order; of a file that was written before they were kept its one error."""
    branch = int(str(entry.name).rpartition(".")[2]) - 1
    if "interruptions" not in entry:
        message = text_of(entry, "end_message")
        return [Interruption(message, "", np.nan, -1)] if message else []
    columns = [_rows(entry, f"interruptions/{name}") for name in ("message", "place", "time", "point")]
    return [
        Interruption(message.decode(errors="replace"), place.decode(errors="replace"), float(time), int(points[branch]))
        for message, place, time, points in zip(*columns, strict=False)
    ]


def flags_of(entry: h5py.Group, points: int) -> npt.NDArray[np.uint8]:
    """The flags of an entry, a number a row; all good in a file that was written before there were any."""
    flags = entry.get("valid/flags")
    return np.asarray(flags[:]) if isinstance(flags, h5py.Dataset) else np.zeros(points, np.uint8)


def _rows(entry: h5py.Group, path: str) -> npt.NDArray[np.generic]:
    """A column of what happened; in a running scan one may be a row ahead of another."""
    found = entry.get(path)
    return np.asarray(found[:]) if isinstance(found, h5py.Dataset) else np.empty(0)
