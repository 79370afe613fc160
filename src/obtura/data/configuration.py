"""The YAML that a session was made of, in each of its scans.

configuration   NXnote   `data`: JSON, one mapping, name to text of each file; `type`, `description`

It is compressed, once for all scans of a session: then it takes some kB, and a scan some ten microseconds.
"""

import json
import zlib
from functools import lru_cache

import h5py

from obtura.data.sketch import Node
from obtura.data.tree import group, packed_text, text

__all__ = ["configuration_of", "keep_configuration"]

_LEVEL = 9


def keep_configuration(entry: Node, files: tuple[tuple[str, str], ...]) -> None:
    """Put name and text of each file into an entry; nothing is made of none."""
    if not files:
        return
    note = group(entry, "configuration", "NXnote")
    text(note, "type", "application/json")
    text(note, "description", "the YAML of the session as it was loaded, by the names of its files")
    size, packed = _packed(files)
    packed_text(note, "data", size, _LEVEL, packed)


def configuration_of(entry: h5py.Group) -> dict[str, str]:
    """The texts in an entry by the names of their files."""
    data = entry.get("configuration/data")
    if not isinstance(data, h5py.Dataset):
        return {}
    found: dict[str, str] = json.loads(data.asstr()[0])
    return found


@lru_cache(maxsize=8)
def _packed(files: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
    whole = json.dumps(dict(files), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return len(whole), zlib.compress(whole, _LEVEL)
