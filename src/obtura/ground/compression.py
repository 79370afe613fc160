"""How frames may be compressed in files: names, so that whoever sets one need not know the file's format."""

import difflib
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["COMPRESSIONS", "checked_compression"]

COMPRESSIONS = ("none", "gzip", "bitshuffle-lz4", "bitshuffle-zstd", "blosc2-lz4", "blosc2-zstd")
"""`gzip` is slow, and every program reads it; the others are fast, and need the extra `obtura[compression]`."""


def checked_compression(of: str, name: Any) -> str:
    """`name`, if it is one of `COMPRESSIONS`. `of`: what is set to it.

    Raises:
        UsageError: it is none of them.
    """
    if name in COMPRESSIONS:
        return str(name)
    close = difflib.get_close_matches(str(name), COMPRESSIONS, n=1)
    hint = f": did you mean {close[0]!r}?" if close else ""
    raise UsageError(f"{of} must be one of {', '.join(COMPRESSIONS)}, got {name!r}{hint}")
