"""A file that a killed process was writing is marked as closed; and what else can be seen without HDF5.

HDF5 notes in the superblock of a file that somebody writes it (SWMR), and refuses to open it plainly until the writer
has closed it. What was flushed is whole; the mark is what is left to take away, as HDF5's own tool `h5clear` does. It
also puts right where the file ends: the superblock may tell of the flush before the last. What lies behind that HDF5
would refuse to read, and would take its place for new data.
Source: HDF5 File Format Specification 3.0, II.A "Superblock", versions 2 and 3; the checksum is lookup3 by Bob Jenkins
(public domain, 2006), as IV "Appendix" of the specification says.
"""

import os
from pathlib import Path

__all__ = ["checksum", "clear_writer", "damage_of"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FLAGS = 11
_END = 28
_SIZE = 44
"""Bytes of the superblock before its checksum, with offsets of 8 bytes."""

_MASK = 0xFFFFFFFF


def clear_writer(path: Path) -> None:
    """Mark a file as closed, if it is marked as being written.

    Raises:
        OSError: it can't be read or written.
        ValueError: it is no HDF5 file with a superblock of version 3.
    """
    with path.open("r+b") as file:
        block = bytearray(file.read(_SIZE + 4))
        if not _is_known(block):
            raise ValueError(f"{path} is no HDF5 file that can be put in order")
        if not block[_FLAGS]:
            return
        block[_FLAGS] = 0
        end = int.from_bytes(block[_END : _END + 8], "little")
        size = file.seek(0, os.SEEK_END)
        block[_END : _END + 8] = max(end, size).to_bytes(8, "little")
        if size < end:  # what was to be there was not written
            file.truncate(end)
        block[_SIZE:] = _checked(bytes(block[:_SIZE]))
        file.seek(0)
        file.write(block)
        file.flush()
        os.fsync(file.fileno())


def damage_of(path: Path) -> str:
    """What is wrong with a file, as far as its superblock says that, as the end of a sentence; "" when nothing is.

    One that was closed in order, and is shorter now: a copy broke off. Of one that is being written, or was left so,
    that can't be told: the mark of it is the last thing that HDF5 takes away.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        block = file.read(_SIZE + 4)
        size = file.seek(0, os.SEEK_END)
        if not _is_known(block):
            return ""
        if block[_SIZE:] != _checked(block[:_SIZE]):
            file.seek(0)
            return "its beginning is damaged" if file.read(_SIZE + 4) == block else ""  # else it is just being written
        missing = int.from_bytes(block[_END : _END + 8], "little") - size
        return f"the last {missing} bytes of it are missing" if missing > 0 and not block[_FLAGS] else ""


def _is_known(block: bytes | bytearray) -> bool:
    """Whether a file begins with a superblock of version 3, as those of ours do."""
    return len(block) == _SIZE + 4 and block[:8] == _SIGNATURE and block[8] == 3 and block[9] == 8


def _checked(block: bytes) -> bytes:
    """The checksum as it stands behind a superblock."""
    return checksum(block).to_bytes(4, "little")


def _turn(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK


def checksum(data: bytes) -> int:
    """lookup3's `hashlittle` with the initial value 0."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    at = 0
    while len(data) - at > 12:
        a, b, c = _mixed(*_added(a, b, c, data[at : at + 12]))
        at += 12
    return _final(*_added(a, b, c, data[at:].ljust(12, b"\0"))) if len(data) > at else c


def _added(a: int, b: int, c: int, twelve: bytes) -> tuple[int, int, int]:
    words = (int.from_bytes(twelve[at : at + 4], "little") for at in (0, 4, 8))
    x, y, z = ((old + word) & _MASK for old, word in zip((a, b, c), words, strict=True))
    return x, y, z


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for turn in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _MASK) ^ _turn(c, turn)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turn(b, turn)) & _MASK
        a, b, c = b, c, a
    return b
