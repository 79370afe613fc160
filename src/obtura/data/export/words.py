"""Numbers as text that gives the same number again, and what every export says of a scan."""

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from obtura.data.saved_scan import SavedScan
from obtura.data.tables import Table

__all__ = ["facts_of", "flat", "left_out", "written"]


def written(values: npt.NDArray[Any]) -> list[str]:
    """Each value as text; `nan`, `inf`, 0 and 1 for false and true."""
    if values.dtype.kind == "b":
        values = values.astype("uint8")
    if values.dtype.kind in "iu" or values.dtype == float:
        return [repr(value) for value in values.tolist()]
    return [str(value) for value in values]  # of a shorter float: as many digits as it has


def flat(text: str) -> str:
    """In one line, without control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))


def facts_of(scan: SavedScan) -> Iterator[tuple[str, str]]:
    """When, how it ended, who, and where the axes were."""
    known = scan.entry
    yield "start", known.start_time
    yield "end", f"{known.end_time} {known.end_reason}".strip() or known.state
    yield "message", scan.end_message
    yield "user", scan.user
    yield "session", scan.session
    axes = (f"{name} {at.value!r} {at.unit or ''}".strip() for name, at in scan.positioners.items())
    yield "positions", ", ".join(axes)
    yield "file", str(known.file)


def left_out(table: Table, texts: bool = False) -> str:
    """What no row has a place for; empty when there is nothing. `texts`: of a format that has numbers only."""
    told = [f"{name} (frames)" for name in table.frames]
    told += [f"{name} ({len(values)} points at a pace of its own)" for name, values in table.others.items()]
    if texts:
        told += [f"{name} (text)" for name, values in table.rows.items() if values.dtype.kind == "O"]
    return ", ".join(told)
