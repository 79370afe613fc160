"""A checksum for every chunk of data, every attribute and every link of a file, in its group `checksums`.

HDF5 itself notices a damaged header, but neither a flipped bit in the data nor one in a text of an attribute.

paths     text in rows; joined, a line for each group and dataset, the root first
counts    how many of the numbers in `crc32` belong to each of them, in this order
crc32     first that of its attributes and links, then for a dataset one for each chunk as it is stored, in C order; for
          one without chunks that of its values; of texts of variable length, which are elsewhere in the file, for each
          chunk that of its texts, with a NUL between

The group is made empty, with the file, and filled when that is closed. All paths are relative to the file's root, so
that they hold as well where the file has become a part of a larger one (see `packing`).
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from zlib import crc32

import h5py
import numpy as np
from h5py import h5a, h5d, h5l, h5o

from obtura.data.columns import Column
from obtura.data.drawing import draw
from obtura.data.sketch import Node, Sketch
from obtura.data.texts import are_strings
from obtura.data.tree import column, group

__all__ = [
    "CHECKSUMS",
    "FAILURES",
    "Checksums",
    "Sums",
    "chunk_sums",
    "heads_of",
    "renew",
    "sums_of",
    "sums_of_chunks",
    "sums_stored",
]

CHECKSUMS = "checksums"

ROW = 200
"""Bytes of a row of `paths`."""

FAILURES = (OSError, RuntimeError, LookupError, ValueError, TypeError, MemoryError, OverflowError, SystemError)
"""What h5py raises where a file is damaged."""

_NOT_THERE = 0
"""The sum of a chunk that was never written, as of no bytes."""

_KINDS: dict[str, np.dtype[Any]] = {
    "paths": np.dtype(f"S{ROW}"),
    "counts": np.dtype(np.int64),
    "crc32": np.dtype(np.uint32),
}
_ROWS = {"paths": 16, "counts": 64, "crc32": 256}


class Sums(NamedTuple):
    """Of one group or dataset: of its attributes and links, and of each chunk. `failed`: why it can't be read."""

    head: int
    chunks: tuple[int, ...]
    failed: str | None = None


class Checksums:
    """The group of a new file, empty."""

    def __init__(self, root: Node) -> None:
        home = group(root, CHECKSUMS, None)  # the root of a NeXus file has no classes but NXentry
        self._columns = {
            name: Column(name, column(home, name, kind, rows=_ROWS[name]).place(), kind)
            for name, kind in _KINDS.items()
        }

    def write(self, sums: Mapping[str, Sums]) -> None:
        """Fill it: everything else is in the file."""
        text = "\n".join(sums).encode()
        rows = [text[at : at + ROW] for at in range(0, len(text), ROW)]
        self._columns["paths"].take(np.array(rows, _KINDS["paths"]))
        self._columns["counts"].take(np.array([1 + len(each.chunks) for each in sums.values()], np.int64))
        numbers = itertools.chain.from_iterable((each.head, *each.chunks) for each in sums.values())
        self._columns["crc32"].take(np.fromiter(numbers, np.uint32))
        for each in self._columns.values():
            each.write(each.received)


def renew(root: Any) -> None:
    """Make the sums of a file anew that was opened to add something, or whose closing was cut off."""
    if CHECKSUMS.encode() in root:
        root.unlink(CHECKSUMS.encode())
    sums = sums_of(root)
    sketch = Sketch()
    made = Checksums(sketch.root)
    draw(sketch, root, 0)
    sketch.attach(root)
    made.write(sums)


def sums_stored(base: h5py.Group) -> dict[str, Sums] | None:
    """What a file says its sums are, by path; None when it says nothing.

    Raises:
        ValueError: the sums are damaged themselves.
    """
    home = base.get(CHECKSUMS)
    if not isinstance(home, h5py.Group) or not len(home["crc32"]):
        return None
    paths = b"".join(each.ljust(ROW, b"\0") for each in home["paths"][:]).rstrip(b"\0").decode().split("\n")
    counts, numbers = home["counts"][:].tolist(), home["crc32"][:].tolist()
    if len(paths) != len(counts) or min(counts) < 1 or sum(counts) != len(numbers):
        raise ValueError("the checksums do not fit together")
    ends = itertools.accumulate(counts)
    return {
        path: Sums(numbers[end - count], tuple(numbers[end - count + 1 : end]))
        for path, count, end in zip(paths, counts, ends, strict=True)
    }


def sums_of(base: Any, written: Mapping[str, list[int]] | None = None) -> dict[str, Sums]:
    """What the sums are, by path, of all below a group, but for `checksums`.

    `written`: the sums of chunks, by path, that are known already.
    """
    h5py.h5f.flush(base)  # of a chunk that is only in its cache, HDF5 gives the data but says their size is 0
    links = _links(base)
    return {path: _sums(base, path, inside, written or {}) for path, inside in links.items()}


