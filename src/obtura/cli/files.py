"""`obtura ls`, `show`, `verify`, `pack`, `unpack`: what is inside a data file, whether it is whole, in one piece."""

import sys
from collections.abc import Callable
from pathlib import Path

from obtura.data.apart import Apart, Asking
from obtura.data.packing import pack, unpack
from obtura.data.reader import listing, showing
from obtura.data.verify import verifying
from obtura.display.grid import terminal_width
from obtura.ground.errors import ObturaError
from obtura.session.messages import told

__all__ = ["ls", "packed", "show", "unpacked", "verify"]


def ls(path: Path) -> int:
    """Print the scans of a file."""
    return _print(lambda ask: listing(path, ask, terminal_width()))


def show(path: Path, number: str | None) -> int:
    """Print one scan of a file, or all in short."""
    return _print(lambda ask: showing(path, number, ask, terminal_width()))


def verify(path: Path, number: str | None) -> int:
    """Compare one scan of a file, or all, with their checksums; 1 when something is damaged."""
    with Apart() as apart:
        found = verifying(path, number, apart.ask)
    print(found.text)
    return 1 if found.is_damaged else 0


def packed(path: Path, out: Path | None) -> int:
    """Make one file of a master and what it links to; 1 when something was left out."""
    made = pack(path, out)
    for each in made.left_out:
        print(f"left out: {each}", file=sys.stderr)
    print(f"{made.path}: {made.entries} {'entry' if made.entries == 1 else 'entries'}")
    return 1 if made.left_out else 0


def unpacked(path: Path, out: Path | None) -> int:
    """Make the files again that one was packed of."""
    print(unpack(path, out))
    return 0


def _print(text: Callable[[Asking], str]) -> int:
    try:
        with Apart() as apart:
            print(text(apart.ask))
    except ObturaError as error:
        print(told(error), file=sys.stderr)
        return 1
    return 0
