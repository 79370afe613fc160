"""Texts as points, in files and in the journal.

In HDF5 they are strings of variable length, UTF-8, which NeXus calls NX_CHAR: what is in a chunk is where the strings
are, and these are elsewhere in the file, in HDF5's global heap. For readers of a running scan that has a price: what
one of them has seen of the heap it does not look at again. So who stays attached to the file can't read the texts that
came since (HDF5 says so, it gives no wrong ones); who opens it anew can, as all of obtura does.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5t

from obtura.ground.texts import NOT_READ

__all__ = ["STRINGS", "are_strings", "in_file", "in_memory", "packed", "unpacked"]

STRINGS = np.dtype(object)
"""The type of arrays of texts; nothing else in a file is of this type."""

_LENGTH = struct.Struct("<I")
_NOT_READ = 2**32 - 1


def in_file() -> h5t.TypeID:
    """What HDF5 calls texts."""
    return h5t.py_create(h5py.string_dtype(), logical=True)


def in_memory() -> h5t.TypeID:
    """What HDF5 calls an array of `str`."""
    return h5t.py_create(h5py.string_dtype())


def are_strings(kind: h5t.TypeID) -> bool:
    """Whether a type of HDF5 is that of texts of variable length."""
    return isinstance(kind, h5t.TypeStringID) and bool(kind.is_variable_str())


def packed(texts: Sequence[str] | npt.NDArray[Any]) -> bytes:
    """Texts one after the other: of each its length in bytes, 4 bytes, and itself in UTF-8.

    One that could not be read has the largest length there is, and nothing else.
    """
    return b"".join(_packed(texts))


def _packed(texts: Any) -> Iterator[bytes]:
    for text in texts:
        if text is NOT_READ:
            yield _LENGTH.pack(_NOT_READ)
        else:
            words = text.encode()
            yield _LENGTH.pack(len(words))
            yield words


def unpacked(data: bytes, count: int) -> npt.NDArray[np.object_]:
    """So many texts, an array of `str`."""
    texts = np.empty(count, object)
    at = 0
    for number in range(count):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if length == _NOT_READ:
            texts[number] = NOT_READ
            continue
        texts[number] = data[at : at + length].decode()
        at += length
    return texts
