"""The file of a scan made by filling in one that was made before, of the same structure.

HDF5 takes milliseconds for the objects of a scan's file, and of two scans with the same command the files differ in the
scan's number and in values only. A stencil is such a file with gaps: the number stands in the name of each entry and in
texts that say where something is; the values (titles, times, positions) are outside of what HDF5 has checksums over.
What is filled in is, byte for byte, what HDF5 would have made.

Where the number stands is found by making the file twice, for two numbers, and looking where they differ. Besides there
differ the checksums of those blocks of metadata that hold the number; they are computed anew for each scan.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from zlib import crc32

import h5py
import numpy as np
from h5py import h5d

from obtura.data.checksums import Sums, chunk_sums, heads_of, sums_of_chunks
from obtura.data.clearing import checksum
from obtura.data.drawing import image_of
from obtura.data.layout import entry_name
from obtura.data.place import Place
from obtura.data.sketch import Node, Sketch, Step

__all__ = ["Stencil", "stencil_of"]

log = logging.getLogger(__name__)

MOST = 32
"""Structures that are remembered: of the kinds of scans that take turns, and of their files of frames."""

_Key = tuple[int, tuple[Step, ...]]

_without: set[_Key] = set()
"""Of what HDF5 makes of these structures something is not understood."""

_remembered: dict[_Key, "Stencil | None"] = {}


def stencil_of(sketch: Sketch) -> "Stencil | None":
    """What files of this structure are made with; None for one that was not asked for before.

    Making a stencil takes as long as making three files: a structure that comes once is not worth it. There is none
    either where HDF5 makes something that is not understood here: then it makes each file, which takes longer.
    """
    key = len(str(sketch.number)), tuple(sketch.steps)
    is_new = key not in _remembered
    found = _remembered.pop(key, None)
    if found is None and not is_new and key not in _without:
        try:
            found = Stencil(sketch)
        except ValueError as error:
            log.warning("HDF5 itself makes each file of such a scan, which takes some ms longer: %s", error)
            _without.add(key)
    _remembered[key] = found
    while len(_remembered) > MOST:
        _remembered.pop(next(iter(_remembered)), None)
    return found


class _Head(NamedTuple):
    """A group or dataset: its path, and what its checksum is taken of, in parts between which the number stands.

    `at_first`: the sums of its chunks while it is as it was made; None of a value, which is another one in each scan.
    """

    path: tuple[bytes, ...]
    content: tuple[bytes, ...]
    node: int
    at_first: tuple[int, ...] | None


class Stencil:
    """A file of the structure of `sketch`, for numbers of as many digits.

    Raises:
        ValueError: HDF5 has made something of it that is not understood.
    """

    def __init__(self, sketch: Sketch) -> None:
        one, two = (digit * len(str(sketch.number)) for digit in ("1", "2"))
        first, self._offsets = image_of(sketch, int(one))
        second, _ = image_of(sketch, int(two))
        self._parts, others = _split(first, second, one.encode(), two.encode())
        self._blocks = list(_blocks(first, others))
        if self._filled(two, {}) != second:
            raise ValueError("a file of another scan is not the same with another number")
        self._heads = list(_heads(sketch, (first, one), (second, two)))

    def image(self, sketch: Sketch) -> bytes:
        """The bytes of the file that is sketched."""
        return bytes(self._filled(str(sketch.number), sketch.values))

    def _filled(self, number: str, values: Mapping[int, bytes]) -> bytearray:
        image = bytearray(number.encode().join(self._parts))
        for index, value in values.items():
            if value:
                offset = self._offsets[index]
                image[offset : offset + len(value)] = value
        for start, stop in self._blocks:
            image[stop : stop + 4] = checksum(bytes(image[start:stop])).to_bytes(4, "little")
        return image

    def sums(self, sketch: Sketch, root: Any) -> dict[str, Sums]:
        """The checksums of the file when it was written; read is only what was changed, and not summed at that time."""
        number = str(sketch.number).encode()
        found: dict[str, Sums] = {}
        for path, content, index, at_first in self._heads:
            name = number.join(path).decode()
            place = sketch.places.get(index)
            chunks: Iterable[int]
            if place is not None and place.is_used:
                chunks = place.sums.values if place.sums else _read_again(place, root)
            else:
                chunks = (crc32(sketch.values[index]),) if at_first is None else at_first
            found[name] = Sums(crc32(number.join(content)), tuple(chunks))
        return found


def _read_again(place: Place, root: Any) -> Iterable[int]:
    dataset = place.dataset if place.is_open else h5d.open(root, place.path.encode())
    kind, *facts = place.made_as
    return sums_of_chunks(dataset, facts[5]) if kind == "chunked" else chunk_sums(dataset)


def _sums_at_first(step: Step) -> tuple[int, ...] | None:
    kind, *facts = step
    if kind == "value":
        return None
    if kind == "packed":
        return (crc32(facts[-1]),)
    if kind == "chunked":
        _, _, _, shape, _, chunk, _ = facts
        chunks: int = math.prod(-(-length // step) for length, step in zip(shape, chunk, strict=True))
        return (0,) * chunks
    return ()


def _split(one: bytes, two: bytes, first: bytes, second: bytes) -> tuple[tuple[bytes, ...], list[int]]:
    """`one` in parts between which `first` stands where `two` has `second`; and where else they differ."""
    if len(one) != len(two):
        raise ValueError("the files of two scans differ in size")
    parts: list[bytes] = []
    others: list[int] = []
    done = 0
    for place in np.flatnonzero(np.frombuffer(one, np.uint8) != np.frombuffer(two, np.uint8)).tolist():
        if place < done:
            continue
        if one.startswith(first, place) and two.startswith(second, place):
            parts.append(one[done:place])
            done = place + len(first)
        else:
            others.append(place)
    return (*parts, one[done:]), others


def _blocks(image: bytes, places: list[int]) -> Iterator[tuple[int, int]]:
    """The blocks of metadata whose checksums are at these places: begin and end, where the checksum stands."""
    done = 0
    for place in places:
        if place < done:
            continue
        start = max(image.rfind(signature, 0, place) for signature in (b"OHDR", b"OCHK"))
        for stop in range(place - 3, place + 1):
            if checksum(image[start:stop]).to_bytes(4, "little") == image[stop : stop + 4]:
                yield start, stop
                done = stop + 4
                break
        else:
            raise ValueError(f"two files of the same structure differ at byte {place}")


def _heads(sketch: Sketch, *images: tuple[bytes, str]) -> Iterator[_Head]:
    (first, one), (second, two) = images
    heads, others = _heads_in(first), _heads_in(second)
    numbers = one.encode(), two.encode()
    for (path, content), (other_path, other) in zip(heads.items(), others.items(), strict=True):
        paths, left = _split(path.encode(), other_path.encode(), *numbers)
        contents, more = _split(content, other, *numbers)
        if left or more:
            raise ValueError(f"{path} is not the same with another number")
        node = _found(sketch, path, int(one))
        yield _Head(paths, contents, node.index, _sums_at_first(sketch.made[node.index]))


def _heads_in(image: bytes) -> dict[str, bytes]:
    file = h5py.h5f.open_file_image(image)
    try:
        return heads_of(file)
    finally:
        file.close()


def _found(sketch: Sketch, path: str, number: int) -> Node:
    """The node at a path of a file with another number."""
    node: Node | None = sketch.root
    for part in filter(None, path.split("/")):
        branch = part.removeprefix(f"{number}.")
        inside = entry_name(sketch.number, int(branch) - 1) if node is sketch.root and branch != part else part
        node = node.members[inside] if node is not None else None
    if node is None:
        raise ValueError(f"nothing was sketched at {path}")
    return node
