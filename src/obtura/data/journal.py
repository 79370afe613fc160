"""The journal of a running scan: what was announced is in it before, and stays there whatever becomes of the process.

An append-only file beside the scan's own. HDF5 gets points in blocks, some time later; a point is safe, and shown,
once its row is here: one write call a row. What is here and not in the HDF5 file, `recovery` puts there.

    the file     MAGIC, then records
    a record     length and CRC-32 of what follows, 4 bytes each; then items, one write call for all of them
    an item      one byte that says what it is, then:
      H          length, JSON (`Layout`), length, the HDF5 file as it was before the first point
      R          branch, index: one number for each of the columns of a row, 8 bytes each
      B          column, index of its first point, count, length, points as they are in the file; texts: see `texts`
      F          the same for frames: which of them, index of the first, count, length, frames
      K          a hook call, a row of the table of hooks
      J          length, JSON: what the end of the scan says; a sub-scan

A record that is not whole is where a crash cut the file: nothing behind it is read. All numbers are little-endian.
"""

import errno
import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np

from obtura.data.texts import STRINGS, packed, unpacked
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError

__all__ = [
    "HOOK",
    "MAGIC",
    "Item",
    "JournalFile",
    "Layout",
    "as_stored",
    "begins_with",
    "block",
    "frames",
    "header",
    "hook",
    "read_journal",
    "record",
    "row_packer",
    "said",
]

MAGIC = b"obtura journal 1\n"

_RECORD = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
_BLOCK = struct.Struct("<HQII")
_ROW = struct.Struct("<BQ")
HOOK = struct.Struct("<iihqddi")
"""owner, hook, branch, point, start, seconds, error: the columns of the table of hooks."""

COPIED = 2**20
"""Bytes at a time."""

LARGEST = 2**31
"""Bytes of a record; a longer length is no length."""


class Layout(NamedTuple):
    """What a journal is about, in its first record.

    `scan`: the scan's file, `master`: the one that links to it, absolute. `columns`: path in the file, type and shape
    of each that a block may be for; `rows`: of each branch the columns of a row of numbers, in order; `steps`: of each
    branch the columns that get one point an iteration; `flags`: of each branch the path of those of its rows;
    `hooks`: the columns of the table of hooks, `names`: that of its texts. `ragged`: the column of the values by that
    of their index. `frames`: as `columns`, with the file, relative to that of the scan. `ends`: paths of what is known
    at the end only. `entries`: names, the first is the default.
    """

    number: int
    master: str
    scan: str
    entries: Sequence[str]
    columns: Sequence[Mapping[str, Any]]
    rows: Sequence[Sequence[int]]
    steps: Sequence[Sequence[int]]
    flags: Sequence[str]
    hooks: Sequence[int]
    names: int
    ends: Mapping[str, Any]
    frames: Sequence[Mapping[str, Any]]
    ragged: Mapping[str, int]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Layout":
        """Of what is in the header.

        Raises:
            ValueError: another version of obtura wrote it, and wrote other facts.
        """
        if set(facts) != set(cls._fields):
            raise ValueError("its journal is of another version of obtura; recover it with that one")
        return cls(**facts)

    def as_json(self) -> bytes:
        """For the header."""
        return msgspec.json.encode(self._asdict())


class Item(NamedTuple):
    """One item, read again. `kind` as above; `content`: see `read_journal`."""

    kind: str
    content: Any


class JournalFile:
    """The file, open for appending. `write` is one call of the system; nothing is buffered here.

    Raises:
        OSError: it can't be made.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self.size = 0  # of whole records: behind them there may be one that a full disk has cut
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            self._put(MAGIC + record(header))
        except BaseException:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    def write(self, items: bytes) -> None:
        """Append a record.

        Raises:
            OSError: the disk is full or failed: perhaps a part of it is there, which no reader takes.
        """
        data = _RECORD.pack(len(items), zlib.crc32(items)) + items  # as `record`: this is done for each point
        written = os.write(self._descriptor, data)
        if written < len(data):
            self._put(data[written:])
        self.size += written

    def take_over(self, other: "JournalFile") -> None:
        """Append what another journal has behind the same header.

        Raises:
            OSError: that can't be read, or this not be written; then nothing was appended.
        """
        own = self.size
        try:
            with other.path.open("rb") as file:
                file.seek(own)
                while (rest := other.size - self.size) > 0:
                    data = file.read(min(rest, COPIED))
                    if not data:
                        raise OSError(errno.EIO, f"{other.path} ends too early")
                    self._put(data)
        except OSError:
            os.ftruncate(self._descriptor, own)
            self.size = own
            raise

    def _put(self, data: bytes) -> None:
        written = os.write(self._descriptor, data)
        while written < len(data):
            written += os.write(self._descriptor, data[written:])
        self.size += len(data)

    def sync(self) -> None:
        """Return when all is on the disk itself."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of it; what was written stays. Nothing happens when it is closed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def record(items: bytes) -> bytes:
    """Items as a record."""
    return _RECORD.pack(len(items), zlib.crc32(items)) + items


