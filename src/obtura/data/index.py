"""What the finished scans of a master are, in one file, so that many are listed without opening each of theirs.

data/index.jsonl      a line for each entry that began (its name alone), and one more when it is finished

It is no source of truth but a shortcut. A line holds only as long as the scan's file has the size that it had; what
has no line, and every scan that is not finished, is read from the scan's own file. So the index may be removed, may
lack the scans of another day, and one that is torn by a crash is used as far as it goes. The one who writes the master
writes it.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from obtura.data.layout import index_file

__all__ = ["Line", "begun", "lines_of", "note"]

log = logging.getLogger(__name__)


class Line(NamedTuple):
    """A finished entry. `size`: that of the scan's file (bytes); `points`: complete ones. Times are ISO 8601."""

    name: str
    size: int
    title: str
    start_time: str
    end_time: str
    end_reason: str
    points: int


def begun(master: Path, entries: Iterable[str]) -> None:
    """Scans of these entries begin: what was known of others that were called so is void."""
    _append(master, [[name] for name in entries])


def note(master: Path, finished: Iterable[Line]) -> None:
    """Entries are finished, and their files closed."""
    _append(master, list(finished))


def lines_of(master: Path) -> dict[str, Line]:
    """The finished entries of a master that are known, by name; their sizes are still to be compared."""
    try:
        content = index_file(master).read_bytes()
    except OSError:  # there is none, or it is not ours to read: then the scans' own files are
        return {}
    found: dict[str, Line] = {}
    for line in _decoded(content):
        if isinstance(line, list) and len(line) == 1:
            found.pop(str(line[0]), None)
            continue
        try:
            known = msgspec.convert(line, Line)
        except msgspec.ValidationError:
            continue  # of a later version
        found[known.name] = known
    return found


def _decoded(content: bytes) -> list[Any]:
    try:
        return msgspec.json.decode(b"[" + content.strip().replace(b"\n", b",") + b"]", type=list[Any])
    except (msgspec.DecodeError, UnicodeDecodeError):  # torn by a crash
        return [value for line in content.splitlines() for value in _value(line)]


def _value(line: bytes) -> list[Any]:
    try:
        return [msgspec.json.decode(line)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _append(master: Path, lines: list[Any]) -> None:
    """In one write, after the end of whatever line a crash has torn."""
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    try:
        descriptor = os.open(index_file(master), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            size = os.fstat(descriptor).st_size
            whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
            os.write(descriptor, text if whole else b"\n" + text)
        finally:
            os.close(descriptor)
    except OSError as error:  # listing takes longer then; no reason to fail a scan
        log.warning("%s can't be written, so listing its scans takes longer: %s", index_file(master), error)