def heads_of(base: Any) -> dict[str, bytes]:
    """What the first of the sums of each is taken of: its attributes and links."""
    return {path: _head(h5o.open(base, path.encode() or b"."), links) for path, links in _links(base).items()}


def _sums(base: Any, path: str, links: list[str], written: Mapping[str, list[int]]) -> Sums:
    try:
        one = h5o.open(base, path.encode() or b".")
        head = crc32(_head(one, links))
        if not isinstance(one, h5d.DatasetID):
            return Sums(head, ())
        known = written.get(f"/{path}")
        return Sums(head, tuple(chunk_sums(one) if known is None else known))
    except FAILURES as error:
        return Sums(0, (), str(error) or type(error).__name__)


def _links(base: Any) -> dict[str, list[str]]:
    """The objects by their first path, each with its links as text: a hard one by the first path of its target."""
    firsts: dict[Any, str] = {h5o.get_info(base).addr: ""}
    links: dict[str, list[str]] = {"": []}
    waiting: list[tuple[str, str, Any]] = []

    def visit(name: bytes, info: Any) -> None:
        path = name.decode()
        if path.split("/", 1)[0] == CHECKSUMS:
            return
        hard = info.type == h5l.TYPE_HARD
        if hard and firsts.setdefault(info.u, path) == path:
            links[path] = []
        waiting.append((*_split(path), info.u if hard else None))

    base.links.visit(visit, info=True)  # by name
    for parent, name, target in waiting:
        links[parent].append(f"{name} -> {'elsewhere' if target is None else firsts[target]}")
    return links


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent, name


def _head(one: Any, links: list[str]) -> bytes:
    """All attributes, by name, and the links."""
    found = (h5a.open(one, index=index) for index in range(h5a.get_num_attrs(one)))
    parts = []
    for attribute in sorted(found, key=lambda each: bytes(each.name)):
        shape = attribute.shape
        values = np.empty(() if shape is None else shape, attribute.dtype)
        if shape is not None:
            attribute.read(values)
        parts.append(b"%b=%b" % (attribute.name, _bytes(values)))
    return b"".join((*parts, "\n".join(links).encode()))


def _bytes(values: np.ndarray[Any, Any]) -> bytes:
    if values.dtype.kind != "O":
        return values.tobytes()
    texts = (each if isinstance(each, bytes) else str(each).encode("utf-8", "surrogateescape") for each in values.flat)
    return b"\0".join(texts)


def chunk_sums(dataset: h5d.DatasetID) -> Iterator[int]:
    """The sum of each chunk, as it is stored: nothing is decompressed."""
    if dataset.shape is None:
        return
    how = dataset.get_create_plist()
    if how.get_layout() != h5d.CHUNKED:
        values = np.empty(dataset.shape, dataset.dtype)
        dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
        yield crc32(_bytes(values))
        return
    yield from sums_of_chunks(dataset, how.get_chunk())


def sums_of_chunks(dataset: h5d.DatasetID, chunk: tuple[int, ...]) -> Iterator[int]:
    """The same of one that has chunks, of this shape."""
    steps = [range(0, length, step) for length, step in zip(dataset.shape, chunk, strict=True)]
    corners = itertools.product(*steps)
    if not dataset.get_storage_size():  # asked for a chunk where there are none, HDF5 gives a size out of nowhere
        yield from (_NOT_THERE for _ in corners)
        return
    if are_strings(dataset.get_type()):
        yield from (_sum_of_texts(dataset, corner, chunk) for corner in corners)
        return
    for corner in corners:
        yield _sum_of_chunk(dataset, corner)


def _sum_of_chunk(dataset: h5d.DatasetID, corner: tuple[int, ...]) -> int:
    try:
        _, stored = dataset.read_direct_chunk(corner)
    except (OSError, RuntimeError, ValueError):
        return _NOT_THERE
    return crc32(stored)


def _sum_of_texts(dataset: h5d.DatasetID, corner: tuple[int, ...], chunk: tuple[int, ...]) -> int:
    shape = tuple(min(step, size - at) for at, step, size in zip(corner, chunk, dataset.shape, strict=True))
    texts = np.empty(shape, h5py.string_dtype())
    space = dataset.get_space()
    space.select_hyperslab(corner, shape)
    try:
        dataset.read(h5py.h5s.create_simple(shape), space, texts)
    except (OSError, RuntimeError, ValueError):
        return _NOT_THERE
    return crc32(_bytes(texts))