def header(layout: Layout, image: bytes) -> bytes:
    """The first item."""
    facts = layout.as_json()
    return b"H" + _LENGTH.pack(len(facts)) + facts + _LENGTH.pack(len(image)) + image


def row_packer(count: int) -> Callable[..., bytes]:
    """Packs a row of so many numbers: `pack(b"R", branch, index, *numbers)`."""
    return struct.Struct(f"<cBQ{count}d").pack


def block(column: int, first: int, points: Any) -> bytes:
    """Points of one column, an array of the type that it has in the file."""
    data = packed(points) if points.dtype == STRINGS else bytes(points.tobytes())
    return b"B" + _BLOCK.pack(column, first, len(points), len(data)) + data


def frames(series: int, first: int, points: Any) -> bytes:
    """Frames that found no place in their own file."""
    return b"F" + block(series, first, points)[1:]


def hook(row: Sequence[Any]) -> bytes:
    """One call of a hook."""
    return b"K" + HOOK.pack(*row)


def said(what: str, facts: Mapping[str, Any]) -> bytes:
    """Something else, as JSON."""
    text = json.dumps({"what": what, **facts}).encode()
    return b"J" + _LENGTH.pack(len(text)) + text


# -- reading --------------------------------------------------------------------------------------------------


def read_journal(path: Path, frames: bool = True) -> Iterator[Item]:
    """The items of a journal, up to where a crash cut it. `frames`: with those of frames, which may be huge.

    H: (`Layout`, image). R: (branch, index, array of numbers). B, F: (column, first, array). K: a tuple as `HOOK` has
    it. J: a mapping. Nothing at all comes from a file that is no journal, or has no whole first record.

    Raises:
        OSError: it can't be read.
        ValueError: another version of obtura wrote it.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return
        layout: Layout | None = None
        for items in _records(file, b"" if frames else b"F"):
            for item in _items(items, layout):
                if item.kind == "H":
                    layout = item.content[0]
                yield item


def begins_with(journal: Path, other: Path) -> bool:
    """Whether a journal has all that another one has, up to where that is cut.

    Raises:
        OSError: one can't be read.
    """
    with journal.open("rb") as file, other.open("rb") as beginning:
        if file.read(len(MAGIC)) != beginning.read(len(MAGIC)):
            return False
        own = _records(file, b"")
        return all(one == next(own, None) for one in _records(beginning, b""))


def _records(file: BinaryIO, passed_over: bytes) -> Iterator[bytes]:
    """`passed_over`: how records begin that are not read."""
    while len(start := file.read(_RECORD.size)) == _RECORD.size:
        length, checksum = _RECORD.unpack(start)
        if length > LARGEST:
            return
        begin = file.read(min(length, 1))
        if begin and begin == passed_over:
            file.seek(length - 1, os.SEEK_CUR)
            continue
        items = begin + file.read(length - len(begin))
        if len(items) < length or zlib.crc32(items) != checksum:
            return
        yield items


def _items(items: bytes, layout: Layout | None) -> Iterator[Item]:
    at = 0
    while at < len(items):
        kind = chr(items[at])
        at += 1
        if kind == "H":
            (length,) = _LENGTH.unpack_from(items, at)
            facts = json.loads(items[at + 4 : at + 4 + length])
            at += 4 + length
            (size,) = _LENGTH.unpack_from(items, at)
            layout = Layout.of(facts)
            yield Item(kind, (layout, items[at + 4 : at + 4 + size]))
            at += 4 + size
        elif kind == "J":
            (length,) = _LENGTH.unpack_from(items, at)
            yield Item(kind, json.loads(items[at + 4 : at + 4 + length]))
            at += 4 + length
        elif kind == "K":
            yield Item(kind, HOOK.unpack_from(items, at))
            at += HOOK.size
        elif layout is None:
            return
        elif kind == "R":
            branch, index = _ROW.unpack_from(items, at)
            at += _ROW.size
            count = len(layout.rows[branch])
            yield Item(kind, (branch, index, np.frombuffer(items, "<f8", count, at)))
            at += 8 * count
        else:
            column, first, count, size = _BLOCK.unpack_from(items, at)
            at += _BLOCK.size
            described = (layout.frames if kind == "F" else layout.columns)[column]
            dtype = np.dtype(described["dtype"])
            if dtype == STRINGS:
                points = unpacked(items[at : at + size], count)
            else:
                points = np.frombuffer(items, dtype, size // dtype.itemsize, at).reshape(count, *described["shape"])
            yield Item(kind, (column, first, points))
            at += size


def as_stored(name: str, values: Block, dtype: np.dtype[Any]) -> Any:
    """Points of a channel as they are in the file.

    Raises:
        SavingError: one is not of that type.
    """
    try:
        return np.ascontiguousarray(values, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise SavingError(f"channel {name}: a value is not of type {dtype}: {error}") from error
